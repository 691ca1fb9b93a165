# services/events.py -- the events of a user: write, number, read and delete them.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlmodel import col

import access
from access import ANY_CALLER, Caller, CallerOrSystem
from clock import utc_now
from db import NewEvent, Transaction, add_event, get_columns
from models import Event, EventSequence, User
from storage.dialects import upsert

NUMBER_BATCH = 1_000
# A stream holds one batch in memory: READ_BATCH events of at most MAX_BATCH_CHARACTERS in all, but at least one event.
READ_BATCH = 100
MAX_BATCH_CHARACTERS = 256 * 1024
DELETE_BATCH = 1_000
USER_BATCH = 10


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as a stream sends it; `data` is JSON."""

    seq: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class LogPosition:
    """The last number of a user's events, and whether some have no number yet."""

    last_seq: int
    unnumbered: bool

    def is_past(self, seq: int | None) -> bool:
        """Whether there is something to read after `seq`."""
        return self.unnumbered or self.last_seq != seq


# Writing


def new_event(caller: Caller | UUID, type_: str, data: Mapping[str, object]) -> NewEvent:
    """`data` is what REST returns of the change: public shapes, ids, JSON."""
    return NewEvent(caller if isinstance(caller, UUID) else caller.user_id, type_, data)


async def record_event(
    tx: Transaction, caller: Caller | UUID, type_: str, data: Mapping[str, object]
) -> None:
    """Write an event; the user's open streams are woken after the commit.

    It has no number yet: a counter would make writers wait for each other. Call it after the change was flushed,
    while its row is locked: this keeps the events of one row in their order.
    """
    await add_event(tx, new_event(caller, type_, data))


# Numbering and reading


async def number_events(tx: Transaction, caller: CallerOrSystem, user_id: UUID) -> tuple[int, int]:
    """Give at most NUMBER_BATCH unnumbered events of a user the next numbers; how many, and the last number.

    The lock on the sequence lets one transaction number at a time; writers never take it. An event that is committed
    later gets a later number, so no reader has passed it.
    """
    new = {"user_id": access.owner_value(caller, EventSequence, user_id), "last_seq": 0}
    unchanged = {"last_seq": get_columns(EventSequence)["last_seq"]}
    last_seq = await upsert(tx, EventSequence, new, "user_id", unchanged, "last_seq")  # takes the lock
    unnumbered = access.select(caller, Event, col(Event.id)).where(
        col(Event.user_id) == user_id, col(Event.seq).is_(None)
    )
    # They are read without a lock and updated by primary key: on MariaDB any other way waits for writers.
    found = list((await tx.execute(unnumbered.order_by(col(Event.id)).limit(NUMBER_BATCH))).scalars())
    if found:
        own = {"caller_user_id": user_id}
        numbers = [
            {"event_id": event_id, "number": last_seq + n, **own} for n, event_id in enumerate(found, 1)
        ]
        await tx.execute(SET_NUMBER, numbers)
        last_seq += len(found)
        sequence = (access.visible_condition(caller, EventSequence), col(EventSequence.user_id) == user_id)
        await tx.execute(update(EventSequence).where(*sequence).values(last_seq=last_seq))
    return len(found), last_seq


EVENT_TABLE = Event.metadata.tables["events"]
SET_NUMBER = (
    update(EVENT_TABLE)
    .where(access.own_condition(ANY_CALLER, Event), EVENT_TABLE.c.id == bindparam("event_id"))
    .values(seq=bindparam("number"))
)


def has_unnumbered(caller: CallerOrSystem, user_id: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    """The condition that the user has events without a number."""
    conditions = (col(Event.user_id) == user_id, col(Event.seq).is_(None))
    return access.select(caller, Event, col(Event.id)).where(*conditions).exists()


async def find_log_position(tx: Transaction, caller: Caller) -> LogPosition | None:
    """None if no event of the caller was ever numbered."""
    last_seq, user_id = col(EventSequence.last_seq), col(EventSequence.user_id)
    row = (
        await tx.execute(access.select(caller, EventSequence, last_seq, has_unnumbered(caller, user_id)))
    ).one_or_none()
    return None if row is None else LogPosition(*row)


async def find_log_positions(
    tx: Transaction, caller: CallerOrSystem, user_ids: Sequence[UUID]
) -> dict[UUID, LogPosition]:
    """The log position of each user. One statement."""
    last_seq, user_id = func.coalesce(col(EventSequence.last_seq), 0), col(User.id)
    statement = (
        access.select(caller, User, user_id, last_seq, has_unnumbered(caller, user_id))
        .outerjoin(
            EventSequence,
            and_(col(EventSequence.user_id) == user_id, access.visible_condition(caller, EventSequence)),
        )
        .where(user_id.in_(user_ids))
    )
    return {row[0]: LogPosition(*row[1:]) for row in await tx.execute(statement)}


async def read_events(
    tx: Transaction, caller: Caller, after: int, limit: int = READ_BATCH
) -> list[StreamEvent]:
    """At most `limit` events after `after`, in order; empty if the very next event was deleted."""
    seq, data = col(Event.seq), cast(col(Event.data), Text)
    size = func.sum(func.length(data)).over(order_by=seq)
    next_events = access.select(
        caller, Event, seq, col(Event.type), data.label("data"), size.label("size")
    ).where(seq > after, seq <= after + limit)
    found = next_events.subquery()
    fits = or_(found.c.size <= MAX_BATCH_CHARACTERS, found.c.seq == after + 1)
    statement = select(found.c.seq, found.c.type, found.c.data).where(fits).order_by(found.c.seq)
    batch = [StreamEvent(*row) for row in await tx.execute(statement)]
    return [event for seq, event in enumerate(batch, after + 1) if event.seq == seq]


async def delete_old_events(tx: Transaction, caller: CallerOrSystem, days: int) -> int:
    """Delete one batch of the events that are older than `days`; how many were examined.

    Unnumbered ones get their numbers first: the gap tells a reader that something was deleted.
    """
    old = access.select(caller, Event, col(Event.id), col(Event.user_id), col(Event.seq)).where(
        col(Event.created_at) < utc_now() - timedelta(days=days)
    )
    found = (await tx.execute(old.order_by(col(Event.created_at)).limit(DELETE_BATCH))).all()
    # Sorted, so that all workers lock the sequences in the same order.
    for user_id in sorted({row.user_id for row in found if row.seq is None})[:USER_BATCH]:
        await number_events(tx, caller, user_id)
    numbered = (col(Event.id).in_([row.id for row in found]), col(Event.seq).is_not(None))
    await tx.execute(delete(Event).where(access.visible_condition(caller, Event), *numbered))
    return len(found)
