# test_run_writer.py -- the lines of all runs of a worker in one batch: each run's own, in order, once, or not at all.
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosqlite
import pytest

import access
from access import SYSTEM, Caller
from agent import run_writer
from agent.run_writer import MAX_PIECE_CHARACTERS, MAX_WAITING_CHARACTERS, RunLog, RunWriter
from clock import utc_now
from db import Database
from errors import DatabaseBusy
from models import Run, RunEvent
from services.run_log import LeaseLost, Line, store_lines
from storage.schema.bootstrap import bootstrap
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier
from support.databases.run_rows import add_run, read_texts, take_over
from support.databases.unchecked import open_unchecked


@pytest.fixture
def within(own_database_url: str) -> Callable[[Callable[[Database, RunWriter], Awaitable[None]]], None]:
    """Runs a test with a database and a writer of its own."""

    def run(work: Callable[[Database, RunWriter], Awaitable[None]]) -> None:
        async def within_loop() -> None:
            db = open_unchecked(own_database_url)
            try:
                await bootstrap(db.engine)
                async with asyncio.timeout(20):
                    await work(db, RunWriter(db, Notifier(), LiveRuns()))
            finally:
                await db.close()

        asyncio.run(within_loop())

    return run


Within = Callable[[Callable[[Database, RunWriter], Awaitable[None]]], None]


def open_log(writer: RunWriter, run: Run) -> RunLog:
    return writer.open_log(run.id, run.user_id, run.epoch)


@pytest.mark.also_on_mariadb
def test_pieces_that_wait_for_the_same_batch_become_one_line(within: Within) -> None:
    async def check(db: Database, writer: RunWriter) -> None:
        run = await db.write(add_run)
        log = open_log(writer, run)
        for word in ("One ", "two "):
            log.add_text(0, word)
        log.add_line("tool.call", {"step": 0})
        log.add_text(0, "three")
        log.add_text(1, "four")
        await log.settle()
        assert await read_texts(db, run) == [
            (1, "message.delta", "One two "),
            (2, "tool.call", None),
            (3, "message.delta", "three"),
            (4, "message.delta", "four"),
        ]

    within(check)


@pytest.mark.engines("sqlite")
def test_a_line_has_a_largest_size(within: Within) -> None:
    async def check(db: Database, writer: RunWriter) -> None:
        run = await db.write(add_run)
        log = open_log(writer, run)
        for _ in range(5):
            log.add_text(0, "x" * (MAX_PIECE_CHARACTERS // 2))
        await log.settle()
        sizes = [len(text) for _, _, text in await read_texts(db, run)]
        assert sizes == [MAX_PIECE_CHARACTERS, MAX_PIECE_CHARACTERS, MAX_PIECE_CHARACTERS // 2]

    within(check)


@pytest.mark.also_on_mariadb
def test_a_run_that_is_lost_stops_alone(within: Within) -> None:
    async def check(db: Database, writer: RunWriter) -> None:
        runs = [await db.write(add_run) for _ in range(3)]
        logs = [open_log(writer, run) for run in runs]
        await db.write(take_over, runs[1])
        for log in logs:
            log.add_text(0, "Hello.")
        await logs[0].settle()
        await logs[2].settle()
        with pytest.raises(LeaseLost):
            await logs[1].settle()
        with pytest.raises(LeaseLost):
            logs[1].add_text(0, "Nobody hears this.")
        assert [len(await read_texts(db, run)) for run in runs] == [1, 0, 1]

    within(check)


@pytest.mark.also_on_mariadb
def test_a_run_that_is_locked_for_a_moment_is_not_lost_and_delays_no_other(
    within: Within, own_database_url: str
) -> None:
    if own_database_url.startswith("sqlite"):
        pytest.skip("SQLite locks no single row")

    async def check(db: Database, writer: RunWriter) -> None:
        held, other = await db.write(add_run), await db.write(add_run)
        held_log, other_log = open_log(writer, held), open_log(writer, other)
        async with db.transaction() as tx:
            await access.get_row(tx, SYSTEM, Run, held.id, lock=True)
            held_log.add_text(0, "Later.")
            other_log.add_text(0, "Now.")
            await other_log.settle()
            assert await read_texts(db, held) == []
        await held_log.settle()
        assert await read_texts(db, held) == [(1, "message.delta", "Later.")]

    within(check)


@pytest.mark.also_on_mariadb
def test_lines_outlast_a_database_that_is_away_and_are_stored_once(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[bool] = []

    async def store_and_lose(
        db: Database, lines: Sequence[Line], moment: datetime, *, again: bool
    ) -> set[UUID]:
        """First nothing is stored; then it is, and the answer is lost; then all is well."""
        tries.append(again)
        if len(tries) == 1:
            raise DatabaseBusy("the database is away")
        held = await store_lines(db, lines, moment, again=again)
        if len(tries) == 2:
            raise DatabaseBusy("the connection was lost after the commit")
        return held

    monkeypatch.setattr(run_writer, "store_lines", store_and_lose)
    monkeypatch.setattr(run_writer, "FIRST_PAUSE_SECONDS", 0.01)

    async def check(db: Database, writer: RunWriter) -> None:
        run = await db.write(add_run)
        log = open_log(writer, run)
        log.add_text(0, "Hello.")
        await log.settle()
        assert await read_texts(db, run) == [(1, "message.delta", "Hello.")]

    within(check)
    assert tries == [False, True, True]


def test_what_cannot_be_stored_of_one_run_ends_that_run_alone(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(db: Database, lines: Sequence[Line], moment: datetime, *, again: bool) -> set[UUID]:
        if any("poison" in line.data for line in lines):
            raise ValueError("value too large")
        return await store_lines(db, lines, moment, again=again)

    monkeypatch.setattr(run_writer, "store_lines", refuse)

    async def check(db: Database, writer: RunWriter) -> None:
        runs = [await db.write(add_run) for _ in range(2)]
        logs = [open_log(writer, run) for run in runs]
        logs[0].add_text(0, "poison")
        logs[1].add_text(0, "Hello.")
        await logs[1].settle()
        with pytest.raises(ValueError, match="too large"):
            await logs[0].settle()
        assert [len(await read_texts(db, run)) for run in runs] == [0, 1]

    within(check)


@pytest.mark.engines("sqlite")
def test_a_slow_database_slows_the_model_down(within: Within, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    async def store_when_open(
        db: Database, lines: Sequence[Line], moment: datetime, *, again: bool
    ) -> set[UUID]:
        await gate.wait()
        return await store_lines(db, lines, moment, again=again)

    monkeypatch.setattr(run_writer, "store_lines", store_when_open)

    async def check(db: Database, writer: RunWriter) -> None:
        run = await db.write(add_run)
        log = open_log(writer, run)
        log.add_text(0, "x")
        await asyncio.sleep(0)  # the writer has taken the first line, and waits
        while log._characters <= MAX_WAITING_CHARACTERS:
            log.add_text(0, "y" * 10_000)
        waiting = asyncio.create_task(log.wait_for_room())
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        gate.set()
        await waiting
        await log.settle()
        assert "".join(text for _, _, text in await read_texts(db, run)).strip("y") == "x"

    within(check)


@pytest.mark.engines("sqlite")
def test_readers_get_from_memory_what_the_log_holds(within: Within) -> None:
    async def check(db: Database, writer: RunWriter) -> None:
        run = await db.write(add_run)
        log = open_log(writer, run)
        caller, stranger = Caller(run.user_id, None), Caller(uuid4(), None)
        live: LiveRuns = writer._live
        assert live.read(caller, run.id, 0) is None
        log.add_text(0, "Hello.")
        assert live.read(caller, run.id, 0) is None, "nothing is shown before it is committed"
        await log.settle()
        batch = live.read(caller, run.id, 0)
        assert batch is not None
        assert (batch.after, batch.last) == (1, False)
        assert b'"text":"Hello."' in batch.frames
        assert live.read(stranger, run.id, 0) is None
        log.add_line("run.completed", {"status": "completed"})
        await log.settle()
        end = live.read(caller, run.id, 1)
        assert end is not None
        assert (end.after, end.last) == (2, True)
        async with db.transaction() as tx:
            rows = (await tx.execute(access.select(SYSTEM, RunEvent))).scalars().all()
            assert len(rows) == 2

    within(check)


def test_a_batch_of_many_runs_goes_to_the_thread_of_sqlite_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    execute = aiosqlite.Connection._execute

    async def count(connection: aiosqlite.Connection, work: Any, *args: Any, **kw: Any) -> Any:
        calls.append(work)
        return await execute(connection, work, *args, **kw)

    async def check() -> None:
        db = open_unchecked(f"sqlite:///{tmp_path}/batch.db")
        try:
            await bootstrap(db.engine)
            runs = [await db.write(add_run) for _ in range(20)]
            lines = [Line(run.id, 1, seq, "message.delta", "{}") for run in runs for seq in (1, 2)]
            monkeypatch.setattr(aiosqlite.Connection, "_execute", count)
            assert await store_lines(db, lines, utc_now(), again=False) == {run.id for run in runs}
            # The transaction, and what the pool does when it gets the connection back.
            assert len(calls) <= 2, calls
        finally:
            await db.close()

    asyncio.run(check())
