# test_run_streams.py -- what a run's stream says from its first frame on: that it waits, and which message comes of it.
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import httpx
import pytest

import access
from access import SYSTEM
from clock import utc_now
from db import Transaction
from llm.protocol import ModelError
from models import Conversation, Message, Run, RunEvent
from models.run import derive_answer_id
from support.api.open_streams import at_work
from support.api.runs import STREAM, begin, followed, followed_text, last_message
from support.api.user_streams import as_on
from support.clients.mcp_client import ERAS, KEY, connected, on_record, token_of
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Event, Person, Server, in_database, read_events, wait_until

# What a run's stream says is the same on each engine.
pytestmark = pytest.mark.engines("sqlite")


def list_message_ids(events: list[Event]) -> set[str | None]:
    assert all("message_id" in event.data for event in events)
    return {event.data["message_id"] for event in events}


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_every_event_names_the_message_that_is_being_written_wherever_it_is_read(
    scripted: Server, elsewhere: Server, carl: Person, model: ScriptedModel
) -> None:
    task = carl.post("/v1/tasks", title="Buy milk")
    model.answers = [["Wait. ", call("delete_task", {"task_id": task["id"]})], ["Gone."]]
    with carl.http.stream("POST", "/v1/chat", json={"message": "tidy up"}, headers=STREAM) as stream:
        events = []
        for event in read_events(stream):
            events.append(event)
            if event.type == "approval.requested":
                carl.post(f"/v1/runs/{event.data['run_id']}/approvals/{event.data['id']}", approve=True)
    assert {"approval.decided", "tool.call", "tool.result", "message.delta"} <= {e.type for e in events}
    message = events[-2].data["message"]
    assert list_message_ids(events) == {message["id"]}
    assert last_message(carl, events[0].data["run_id"])["id"] == message["id"]
    for reader in (carl, as_on(elsewhere, carl)):
        for after in (None, 1, len(events) - 2):
            assert followed(reader, events[0].data["run_id"], after) == events[after or 0 :]


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("said", [[], ["Half of it"]])
def test_the_last_event_of_a_cancelled_run_says_whether_it_has_left_its_message(
    scripted: Server, carl: Person, model: ScriptedModel, said: list[str]
) -> None:
    model.answers = [[*said, threading.Event()]]
    run_id = begin(carl)
    wait_until(lambda: model.requests and followed_text(scripted, run_id) == "".join(said))
    carl.post(f"/v1/runs/{run_id}/cancel")
    *before, last = followed(carl, run_id)
    [message_id] = list_message_ids(before)
    left = last_message(carl, run_id)
    if said:
        assert last.data["message_id"] == message_id == left["id"]
    else:
        assert (last.data["message_id"], left["role"]) == (None, "user")


def test_a_run_that_fails_without_a_word_names_no_message_in_the_end(
    carl: Person, model: ScriptedModel
) -> None:
    model.answers = [[ModelError("It is broken.", transient=False)]]
    run_id = begin(carl)
    first, last = followed(carl, run_id)
    assert UUID(first.data["message_id"])
    assert (last.type, last.data["message_id"]) == ("run.failed", None)
    frames = carl.http.get(f"/v1/runs/{run_id}/events").text
    assert frames.count('"message_id"') == frames.count("event: ") == 2, "a name twice in one object"


@pytest.mark.anyio
@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("meta", [{}, {KEY: "once"}], ids=["without a key", "with a key"])
@pytest.mark.busy
async def test_calls_of_a_program_are_logged_in_the_same_way(
    server: Server, ann: Person, meta: dict[str, str]
) -> None:
    async with connected(server, token_of(ann), ERAS[0]) as client:
        for name, arguments in (("add_task", {"title": "Buy milk"}), ("list_tasks", {})):
            made = meta and {KEY: f"{name} once"}
            await client.call_tool(name, arguments, meta=made)  # type: ignore[arg-type]
    asked, added, _, listed = on_record(ann)
    assert asked["role"] == "user"
    for answer in (added, listed):
        events = followed(ann, answer["run_id"])
        assert list_message_ids(events) == {answer["id"]} == {str(derive_answer_id(UUID(answer["run_id"])))}
        assert answer["tool_calls"][0]["id"] == f"{answer['run_id']}:1"


@pytest.mark.also_on_mariadb
def test_runs_of_older_versions_name_the_message_that_they_have_left(server: Server, ann: Person) -> None:
    """Its id was not derived from that of the run, and no event but the last two named it."""
    message_id, run_id = uuid4(), uuid4()

    async def store(tx: Transaction) -> None:
        mine = Conversation(user_id=ann.id, account_id=ann.id)
        shared = {"conversation_id": mine.id, "user_id": ann.id}
        run = Run(id=run_id, **shared, trigger_seq=1, status="completed", started_at=utc_now())
        asked = Message(**shared, run_id=run_id, role="user", content="hello", seq=1)
        left = Message(id=message_id, **shared, run_id=run_id, role="agent", content="Hi.", seq=2)
        ended = {"status": "completed", "message_id": str(message_id), "error": None}
        log = [
            ("run.started", {"conversation_id": str(mine.id), "user_message_id": str(asked.id)}),
            ("message.delta", {"step": 0, "text": "Hi."}),
            ("run.completed", ended),
        ]
        lines = [RunEvent(run_id=run_id, seq=seq, type=t, data=data) for seq, (t, data) in enumerate(log, 1)]
        for rows in ([mine], [run], [asked, left, *lines]):
            for row in rows:
                access.add_row(tx, SYSTEM, row)
            await tx.flush()

    in_database(server, store)
    for after in (None, 1):
        assert list_message_ids(followed(ann, str(run_id), after)) == {str(message_id)}


def read_promptly(answer: httpx.Response) -> Iterator[Event]:
    """The events; a heartbeat in place of one is a failure."""

    def iter_lines() -> Iterator[str]:
        for line in answer.iter_lines():
            assert not line.startswith(":"), "nothing has come"
            yield line

    return read_events(cast(httpx.Response, SimpleNamespace(iter_lines=iter_lines)))


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_run_that_waits_says_so_at_once_and_goes_on_from_there(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    with at_work(scripted, carl, model) as (first_id, gate):
        where = carl.get(f"/v1/runs/{first_id}")["conversation_id"]
        path = f"/v1/conversations/{where}/messages"
        with carl.http.stream("POST", path, json={"content": "and?"}, headers=STREAM) as stream:
            run_id = stream.headers["X-Run-ID"]
            posted = read_promptly(stream)
            queued = next(posted)
            *_, asked = carl.get(path)["data"]
            place = {"conversation_id": where, "user_message_id": asked["id"]}
            assert queued == Event(0, "run.queued", {"run_id": run_id, **place})
            with carl.http.stream("GET", f"/v1/runs/{run_id}/events") as later:
                events = read_promptly(later)
                assert next(events) == queued
                gate.set()
                rest = list(events)
            assert list(posted) == rest
        assert [event.id for event in rest] == list(range(1, len(rest) + 1))
        assert (rest[0].type, rest[-1].type) == ("run.started", "run.completed")
        assert followed(carl, run_id) == rest


@pytest.mark.busy
def test_who_has_had_it_is_not_told_again_that_a_run_waits(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    with at_work(scripted, carl, model) as (first_id, gate):
        where = carl.get(f"/v1/runs/{first_id}")["conversation_id"]
        run_id = begin(carl, "and?", conversation_id=where)
        headers = {"Last-Event-ID": "0"}
        with carl.http.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as stream:
            gate.set()
            events = list(read_events(stream))
    assert (events[0].id, events[0].type, events[-1].type) == (1, "run.started", "run.completed")


def test_a_run_without_a_slot_waits_too(scripted: Server, carl: Person, model: ScriptedModel) -> None:
    scripted.state.worker._stopping = True  # it takes up no run any more
    with carl.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as stream:
        events = read_promptly(stream)
        assert next(events).type == "run.queued"
        scripted.state.worker._stopping = False
        assert next(events).type == "run.started"


def test_a_run_that_was_handed_back_begins_with_what_it_has_done(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    """It is queued, but its log is the answer to where it stands."""
    run_id = UUID(carl.chat("hello")["run_id"])
    scripted.state.worker._stopping = True

    async def queue(tx: Transaction) -> None:
        run = await access.get_row(tx, SYSTEM, Run, run_id, lock=True)
        run.status = "queued"

    in_database(scripted, queue)
    assert followed(carl, str(run_id))[0].type == "run.started"
