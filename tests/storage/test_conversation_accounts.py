# test_conversation_accounts.py -- the upgrade that puts each conversation into an account changes nothing else of it.
import pytest
from sqlalchemy import make_url

from support.databases.catalog import FILES, Place, copied, migrated, psql
from support.databases.postgres import PostgresServer

BEFORE, THERE = "023_add_agents", "024_add_conversation_accounts"
ANN, BOB, TEAM, ROBOT = (f"'{number:032x}'" for number in (1, 2, 9, 8))
# Times that no clock shows any more.
THEN, LATER = "2020-01-02 03:04:05.000006", "2020-01-02 03:04:05.000007"
PEOPLE = f"""
INSERT INTO users (id, email, password_hash) VALUES ({ANN}, 'ann@example.com', '-'), ({BOB}, 'bob@example.com', '-');
INSERT INTO accounts (id, name, kind) VALUES ({TEAM}, 'Bakery', 'team')
"""
# Before the upgrade, and at home after it.
CONVERSATIONS = f"""
INSERT INTO conversations (id, user_id, title, created_at, updated_at) VALUES
  ({ANN}, {ANN}, 'Shopping', '{THEN}', '{THEN}'), ({BOB}, {BOB}, NULL, '{THEN}', '{THEN}')
"""
AT_HOME = f"""
INSERT INTO conversations (id, user_id, account_id, created_at, updated_at) VALUES
  ({ANN}, {ANN}, {ANN}, '{THEN}', '{THEN}'), ({BOB}, {BOB}, {BOB}, '{THEN}', '{THEN}')
"""
HISTORY = f"""
INSERT INTO runs (id, conversation_id, user_id, trigger_seq) VALUES ({ANN}, {ANN}, {ANN}, 1);
INSERT INTO run_events (run_id, seq, type, data) VALUES ({ANN}, 1, 'run.started', '{{}}');
INSERT INTO messages (id, conversation_id, user_id, role, content, seq, run_id, tool_calls) VALUES
  ({ANN}, {ANN}, {ANN}, 'user', 'add buy milk', 1, {ANN}, NULL),
  ({BOB}, {ANN}, {ANN}, 'agent', 'Added.', 2, {ANN}, '[{{"name": "add_task"}}]')
"""
# An agent; the record of its own calls.
AGENT = f"""
INSERT INTO users (id, email, password_hash, kind) VALUES ({ROBOT}, 'robot@agents.invalid', '!', 'agent');
INSERT INTO account_members (account_id, user_id, role) VALUES ({TEAM}, {ROBOT}, 'agent');
INSERT INTO agents (id, account_id, name, kind) VALUES ({ROBOT}, {TEAM}, 'Robot', 'external')
"""
RECORD = f"""
INSERT INTO conversations (id, user_id, account_id, agent_id, created_at, updated_at) VALUES
  ({ROBOT}, {ROBOT}, {TEAM}, {ROBOT}, '{THEN}', '{THEN}');
INSERT INTO messages (id, conversation_id, user_id, role, content, seq) VALUES
  ({ROBOT}, {ROBOT}, {ROBOT}, 'user', 'list tasks', 1)
"""
OLD_ROWS = [
    "SELECT id, user_id, title, created_at, updated_at FROM conversations ORDER BY id",
    "SELECT id, conversation_id, user_id, role, content, tool_calls, created_at, seq, run_id FROM messages ORDER BY id",
    "SELECT id, conversation_id, trigger_seq, status, created_at FROM runs ORDER BY id",
    "SELECT message_id, position, name FROM tool_calls",
    "SELECT run_id, seq, type, created_at FROM run_events",
]
ACCOUNTS = "SELECT count(*) FROM conversations JOIN accounts ON accounts.id = account_id WHERE"


def write(place: Place, *scripts: str) -> None:
    with place.connect() as connection:
        for statement in ";\n".join(scripts).split(";\n"):
            connection.execute(statement)


def read_old_rows(place: Place) -> list[list[str]]:
    return [place.run(query) for query in OLD_ROWS]


def check_filled(place: Place, before: list[list[str]]) -> None:
    assert read_old_rows(place) == before
    assert place.run(f"{ACCOUNTS} account_id = user_id AND agent_id IS NULL") == ["2"]
    assert place.run("SELECT DISTINCT kind FROM conversations") == ["assistant"]
    # The trigger that stood aside is there again.
    write(place, f"UPDATE conversations SET title = 'Errands' WHERE id = {ANN}")
    assert place.run(f"SELECT count(*) FROM conversations WHERE updated_at = '{THEN}'") == ["1"]


@pytest.mark.busy
def test_the_upgrade_gives_each_conversation_its_users_account_and_keeps_the_rest(place: Place) -> None:
    """Up, down and up again."""
    place.alembic("upgrade", BEFORE)
    write(place, PEOPLE, CONVERSATIONS, HISTORY)
    before = read_old_rows(place)
    assert THEN in before[0][0]
    place.alembic("upgrade", THERE)
    assert read_old_rows(place) == before
    place.alembic("downgrade", BEFORE)
    assert read_old_rows(place) == before
    place.alembic("upgrade", "head")
    check_filled(place, before)


def test_the_file_for_psql_keeps_the_rest_as_well(postgres: PostgresServer) -> None:
    number = next(number for number, file in enumerate(FILES) if file.stem == THERE)
    with copied(postgres, migrated(postgres, number)) as place:
        write(place, PEOPLE, CONVERSATIONS, HISTORY, AGENT)
        write(place, f"INSERT INTO conversations (user_id, updated_at) VALUES ({ROBOT}, '{LATER}')")
        before = read_old_rows(place)
        name = make_url(place.url).database
        assert name is not None
        psql(postgres, name, "-f", FILES[number])
        assert place.run(f"{ACCOUNTS} account_id = {TEAM} AND agent_id = {ROBOT}") == ["1"]
        check_filled(place, before)


@pytest.mark.busy
@pytest.mark.parametrize(("target", "agent_id"), [(BEFORE, "1"), ("022_add_run_cost", "0")])
def test_the_record_of_an_agents_calls_stays_in_its_account_down_and_up_again(
    place: Place, target: str, agent_id: str
) -> None:
    """It has no personal account. Below its own row nothing says that it is an agent but its membership."""
    place.alembic("upgrade", THERE)
    write(place, PEOPLE, AT_HOME, HISTORY, AGENT, RECORD)
    before = read_old_rows(place)
    place.alembic("downgrade", target)
    assert read_old_rows(place) == before
    place.alembic("upgrade", "head")
    assert read_old_rows(place) == before
    assert place.run(f"{ACCOUNTS} account_id = user_id") == ["2"]
    assert place.run(f"{ACCOUNTS} account_id = {TEAM} AND user_id = {ROBOT}") == ["1"]
    assert place.run(f"{ACCOUNTS} agent_id = {ROBOT}") == [agent_id]


def test_a_question_for_an_external_agent_is_no_workers_after_down_and_up_again_either(place: Place) -> None:
    place.alembic("upgrade", "head")
    write(
        place,
        PEOPLE,
        AT_HOME,
        AGENT,
        f"INSERT INTO conversations (id, user_id, account_id, agent_id) VALUES ({TEAM}, {ANN}, {TEAM}, {ROBOT})",
        "INSERT INTO runs (id, conversation_id, user_id, trigger_seq, is_external) VALUES "
        f"({ANN}, {TEAM}, {ANN}, 1, true), ({BOB}, {BOB}, {BOB}, 1, false)",
    )
    place.alembic("downgrade", THERE)
    place.alembic("upgrade", "head")
    assert place.run(f"SELECT count(*) FROM runs WHERE is_external AND id = {ANN}") == ["1"]
    assert place.run("SELECT count(*) FROM runs WHERE is_external") == ["1"]
