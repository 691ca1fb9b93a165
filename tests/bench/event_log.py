# event_log.py -- the log: one event for each of many people who listen, and what numbering costs the database.
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from uuid import UUID, uuid4

from jose import jwt
from sqlalchemy import func, insert, select, text

from access import SYSTEM
from bench.listeners import cpu_seconds, listen
from bench.load import TIMEOUT
from db import Database
from events import event_log
from models import Event
from storage.timeouts import UNHURRIED
from streaming.notifier import LOG
from streaming.postgres_notify import CHANNEL
from support.databases.unchecked import open_unchecked

EVENTS = Event.metadata.tables["events"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many people listen and how often each of them gets one event; of how many events the numbering is measured,
    and how many come while a snapshot is held."""

    people: int
    times: int
    numbered: int
    held: int


FULL = Crowd(people=1_000, times=5, numbered=20_000, held=120_000)
QUICK = Crowd(people=10, times=1, numbered=200, held=200)


async def add_events(db: Database, audiences: Sequence[UUID]) -> None:
    payload = {"task": {"id": str(uuid4()), "title": "Buy milk", "description": None, "completed": False}}
    rows = [{"audience_id": id_, "type": "task.created", "payload": payload} for id_ in audiences]
    async with db.transaction() as tx:
        await tx.execute(insert(EVENTS), rows)


async def measure_crowd(
    url: str, port: int, process_id: int, crowd: Crowd, tokens: Sequence[str]
) -> list[tuple[str, str]]:
    """Written by a process that has no streams, and told to the worker as another worker tells it."""
    people = [UUID(jwt.get_unverified_claims(token)["sub"]) for token in tokens]
    db = open_unchecked(url)
    delays: list[float] = []
    spent = 0.0
    try:
        listeners = await listen(port, tokens)
        await asyncio.sleep(1)
        for _ in range(crowd.times):
            for listener in listeners:
                listener.expect(b"event: task.created")
            before = cpu_seconds(process_id)
            await add_events(db, people)
            told = time.perf_counter()
            async with db.engine.begin() as connection:
                notify = text("SELECT pg_notify(:channel, :payload)")
                await connection.execute(notify, {"channel": CHANNEL, "payload": f"bench {LOG}"})
            async with asyncio.timeout(TIMEOUT):
                came = await asyncio.gather(*(listener.heard for listener in listeners))
            spent += cpu_seconds(process_id) - before
            delays += [at - told for at in came]
        for listener in listeners:
            listener.transport.close()
    finally:
        await db.close()
    name = f"one event each to {crowd.people:,} people"
    each = spent / len(delays)
    return [
        (f"{name}: p50 / p99", f"{median(delays) * 1000:.0f} / {quantiles(delays, n=100)[-1] * 1000:.0f} ms"),
        (f"{name}: processor for each", f"{each * 1000:.3f} ms"),
    ]


async def measure_numbering(url: str, crowd: Crowd) -> list[tuple[str, str]]:
    writer, numberer = open_unchecked(url, limits=UNHURRIED), open_unchecked(url, pool_size=1)
    try:
        async with numberer.transaction() as tx:
            backend: int = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await event_log.number_all_events(numberer)
        before = cpu_seconds(backend)
        for _ in range(crowd.numbered // 100):
            await add_events(writer, [uuid4()] * 100)
            await event_log.number_all_events(numberer)
        each = (cpu_seconds(backend) - before) / crowd.numbered
        fresh = await time_numbering(writer, numberer)
        async with writer.engine.connect() as holder:
            await holder.execution_options(isolation_level="REPEATABLE READ")
            await holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await holder.execute(select(func.count()).select_from(EVENTS))
            for _ in range(crowd.held // 1_000 or 1):
                await add_events(writer, [uuid4()] * min(crowd.held, 1_000))
                await event_log.number_all_events(numberer)
            held = await time_numbering(writer, numberer)
    finally:
        await writer.close()
        await numberer.close()
    return [
        ("numbering, batches of 100: the database's processor", f"{each * 1e6:.0f} us an event"),
        (f"numbering 10 after {crowd.held:,} events under a held snapshot", f"{held / fresh:.2f} of before"),
    ]


async def time_numbering(writer: Database, numberer: Database) -> float:
    """Seconds to number ten events, the median of thirty."""
    took = []
    for _ in range(30):
        await add_events(writer, [uuid4()] * 10)
        begun = time.perf_counter()
        await numberer.write(event_log.number_events, SYSTEM)
        took.append(time.perf_counter() - begun)
    return median(took)
