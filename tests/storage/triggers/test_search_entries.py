# test_search_entries.py -- what messages are searched by is what they say now, of old messages as of new ones.
from support.databases.catalog import Place

ANN, CHAT, GROUP = (f"'{number:032x}'" for number in (1, 2, 3))
PEOPLE = f"INSERT INTO users (id, email, password_hash) VALUES ({ANN}, 'ann@example.com', '-')"
CONVERSATIONS = (
    "INSERT INTO conversations (id, user_id, account_id, kind) "
    f"VALUES ({CHAT}, {ANN}, {ANN}, 'assistant'), ({GROUP}, {ANN}, {ANN}, 'group')"
)
# Said as it stays, edited twice, edited and retracted, empty, and too long.
TEXTS = ["'stays'", "'at three'", "'regrets'", "''", "'" + "ü" * 50_001 + "'"]
ENTRIES = (
    "SELECT message_id, audience_id, conversation_id, seq, length(content), substr(content, 1, 9), created_at "
    "FROM search_entries ORDER BY message_id"
)


def tell_story(place: Place, first: int) -> None:
    with place.connect() as connection:
        for number, content in enumerate(TEXTS, first):
            for message, conversation in ((number, CHAT), (number + 50, GROUP)):
                connection.execute(
                    "INSERT INTO messages (id, conversation_id, user_id, role, content, seq, created_at) VALUES "
                    f"('{message:032x}', {conversation}, {ANN}, 'user', {content}, {number}, "
                    "'2026-01-01 00:00:00.123456')"
                )
        changes = [
            (first + 1, 1, "edit", "'at four'"),
            (first + 1, 2, "edit", "'at five'"),
            (first + 2, 1, "edit", "'hesitates'"),
            (first + 2, 2, "retract", "NULL"),
        ]
        for message, version, kind, content in changes:
            connection.execute(
                "INSERT INTO message_changes (message_id, version, user_id, kind, content) VALUES "
                f"('{message + 50:032x}', {version}, {ANN}, '{kind}', {content})"
            )


def list_entries(place: Place, first: int) -> list[list[str]]:
    """Without the ids, and with the numbers as if the story were the first one."""
    # MariaDB's length() counts bytes.
    query = ENTRIES.replace("length(", "char_length(") if place.engine == "mariadb" else ENTRIES
    entries = [line.split("|") for line in place.run(query)]
    mine = [entry for entry in entries if first <= int(entry[3]) < first + len(TEXTS)]
    return [[*entry[1:3], str(int(entry[3]) - first), *entry[4:]] for entry in mine]


def test_the_upgrade_writes_the_entries_that_the_triggers_would_have_written(place: Place) -> None:
    place.alembic("upgrade", "029_keep_departed_users")
    with place.connect() as connection:
        connection.execute(PEOPLE)
        connection.execute(CONVERSATIONS)
    tell_story(place, 1)
    place.alembic("upgrade", "head")
    before = list_entries(place, 1)
    ann, group = ANN.strip("'"), GROUP.strip("'")
    assert [(entry[0].replace("-", ""), entry[2], entry[3], entry[4]) for entry in before] == [
        (ann, "0", "5", "stays"),
        (ann, "1", "8", "at three"),
        (ann, "2", "7", "regrets"),
        (ann, "4", "50000", "ü" * 9),
        (group, "0", "5", "stays"),
        (group, "1", "7", "at five"),
        (group, "4", "50000", "ü" * 9),
    ]
    tell_story(place, 101)
    assert list_entries(place, 101) == before


def test_entries_go_with_their_conversation(place: Place) -> None:
    place.start()
    with place.connect() as connection:
        connection.execute(PEOPLE)
        connection.execute(CONVERSATIONS)
    tell_story(place, 1)
    with place.connect() as connection:
        connection.execute(f"DELETE FROM conversations WHERE id = {GROUP}")
    assert len(place.run(ENTRIES)) == 4
