# test_numbering.py -- the log: every committed event gets one number, and no reader is past it when it comes.
import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, insert, select, text

from access import SYSTEM
from db import Database, Transaction
from events import event_log
from models import Event, EventCounter, EventLogEntry
from storage.schema.bootstrap import bootstrap
from storage.timeouts import UNHURRIED
from support.clock import pass_time
from support.servers import with_database

pytestmark = pytest.mark.also_on_mariadb
EVENTS = Event.metadata.tables["events"]
LOG = EventLogEntry.metadata.tables["event_log"]
COUNTER = EventCounter.metadata.tables["event_counter"]
WRITERS = 8
EVENT_COUNT = 20_000
PER_TRANSACTION = 25


def skip_on_sqlite(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")


def with_log(url: str, work: Callable[[Database], Awaitable[None]], **options: Any) -> None:
    """`work` with a database that has the tables."""

    async def begin(db: Database) -> None:
        await bootstrap(db.unhurried)
        await work(db)

    with_database(url, begin, **options)


async def add_events(tx: Transaction, audience_id: UUID, numbers: list[int]) -> None:
    rows = [{"audience_id": audience_id, "type": "task.created", "payload": {"n": n}} for n in numbers]
    await tx.execute(insert(EVENTS), rows)


async def roll_back(db: Database, work: Callable[[Transaction], Awaitable[object]]) -> None:
    async with db._open_session(db.engine) as tx:
        await work(tx)
        await tx.rollback()


async def read_log(db: Database, after: int = 0) -> list[tuple[int, int, UUID]]:
    """The number, the event and the addressee of what is after a number."""
    entries = await db.read(event_log.read_tail, SYSTEM, after, 1_000_000)
    return [(entry.seq, entry.event_id, entry.audience_id) for entry in entries]


async def write_events(db: Database, writer: int, total: int, chance: random.Random) -> None:
    """Two audiences of its own, whose events it numbers itself; some transactions take long or are rolled back."""
    audiences = [UUID(int=writer * 2 + n) for n in (1, 2)]
    written = dict.fromkeys(audiences, 0)
    while sum(written.values()) < total:
        audience = chance.choice(audiences)
        count = min(chance.randint(1, 2 * PER_TRANSACTION), total - sum(written.values()))
        numbers = list(range(written[audience] + 1, written[audience] + count + 1))
        try:
            async with db.transaction() as tx:
                await add_events(tx, audience, numbers)
                if chance.random() < 0.2:
                    await asyncio.sleep(chance.random() / 50)
                if chance.random() < 0.03:
                    raise InterruptedError
        except InterruptedError:
            continue
        written[audience] += count


async def number_until(db: Database, done: asyncio.Event) -> None:
    while not done.is_set():
        await event_log.find_numbered_position(db)
        await asyncio.sleep(0.05)


async def follow_until(db: Database, done: asyncio.Event, seen: list[tuple[int, int, UUID]]) -> None:
    """A reader who is never told twice: it asks for what is after the last number."""
    while not done.is_set():
        seen += await read_log(db, seen[-1][0] if seen else 0)
        await asyncio.sleep(0)


@pytest.mark.slow
def test_eight_writers_with_delays_make_one_order_without_gap_or_double(own_database_url: str) -> None:
    """Also with transactions that commit late or are rolled back, two who number, and one who reads meanwhile."""
    is_sqlite = own_database_url.startswith("sqlite")
    writers, total = (1, EVENT_COUNT // 10) if is_sqlite else (WRITERS, EVENT_COUNT)

    async def work(db: Database) -> None:
        start = await event_log.number_all_events(db)
        done = asyncio.Event()
        seen: list[tuple[int, int, UUID]] = [(start, 0, uuid4())]
        others = [asyncio.create_task(number_until(db, done)) for _ in range(2)]
        others.append(asyncio.create_task(follow_until(db, done, seen)))
        chance = [random.Random(n) for n in range(writers)]
        await asyncio.gather(*(write_events(db, n, total // writers, chance[n]) for n in range(writers)))
        done.set()
        await asyncio.gather(*others)
        assert await event_log.number_all_events(db) == start + total
        seen += await read_log(db, seen[-1][0])
        assert [seq for seq, _, _ in seen] == list(range(start, start + total + 1))
        async with db.transaction() as tx:
            payloads = {row.id: row.payload["n"] for row in await tx.execute(select(EVENTS))}
        by_audience: dict[UUID, list[int]] = defaultdict(list)
        for _, event_id, audience_id in seen[1:]:
            by_audience[audience_id].append(payloads[event_id])
        for numbers in by_audience.values():
            assert numbers == list(range(1, len(numbers) + 1))

    # Without a limit for the waits: the machine may be busy with other tests.
    with_log(own_database_url, work, pool_size=WRITERS + 4, limits=UNHURRIED)


def test_writers_wait_neither_for_each_other_nor_for_who_numbers_and_nobody_for_them(
    own_database_url: str,
) -> None:
    skip_on_sqlite(own_database_url)

    async def work(db: Database) -> None:
        start = await event_log.number_all_events(db)
        async with asyncio.timeout(4), db.transaction() as open_one:
            await add_events(open_one, UUID(int=1), [1])
            await db.write(add_events, UUID(int=2), [1])
            async with db.transaction() as numbering:
                assert await event_log.number_events(numbering, SYSTEM) == (1, start + 1)
                await db.write(add_events, UUID(int=2), [2])
            assert await db.write(event_log.number_events, SYSTEM) == (1, start + 2)
        assert await db.write(event_log.number_events, SYSTEM) == (1, start + 3)
        assert [audience.int for _, _, audience in await read_log(db, start)] == [2, 2, 1]

    with_log(own_database_url, work)


def test_who_numbers_second_waits_and_sees_what_was_committed_meanwhile(own_database_url: str) -> None:
    """In one statement the second one would look with the eyes of the time before it waited."""
    skip_on_sqlite(own_database_url)

    async def work(db: Database) -> None:
        start = await event_log.number_all_events(db)
        await db.write(add_events, UUID(int=1), [1])
        async with db.transaction() as first:
            assert await event_log.number_events(first, SYSTEM) == (1, start + 1)
            second = asyncio.create_task(db.write(event_log.number_events, SYSTEM))
            while not await is_waited_for(db):
                assert not second.done()
                await asyncio.sleep(0.15)  # MariaDB looks anew only if nobody has asked for 0.1 s
            await db.write(add_events, UUID(int=1), [2])
        assert await second == (1, start + 2)

    with_log(own_database_url, work)


async def is_waited_for(db: Database) -> bool:
    """Whether a transaction waits for the lock of another one."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        if db.is_postgresql
        else "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    )
    async with db.readers.connect() as connection:
        return bool((await connection.exec_driver_sql(query)).scalar_one())


@pytest.mark.parametrize("count", [1, 4])
def test_the_first_ones_to_number_agree(own_database_url: str, count: int) -> None:
    async def work(db: Database) -> None:
        async with db.transaction() as tx:
            await tx.execute(COUNTER.delete())
        await db.write(add_events, UUID(int=1), [1, 2, 3])
        last = await asyncio.gather(*(event_log.number_all_events(db) for _ in range(count)))
        assert len(set(last)) == 1
        assert len(await read_log(db, last[0] - 3)) == 3

    with_log(own_database_url, work)


def test_an_event_is_not_lost_where_a_worker_dies_between_the_commit_and_the_number(
    own_database_url: str,
) -> None:
    """The next one who reads numbers it; so does one whose own attempt to number was cut off."""

    async def work(db: Database) -> None:
        start = await event_log.number_all_events(db)
        await db.write(add_events, UUID(int=1), [1])  # and its worker is gone
        await roll_back(db, lambda tx: event_log.number_events(tx, SYSTEM))
        position = await event_log.find_numbered_position(db)
        assert position.last_seq == start + 1
        assert len(await read_log(db, start)) == 1

    with_log(own_database_url, work)


async def read_missing(db: Database) -> list[Any]:
    async with db.transaction() as tx:
        found: list[Any] | None = (await tx.execute(select(COUNTER.c.missing))).scalar_one()
    return found or []


def test_ids_that_were_rolled_back_are_asked_for_a_minute_and_then_forgotten(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_on_sqlite(own_database_url)

    async def work(db: Database) -> None:
        start = await event_log.number_all_events(db)
        await roll_back(db, lambda tx: add_events(tx, UUID(int=1), [1]))
        await db.write(add_events, UUID(int=1), [1])
        assert await event_log.number_all_events(db) == start + 1
        assert len(await read_missing(db)) >= 1
        assert (await db.read(event_log.find_position, SYSTEM)).is_waiting
        pass_time(monkeypatch, seconds=event_log.MISSING_SECONDS + 1)
        assert await event_log.number_all_events(db) == start + 1
        assert await read_missing(db) == []
        assert not (await db.read(event_log.find_position, SYSTEM)).is_waiting

    with_log(own_database_url, work)


def test_an_event_that_comes_after_everybody_has_forgotten_its_id_is_found_once(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_on_sqlite(own_database_url)

    async def work(db: Database) -> None:
        start = await event_log.number_all_events(db)
        async with db.transaction() as late:
            await add_events(late, UUID(int=1), [1])
            await db.write(add_events, UUID(int=2), [1])
            await event_log.number_all_events(db)
            pass_time(monkeypatch, seconds=event_log.MISSING_SECONDS + 1)
            await event_log.number_all_events(db)
            assert await read_missing(db) == []
        assert await event_log.number_all_events(db) == start + 1
        [forgotten] = await db.read(event_log.find_forgotten_events, SYSTEM)
        assert await event_log.number_all_events(db, [forgotten]) == start + 2
        assert await event_log.number_all_events(db, [forgotten]) == start + 2
        assert await db.read(event_log.find_forgotten_events, SYSTEM) == []

    with_log(own_database_url, work)


def test_a_record_whose_number_was_deleted_is_not_numbered_again(own_database_url: str) -> None:
    async def work(db: Database) -> None:
        await db.write(add_events, UUID(int=1), [1, 2])
        last = await event_log.number_all_events(db)
        hour_ago = event_log.utc_now() - 2 * event_log.LOOK_BACK
        async with db.transaction() as tx:
            await tx.execute(EVENTS.update().values(created_at=hour_ago))
            await tx.execute(LOG.delete().where(LOG.c.seq < last))
        assert await db.read(event_log.find_forgotten_events, SYSTEM) == []
        assert await event_log.number_all_events(db) == last

    with_log(own_database_url, work)


@pytest.mark.busy
def test_under_a_held_snapshot_numbering_reads_no_more_rows_than_without(own_database_url: str) -> None:
    """As of a backup: rows that are dead stay, and a plain look for events without a number would read them all."""
    if not own_database_url.startswith("postgresql"):
        pytest.skip("PostgreSQL counts the buffers of a statement")

    async def count_buffers(db: Database) -> int:
        statement = (
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT id FROM events WHERE id > {} ORDER BY id LIMIT 10"
        )
        async with db.transaction() as tx:
            floor = (await tx.execute(select(COUNTER.c.floor_id))).scalar_one()
            connection = await tx.connection()
            plan = (await connection.exec_driver_sql(statement.format(floor))).scalar_one()[0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

    async def work(db: Database) -> None:
        await db.write(add_events, UUID(int=1), [1])
        await event_log.number_all_events(db)
        async with db.engine.connect() as holder:
            await holder.execution_options(isolation_level="REPEATABLE READ")
            await holder.execute(select(func.count()).select_from(EVENTS))
            before = await count_buffers(db)
            for _ in range(30):
                await db.write(add_events, UUID(int=1), list(range(200)))
                await event_log.number_all_events(db)
            assert await count_buffers(db) <= before + 5

    with_log(own_database_url, work)


def test_sqlite_numbers_in_the_transaction_of_the_change(own_database_url: str) -> None:
    if not own_database_url.startswith("sqlite"):
        pytest.skip("others number after the commit")

    async def work(db: Database) -> None:
        start = (await event_log.find_numbered_position(db)).last_seq
        await db.write(add_events, UUID(int=1), [1, 2])
        position = await db.read(event_log.find_position, SYSTEM)
        assert (position.last_seq, position.is_waiting) == (start + 2, False)
        assert await db.write(event_log.number_events, SYSTEM) == (0, start + 2)

    with_log(own_database_url, work)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_an_event_that_is_deleted_while_it_is_numbered_gets_no_number(database_url: str) -> None:
    async def work(db: Database) -> None:
        audience_id = uuid4()
        await db.write(add_events, audience_id, [1, 2])
        gone, stays = [
            row.id for row in await db.write(lambda tx: tx.execute(select(EVENTS.c.id).order_by(EVENTS.c.id)))
        ][-2:]
        # Not pg_stat_activity: a transaction sees there the sessions of its first look.
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        async with db.transaction() as tx:
            await tx.execute(delete(EVENTS).where(EVENTS.c.id == gone))
            numbering = asyncio.ensure_future(event_log.number_all_events(db))
            while not (await tx.execute(waiting)).scalar_one():
                await asyncio.sleep(0.005)
        await numbering
        numbered = [event_id for _, event_id, _ in await read_log(db)]
        assert gone not in numbered
        assert stays in numbered

    with_log(database_url, work)
