# test_runs.py -- the durable log: streamed, resumed, handed over, closed to whoever lost the lease.
import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event as sql_event
from sqlmodel import col

import access
from access import SYSTEM
from agent.context import AgentContext
from agent.leases import claim_run
from agent.loop import LeaseLost, RunLoop
from agent.tool_calls import CUT_OFF
from clock import utc_now
from db import Database, RetryTransaction, Transaction
from llm.protocol import AgentTurn, AnswerEnd, ModelError, ToolCall
from models import Run
from services.run_log import read_log, rebuild_steps
from support.api.runs import followed, renew_epoch, text_of
from support.llm.scripted_model import ScriptedModel, call
from support.servers import (
    Event,
    Person,
    Server,
    read_events,
    serving,
    settings_for,
    wait_until,
    with_database,
)
from timings import Timings

# What a run tells is the same on each engine; claims, epochs, notifications and failing commits are tried on both.
pytestmark = pytest.mark.engines("sqlite")

STREAM = {"Accept": "text/event-stream"}


def streamed(person: Person, message: str, **body: object) -> list[Event]:
    with person.http.stream("POST", "/v1/chat", json={"message": message, **body}, headers=STREAM) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(read_events(answer))


@pytest.mark.engines("sqlite", "postgresql")
def test_a_stream_counts_without_a_gap_from_the_start_to_the_end(carl: Person, model: ScriptedModel) -> None:
    model.answers = [["Let me see.", call("add_task", {"title": "Buy milk"})], ["Done, ", "all of it."]]
    events = streamed(carl, "add milk")
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert events[0].type == "run.started"
    assert events[-1].type == "run.completed"
    assert len({event.data["run_id"] for event in events}) == 1
    kinds = [event.type for event in events]
    assert kinds.index("tool.call") < kinds.index("tool.result") < kinds.index("message.completed")
    message = events[-2].data["message"]
    assert text_of(events) == message["content"] == "Let me see.\n\nDone, all of it."
    stored = carl.get(f"/v1/conversations/{message['conversation_id']}/messages")["data"]
    assert stored[1] == message
    result = next(event.data for event in events if event.type == "tool.result")
    assert result["result"]["title"] == "Buy milk"


@pytest.mark.busy
def test_a_stream_resumes_after_any_event_and_after_a_restart(
    carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    events = streamed(carl, "add milk")
    run_id = events[0].data["run_id"]
    for after in range(len(events) + 1):
        assert followed(carl, run_id, after) == events[after:]
    assert followed(carl, run_id) == events
    with serving(settings_for(own_database_url), ScriptedModel(), Timings(poll=60.0)) as other:
        http = other.client(Authorization=carl.http.headers["Authorization"])
        assert followed(Person(carl.id, carl.email, http, {}), run_id, 2) == events[2:]


def test_text_arrives_while_the_model_still_speaks_and_a_closed_stream_cancels_nothing(
    carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["First half,", gate, " second half."]]
    with carl.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as answer:
        for seen in read_events(answer):
            run_id = seen.data["run_id"]
            if seen.type == "message.delta":
                assert seen.data["text"] == "First half,"
                break
    assert carl.get(f"/v1/runs/{run_id}")["status"] == "running"
    gate.set()
    events = followed(carl, run_id)
    assert text_of(events) == "First half, second half."
    run = carl.get(f"/v1/runs/{run_id}")
    assert run["status"] == "completed"
    assert run["started_at"] <= run["finished_at"]
    assert run["pending_approvals"] == []


@pytest.mark.engines("sqlite", "postgresql")
def test_a_reader_on_another_worker_sees_the_run_go_on(
    carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    gate = threading.Event()
    model.answers = [["First", gate, " second"]]
    with serving(settings_for(own_database_url), ScriptedModel(), Timings()) as other:
        http = other.client(Authorization=carl.http.headers["Authorization"])
        with carl.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as answer:
            run_id = next(read_events(answer)).data["run_id"]
            with http.stream("GET", f"/v1/runs/{run_id}/events") as there:
                seen = []
                for event in read_events(there):
                    seen.append(event)
                    gate.set()
    assert text_of(seen) == "First second"
    assert seen[-1].type == "run.completed"


@pytest.mark.engines("sqlite", "postgresql")
def test_bells_reach_other_workers_long_before_they_would_look(
    carl: Person, model: ScriptedModel, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not own_database_url.startswith("postgresql"):
        pytest.skip("only PostgreSQL carries bells between workers")
    gate = threading.Event()
    model.answers = [["First", gate, " second"]]
    with serving(settings_for(own_database_url), ScriptedModel(), Timings(poll=60.0)) as other:
        http = other.client(Authorization=carl.http.headers["Authorization"])
        with carl.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as answer:
            run_id = next(read_events(answer)).data["run_id"]
            with http.stream("GET", f"/v1/runs/{run_id}/events") as there:
                seen = []
                for arrived in read_events(there):
                    seen.append(arrived)
                    if arrived.type == "message.delta":
                        gate.set()
    assert text_of(seen) == "First second"


def test_a_broken_answer_is_taken_back_before_the_next_try(carl: Person, model: ScriptedModel) -> None:
    broken = ModelError("The connection to the model provider broke.", transient=True)
    add = call("add_task", {"title": "Buy milk"})
    model.answers = [["Adding.", add], ["Half an ans", broken], ["Done."]]
    events = streamed(carl, "add milk")
    reset = next(event for event in events if event.type == "message.reset")
    assert reset.data["content"] == "Adding."
    assert text_of(events) == events[-2].data["message"]["content"] == "Adding.\n\nDone."


def test_a_failed_run_says_so_as_its_last_event(carl: Person, model: ScriptedModel) -> None:
    model.otherwise = [ModelError("The model provider refused the key.", transient=False)]
    events = streamed(carl, "hello")
    assert [event.type for event in events] == ["run.started", "run.failed"]
    assert events[-1].data["error"] == "The model provider refused the key."


def test_a_repeated_message_streams_the_first_run_again(carl: Person) -> None:
    assert streamed(carl, "hello", client_id="m-1") == streamed(carl, "hello", client_id="m-1")


def test_a_stream_ends_when_its_session_is_revoked(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["First", gate]]
    elsewhere = scripted.sign_in(carl.email)
    with elsewhere.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as answer:
        events = read_events(answer)
        assert next(events).type == "run.started"
        sessions = carl.get("/v1/me/sessions")["data"]
        carl.delete(f"/v1/me/sessions/{next(s['id'] for s in sessions if not s['current'])}")
        rest = list(events)
    assert [event.type for event in rest] == ["message.delta"]
    gate.set()


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_server_that_stops_hands_its_run_over_with_finished_calls_kept(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    url = new_database(engine_name)
    never = threading.Event()
    first = ScriptedModel([call("add_task", {"title": "Buy milk"})], ["Half of it", never])
    with serving(settings_for(url), first) as server:
        person = server.person()
        with person.http.stream("POST", "/v1/chat", json={"message": "add milk"}, headers=STREAM) as answer:
            seen = []
            for event in read_events(answer):
                seen.append(event)
                if event.type == "message.delta":
                    server.state.notifier.close()  # as a signal does
        run_id = seen[0].data["run_id"]
        token = person.http.headers["Authorization"]
    second = ScriptedModel(["All of it."])
    with serving(settings_for(url), second) as server:
        there = Person(person.id, person.email, server.client(Authorization=token), {})
        rest = followed(there, run_id, seen[-1].id)
        assert rest[0].type == "message.reset"
        assert text_of(seen + rest) == "All of it."
        assert {event.data["message_id"] for event in seen + rest} == {rest[-2].data["message"]["id"]}
        assert rest[-1].type == "run.completed"
        assert [task["title"] for task in there.get("/v1/tasks")["data"]] == ["Buy milk"]
        [kept] = second.requests[0].turns[-1].tool_calls  # type: ignore[union-attr]
        assert kept.result["title"] == "Buy milk"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_run_whose_lease_lapsed_is_taken_over_and_the_former_worker_writes_nothing(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    gate = threading.Event()
    model.answers = [["From the first worker", gate, call("add_task", {"title": "Too late"})]]
    with carl.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM) as answer:
        events = read_events(answer)
        run_id = next(events).data["run_id"]
        assert next(events).type == "message.delta"
        model.answers = [["From the second worker."]]

        async def lapse(tx: Transaction) -> None:
            run = await access.find_row(tx, SYSTEM, Run, col(Run.id) == UUID(run_id), lock=True)
            assert run is not None
            run.lease_expires_at = utc_now() - timedelta(seconds=1)

        scripted.state.worker._running.clear()  # as if it belonged to a process that hangs
        with_database(own_database_url, lambda db: db.write(lapse))
        rest = list(events)
    gate.set()
    assert text_of(rest) == "From the second worker."
    assert {event.data["message_id"] for event in rest} == {rest[-2].data["message"]["id"]}
    assert rest[-1].type == "run.completed"
    wait_until(lambda: len(model.requests) == 2)
    assert carl.chat("again")["status"] == "completed"
    assert carl.get("/v1/tasks")["data"] == []
    assert followed(carl, run_id, rest[-1].id) == []


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_cancel_from_another_worker_ends_a_run_whose_model_hangs(
    carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    never = threading.Event()
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Half of", never]]
    with serving(settings_for(own_database_url), ScriptedModel(), Timings(poll=60.0)) as other:
        there = Person(
            carl.id, carl.email, other.client(Authorization=carl.http.headers["Authorization"]), {}
        )
        with carl.http.stream("POST", "/v1/chat", json={"message": "add milk"}, headers=STREAM) as answer:
            seen = []
            for arrived in read_events(answer):
                seen.append(arrived)
                if arrived.type == "message.delta":
                    cancelled = there.post(f"/v1/runs/{arrived.data['run_id']}/cancel")
                    assert cancelled["status"] == "cancelled"
        assert [arrived.type for arrived in seen[-2:]] == ["message.completed", "run.cancelled"]
        message = seen[-2].data["message"]
        assert message["content"] == "Half of"
        assert message["tool_calls"][0]["result"]["title"] == "Buy milk"
        assert there.post(f"/v1/runs/{cancelled['id']}/cancel") == cancelled
        assert followed(carl, cancelled["id"]) == seen


@pytest.mark.busy
def test_a_call_that_was_never_made_says_so_and_the_next_message_is_answered(
    carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, gate = threading.Event(), threading.Event()
    real = RunLoop.run_tool

    async def hang(self: RunLoop, kept: dict[str, object]) -> None:
        reached.set()
        while not gate.is_set():
            await asyncio.sleep(0.002)
        await real(self, kept)

    monkeypatch.setattr(RunLoop, "run_tool", hang)
    model.answers = [[call("add_task", {"title": "Buy milk"})]]
    with carl.http.stream("POST", "/v1/chat", json={"message": "add milk"}, headers=STREAM) as first:
        started = next(read_events(first)).data
        wait_until(reached.is_set)
        path = f"/v1/conversations/{started['conversation_id']}/messages"
        with carl.http.stream("POST", path, json={"content": "and?"}, headers=STREAM) as second:
            assert carl.get(f"/v1/runs/{second.headers['X-Run-ID']}")["status"] == "queued"
            carl.post(f"/v1/runs/{started['run_id']}/cancel")
            gate.set()
            assert list(read_events(second))[-1].type == "run.completed"
    answered = followed(carl, started["run_id"])[-2].data["message"]
    assert answered["tool_calls"][0]["error"] == "The run ended before this call was made."
    assert carl.get("/v1/tasks")["data"] == []


@pytest.mark.busy
def test_a_run_that_waits_can_be_cancelled_before_it_began(carl: Person, model: ScriptedModel) -> None:
    gate = threading.Event()
    model.answers = [[gate, "First."]]
    with carl.http.stream("POST", "/v1/chat", json={"message": "one"}, headers=STREAM) as first:
        started = next(read_events(first)).data
        path = f"/v1/conversations/{started['conversation_id']}/messages"
        with carl.http.stream("POST", path, json={"content": "two"}, headers=STREAM) as second:
            carl.post(f"/v1/runs/{second.headers['X-Run-ID']}/cancel")
            kinds = [event.type for event in read_events(second)]
            assert kinds == ["run.queued", "run.started", "run.cancelled"]
        gate.set()
    assert followed(carl, started["run_id"])[-1].type == "run.completed"
    assert len(model.requests) == 1
    # Nobody has begun with it: the message was taken back, and what comes later is answered without it.
    withdrawn = carl.get(f"/v1/runs/{second.headers['X-Run-ID']}")
    assert (withdrawn["status"], withdrawn["started_at"]) == ("cancelled", None)
    carl.chat("three", conversation_id=started["conversation_id"])
    assert [turn.text for turn in model.requests[-1].turns] == ["one", "First.", "three"]
    carl.chat("four", conversation_id=started["conversation_id"])
    assert [turn.text for turn in model.requests[-1].turns] == ["one", "First.", "three", "OK.", "four"]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_every_write_of_a_loop_checks_its_epoch(
    scripted: Server, carl: Person, own_database_url: str
) -> None:
    run_id = UUID(carl.chat("hello")["run_id"])

    async def work(db: Database) -> None:
        assistant = scripted.state.worker.context
        own = AgentContext(db, scripted.state.notifier, assistant.model, assistant.limits)

        async def reopen(tx: Transaction) -> None:
            run = await access.find_row(tx, SYSTEM, Run, col(Run.id) == run_id, lock=True)
            assert run is not None
            run.status, run.lease_expires_at = "running", utc_now() - timedelta(seconds=1)

        await db.write(reopen)
        claim = await db.write(claim_run, own, run_id)
        assert claim is not None
        stale = RunLoop(own, renew_epoch(claim, claim.epoch - 1))
        stale.log.add_text(0, "x")
        with pytest.raises(LeaseLost):
            await stale.log.settle()
        with pytest.raises(LeaseLost):
            await stale.run_tool({"id": "c", "name": "add_task", "arguments": {"title": "x"}})
        with pytest.raises(LeaseLost):
            await stale.finish("completed")
        assert await db.write(claim_run, own, claim.run_id) is None, "its lease has not lapsed"

    with_database(own_database_url, work)
    assert carl.get("/v1/tasks")["data"] == []


@pytest.mark.engines("sqlite", "postgresql")
def test_a_commit_that_fails_is_an_error_for_the_client(scripted: Server, carl: Person) -> None:
    def fail(connection: object) -> None:
        raise OSError("the disk is full")

    conversations = carl.get("/v1/conversations")
    sql_event.listen(scripted.state.db.engine.sync_engine, "commit", fail)
    answer = carl.http.post("/v1/conversations", json={"title": "Shopping"})
    sql_event.remove(scripted.state.db.engine.sync_engine, "commit", fail)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert carl.get("/v1/conversations") == conversations


@pytest.mark.engines("sqlite", "postgresql")
def test_a_deadlock_is_tried_again_and_given_up_in_the_end(scripted: Server) -> None:
    tries = []

    async def work(tx: Transaction) -> int:
        tries.append(1)
        if len(tries) < 3:
            raise RetryTransaction
        return len(tries)

    async def always(tx: Transaction) -> None:
        tries.append(1)
        raise RetryTransaction

    async def check(db: Database) -> None:
        assert await db.write(work) == 3
        tries.clear()
        with pytest.raises(RetryTransaction):
            await db.write(always)
        assert len(tries) == 3

    with_database(scripted.settings.database_url.get_secret_value(), check)


def test_an_unknown_last_event_id_is_refused(carl: Person) -> None:
    run_id = carl.chat("hello")["run_id"]
    for wrong in ("x", "-1", "1.5", "99999999999", "٣"):
        answer = carl.http.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": wrong.encode()})
        assert answer.status_code == 422, wrong


@pytest.mark.busy
def test_the_accept_header_decides_between_json_and_a_stream(carl: Person) -> None:
    def kind(accept: str) -> str:
        answer: httpx.Response = carl.http.post(
            "/v1/chat", json={"message": "hi"}, headers={"Accept": accept}
        )
        return answer.headers["content-type"].partition(";")[0]

    assert kind("*/*") == "application/json"
    assert kind("application/json, text/event-stream") == "application/json"
    assert kind("text/event-stream, application/json") == "text/event-stream"
    assert kind("Text/Event-Stream; q=1") == "text/event-stream"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_the_details_of_an_old_run_go_and_a_late_reader_still_gets_the_answer(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    old, fresh = streamed(carl, "add milk"), streamed(carl, "hello")
    run_id = UUID(old[0].data["run_id"])

    async def age(tx: Transaction) -> None:
        run = await access.get_row(tx, SYSTEM, Run, run_id, lock=True)
        run.finished_at = utc_now() - timedelta(days=31)

    with_database(own_database_url, lambda db: db.write(age))
    scripted.run(scripted.state.worker.housekeeping.delete_expired())
    kept = [
        arrived for arrived in old if arrived.type in ("run.started", "message.completed", "run.completed")
    ]
    # For a few seconds after its end a run is read from memory.
    scripted.state.worker.context.live_runs._runs.clear()
    assert followed(carl, str(run_id)) == kept
    assert followed(carl, str(run_id), after=3) == kept[1:]
    assert followed(carl, fresh[0].data["run_id"]) == fresh


def test_an_answer_that_was_cut_off_says_so(carl: Person, model: ScriptedModel) -> None:
    model.answers = [["Half of it", AnswerEnd("length")], ["All of it."]]
    cut, whole = carl.chat("tell me much"), carl.chat("and again")
    assert (cut["status"], cut["message"]["finish_reason"]) == ("completed", "length")
    assert whole["message"]["finish_reason"] == "stop"
    assert cut["user_message"]["finish_reason"] is None
    listed = carl.get(f"/v1/conversations/{cut['conversation_id']}/messages")["data"]
    assert [message["finish_reason"] for message in listed] == [None, "length"]


def test_a_call_that_was_cut_off_is_not_made_and_the_model_is_told(
    carl: Person, model: ScriptedModel
) -> None:
    half = ToolCall("call", "add_task", '{"title": "Buy mi', truncated=True)
    model.answers = [[half, AnswerEnd("length")], ["I will be brief."]]
    answer = carl.chat("add milk")
    [call_made] = answer["tool_calls"]
    assert (call_made["result"], call_made["error"]) == (None, CUT_OFF)
    assert set(call_made) == {"id", "name", "arguments", "result", "error", "started_at", "finished_at"}
    told = model.requests[-1].turns[-1]
    assert isinstance(told, AgentTurn)
    assert told.tool_calls[0].error == CUT_OFF
    assert carl.get("/v1/tasks")["data"] == []


def test_what_the_provider_wants_back_is_kept_for_the_run_and_shown_to_nobody(
    carl: Person, model: ScriptedModel
) -> None:
    """Also after the worker has changed: the log holds it."""
    signed = ToolCall("call", "list_tasks", {}, opaque={"signature": "s1gned"})
    model.answers = [[signed, AnswerEnd("tool_calls", opaque={"reasoning": "th0ught"})], ["Nothing to do."]]
    events = streamed(carl, "what is there to do?")
    told = model.requests[-1].turns[-1]
    assert isinstance(told, AgentTurn)
    assert (told.opaque, told.tool_calls[0].opaque) == ({"reasoning": "th0ught"}, {"signature": "s1gned"})
    run_id = events[0].data["run_id"]
    seen = [event.data for event in (*events, *followed(carl, run_id))]
    assert "s1gned" not in str(seen)
    assert "th0ught" not in str(seen)
    assert (
        "s1gned" not in carl.http.get(f"/v1/conversations/{events[0].data['conversation_id']}/messages").text
    )


def test_a_worker_that_takes_over_sends_back_what_the_provider_wants(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    signed = ToolCall("call", "list_tasks", {}, opaque={"signature": "s1gned"})
    model.answers = [[signed, AnswerEnd("tool_calls", opaque={"reasoning": "th0ught"})], ["Nothing to do."]]
    run_id = UUID(streamed(carl, "what is there to do?")[0].data["run_id"])
    log = with_database(
        scripted.settings.database_url.get_secret_value(), lambda db: db.read(read_log, SYSTEM, run_id)
    )
    [step, _] = rebuild_steps(log)
    assert (step.opaque, step.calls[0]["opaque"]) == ({"reasoning": "th0ught"}, {"signature": "s1gned"})
