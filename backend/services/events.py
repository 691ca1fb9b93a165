# services/events.py -- verbs on the log of what changed for a person: write it, number it, read it, forget it.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, delete, func, insert, or_, select, update
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from db import NewEvent, Transaction, add_event
from models import AuthSession, Event, EventSequence
from models.columns import now
from services.identity.sessions import live
from storage.dialects import upsert

NUMBERED_AT_ONCE = 1_000
# One batch is all that a stream holds in memory: so many events of not more than so many characters, or a single one.
READ_AT_ONCE = 100
READ_CHARACTERS = 256 * 1024
DELETED_AT_ONCE = 1_000
USERS_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a stream sends it; `data` is JSON."""

    seq: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest number of a person's events, and whether any wait for theirs."""

    last_seq: int
    waiting: bool

    def is_past(self, seq: int | None) -> bool:
        """Whether there is something to read for who has read up to `seq`."""
        return self.waiting or self.last_seq != seq


# Written by whoever changes something


def change(caller: Caller | UUID, type_: str, data: Mapping[str, Any]) -> NewEvent:
    """`data` holds public shapes, ids or JSON: what REST would show of it."""
    return NewEvent(caller if isinstance(caller, UUID) else caller.user_id, type_, data)


async def record(tx: Transaction, caller: Caller | UUID, type_: str, data: Mapping[str, Any]) -> None:
    """Tell the person's open streams of a change, once its transaction is committed.

    The event has no number yet: a counter would make writers wait for each other. Call it after the change was
    flushed, while its row is locked: so the changes of one row are told in their order.
    """
    await add_event(tx, change(caller, type_, data))


# Numbered and read by whoever streams


async def number(tx: Transaction, caller: CallerOrSystem, user_id: UUID) -> tuple[int, int]:
    """Give the person's waiting events the next numbers: how many there were, and the last number.

    At most NUMBERED_AT_ONCE. Whoever holds the lock of the sequence numbers alone; writers hold none of it. What is
    committed later gets a later number, so no reader is past it.
    """
    new = insert(EventSequence).values(user_id=user_id, last_seq=0)
    last = col(EventSequence.last_seq)
    last_seq: int = await upsert(tx, new, "user_id", {"last_seq": last}, last)  # changes nothing, but locks
    waiting = access.select(caller, Event, col(Event.id)).where(
        col(Event.user_id) == user_id, col(Event.seq).is_(None)
    )
    # Found without a lock and changed by their keys: on MariaDB anything else would wait for writers.
    found = list((await tx.execute(waiting.order_by(col(Event.id)).limit(NUMBERED_AT_ONCE))).scalars())
    if found:
        numbers = [{"event_id": event_id, "number": last_seq + n} for n, event_id in enumerate(found, 1)]
        await tx.execute(NUMBERING, numbers)
        last_seq += len(found)
        sequence = (access.visible_condition(caller, EventSequence), col(EventSequence.user_id) == user_id)
        await tx.execute(update(EventSequence).where(*sequence).values(last_seq=last_seq))
    return len(found), last_seq


EVENTS = Event.metadata.tables["events"]
NUMBERING = update(EVENTS).where(EVENTS.c.id == bindparam("event_id")).values(seq=bindparam("number"))


def waiting_for(caller: CallerOrSystem, user_id: Any) -> Any:
    """Whether events of a person wait for their numbers."""
    theirs = (col(Event.user_id) == user_id, col(Event.seq).is_(None))
    return access.select(caller, Event, col(Event.id)).where(*theirs).exists()


async def find_standing(tx: Transaction, caller: Caller) -> Standing | None:
    """None where nothing was ever numbered for this person."""
    last_seq, user_id = col(EventSequence.last_seq), col(EventSequence.user_id)
    row = (
        await tx.execute(access.select(caller, EventSequence, last_seq, waiting_for(caller, user_id)))
    ).one_or_none()
    return None if row is None else Standing(*row)


async def find_standings(
    tx: Transaction, caller: CallerOrSystem, session_ids: Sequence[UUID]
) -> dict[UUID, Standing]:
    """How the log of each session's person stands; a session that has ended is not among them. One statement."""
    last_seq, user_id = func.coalesce(col(EventSequence.last_seq), 0), col(AuthSession.user_id)
    statement = (
        access.select(caller, AuthSession, col(AuthSession.id), last_seq, waiting_for(caller, user_id))
        .outerjoin(EventSequence, col(EventSequence.user_id) == user_id)
        .where(col(AuthSession.id).in_(session_ids), *live())
    )
    return {row[0]: Standing(*row[1:]) for row in await tx.execute(statement)}


async def read(tx: Transaction, caller: Caller, after: int) -> list[Line]:
    """The next lines past `after`, in order, as many as are held at once; none where the next one is gone."""
    seq, data = col(Event.seq), cast(col(Event.data), Text)
    size = func.sum(func.length(data)).over(order_by=seq)
    near = access.select(caller, Event, seq, col(Event.type), data.label("data"), size.label("size")).where(
        seq > after, seq <= after + READ_AT_ONCE
    )
    found = near.subquery()
    fits = or_(found.c.size <= READ_CHARACTERS, found.c.seq == after + 1)
    statement = select(found.c.seq, found.c.type, found.c.data).where(fits).order_by(found.c.seq)
    lines = [Line(*row) for row in await tx.execute(statement)]
    return [line for place, line in enumerate(lines, after + 1) if line.seq == place]


async def delete_old(tx: Transaction, caller: CallerOrSystem, days: int) -> int:
    """Delete events that are so old, at most DELETED_AT_ONCE; how many were looked at.

    Those that still wait get their numbers first: a reader sees by the gap that something is gone.
    """
    old = access.select(caller, Event, col(Event.id), col(Event.user_id), col(Event.seq)).where(
        col(Event.created_at) < now() - timedelta(days=days)
    )
    found = (await tx.execute(old.order_by(col(Event.created_at)).limit(DELETED_AT_ONCE))).all()
    # In the same order on every worker, each of which locks one sequence after the other.
    for user_id in sorted({row.user_id for row in found if row.seq is None})[:USERS_AT_ONCE]:
        await number(tx, caller, user_id)
    numbered = (col(Event.id).in_([row.id for row in found]), col(Event.seq).is_not(None))
    await tx.execute(delete(Event).where(*numbered))
    return len(found)
