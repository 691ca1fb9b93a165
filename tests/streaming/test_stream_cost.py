# test_stream_cost.py -- what an open stream costs: statements are shared by all who wait for the same.
import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sql_event

from access import Caller
from db import Database
from services import runs
from streaming.notifier import Notifier
from streaming.open_streams import OpenStreams
from support.api.open_streams import at_work, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, with_database
from timings import Timings

# How often the database is asked is the same on each engine.
pytestmark = pytest.mark.engines("sqlite")


def caller_of(person: Person) -> Caller:
    sessions = person.get("/v1/me/sessions")["data"]
    return Caller(person.id, UUID(next(s["id"] for s in sessions if s["current"])))


def counted(db: Database) -> list[str]:
    """Every statement that is sent from now on; on PostgreSQL lists go past SQLAlchemy, but none is read here."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    for engine in {db.engine.sync_engine, db.readers.sync_engine}:
        if engine is db.engine.sync_engine or engine.pool is not db.engine.sync_engine.pool:
            sql_event.listen(engine, "before_cursor_execute", note)
    return statements


def waits_for_approval(person: Person, model: ScriptedModel) -> dict[str, Any]:
    task = person.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]}, "call_1")], ["Done."]]
    answer: dict[str, Any] = person.chat("tidy up")
    assert answer["status"] == "awaiting_approval"
    return answer


@pytest.mark.parametrize("readers", [1, 50])
def test_a_look_after_an_idle_run_takes_three_statements_however_many_read_it(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str, readers: int
) -> None:
    run_id = UUID(waits_for_approval(carl, model)["run_id"])
    caller = caller_of(carl)

    async def work(db: Database) -> None:
        watch = OpenStreams(db, Notifier(), Timings())
        streamed = await db.read(runs.get_streamed_run, caller, run_id)
        streams = [watch.follow_run(caller, streamed) for _ in range(readers)]
        await asyncio.gather(*map(anext, streams))
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await settled()
        statements = counted(db)
        for _ in range(3):
            await watch._poll()
            await settled()
        assert len(statements) == 3 * 3
        assert not any(reading.done() for reading in coming)
        for reading in coming:
            reading.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        assert (watch._of_credentials, watch._of_runs) == ({}, {})

    with_database(own_database_url, work)


@pytest.mark.busy
def test_what_no_bell_told_of_is_read_and_framed_once_for_all_readers(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    answer = waits_for_approval(carl, model)
    run_id, caller = UUID(answer["run_id"]), caller_of(carl)

    async def work(db: Database) -> None:
        watch = OpenStreams(db, Notifier(), Timings())
        streamed = await db.read(runs.get_streamed_run, caller, run_id)
        streams = [watch.follow_run(caller, streamed) for _ in range(50)]
        await asyncio.gather(*map(anext, streams))
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await settled()
        await asyncio.to_thread(carl.post, f"/v1/runs/{run_id}/cancel")
        statements = counted(db)
        await watch._poll()
        seen = await asyncio.gather(*coming)
        assert b"event: run.cancelled" in seen[0]
        assert all(frames is seen[0] for frames in seen)
        assert len(statements) == 3 + 1
        for stream in streams:
            assert [frames async for frames in stream] == []  # the run's last event was the stream's

    with_database(own_database_url, work)


@pytest.mark.busy
def test_those_who_wait_for_one_run_share_each_look_and_end_with_it(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    caller = caller_of(carl)

    async def work(db: Database, run_id: UUID) -> None:
        notifier = Notifier()
        watch = OpenStreams(db, notifier, Timings())
        statements = counted(db)
        waiting = [asyncio.ensure_future(watch.wait_for_end(caller, run_id)) for _ in range(50)]
        while len(watch._of_runs.get(run_id, ())) < 50 or watch._answers._pending:
            await asyncio.sleep(0)
        assert len(statements) == 2  # the run, and whether one ahead of it waits
        notifier.notify(run_id)
        await settled()
        while watch._answers._pending:
            await asyncio.sleep(0)
        assert len(statements) == 4
        await watch._poll()
        await settled()
        assert len(statements) == 7
        await asyncio.to_thread(carl.post, f"/v1/runs/{run_id}/cancel")
        await watch._poll()
        await asyncio.gather(*waiting)

    with at_work(scripted, carl, model) as (run_id, _):
        with_database(own_database_url, lambda db: work(db, run_id))


def test_those_who_wait_for_one_answer_ask_once_for_all_at_each_bell_and_each_look(
    database_url: str, ann: Person
) -> None:
    caller, id_ = caller_of(ann), uuid4()
    asked: list[str] = []
    answers: list[str] = []

    async def find() -> str | None:
        asked.append("")
        await asyncio.sleep(0)
        return answers[0] if answers else None

    async def work(db: Database) -> None:
        notifier = Notifier()
        watch = OpenStreams(db, notifier, Timings())
        waiting = [asyncio.ensure_future(watch.wait_for(caller, id_, find)) for _ in range(50)]
        await settled()
        assert len(asked) == 1
        await watch._poll()
        await settled()
        assert len(asked) == 2
        answers.append("the answer")
        notifier.notify_local(id_)
        assert set(await asyncio.gather(*waiting)) == {"the answer"}
        assert len(asked) == 3

    with_database(database_url, work)
