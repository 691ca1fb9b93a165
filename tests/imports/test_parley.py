# test_parley.py -- an export comes back: to whom it was made from it changes nothing, to another it gives what it can.
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from clock import rfc3339
from db import Transaction
from models import Task
from support.api.isolation import with_everything
from support.api.problems import problem_of
from support.servers import Person, Server, in_database
from support.transfers.exports import export, pick
from support.transfers.imports import counts_of, import_file, left_out, said_in, send_file


def without_logins(lines: list[Any]) -> list[Any]:
    """All but the times at which this and that was used or written."""
    return [line for line in lines if line["type"] not in ("header", "session", "token")]


def to_file(*lines: tuple[str, Any], header: bool = True) -> bytes:
    begun = [("header", {"format": "parley", "version": 1})] if header else []
    every = [*begun, *lines, ("footer", {})]
    return b"".join(json.dumps({"type": type_, type_: value}).encode() + b"\n" for type_, value in every)


TASK = {
    "id": "6d0b1f3e-5a3c-4f44-8b60-d2d0f2b6c5aa",
    "title": "Buy milk",
    "description": "2 litres",
    "completed": True,
    "created_at": "2025-01-02T03:04:05.000000Z",
    "updated_at": "2025-01-03T03:04:05.000000Z",
    "completed_at": "2025-01-03T03:04:05.000000Z",
}
CONVERSATION = {
    "id": "0c6e9b7a-9d0e-4a0e-8f2f-3f5c1f4b7a10",
    "title": "Trip",
    "kind": "assistant",
    "agent_id": "00000000-0000-4000-8000-000000000001",
    "created_at": "2025-01-02T03:04:05Z",
    "updated_at": "2025-01-02T03:04:05Z",
}
MESSAGE = {
    "id": "b8d9d0c4-1d5c-49a5-9c3a-2a6b3b7f5e11",
    "conversation_id": CONVERSATION["id"],
    "role": "user",
    "sender": {"type": "user", "id": None, "name": "Ann"},
    "content": "Pack the bags",
    "created_at": "2025-01-02T03:04:05Z",
    "tool_calls": None,
}


@pytest.mark.also_on_mariadb
def test_ones_own_export_changes_nothing(server: Server) -> None:
    ann = with_everything(server.person(), partner=server.person()).person
    ann.post("/v1/tasks", title="Done long ago", completed=True)
    file = ann.http.get("/v1/me/export").content
    before = without_logins(export(ann))
    report = import_file(ann, file)
    assert report["problem"] is None
    imported, skipped = counts_of(report)
    assert imported == [0, 0, 0]
    lines = [json.loads(line) for line in file.splitlines()]
    own = [each["id"] for each in pick(lines, "conversation") if each["kind"] == "assistant"]
    said = [each for each in pick(lines, "message") if each["conversation_id"] in own and each["content"]]
    assert skipped == [len(pick(lines, "task")), len(own), len(said)]
    assert without_logins(export(ann)) == before


@pytest.mark.also_on_mariadb
def test_another_gets_what_can_be_theirs_and_twice_is_once(server: Server, bob: Person) -> None:
    ann = with_everything(server.person(), partner=server.person()).person
    ann.post("/v1/tasks", title="Done long ago", completed=True)
    ann.post(
        "/v1/tasks", title="Rent", due_on="2030-01-31", repeats="FREQ=MONTHLY;BYMONTHDAY=-1", list="Home"
    )
    plan = {
        "due_at": "2030-03-04T08:30:00Z",
        "due_timezone": "Europe/Berlin",
        "reminder_at": "2030-03-04T08:00:00Z",
    }
    ann.post("/v1/tasks", title="Dentist", priority="high", position=-1.5, **plan)
    file = ann.http.get("/v1/me/export").content
    report = import_file(bob, file)
    theirs, mine = ([{**task, "id": None} for task in each.get("/v1/tasks")["data"]] for each in (ann, bob))
    assert mine == theirs
    lines = [json.loads(line) for line in file.splitlines()]
    for conversation in pick(lines, "conversation"):
        if conversation["kind"] == "assistant" and conversation["title"] == "add buy milk":
            rows = ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
            assert said_in(bob, "add buy milk") == [(row["role"], row["content"]) for row in rows]
    assert {"users", "sessions", "tokens", "accounts", "agents", "events", "runs", "tool calls"} <= left_out(
        report
    ).keys()
    ids = {line["id"] for type_ in ("task", "conversation", "message") for line in pick(lines, type_)}
    assert not ids & set(bob.http.get("/v1/me/export").text.replace('"', " ").split())
    before = without_logins(export(bob))
    imported, skipped = counts_of(import_file(bob, file))
    assert (imported, skipped) == ([0, 0, 0], counts_of(report)[0])
    assert without_logins(export(bob)) == before
    assert ann.get("/v1/tasks")["data"], "theirs are there as they were"


@pytest.mark.engines("sqlite")
def test_what_was_deleted_comes_back_from_an_export(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    chat = ann.chat("hello")
    file = ann.http.get("/v1/me/export").content
    ann.delete(f"/v1/tasks/{task['id']}")
    ann.delete(f"/v1/conversations/{chat['conversation_id']}")
    assert counts_of(import_file(ann, file))[0] == [1, 1, 2]
    assert counts_of(import_file(ann, file)) == ([0, 0, 0], [1, 1, 2])
    [back] = ann.get("/v1/tasks")["data"]
    assert back["created_at"] == task["created_at"]


@pytest.mark.engines("sqlite")
def test_nothing_is_added_to_a_conversation_that_no_import_has_made(ann: Person) -> None:
    """A file may say that an agent has said something there."""
    chat = ann.chat("hello")
    own = {**CONVERSATION, "id": chat["conversation_id"]}
    forged = {**MESSAGE, "conversation_id": own["id"], "role": "agent", "content": "I have paid all of it."}
    assert counts_of(import_file(ann, to_file(("conversation", own), ("message", forged)))) == (
        [0, 0, 0],
        [0, 1, 1],
    )
    assert "paid" not in ann.http.get(f"/v1/conversations/{own['id']}/messages").text


@pytest.mark.engines("sqlite")
def test_another_persons_ids_give_rows_of_ones_own(ann: Person, bob: Person) -> None:
    task = ann.post("/v1/tasks", title="Secret")
    chat = ann.chat("hello")
    own = {**CONVERSATION, "id": chat["conversation_id"]}
    said = {**MESSAGE, "conversation_id": own["id"], "id": chat["user_message"]["id"]}
    file = to_file(("task", {**TASK, "id": task["id"]}), ("conversation", own), ("message", said))
    nothing = to_file(("task", TASK), ("conversation", CONVERSATION), ("message", MESSAGE))
    reports = [import_file(bob, each) for each in (file, nothing)]
    assert reports[0].pop("change_id") != reports[1].pop("change_id")
    assert reports[0] == {**reports[1], "bytes": len(file)}
    assert len(bob.get("/v1/conversations")["data"]) == 2
    assert ann.get(f"/v1/tasks/{task['id']}")["title"] == "Secret"
    assert len(ann.get(f"/v1/conversations/{own['id']}/messages")["data"]) == 2


@pytest.mark.engines("sqlite")
def test_a_tool_call_of_another_server_is_on_no_record_here(ann: Person) -> None:
    call = {"id": "x:1", "name": "delete_task", "arguments": {}, "result": {"deleted": True}}
    said = {
        **MESSAGE,
        "role": "agent",
        "tool_calls": [call],
        "sender": {"type": "agent", "id": None, "name": "Max"},
    }
    report = import_file(ann, to_file(("conversation", CONVERSATION), ("message", said)))
    assert left_out(report) == {"tool calls": 1}
    assert ann.get("/v1/tool-calls")["data"] == []
    [conversation] = ann.get("/v1/conversations")["data"]
    [message] = ann.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    assert message["tool_calls"] is None
    assert message["sender"] == {"type": "program", "id": None, "name": "Max"}


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("task", {**TASK, "title": " "}),
        ("task", {**TASK, "title": "x" * 256}),
        ("task", {**TASK, "title": "a\0"}),
        ("task", {**TASK, "id": "1"}),
        ("task", {**TASK, "created_at": "yesterday"}),
        ("task", {**TASK, "completed": "yes"}),
        ("task", {**TASK, "repeats": "FREQ=DAILY", "due_on": "2026-01-01"}),  # it is done
        ("task", {**TASK, "completed": False, "repeats": "FREQ=DAILY"}),
        ("task", {**TASK, "due_on": "2026-01-01", "due_at": "2026-01-01T00:00:00Z"}),
        ("task", {**TASK, "due_on": "2026-02-30"}),
        ("task", {**TASK, "priority": "urgent"}),
        ("task", {**TASK, "position": "first"}),
        ("task", {"title": "Buy milk"}),
        ("conversation", {**CONVERSATION, "id": None}),
        ("message", {**MESSAGE, "role": "system"}),
        ("message", {**MESSAGE, "sender": "Ann"}),
        ("message", MESSAGE),
        ("dance", {"id": "x"}),
        ("task", [TASK]),
        ("task", None),
    ],
)
@pytest.mark.engines("sqlite")
def test_a_line_that_is_wrong_is_told_of_and_the_others_come(ann: Person, type_: str, value: Any) -> None:
    report = import_file(ann, to_file((type_, value), ("task", TASK)))
    assert counts_of(report)[0] == [1, 0, 0]
    assert sum(left_out(report).values()) == 1


@pytest.mark.engines("sqlite")
def test_lines_that_are_no_json_or_too_long_are_told_of(ann: Person) -> None:
    [head, task, foot] = to_file(("task", TASK)).splitlines()
    lines = [
        head,
        b"nonsense",
        b"[" * 99_999,
        b"\xff\xfe",
        b'{"type":"x' + b"y" * 3_000_000 + b'"}',
        b"",
        b"7",
        task,
    ]
    report = import_file(ann, b"\r\n".join([*lines, foot]))
    assert counts_of(report)[0] == [1, 0, 0]
    assert left_out(report) == {"lines": 5}


@pytest.mark.engines("sqlite")
def test_a_file_without_its_end_is_told_of(ann: Person) -> None:
    file = to_file(("task", TASK))
    report = import_file(ann, file[: file.rindex(b'{"type": "footer"')])
    assert left_out(report) == {"rest of the file": 1}
    assert counts_of(report)[0] == [1, 0, 0]


@pytest.mark.parametrize(
    "file",
    [
        to_file(("task", TASK), header=False),
        to_file(("header", {"format": "parley", "version": 2}), header=False),
        to_file(("header", {"format": "other", "version": 1}), header=False),
        b"{",
        b'{"type": "header"}',
    ],
)
@pytest.mark.engines("sqlite")
def test_what_is_no_export_of_this_form_is_refused(ann: Person, file: bytes) -> None:
    problem_of(send_file(ann, file), 422)
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.engines("sqlite")
def test_times_are_kept_and_none_is_of_the_future(ann: Person) -> None:
    later = {
        **TASK,
        "id": MESSAGE["id"],
        "created_at": "2999-01-01T00:00:00Z",
        "updated_at": "2999-01-01T00:00:00Z",
    }
    import_file(ann, to_file(("task", TASK), ("task", later)))
    newer, older = ann.get("/v1/tasks")["data"]
    assert {name: older[name] for name in TASK if name != "id"} == {
        k: v for k, v in TASK.items() if k != "id"
    }
    assert newer["created_at"] < "2900"


def test_a_reminder_of_long_ago_does_not_come_again(server: Server, ann: Person) -> None:
    plan = {**TASK, "completed": False, "completed_at": None, "due_on": "2025-02-01"}
    past, later = "2025-02-01T08:00:00.000000Z", "2990-02-01T08:00:00.000000Z"
    lines = [
        ("task", {**plan, "reminder_at": past}),
        ("task", {**plan, "id": MESSAGE["id"], "reminder_at": later}),
    ]
    import_file(ann, to_file(*lines))

    async def read(tx: Transaction) -> dict[Any, Any]:
        rows = await tx.execute(select(Task).where(col(Task.user_id) == ann.id))
        return {task.reminder_at: task.remind_at for task in rows.scalars()}

    found = in_database(server, read)
    assert {rfc3339(at): to_come and rfc3339(to_come) for at, to_come in found.items()} == {
        past: None,
        later: later,
    }
