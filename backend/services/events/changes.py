# services/events/changes.py -- writes an event with the change that it tells of, and reads those a caller may see.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import SQLColumnExpression, Text, bindparam, cast, func, or_, select
from sqlmodel import col

import access
from access import ANY_CALLER, SYSTEM, Caller, System, caller_params
from db import AnyRow, AnySelect, NewEvent, Transaction, add_event, fetch_rows
from models import Event, EventLogEntry
from models.event import Audience

# A batch is in memory for each stream that catches up: READ_BATCH events of at most MAX_BATCH_CHARACTERS in all, but
# at least one event.
READ_BATCH = 100
MAX_BATCH_CHARACTERS = 256 * 1024


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as a stream sends it; `data` is JSON."""

    seq: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The next events that a caller may see; `is_complete`: there are no more of them yet."""

    events: list[StreamEvent]
    is_complete: bool


# Writing


def new_event(caller: Caller | UUID, type_: str, payload: Mapping[str, object]) -> NewEvent:
    """`payload` is what REST returns of the change: public shapes, ids, JSON."""
    user_id = caller if isinstance(caller, UUID) else caller.user_id
    return NewEvent(Audience("user", user_id), type_, payload)


async def record_event(
    tx: Transaction, caller: Caller | UUID, type_: str, payload: Mapping[str, object]
) -> None:
    """Write an event; open streams are woken after the commit.

    It has no number yet. Call it after the change was flushed, while its row is locked: this keeps the events of one
    row in their order.
    """
    await add_event(tx, new_event(caller, type_, payload))


# Reading


def stream_columns() -> list[SQLColumnExpression[object]]:
    return [col(Event.type), cast(col(Event.payload), Text).label("payload")]


def limit_size(found: AnySelect) -> AnySelect:
    """The rows of `found`, which are ordered by `seq`, until they are MAX_BATCH_CHARACTERS; the last column counts
    those that were found."""
    rows = found.subquery()
    size = func.sum(func.length(rows.c.payload)).over(order_by=rows.c.seq)
    number, count = func.row_number().over(order_by=rows.c.seq), func.count().over()
    sized = select(rows, size.label("size"), number.label("number"), count.label("found")).subquery()
    fits = or_(sized.c.size <= MAX_BATCH_CHARACTERS, sized.c.number == 1)
    return select(sized.c.seq, sized.c.type, sized.c.payload, sized.c.found).where(fits).order_by(sized.c.seq)


def to_stream_event(row: AnyRow) -> StreamEvent:
    return StreamEvent(*row[:3])


@cache
def batch_statement() -> AnySelect:
    seq = col(EventLogEntry.seq)
    found = (
        access.select(ANY_CALLER, EventLogEntry, seq, *stream_columns())
        .join(Event, col(Event.id) == col(EventLogEntry.event_id))
        .where(access.visible_condition(ANY_CALLER, Event), seq > bindparam("after"))
    )
    return limit_size(found.order_by(seq).limit(bindparam("batch")))


async def read_events(tx: Transaction, caller: Caller, after: int, limit: int = READ_BATCH) -> EventBatch:
    """At most `limit` of the events after `after` that the caller may see, in order. One statement."""
    values = {**caller_params(caller), "after": after, "batch": limit}
    rows = await fetch_rows(tx, batch_statement(), values)
    is_complete = len(rows) < limit and (not rows or rows[0][3] == len(rows))
    return EventBatch([to_stream_event(row) for row in rows], is_complete)


async def read_logged_events(tx: Transaction, caller: System, event_ids: Sequence[int]) -> list[StreamEvent]:
    """Those of the events that are still there, in the order of the log, whomever they are for.

    At most MAX_BATCH_CHARACTERS, but at least one event: who gets fewer asks for the rest.
    """
    return [
        to_stream_event(row) for row in await tx.execute(logged_statement(), {"event_ids": list(event_ids)})
    ]


@cache
def logged_statement() -> AnySelect:
    seq = col(EventLogEntry.seq)
    found = (
        access.select(SYSTEM, EventLogEntry, seq, *stream_columns())
        .join(Event, col(Event.id) == col(EventLogEntry.event_id))
        .where(
            access.visible_condition(SYSTEM, Event),
            col(Event.id).in_(bindparam("event_ids", expanding=True)),
        )
    )
    return limit_size(found.order_by(seq))
