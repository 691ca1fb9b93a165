# test_personal_accounts.py -- everyone has a personal account, however their row came and however it goes.
from support.databases.catalog import Place

ANN, BOB, CID, TEAM = (f"'{number:032x}'" for number in (1, 2, 3, 9))
# A time that no clock shows any more.
THEN = "2020-01-02 03:04:05.000006"
USERS = "INSERT INTO users (id, email, password_hash, display_name, created_at, updated_at) VALUES"
ACCOUNTS = (
    "SELECT name, kind, role FROM accounts JOIN account_members ON account_id = accounts.id "
    "WHERE user_id = accounts.id ORDER BY name"
)


FORMER = "id, email, password_hash, created_at, updated_at, display_name, timezone, approval, deleted_at"


def write(place: Place, *statements: str) -> None:
    with place.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def add_user(id_: str, name: str) -> str:
    return f"{USERS} ({id_}, {id_}, '-', {name}, '{THEN}', '{THEN}')"


def test_the_upgrade_gives_an_account_to_everyone_who_is_there_and_a_trigger_to_everyone_later(
    place: Place,
) -> None:
    place.alembic("upgrade", "019_add_event_reads")
    write(place, add_user(ANN, "'Ann'"), add_user(BOB, "NULL"))
    before = place.run(f"SELECT {FORMER} FROM users ORDER BY id")
    place.alembic("upgrade", "head")
    assert place.run(f"SELECT {FORMER} FROM users ORDER BY id") == before, "their rows stay as they were"
    expected = ["Ann|personal|owner", "Personal|personal|owner"]
    assert place.run(ACCOUNTS) == expected
    write(place, add_user(CID, "''"))
    assert place.run(ACCOUNTS) == [*expected, "Personal|personal|owner"]
    made = "SELECT count(*) FROM accounts JOIN users ON users.id = accounts.id"
    then = "accounts.created_at = users.created_at AND accounts.updated_at = users.created_at"
    assert place.run(f"{made} WHERE {then}") == ["3"]


def test_a_deleted_user_takes_along_the_personal_account_and_each_membership_and_no_team(
    place: Place,
) -> None:
    place.start()
    write(
        place,
        add_user(ANN, "'Ann'"),
        add_user(BOB, "'Bob'"),
        f"INSERT INTO accounts (id, name, kind) VALUES ({TEAM}, 'Bakery', 'team')",
        "INSERT INTO account_members (account_id, user_id, role) VALUES "
        f"({TEAM}, {ANN}, 'owner'), ({TEAM}, {BOB}, 'member')",
        "INSERT INTO account_invitations (account_id, email, role, token_hash, invited_by, expires_at) "
        f"VALUES ({TEAM}, 'cid@example.com', 'member', '-', {ANN}, '2030-01-01')",
        "INSERT INTO events (audience, audience_id, type, payload) VALUES "
        f"('account', {ANN}, 'a', '{{}}'), ('account', {TEAM}, 'b', '{{}}'), ('user', {BOB}, 'c', '{{}}')",
        f"DELETE FROM users WHERE id = {ANN}",
    )
    assert place.run("SELECT name FROM accounts ORDER BY name") == ["Bakery", "Bob"]
    assert place.run("SELECT role FROM account_members ORDER BY role") == ["member", "owner"]
    assert place.run("SELECT count(*) FROM account_invitations WHERE invited_by IS NULL") == ["1"]
    assert place.run("SELECT type FROM events ORDER BY type") == ["b", "c"]
    write(place, f"DELETE FROM accounts WHERE id = {TEAM}")
    assert place.run("SELECT role FROM account_members") == ["owner"]
    assert place.run("SELECT type FROM events") == ["c"]
    assert place.counts()["account_invitations"] == 0
    # A user with the id of a team, which nothing makes, would not take it along.
    write(place, f"UPDATE accounts SET kind = 'team' WHERE id = {BOB}", f"DELETE FROM users WHERE id = {BOB}")
    assert place.run("SELECT name FROM accounts") == ["Bob"]
