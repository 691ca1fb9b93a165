# test_protect_history.py -- what the database itself refuses and does, made by each of the three ways.
import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from asyncmy.errors import MySQLError

from support.databases.catalog import FILES, Place, copied, empty_place, migrated
from support.databases.postgres import PostgresServer

ANN, BOB, HERS, HIS = (f"'{number:032x}'" for number in (1, 2, 3, 4))
# Ann has a conversation in which Bob wrote too, and Bob one of his own.
STORY = f"""
INSERT INTO users (id, email, password_hash) VALUES ({ANN}, 'ann@example.com', '-'), ({BOB}, 'bob@example.com', '-');
INSERT INTO tasks (user_id, title) VALUES ({ANN}, 'Buy milk');
INSERT INTO agents (id, account_id, name, kind) VALUES ({ANN}, {ANN}, 'Robot', 'hosted');
INSERT INTO conversations (id, user_id, account_id) VALUES ({HERS}, {ANN}, {ANN}), ({HIS}, {BOB}, {BOB});
INSERT INTO runs (id, conversation_id, user_id, trigger_seq) VALUES ({ANN}, {HERS}, {ANN}, 1);
INSERT INTO run_events (run_id, seq, type, data) VALUES ({ANN}, 1, 'run.started', '{{}}');
INSERT INTO messages (id, conversation_id, user_id, role, content, seq, client_id, run_id) VALUES
  ({ANN}, {HERS}, {ANN}, 'user', 'hers', 1, 'a', {ANN}), ({BOB}, {HERS}, {BOB}, 'user', 'elsewhere', 2, 'b', NULL),
  ({HIS}, {HIS}, {BOB}, 'user', 'his', 1, 'c', NULL);
INSERT INTO auth_sessions (id, user_id, expires_at) VALUES ({ANN}, {ANN}, '2030-01-01');
INSERT INTO refresh_tokens (token_hash, session_id, expires_at) VALUES ('-', {ANN}, '2030-01-01')
"""
FROZEN = [
    "users",
    "tasks",
    "conversations",
    "runs",
    "run_events",
    "auth_sessions",
    "refresh_tokens",
    "accounts",
    "agents",
]
MOVING = ["users", "tasks", "conversations", "accounts", "agents"]
WAYS = [
    "sqlite create_all",
    "sqlite alembic",
    "postgresql create_all",
    "postgresql alembic",
    "postgresql psql",
    "mariadb create_all",
    "mariadb alembic",
]
# Someone's message in place of another, over each key.
FORGED = [
    f"({ANN}, {HERS}, {ANN}, 'user', 'forged', 9, NULL, NULL)",  # the id
    f"('{9:032x}', {HERS}, {ANN}, 'user', 'forged', 1, NULL, NULL)",  # the place in the conversation
    f"('{9:032x}', {HERS}, {ANN}, 'user', 'forged', 9, 'a', NULL)",  # the client's name for it
    f"('{9:032x}', {HERS}, {ANN}, 'user', 'forged', 9, NULL, {ANN})",  # the run
]
UPSERT = {
    "sqlite": "ON CONFLICT DO UPDATE SET content = 'forged'",
    "mariadb": "ON DUPLICATE KEY UPDATE content = 'forged'",
}


@contextmanager
def with_tables(request: pytest.FixtureRequest, what: str, folder: Path) -> Iterator[Place]:
    """A database whose tables were made in one of the ways."""
    engine, way = what.split()
    if way == "psql":
        server: PostgresServer = request.getfixturevalue("postgres")
        with copied(server, migrated(server, len(FILES))) as place:
            yield place
        return
    with contextmanager(empty_place)(request, engine, folder) as place:
        if way == "create_all":
            place.start()
        else:
            place.alembic("upgrade", "head")
        yield place


@pytest.fixture(scope="module")
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Place]]:
    """To make the tables takes long: the tests share them, each beginning with the same rows."""
    with ExitStack() as opened:
        yield functools.cache(
            lambda what: opened.enter_context(with_tables(request, what, tmp_path_factory.mktemp("history")))
        )


@pytest.fixture(params=WAYS)
def place(request: pytest.FixtureRequest, kept: Callable[[str], Place]) -> Place:
    place = kept(request.param)
    with closing(place.connect()) as connection:
        for statement in ("DELETE FROM users", *STORY.split(";\n")):
            connection.execute(statement)
    assert place.run("SELECT count(*) FROM users") == ["2"]
    return place


class Keyboard:
    """Someone types SQL; what is refused is taken back alone."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.connection: Any = place.connect()

    def run(self, sql: str) -> list[Any]:
        answer = self.connection.execute(sql)
        return answer.fetchall() if answer.description else []

    def refused(self, sql: str, words: str) -> None:
        before = self.rows()
        with pytest.raises((psycopg.IntegrityError, sqlite3.IntegrityError, MySQLError), match=words):
            self.connection.execute(sql)
        assert self.rows() == before

    def rows(self) -> list[Any]:
        return self.run("SELECT * FROM messages ORDER BY id") + self.run("SELECT * FROM users ORDER BY id")

    def said(self) -> list[str]:
        return [row[0] for row in self.run("SELECT content FROM messages ORDER BY content")]


@pytest.fixture
def keyboard(place: Place) -> Iterator[Keyboard]:
    keyboard = Keyboard(place)
    yield keyboard
    keyboard.connection.close()


ONLY_ADDED = "messages are only added"
TAKEN = "there already|duplicate key|Duplicate entry"


def test_no_message_is_changed(keyboard: Keyboard) -> None:
    keyboard.refused("UPDATE messages SET content = 'never said'", ONLY_ADDED)
    keyboard.refused(f"UPDATE messages SET content = content WHERE id = {ANN}", ONLY_ADDED)
    keyboard.refused("UPDATE messages SET created_at = '2020-01-01'", ONLY_ADDED)
    keyboard.refused(f"UPDATE messages SET conversation_id = {HIS}, seq = 9 WHERE id = {ANN}", ONLY_ADDED)


def test_no_message_is_taken_out_while_its_conversation_and_its_user_exist(keyboard: Keyboard) -> None:
    keyboard.refused("DELETE FROM messages", ONLY_ADDED)
    for message in (ANN, BOB, HIS):
        keyboard.refused(f"DELETE FROM messages WHERE id = {message}", ONLY_ADDED)


def test_a_run_takes_no_message_along(keyboard: Keyboard) -> None:
    keyboard.refused("DELETE FROM runs", ONLY_ADDED)
    assert keyboard.run("SELECT count(*) FROM run_events")[0][0] == 1


def test_a_deleted_conversation_takes_its_messages_along(keyboard: Keyboard) -> None:
    keyboard.run(f"DELETE FROM conversations WHERE id = {HERS}")
    assert keyboard.said() == ["his"]
    assert keyboard.run("SELECT count(*) FROM runs")[0][0] == 0


def test_a_deleted_owner_takes_the_conversation_along_with_what_others_wrote(keyboard: Keyboard) -> None:
    keyboard.run(f"DELETE FROM users WHERE id = {ANN}")
    assert keyboard.said() == ["his"]
    counts = keyboard.place.counts()
    del counts["event_counter"]  # which is nobody's
    assert {name: count for name, count in counts.items() if count} == {
        "users": 1,
        "conversations": 1,
        "messages": 1,
        "search_entries": 1,
        "accounts": 1,
        "account_members": 1,
    }


def test_a_deleted_author_takes_along_what_they_wrote_elsewhere(keyboard: Keyboard) -> None:
    keyboard.run(f"DELETE FROM users WHERE id = {BOB}")
    assert keyboard.said() == ["hers"]


def test_everybody_can_be_deleted_at_once(keyboard: Keyboard) -> None:
    keyboard.run("DELETE FROM users")
    left = {name for name, count in keyboard.place.counts().items() if count}
    assert left <= {"event_counter"}  # which is nobody's


def test_messages_are_still_added_and_a_repeated_one_is_refused_as_before(keyboard: Keyboard) -> None:
    columns = "INSERT INTO messages (id, conversation_id, user_id, role, content, seq, client_id) VALUES"
    keyboard.run(f"{columns} ({HERS}, {HERS}, {ANN}, 'agent', 'new', 3, NULL)")
    keyboard.refused(f"{columns} ({ANN}, {HERS}, {ANN}, 'agent', 'new', 4, NULL)", TAKEN)
    keyboard.refused(f"{columns} ('{9:032x}', {HERS}, {ANN}, 'user', 'new', 4, 'a')", TAKEN)


@pytest.mark.parametrize("place", [way for way in WAYS if "postgresql" not in way], indirect=True)
@pytest.mark.parametrize("values", FORGED)
def test_replace_is_refused_over_every_key(keyboard: Keyboard, values: str) -> None:
    columns = "(id, conversation_id, user_id, role, content, seq, client_id, run_id)"
    keyboard.refused(f"REPLACE INTO messages {columns} VALUES {values}", ONLY_ADDED)
    upsert = UPSERT[keyboard.place.engine]
    keyboard.refused(f"INSERT INTO messages {columns} VALUES {values} {upsert}", ONLY_ADDED)


@pytest.mark.parametrize("place", ["mariadb alembic"], indirect=True)
def test_truncate_on_mariadb_is_refused_by_the_keys_that_point_at_a_table(keyboard: Keyboard) -> None:
    """No trigger runs for it: until 017, when nothing pointed at messages, it went through."""
    for table in ("users", "conversations", "runs", "messages"):
        keyboard.refused(f"TRUNCATE {table}", "foreign key constraint")
    keyboard.run("TRUNCATE tool_calls")


@pytest.mark.parametrize("place", [way for way in WAYS if "postgresql" in way], indirect=True)
def test_truncate_on_postgresql_is_refused_whatever_table_it_starts_from(keyboard: Keyboard) -> None:
    for tables in (
        "messages CASCADE",
        "users CASCADE",
        "conversations CASCADE",
        "runs CASCADE",
        "tasks, messages, tool_calls, message_changes, message_deliveries, search_entries",
    ):
        keyboard.refused(f"TRUNCATE {tables}", ONLY_ADDED)
    with pytest.raises(psycopg.NotSupportedError, match="foreign key constraint"):
        keyboard.run("TRUNCATE messages")
    keyboard.run("TRUNCATE tasks")


@pytest.mark.parametrize("place", [way for way in WAYS if "postgresql" in way], indirect=True)
def test_on_postgresql_it_holds_with_any_search_path_and_over_on_conflict(keyboard: Keyboard) -> None:
    keyboard.run("CREATE SCHEMA elsewhere")
    keyboard.run("CREATE TABLE elsewhere.conversations (id uuid)")
    keyboard.run("SET search_path = elsewhere")
    with pytest.raises(psycopg.IntegrityError, match=ONLY_ADDED):
        keyboard.run("DELETE FROM public.messages")
    keyboard.run(f"DELETE FROM public.conversations WHERE id = {HERS}")
    keyboard.run("SET search_path = public")
    assert keyboard.said() == ["his"]
    columns = "(id, conversation_id, user_id, role, content, seq)"
    keyboard.refused(
        f"INSERT INTO messages {columns} VALUES ({HIS}, {HIS}, {BOB}, 'user', 'forged', 1) "
        "ON CONFLICT (id) DO UPDATE SET content = 'forged'",
        ONLY_ADDED,
    )


def test_created_at_never_changes(keyboard: Keyboard) -> None:
    for table in FROZEN:
        keyboard.refused(
            f"UPDATE {table} SET created_at = '2020-01-01 00:00:00'", f"created_at of {table} never changes"
        )
        keyboard.run(f"UPDATE {table} SET created_at = created_at")


@pytest.mark.parametrize("table", MOVING)
def test_updated_at_moves_by_itself_and_takes_what_the_backend_sets(keyboard: Keyboard, table: str) -> None:
    columns = {
        "users": "email",
        "tasks": "title",
        "conversations": "title",
        "accounts": "name",
        "agents": "name",
    }
    column = columns[table]
    own = f"{table} SET {column} = 'edited by hand' WHERE id = (SELECT min(CAST(id AS text)) FROM {table})"
    if keyboard.place.engine == "postgresql":
        own = own.replace("id = (SELECT min(CAST(id AS text))", "id::text = (SELECT min(id::text)")
    shown = f"SELECT CAST(updated_at AS text) FROM {table} ORDER BY CAST(id AS text)"
    if keyboard.place.engine == "mariadb":
        own, shown = own.replace("AS text", "AS char"), shown.replace("AS text", "AS char")
    given = "2020-01-02 03:04:05.123456"
    keyboard.run(f"UPDATE {own}".replace("WHERE", f", updated_at = '{given}' WHERE"))
    before = keyboard.run(shown)
    assert before[0][0].startswith(given)
    keyboard.run(f"UPDATE {own}")
    after = keyboard.run(shown)
    assert after[0][0] > "2026"
    assert len(after[0][0]) == len(given) or keyboard.place.engine == "postgresql"
    assert after[1:] == before[1:]
    keyboard.run(f"UPDATE {own}".replace("WHERE", f", updated_at = '{given}' WHERE"))
    assert keyboard.run(shown) == before
