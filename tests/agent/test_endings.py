# test_endings.py -- a run always ends: whatever cannot be stored, claimed or borne by a worker.
import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import text

import access
from access import SYSTEM
from agent.history import Step
from agent.leases import LOST, MOST_TAKEOVERS, claim_run, release
from agent.loop import RunLoop
from agent.run_ending import MOST_CALL_BYTES, NOT_KEPT, NOT_RUN, UNSTORED, end_run, endings
from agent.slots import Pauses
from agent.worker import CRASHED, MOST_FAILED_CLAIMS
from db import Database, Transaction
from llm.protocol import TextDelta, Usage
from models import Run
from models.columns import now, whole
from services.runs import read_log
from support.mariadb import MariaDBServer
from support.processes import started
from support.scripted_model import ScriptedModel, call
from support.scripted_provider import Hang, Text, scripted_provider
from support.servers import (
    KEY,
    Event,
    Person,
    Server,
    in_database,
    read_events,
    serving,
    settings_for,
    wait_until,
)

STREAM = {"Accept": "text/event-stream"}


def begin(person: Person, message: str = "hello", **body: Any) -> str:
    """The id of a run that is left to itself."""
    with person.http.stream("POST", "/v1/chat", json={"message": message, **body}, headers=STREAM) as answer:
        assert answer.status_code == 200, answer.read()
        return answer.headers["X-Run-ID"]


def followed(person: Person, run_id: str) -> list[Event]:
    with person.http.stream("GET", f"/v1/runs/{run_id}/events") as answer:
        return list(read_events(answer))


@contextmanager
def refusing(server: Server, *tables: str, longer_than: int = 0) -> Iterator[list[str]]:
    """A database that takes no new rows of these tables whose values are longer than that."""
    refused: list[str] = []

    def refuse(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        for table in tables:
            if statement.startswith(f"INSERT INTO {table} ") and len(str(values)) > longer_than:
                refused.append(table)
                raise ValueError("value too large")

    engine = server.parts.db.engine.sync_engine
    sql_event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield refused
    finally:
        sql_event.remove(engine, "before_cursor_execute", refuse)


def last_message(person: Person, run_id: str) -> Any:
    path = f"/v1/conversations/{person.get(f'/v1/runs/{run_id}')['conversation_id']}/messages"
    return person.get(path)["data"][-1]


def ended(person: Person, run_id: str) -> Any:
    def look() -> Any:
        run = person.get(f"/v1/runs/{run_id}")
        return run if run["finished_at"] else None

    return wait_until(look)


def test_an_answer_that_is_refused_as_a_whole_is_stored_shorter(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["x" * 30_000]]
    with refusing(scripted, "messages", longer_than=20_000) as refused:
        run_id = begin(carl)
        run = ended(carl, run_id)
    assert refused == ["messages"] * 2
    assert (run["status"], run["error"]) == ("failed", UNSTORED)
    message = last_message(carl, run_id)
    assert message["content"].startswith("xxx")
    assert len(message["content"]) == 10_000
    [kept] = message["tool_calls"]
    assert (kept["name"], kept["result"], kept["error"]) == ("add_task", None, NOT_KEPT)
    assert followed(carl, run_id)[-1].type == "run.failed"
    assert carl.chat("again")["status"] == "completed"


def test_where_no_message_can_be_stored_the_run_still_fails_and_says_so(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [["Hello."]]
    gate = threading.Event()
    model.answers = [["Hello.", gate]]
    run_id = begin(carl)
    wait_until(lambda: model.requests)
    with refusing(scripted, "messages"):
        gate.set()
        run = ended(carl, run_id)
    assert (run["status"], run["error"]) == ("failed", UNSTORED)
    assert last_message(carl, run_id)["role"] == "user"
    assert followed(carl, run_id)[-1].data["error"] == UNSTORED
    assert carl.chat("again")["status"] == "completed"


def test_at_last_the_row_alone_says_that_the_run_failed(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["Hello.", gate]]
    run_id = begin(carl)
    wait_until(lambda: model.requests)
    wait_until(lambda: len(in_database(scripted, lambda tx: read_log(tx, SYSTEM, UUID(run_id)))) == 2)
    with refusing(scripted, "messages", "run_events", "events") as refused:
        gate.set()
        run = ended(carl, run_id)
        assert len(refused) == 4
    assert (run["status"], run["error"]) == ("failed", UNSTORED)
    assert [event.type for event in followed(carl, run_id)] == ["run.started", "message.delta"]
    assert carl.chat("again")["status"] == "completed"


def test_a_failed_run_keeps_its_own_reason_in_every_ending() -> None:
    for ending in endings([Step("x")], "failed", "The model provider failed.")[:4]:
        assert "The model provider failed." in ending.keywords.values()  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_an_answer_larger_than_mariadbs_packets_ends_its_run(
    mariadb: MariaDBServer, new_database: Callable[[str], str], engine_name: str
) -> None:
    [[[packet]]] = mariadb.run("SELECT @@max_allowed_packet")
    pieces = int(str(packet)) // 2**20 + 1
    model = ScriptedModel([*("x" * 2**20 for _ in range(pieces))])
    settings = settings_for(new_database(engine_name), run_answer_bytes=16 * 2**20)
    with serving(settings, model) as server:
        object.__setattr__(server.parts.worker.assistant.limits, "answer_bytes", 64 * 2**20)
        person = server.person()
        run_id = begin(person)
        run = ended(person, run_id)
        assert (run["status"], run["error"]) == ("failed", UNSTORED)
        assert len(last_message(person, run_id)["content"]) == 10_000
        assert len(model.requests) == 1


def test_results_that_are_too_many_for_a_message_are_left_out_the_largest_first(
    scripted: Server, carl: Person, own_database_url: str
) -> None:
    run_id = UUID(carl.chat("hello", conversation_id=carl.post("/v1/conversations")["id"])["run_id"])

    def made(number: int, size: int) -> dict[str, Any]:
        return {
            "id": f"call-{number}", "name": "list_tasks", "arguments": {}, "result": "x" * size, "error": None,
            "started_at": None, "finished_at": "2026-01-02T03:04:05.000000Z",
        }  # fmt: skip

    calls = [made(1, MOST_CALL_BYTES // 2), made(2, MOST_CALL_BYTES), made(3, 10)]

    async def end(tx: Transaction) -> None:
        run = await access.get_row(tx, SYSTEM, Run, run_id, lock=True)
        again = Run(conversation_id=run.conversation_id, user_id=run.user_id, trigger_seq=99)
        tx.add(again)
        await tx.flush()
        caller = access.Caller(run.user_id, None)
        await end_run(tx, caller, again, [Step("Here.", calls)], "completed")

    in_database(scripted, end)
    conversation = carl.get(f"/v1/runs/{run_id}")["conversation_id"]
    message = carl.get(f"/v1/conversations/{conversation}/messages")["data"][-1]
    assert [one["error"] for one in message["tool_calls"]] == [None, NOT_KEPT, None]
    assert message["content"] == "Here."


# Numbers


def test_numbers_that_cannot_be_are_made_counts() -> None:
    cases = [12.5, 3.0, -5, 2**31, 1e300, float("nan"), float("inf"), True, "7", None, 2**31 - 1]
    assert [whole(value) for value in cases] == [
        12, 3, 0, 2**31 - 1, 2**31 - 1, 0, 2**31 - 1, 0, 0, 0, 2**31 - 1
    ]  # fmt: skip


def test_a_run_whose_stored_numbers_are_wrong_is_read_cancelled_and_taken_up(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    never = threading.Event()
    model.answers = [["Half", never]]
    run_id = begin(carl)
    wait_until(lambda: model.requests)
    wrong = "12.5, output_tokens = -7" if scripted.settings.sqlite_path else "12, output_tokens = -7"

    async def spoil(tx: Transaction) -> None:
        await tx.execute(text(f"UPDATE runs SET input_tokens = {wrong}"))

    in_database(scripted, spoil)
    run = carl.get(f"/v1/runs/{run_id}")
    assert (run["input_tokens"], run["output_tokens"]) == (12, 0)
    assert carl.get(f"/v1/conversations/{run['conversation_id']}/runs")["data"] == [run]
    assert carl.post(f"/v1/runs/{run_id}/cancel")["status"] == "cancelled"


def test_tokens_that_add_up_to_more_than_the_column_holds_end_no_run_badly(
    new_database: Callable[[str], str], engine_name: str, model: ScriptedModel
) -> None:
    many = Usage(2**31 - 1, 2**31 - 1)
    model.answers = [[call("list_tasks", {}), many], ["Done.", many]]
    settings = settings_for(new_database(engine_name), run_tokens=10**9)
    with serving(settings, model) as server:
        object.__setattr__(server.parts.worker.assistant.limits, "tokens", 10**12)
        answer = server.person().chat("hello")
        assert (answer["status"], answer["message"]["content"]) == ("completed", "Done.")


# Limits


def test_an_answer_ends_at_its_largest_size_with_what_was_said_until_then(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    model = ScriptedModel()

    async def respond(request: Any) -> Any:
        while True:  # to the end of which nobody comes
            yield TextDelta("ä€😀" * 10)
            await asyncio.sleep(0)

    model.respond = respond  # type: ignore[method-assign]
    with serving(settings_for(new_database(engine_name), run_answer_bytes=1_000), model) as server:
        answer = server.person().chat("hello")
    assert (answer["status"], answer["error"]) == (
        "failed",
        "The run reached its limit of 1000 bytes of text.",
    )
    content = answer["message"]["content"]
    assert 996 < len(content.encode()) <= 1_000
    assert content == ("ä€😀" * 200)[: len(content)]


def test_one_answer_makes_no_more_calls_than_the_run_may(
    new_database: Callable[[str], str], engine_name: str, model: ScriptedModel
) -> None:
    with serving(settings_for(new_database(engine_name), run_tool_calls=5), model) as server:
        person = server.person()
        model.answers = [["Many.", *(call("add_task", {"title": f"Task {n}"}, f"c{n}") for n in range(40))]]
        answer = person.chat("go")
        assert answer["error"] == "The run reached its limit of 5 tool calls."
        assert len(person.get("/v1/tasks")["data"]) == 5
        assert [made["error"] for made in answer["tool_calls"]] == [None] * 5
        model.answers = [["Yes."]]
        assert person.chat("and?", conversation_id=answer["conversation_id"])["status"] == "completed"
        [turn] = [turn for turn in model.requests[-1].turns if getattr(turn, "tool_calls", ())]
        assert all(made.result for made in turn.tool_calls)  # type: ignore[union-attr]


def test_a_runs_time_is_counted_by_the_databases_clock_alone(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong() -> datetime:
        return now() + timedelta(hours=5)

    for module in ("agent.loop", "services.runs"):
        monkeypatch.setattr(f"{module}.now", wrong)
    answer = carl.chat("hello")
    assert answer["status"] == "completed", answer["error"]

    async def look(tx: Transaction) -> datetime:
        run = await access.get_row(tx, SYSTEM, Run, UUID(answer["run_id"]))
        assert run.started_at is not None
        return run.started_at

    assert in_database(scripted, look) < now() + timedelta(hours=1)


# Takeovers


async def lapse(tx: Transaction, run_id: UUID) -> None:
    run = await access.get_row(tx, SYSTEM, Run, run_id, lock=True)
    run.status, run.lease_expires_at = "running", now() - timedelta(seconds=1)


def test_each_takeover_gives_the_next_worker_twice_the_time(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    run_id = UUID(carl.chat("hello")["run_id"])
    assistant = scripted.parts.worker.assistant

    async def take_over(tx: Transaction) -> list[float]:
        own = type(assistant)(Database(scripted.parts.db.engine), assistant.bells, model, assistant.limits)
        leases = []
        for _ in range(2):
            await lapse(tx, run_id)
            claim = await claim_run(tx, own, run_id)
            assert claim is not None
            run = await access.get_row(tx, SYSTEM, Run, run_id)
            assert run.lease_expires_at is not None
            leases.append(round((run.lease_expires_at - now()).total_seconds() / 15))
        return leases

    scripted.parts.worker._stopping = True
    assert in_database(scripted, take_over) == [2, 4]


def takeovers(server: Server, run_id: str) -> int:
    async def read(tx: Transaction) -> int:
        return (await access.get_row(tx, SYSTEM, Run, UUID(run_id))).takeovers

    return in_database(server, read)


def test_a_run_that_loses_its_worker_again_and_again_fails_without_asking_the_model(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    never = threading.Event()
    model.otherwise = ["Half of it", never]
    run_id = begin(carl)
    for number in range(1, MOST_TAKEOVERS + 1):
        wait_until(lambda asked=number: len(model.requests) == asked)
        wait_until(lambda: followed_text(scripted, run_id) == "Half of it")
        scripted.parts.worker._running.clear()  # as if it belonged to a process that is gone
        in_database(scripted, lambda tx: lapse(tx, UUID(run_id)))
    run = ended(carl, run_id)
    assert (run["status"], run["error"]) == ("failed", LOST)
    assert takeovers(scripted, run_id) == len(model.requests) == MOST_TAKEOVERS
    assert last_message(carl, run_id)["content"] == "Half of it"


def followed_text(server: Server, run_id: str) -> str:
    events = in_database(server, lambda tx: read_log(tx, SYSTEM, UUID(run_id)))
    said = ""
    for event in events:
        said = said + event.data["text"] if event.type == "message.delta" else said
        said = "" if event.type == "message.reset" else said
    return said


def test_where_even_the_ending_has_cost_a_worker_nothing_is_read_any_more(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    model.otherwise = ["Half of it", never]
    run_id = begin(carl)
    wait_until(lambda: model.requests)

    async def deadly(self: RunLoop) -> list[Any]:
        raise AssertionError("the log is read")

    monkeypatch.setattr(RunLoop, "read_steps", deadly)

    async def worse(tx: Transaction) -> None:
        (await access.get_row(tx, SYSTEM, Run, UUID(run_id), lock=True)).takeovers = MOST_TAKEOVERS
        await lapse(tx, UUID(run_id))

    scripted.parts.worker._running.clear()
    in_database(scripted, worse)
    run = ended(carl, run_id)
    assert (run["status"], run["error"]) == ("failed", LOST)
    assert followed(carl, run_id)[-1].data["error"] == LOST
    assert len(model.requests) == 1


def test_a_hand_over_is_no_takeover(scripted: Server, carl: Person, model: ScriptedModel) -> None:
    run_id = UUID(carl.chat("hello")["run_id"])
    assistant = scripted.parts.worker.assistant

    async def hand_over_often(tx: Transaction) -> list[int]:
        own = type(assistant)(Database(scripted.parts.db.engine), assistant.bells, model, assistant.limits)
        counted = []
        await lapse(tx, run_id)
        for _ in range(5):
            claim = await claim_run(tx, own, run_id)
            assert claim is not None
            counted.append(claim.takeovers)
            await release(tx, claim)
        return counted

    scripted.parts.worker._stopping = True
    assert in_database(scripted, hand_over_often) == [1] * 5


def test_a_run_that_kills_its_server_three_times_is_given_up(
    tmp_path: Path, new_database: Callable[[str], str], engine_name: str
) -> None:
    with scripted_provider() as provider:
        provider.otherwise = Hang(60, text="This kills")
        settings = {
            "DATABASE_URL": new_database(engine_name),
            "SECRET_KEY": KEY,
            "MODEL": "deadly",
            "MODEL_BASE_URL": provider.base_url,
            "RATE_LIMITS": "off",
            "RUN_LEASE_SECONDS": "0.5",
        }
        for number in range(1, MOST_TAKEOVERS + 1):
            with started(tmp_path, "--app-dir", "backend", **settings) as server:
                if number == 1:
                    run_id = begin(server.ready().person("ann@example.com", register=True))
                wait_until(lambda asked=number: len(provider.requests) == asked, 60)
                server.process.kill()
        with started(tmp_path, "--app-dir", "backend", **settings) as server:
            ann = server.ready().person("ann@example.com")
            run = ended(ann, run_id)
            assert (run["status"], run["error"]) == ("failed", LOST)
            assert len(provider.requests) == MOST_TAKEOVERS
            provider.otherwise = Text("Alive.")
            assert ann.chat("and now?")["message"]["content"] == "Alive."
            assert "Traceback" not in server.said()


# Claims


def test_a_run_that_cannot_be_claimed_is_one_line_each_time_and_ends(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from services import runs

    tell = runs.tell

    async def refuse(tx: Transaction, caller: Any, run: Run, type_: str) -> None:
        if type_ == "run.started":
            raise ValueError("12.5 is no\nwhole number")
        await tell(tx, caller, run, type_)

    worker = scripted.parts.worker
    worker._set_aside = Pauses(0.0)
    monkeypatch.setattr(runs, "tell", refuse)
    run = ended(carl, begin(carl))
    assert (run["status"], run["error"]) == ("failed", CRASHED)
    assert followed(carl, run["id"])[-1].type == "run.failed"
    monkeypatch.undo()
    assert carl.chat("again")["status"] == "completed"
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == MOST_FAILED_CLAIMS
    assert all("claiming a run failed" in line and "12.5 is no whole number" in line for line in lines)
    assert all("agent/leases.py:" in line for line in lines)


def test_an_unended_call_says_that_it_was_not_made_in_a_shorter_ending() -> None:
    from agent.run_ending import finished, shortened

    [step] = shortened([Step("x", [{"id": "a", "name": "add_task", "arguments": {"title": "y" * 50_000}}])])
    assert finished(step.calls[0], now())["error"] == NOT_RUN
    assert step.calls[0]["arguments"] == {}
