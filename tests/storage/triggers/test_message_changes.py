# test_message_changes.py -- what became of a message is kept as the message is: rows are only added.
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from asyncmy.errors import MySQLError

from support.databases.catalog import Place

ANN, BOB, CHAT = (f"'{number:032x}'" for number in (1, 2, 3))
# Ann's chat, in which she and Bob have said something and changed it.
STORY = f"""
INSERT INTO users (id, email, password_hash) VALUES ({ANN}, 'ann@example.com', '-'), ({BOB}, 'bob@example.com', '-');
INSERT INTO conversations (id, user_id, account_id) VALUES ({CHAT}, {ANN}, {ANN});
INSERT INTO messages (id, conversation_id, user_id, role, content, seq) VALUES
  ({ANN}, {CHAT}, {ANN}, 'user', 'at three', 1), ({BOB}, {CHAT}, {BOB}, 'user', 'no', 2);
INSERT INTO message_changes (message_id, version, user_id, kind, content) VALUES
  ({ANN}, 1, {ANN}, 'edit', 'at four'), ({ANN}, 2, {ANN}, 'edit', 'at five'), ({BOB}, 1, {BOB}, 'retract', NULL)
"""
CHANGES = "SELECT message_id, version, user_id, kind, content, created_at FROM message_changes ORDER BY 1, 2"
COLUMNS = "message_changes (message_id, version, user_id, kind, content)"
FORGED = f"INTO {COLUMNS} VALUES ({ANN}, 1, {ANN}, 'edit', 'forged')"
REFUSALS = (psycopg.IntegrityError, sqlite3.IntegrityError, MySQLError)
UPSERT = {
    "sqlite": "ON CONFLICT DO UPDATE SET content = 'forged'",
    "postgresql": "ON CONFLICT (message_id, version) DO UPDATE SET content = 'forged'",
    "mariadb": "ON DUPLICATE KEY UPDATE content = 'forged'",
}


@pytest.fixture
def connection(place: Place) -> Iterator[Any]:
    place.start()
    with closing(place.connect()) as connection:
        for statement in STORY.split(";\n"):
            connection.execute(statement)
        yield connection


def test_no_change_is_changed_taken_out_or_written_over_while_its_message_is_there(
    place: Place, connection: Any
) -> None:
    before = place.run(CHANGES)
    statements = [
        "UPDATE message_changes SET content = 'never said'",
        "UPDATE message_changes SET created_at = '2020-01-01'",
        "DELETE FROM message_changes",
        f"DELETE FROM message_changes WHERE message_id = {BOB}",
        f"INSERT {FORGED} {UPSERT[place.engine]}",
        "TRUNCATE message_changes" if place.engine == "postgresql" else f"REPLACE {FORGED}",
    ]
    for statement in statements:
        with pytest.raises(REFUSALS, match="only added"):
            connection.execute(statement)
    assert place.run(CHANGES) == before
    connection.execute(f"INSERT INTO {COLUMNS} VALUES ({ANN}, 3, {ANN}, 'edit', 'at six')")
    assert len(place.run(CHANGES)) == 4


@pytest.mark.parametrize(
    ("deleted", "left"),
    [
        (f"conversations WHERE id = {CHAT}", 0),
        (f"users WHERE id = {ANN}", 0),  # whose conversation it is
        (f"users WHERE id = {BOB}", 2),
        (f"accounts WHERE id = {ANN}", 0),
    ],
)
def test_changes_go_with_their_message(place: Place, connection: Any, deleted: str, left: int) -> None:
    connection.execute(f"DELETE FROM {deleted}")
    assert place.counts()["message_changes"] == left


def test_changes_of_a_message_go_with_it_once_its_user_is_marked(place: Place, connection: Any) -> None:
    """As when a user is taken away in slices: the message is deleted before its conversation and its user."""
    connection.execute(f"UPDATE users SET deleted_at = '2026-01-01' WHERE id = {BOB}")
    with pytest.raises(REFUSALS, match="only added"):
        connection.execute(f"DELETE FROM message_changes WHERE message_id = {BOB}")
    connection.execute(f"DELETE FROM messages WHERE user_id = {BOB}")
    assert place.counts()["message_changes"] == 2
