# test_endings.py -- a run always ends: whatever cannot be stored, claimed or borne by a worker.
import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

import access
from access import SYSTEM
from clock import utc_now
from db import Database, Transaction
from errors import DatabaseBusy
from llm.protocol import AnswerEnd, ModelError, TextDelta
from models import Run
from models.columns import to_count
from services.run_endings import (
    MAX_CALL_BYTES,
    NOT_KEPT,
    NOT_RUN,
    UNSTORED,
    end_run,
    list_endings,
    store_ending,
)
from services.run_log import Step, read_log
from support.api.runs import begin, followed, followed_text, last_message
from support.api.user_streams import find_end
from support.clock import pass_time
from support.databases.mariadb import MariaDBServer
from support.llm.scripted_model import ScriptedModel, call
from support.servers import (
    Person,
    Server,
    in_database,
    serving,
    settings_for,
    wait_for_end,
    wait_until,
)

# Sizes are counted before the database is asked; what its columns hold and what its clock says is tried on both.
pytestmark = pytest.mark.engines("sqlite")

STREAM = {"Accept": "text/event-stream"}


@contextmanager
def refusing(server: Server, *tables: str, longer_than: int = 0) -> Iterator[list[str]]:
    """A database that takes no new rows of these tables whose values are longer than that."""
    refused: list[str] = []

    def refuse(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        for table in tables:
            if statement.startswith(f"INSERT INTO {table} ") and len(str(values)) > longer_than:
                refused.append(table)
                raise ValueError("value too large")

    async def refuse_sql(db: Database, sql: str, *values: object) -> Any:
        """The same for a statement that goes to PostgreSQL's driver and may insert into several tables."""
        for table in tables:
            if f"INSERT INTO {table} " in sql and len(str(values)) > longer_than:
                refused.append(table)
                raise ValueError("value too large")
        return await execute_sql(db, sql, *values)

    execute_sql = Database._execute_sql
    engine = server.state.db.engine.sync_engine
    sql_event.listen(engine, "before_cursor_execute", refuse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "_execute_sql", refuse_sql)
        yield refused
    sql_event.remove(engine, "before_cursor_execute", refuse)


@pytest.mark.busy
def test_an_answer_that_is_refused_as_a_whole_is_stored_shorter(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["x" * 30_000]]
    with refusing(scripted, "messages", longer_than=20_000) as refused:
        run_id = begin(carl)
        run = wait_for_end(carl, run_id)
    assert refused == ["messages"] * 2
    assert (run["status"], run["error"]) == ("failed", UNSTORED)
    message = last_message(carl, run_id)
    assert message["content"].startswith("xxx")
    assert len(message["content"]) == 10_000
    [kept] = message["tool_calls"]
    assert (kept["name"], kept["result"], kept["error"]) == ("add_task", None, NOT_KEPT)
    assert followed(carl, run_id)[-1].type == "run.failed"
    assert carl.chat("again")["status"] == "completed"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
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
        run = wait_for_end(carl, run_id)
    assert (run["status"], run["error"]) == ("failed", UNSTORED)
    assert last_message(carl, run_id)["role"] == "user"
    assert followed(carl, run_id)[-1].data["error"] == UNSTORED
    assert carl.chat("again")["status"] == "completed"


@pytest.mark.busy
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
        run = wait_for_end(carl, run_id)
        assert len(refused) == 4
    assert (run["status"], run["error"]) == ("failed", UNSTORED)
    assert [event.type for event in followed(carl, run_id)] == ["run.started", "message.delta"]
    assert carl.chat("again")["status"] == "completed"


def test_a_failed_run_keeps_its_own_reason_in_every_ending() -> None:
    for ending in list_endings([Step("x")], "failed", "The model provider failed.")[:4]:
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
        object.__setattr__(server.state.worker.context.limits, "answer_bytes", 64 * 2**20)
        person = server.person()
        run_id = begin(person)
        run = wait_for_end(person, run_id)
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

    calls = [made(1, MAX_CALL_BYTES // 2), made(2, MAX_CALL_BYTES), made(3, 10)]

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


def busy(cause: Exception) -> DatabaseBusy:
    error = DatabaseBusy(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("refusal", "tried"),
    [
        (busy(PoolTimeoutError("no connection became free")), [0, 1]),
        (busy(OperationalError("INSERT", {}, Exception("database is locked"))), [0, 1]),
        (busy(ConnectionResetError("MariaDB closes the connection on a large packet")), [0, 1, 2, 3, 4]),
        (ValueError("value too large"), [0, 1, 2, 3, 4]),
    ],
)
async def test_a_database_that_is_only_busy_gets_no_smaller_ending(
    refusal: Exception, tried: list[int]
) -> None:
    sizes: list[int] = []

    async def store(size: int) -> None:
        sizes.append(size)
        raise refusal

    with pytest.raises(type(refusal)):
        await store_ending(store, 0, run=uuid4())
    assert sizes == tried


# Numbers


def test_numbers_that_cannot_be_are_made_counts() -> None:
    cases = [12.5, 3.0, -5, 2**31, 1e300, float("nan"), float("inf"), True, "7", None, 2**31 - 1]
    assert [to_count(value) for value in cases] == [
        12, 3, 0, 2**31 - 1, 2**31 - 1, 0, 2**31 - 1, 0, 0, 0, 2**31 - 1
    ]  # fmt: skip


@pytest.mark.engines("sqlite", "postgresql")
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


@pytest.mark.engines("sqlite", "postgresql")
def test_tokens_that_add_up_to_more_than_the_column_holds_end_no_run_badly(
    new_database: Callable[[str], str], engine_name: str, model: ScriptedModel
) -> None:
    many = AnswerEnd("stop", 2**31 - 1, 2**31 - 1)
    model.answers = [[call("list_tasks", {}), many], ["Done.", many]]
    settings = settings_for(new_database(engine_name), run_tokens=10**9)
    with serving(settings, model) as server:
        object.__setattr__(server.state.worker.context.limits, "tokens", 10**12)
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


@pytest.mark.engines("sqlite", "postgresql")
def test_a_runs_time_is_counted_by_the_databases_clock_alone(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scripted.state.db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no clock but the machine's")
    pass_time(monkeypatch, hours=5)
    answer = scripted.sign_in(carl.email).chat("hello")
    assert answer["status"] == "completed", answer["error"]

    async def look(tx: Transaction) -> datetime:
        run = await access.get_row(tx, SYSTEM, Run, UUID(answer["run_id"]))
        assert run.started_at is not None
        return run.started_at

    assert in_database(scripted, look) < datetime.now(UTC) + timedelta(hours=1)


# Takeovers


def test_an_unended_call_says_that_it_was_not_made_in_a_shorter_ending() -> None:
    from services.run_endings import finish_call, shorten_steps

    [step] = shorten_steps(
        [Step("x", [{"id": "a", "name": "add_task", "arguments": {"title": "y" * 50_000}}])]
    )
    assert finish_call(step.calls[0], utc_now())["error"] == NOT_RUN
    assert step.calls[0]["arguments"] == {}


@pytest.mark.parametrize(
    ("tables", "content", "last_event"),
    [
        (("messages",), None, "run.cancelled"),
        (("messages", "run_events", "events"), None, "message.delta"),
        ((), "x" * 30_000, "run.cancelled"),
    ],
)
@pytest.mark.busy
def test_a_cancel_that_cannot_be_stored_as_a_whole_is_stored_smaller(
    scripted: Server,
    carl: Person,
    model: ScriptedModel,
    tables: tuple[str, ...],
    content: str | None,
    last_event: str,
) -> None:
    gate = threading.Event()
    model.answers = [["x" * 30_000, gate], ["Hello."]]
    run_id = begin(carl)
    wait_until(lambda: followed_text(scripted, run_id))
    with refusing(scripted, *tables):
        run = carl.post(f"/v1/runs/{run_id}/cancel")
    assert (run["status"], run["error"]) == ("cancelled", UNSTORED if tables else None)
    assert last_message(carl, run_id)["content"] == (content or "hello")
    assert followed(carl, run_id)[-1].type == last_event
    assert carl.chat("again")["status"] == "completed"


@pytest.mark.busy
def test_a_cancel_keeps_the_beginning_of_what_is_too_long(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["x" * 30_000, gate]]
    run_id = begin(carl)
    wait_until(lambda: followed_text(scripted, run_id))
    with refusing(scripted, "messages", longer_than=20_000) as refused:
        run = carl.post(f"/v1/runs/{run_id}/cancel")
    assert refused == ["messages"] * 2
    assert (run["status"], run["error"]) == ("cancelled", UNSTORED)
    assert len(last_message(carl, run_id)["content"]) == 10_000


@pytest.mark.busy
def test_a_bare_cancel_withdraws_what_awaits_approval(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    task = carl.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]})]]
    run_id = carl.chat("delete it")["run_id"]
    with refusing(scripted, "messages", "run_events", "events"):
        run = carl.post(f"/v1/runs/{run_id}/cancel")
    assert (run["status"], run["error"], run["pending_approvals"]) == ("cancelled", UNSTORED, [])
    assert carl.get("/v1/tasks")["data"] == [task]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.also_on_mariadb
def test_choices_of_the_last_answer_stay_with_the_message_wherever_it_is_shown(
    carl: Person, model: ScriptedModel
) -> None:
    choices, before = ("1. Buy milk", "2. Buy oat milk ✓"), find_end(carl)
    model.answers = [
        [call("list_tasks", {}), AnswerEnd(choices=("lost",))],
        ["Which one?", AnswerEnd(choices=choices)],
        ["Done."],
    ]
    asked = carl.chat("delete milk")
    assert asked["message"]["choices"] == [*choices]
    plain = carl.chat("1. Buy milk", conversation_id=asked["conversation_id"])
    assert "choices" not in plain["message"]
    listed = carl.get(f"/v1/conversations/{asked['conversation_id']}/messages")["data"]
    assert [message.get("choices") for message in listed] == [None, [*choices], None, None]
    [completed] = [event for event in followed(carl, asked["run_id"]) if event.type == "message.completed"]
    assert completed.data["message"] == asked["message"] == listed[1]
    told = [
        change["message"]
        for change in carl.get("/v1/changes", after=before)["data"]
        if change["type"] == "message.created"
    ]
    assert [message.get("choices") for message in told] == [None, [*choices], None, None]


def test_a_run_that_fails_offers_nothing(carl: Person, model: ScriptedModel) -> None:
    model.answers = [["Which one?", AnswerEnd(choices=("1", "2")), ModelError("It broke.", transient=False)]]
    failed = carl.chat("delete milk")
    assert (failed["status"], failed["message"]["content"]) == ("failed", "Which one?")
    assert "choices" not in failed["message"]
