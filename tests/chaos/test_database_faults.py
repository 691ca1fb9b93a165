# test_database_faults.py -- the database crashes or is full, or a worker dies, between a commit and what follows it.
import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from access import Caller
from agent.run_writer import RunWriter
from db import Database
from models.run import derive_answer_id
from services.run_log import LeaseLost, Line
from services.runs import StreamedRun
from storage.schema.bootstrap import bootstrap
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier
from streaming.run_stream import read_run_batch
from support.api.runs import STREAM, text_of
from support.databases.postgres import PostgresServer, open_server
from support.databases.run_rows import add_run, read_texts, take_over
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel
from support.servers import read_events, serving, settings_for, wait_until
from timings import Timings

STREAMS = 50
PIECES = 20


@pytest.fixture
def own_server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server that nobody else uses; there is none where there is none for the other tests."""
    server = open_server(f"crash-{uuid4().hex[:8]}")
    yield server
    server.release()


@pytest.mark.slow
def test_a_database_that_crashes_under_many_streams_loses_and_doubles_nothing(
    own_server: PostgresServer,
) -> None:
    name = f"crash_{uuid4().hex}"
    own_server.create_database(name)
    gates = [threading.Event() for _ in range(2)]
    model = ScriptedModel()
    half = [f"{n} " for n in range(PIECES // 2)]
    model.otherwise = [*half, gates[0], *half, gates[1], "done"]
    said = "".join([*half, *half, "done"])
    settings = settings_for(own_server.url(name))
    with serving(settings, model, Timings()) as server, ExitStack() as cleanup:
        people = [server.person() for _ in range(5)]
        begun: set[int] = set()

        def follow(number: int) -> tuple[list[int], str, str]:
            with people[number % 5].http.stream(
                "POST", "/v1/chat", json={"message": "hello"}, headers=STREAM
            ) as answer:
                events = []
                for event in read_events(answer):
                    events.append(event)
                    if event.type == "message.delta":
                        begun.add(number)
                return [event.id for event in events], events[-1].type, text_of(events)

        pool = cleanup.enter_context(ThreadPoolExecutor(STREAMS))
        answers = [pool.submit(follow, number) for number in range(STREAMS)]
        wait_until(lambda: len(begun) == STREAMS, 30)
        gates[0].set()
        own_server.crash(name)
        gates[1].set()
        for answer in answers:
            numbers, last, words = answer.result(60)
            assert (last, words) == ("run.completed", said)
            assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.also_on_mariadb
def test_lines_of_a_worker_that_was_killed_before_it_told_anybody_reach_every_reader(
    own_database_url: str,
) -> None:
    """Killed between the commit and the bells: what is committed counts, and the next worker goes on behind it."""

    class KilledWriter(RunWriter):
        def publish(self, lines: Sequence[Line]) -> None:
            raise asyncio.CancelledError

    async def check() -> None:
        db = open_unchecked(own_database_url)
        try:
            await bootstrap(db.engine)
            run = await db.write(add_run)
            killed = KilledWriter(db, Notifier(), LiveRuns())
            log = killed.open_log(run.id, run.user_id, 1)
            log.add_text(0, "Committed.")
            assert killed._task is not None
            await asyncio.wait({killed._task}, timeout=20)
            assert killed._task.cancelled()
            await db.write(take_over, run)
            live = LiveRuns()
            next_log = RunWriter(db, Notifier(), live).open_log(run.id, run.user_id, 2)
            next_log.last_seq = 1
            next_log.add_text(0, " And on.")
            await next_log.settle()
            reader = Caller(run.user_id, None)
            streamed = StreamedRun(run.id, derive_answer_id(run.id))
            for here in (live, LiveRuns()):
                batch = await read_run_batch(db, here, reader, streamed, 0)
                assert (batch.after, batch.frames.count(b"Committed."), batch.frames.count(b"And on.")) == (
                    2,
                    1,
                    1,
                )
            log.add_text(0, "Too late.")  # it was not killed after all, only slow
            with pytest.raises(LeaseLost):
                await log.settle()
            assert len(await read_texts(db, run)) == 2
        finally:
            await db.close()

    asyncio.run(check())


def test_lines_wait_for_a_full_disk_and_are_stored_once_there_is_room(tmp_path: Path) -> None:
    """SQLite refuses to grow the file past max_page_count exactly as it does on a full disk."""

    async def set_pages(db: Database, more: int) -> None:
        async with db.engine.connect() as connection:
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
            await connection.execute(text(f"PRAGMA max_page_count={pages + more}"))

    async def check() -> None:
        db = open_unchecked(f"sqlite:///{tmp_path}/full.db")
        try:
            await bootstrap(db.engine)
            runs = [await db.write(add_run) for _ in range(3)]
            writer = RunWriter(db, Notifier(), LiveRuns())
            logs = [writer.open_log(run.id, run.user_id, 1) for run in runs]
            await set_pages(db, 0)
            for log in logs:
                log.add_text(0, "x" * 50_000)
            settled = asyncio.gather(*(log.settle() for log in logs))
            done, _ = await asyncio.wait({settled}, timeout=0.5)
            assert not done, "nothing of it fits"
            assert [await read_texts(db, run) for run in runs] == [[], [], []]
            await set_pages(db, 10_000)
            await asyncio.wait_for(settled, 20)
            for run in runs:
                assert await read_texts(db, run) == [(1, "message.delta", "x" * 50_000)]
        finally:
            await db.close()

    asyncio.run(check())
