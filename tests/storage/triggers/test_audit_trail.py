# test_audit_trail.py -- the calls of messages that were there before revision 017 are listed as later ones are.
import json
from typing import Any

from support.databases.catalog import Place

ONE = f"'{1:032x}'"
CALLS: list[Any] = [
    [
        {"name": "add_task", "error": None},
        {"name": "y" * 130, "error": "No."},
        7,
        "text",
        {"id": "no name"},
        [],
    ],
    [],
    {"name": "no list"},
    [{"name": "quote' \\\\ ü"}],
]


def insert_messages(place: Place, first_seq: int) -> None:
    with place.connect() as connection:
        for seq, calls in enumerate([*map(json.dumps, CALLS), None], first_seq):
            value = "NULL" if calls is None else "'" + calls.replace("'", "''") + "'"
            if place.engine == "mariadb":
                value = value.replace("\\", "\\\\")
            connection.execute(
                "INSERT INTO messages (id, conversation_id, user_id, role, content, seq, tool_calls, created_at) "
                f"VALUES ('{seq:032x}', {ONE}, {ONE}, 'agent', '', {seq}, {value}, '2026-01-01 00:00:00.123456')"
            )


def test_the_upgrade_finds_the_calls_that_a_trigger_would_have_found(place: Place) -> None:
    place.alembic("upgrade", "016_add_finish_reason")
    with place.connect() as connection:
        connection.execute(
            f"INSERT INTO users (id, email, password_hash) VALUES ({ONE}, 'ann@example.com', '-')"
        )
        connection.execute(f"INSERT INTO conversations (id, user_id) VALUES ({ONE}, {ONE})")
    insert_messages(place, 1)
    place.alembic("upgrade", "head")
    columns = (
        "seq, position, tool_calls.user_id, tool_calls.conversation_id, name, failed, tool_calls.created_at"
    )
    found = (
        f"SELECT {columns} FROM tool_calls JOIN messages ON messages.id = message_id ORDER BY seq, position"
    )
    before = place.run(found)
    assert [line.split("|")[:2] for line in before] == [["1", "0"], ["1", "1"], ["4", "0"]]
    insert_messages(place, 101)
    after = place.run(found)[len(before) :]
    assert [line.partition("|")[2] for line in after] == [line.partition("|")[2] for line in before]
    names = [line.split("|")[4] for line in before]
    assert names == ["add_task", "y" * 100, "quote' \\\\ ü"]
