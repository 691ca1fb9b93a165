# events/event_log.py -- the log: gives events their numbers after the commit, and reads what follows a number.
"""A writer stores an event without a number: a counter would make writers wait for each other. Whoever reads numbers
first, in a transaction of two statements that lock the counter and then look, so that the second one sees everything
that was committed before the first had the lock. So an event gets a later number than all that anybody has read, and
no reader is past it. On SQLite, where one connection writes at a time, a trigger numbers with the insert.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Update,
    bindparam,
    delete,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import SYSTEM, System
from clock import utc_now
from db import AnySelect, Database, RetryTransaction, Transaction, fetch_rows, get_columns
from models import Event, EventCounter, EventLogEntry
from models.event import AudienceKind

NUMBER_BATCH = 1_000
DELETE_BATCH = 1_000
# An id that the floor has passed is asked for so long; most transactions last some milliseconds.
MISSING_SECONDS = 60
MAX_MISSING = 1_000
# Where forgotten events are looked for: among so many ids below the floor, and not before.
LOOK_BACK_IDS = 50_000
LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LogPosition:
    """The first and the last number of the log, and whether some events have no number yet."""

    first_seq: int
    last_seq: int
    is_waiting: bool

    def reaches(self, after: int | None) -> bool:
        """Whether the log has everything that follows `after`."""
        return after is not None and self.first_seq - 1 <= after <= self.last_seq


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The number of an event, and whom the event is for."""

    seq: int
    event_id: int
    audience: AudienceKind
    audience_id: UUID


@cache
def position_statement() -> AnySelect:
    waiting = access.select(SYSTEM, Event, col(Event.id)).where(col(Event.id) > col(EventCounter.floor_id))
    is_waiting = or_(waiting.exists(), col(EventCounter.missing).is_not(None))
    return access.select(
        SYSTEM, EventCounter, col(EventCounter.first_seq), col(EventCounter.last_seq), is_waiting
    )


async def find_position(tx: Transaction, caller: System) -> LogPosition:
    """Where the log stands. One statement."""
    for row in await fetch_rows(tx, position_statement(), {}):
        return LogPosition(*row)
    return LogPosition(1, 0, is_waiting=True)  # nothing was ever numbered


@dataclass(slots=True)
class Counter:
    """The one row of event_counter."""

    first_seq: int = 1
    last_seq: int = 0
    floor_id: int = 0
    missing: Sequence[tuple[int, int]] | None = None


@cache
def lock_statement() -> AnySelect:
    columns = [col(getattr(EventCounter, each.name)) for each in fields(Counter)]
    return access.select(SYSTEM, EventCounter, *columns).where(col(EventCounter.id) == 1).with_for_update()


@cache
def counter_statement() -> Update:
    table = EventCounter.metadata.tables["event_counter"]
    values = {
        each.name: bindparam(f"new_{each.name}", type_=table.c[each.name].type) for each in fields(Counter)
    }
    return update(table).where(access.visible_condition(SYSTEM, EventCounter), table.c.id == 1).values(values)


async def lock_counter(tx: Transaction, caller: System) -> Counter:
    """The counter, locked until the commit; the first one who numbers stores it."""
    for row in await tx.execute(lock_statement()):
        return Counter(*row)
    access.add_row(tx, caller, EventCounter(id=1))
    try:
        await tx.flush()
    except IntegrityError as error:
        raise RetryTransaction from error  # another one was first
    return Counter()


async def store_counter(tx: Transaction, counter: Counter) -> None:
    await tx.execute(counter_statement(), {f"new_{name}": value for name, value in asdict(counter).items()})


def select_entries() -> AnySelect:
    return access.select(SYSTEM, Event, col(Event.id), col(Event.audience), col(Event.audience_id))


def select_new() -> AnySelect:
    """It has no other condition, or PostgreSQL might read the table from its beginning."""
    new = select_entries().where(col(Event.id) > bindparam("floor_id"))
    return new.order_by(col(Event.id)).limit(bindparam("batch"))


@cache
def waiting_statement(with_late: bool) -> AnySelect:
    """The events without a number, in the order of writing.

    In one statement, which has one snapshot. In two, an event could be committed between them, and a later one of its
    writer be seen by the second alone.
    """
    new = select_new()
    if not with_late:
        return new
    late = col(Event.id).in_(bindparam("late_ids", expanding=True))
    parts = (select_entries().where(late, ~is_numbered(SYSTEM)), select(new.subquery("new")))
    found = union_all(*parts).subquery("found")
    return select(found).order_by(found.c.id)


async def number_events(tx: Transaction, caller: System, forgotten: Sequence[int] = ()) -> tuple[int, int]:
    """Give at most NUMBER_BATCH events the next numbers, in the order of writing; how many, and the last number.

    `forgotten` are ids that nobody asks for any more. The lock on the counter lets one transaction number at a time;
    writers never take it.
    """
    counter = await lock_counter(tx, caller)
    missing = dict(counter.missing or ())
    late_ids = sorted({*missing, *forgotten})
    values: dict[str, object] = {"floor_id": counter.floor_id, "batch": NUMBER_BATCH}
    if late_ids:
        values["late_ids"] = late_ids
    found = (await tx.execute(waiting_statement(bool(late_ids)), values)).all()
    now = int(utc_now().timestamp())
    missing = {id_: noticed_at for id_, noticed_at in missing.items() if noticed_at > now - MISSING_SECONDS}
    for row in found:
        missing.pop(row.id, None)
        skipped = range(max(counter.floor_id + 1, row.id - MAX_MISSING), row.id)
        missing |= dict.fromkeys(skipped, now)
        counter.floor_id = max(counter.floor_id, row.id)
    counter.missing = [(id_, missing[id_]) for id_ in sorted(missing)[-MAX_MISSING:]] or None
    if found:
        numbered = [
            {"seq": seq, "event_id": row.id, "audience": row.audience, "addressee_id": row.audience_id}
            for seq, row in enumerate(found, counter.last_seq + 1)
        ]
        try:
            await tx.execute(insert_statement(), numbered)
        except IntegrityError as error:
            raise RetryTransaction from error  # one of them was deleted meanwhile
        counter.last_seq += len(found)
    if found or late_ids:
        await store_counter(tx, counter)
    return len(found), counter.last_seq


def is_numbered(caller: System) -> ColumnElement[bool]:
    entry = access.select(caller, EventLogEntry, col(EventLogEntry.seq))
    return entry.where(col(EventLogEntry.event_id) == col(Event.id)).exists()


async def number_all_events(db: Database, forgotten: Sequence[int] = ()) -> int:
    """Number until nothing waits; the last number."""
    numbered = NUMBER_BATCH
    while numbered >= NUMBER_BATCH:
        numbered, last_seq = await db.write(number_events, SYSTEM, forgotten)
    return last_seq


async def find_numbered_position(db: Database) -> LogPosition:
    """Where the log stands once everything that was committed before has its number."""
    position = await db.read(find_position, SYSTEM)
    if not position.is_waiting:
        return position
    return LogPosition(position.first_seq, await number_all_events(db), is_waiting=False)


@cache
def insert_statement() -> Insert:
    columns = get_columns(EventLogEntry)
    values = {name: bindparam(name, type_=columns[name].type) for name in ("seq", "event_id", "audience")}
    addressee = bindparam("addressee_id", type_=columns["audience_id"].type)
    owner = access.owner_value(SYSTEM, EventLogEntry, addressee)
    return insert(EventLogEntry.metadata.tables["event_log"]).values({**values, "audience_id": owner})


async def find_forgotten_events(tx: Transaction, caller: System) -> list[int]:
    """Ids of events that were committed so late that nobody asks for them any more.

    The time keeps it from records whose numbers were deleted long ago.
    """
    floor = access.select(caller, EventCounter, col(EventCounter.floor_id)).scalar_subquery()
    statement = access.select(caller, Event, col(Event.id)).where(
        col(Event.id) > floor - LOOK_BACK_IDS,
        col(Event.id) <= floor,
        col(Event.created_at) > utc_now() - LOOK_BACK,
        ~is_numbered(caller),
    )
    found = (await tx.execute(statement.limit(NUMBER_BATCH))).scalars()
    return [id_ for id_ in found if id_ is not None]


@cache
def tail_statement() -> AnySelect:
    entry = (EventLogEntry.seq, EventLogEntry.event_id, EventLogEntry.audience, EventLogEntry.audience_id)
    statement = access.select(SYSTEM, EventLogEntry, *map(col, entry))
    return (
        statement.where(col(EventLogEntry.seq) > bindparam("after"))
        .order_by(col(EventLogEntry.seq))
        .limit(bindparam("batch"))
    )


async def read_tail(tx: Transaction, caller: System, after: int, limit: int) -> list[LogEntry]:
    """At most `limit` entries of the log after `after`, whomever they are for."""
    rows = await fetch_rows(tx, tail_statement(), {"after": after, "batch": limit})
    return [LogEntry(*row) for row in rows]


async def delete_old_events(tx: Transaction, caller: System) -> int:
    """Delete one batch of expired events and of the log up to them; how many events were deleted.

    All have to be numbered before: the new first number tells a reader that something was deleted.
    """
    counter = await lock_counter(tx, caller)
    expired = access.select(caller, Event, col(Event.id)).where(col(Event.expires_at) < utc_now())
    ids = list((await tx.execute(expired.order_by(col(Event.expires_at)).limit(DELETE_BATCH))).scalars())
    entries = access.select(caller, EventLogEntry, col(EventLogEntry.seq))
    seqs = list((await tx.execute(entries.where(col(EventLogEntry.event_id).in_(ids)))).scalars())
    counter.first_seq = max(counter.first_seq, max(seqs, default=0) + 1)
    await store_counter(tx, counter)
    seen = access.visible_condition(caller, EventLogEntry)
    await tx.execute(delete(EventLogEntry).where(seen, col(EventLogEntry.seq) < counter.first_seq))
    await tx.execute(delete(Event).where(access.visible_condition(caller, Event), col(Event.id).in_(ids)))
    return len(ids)
