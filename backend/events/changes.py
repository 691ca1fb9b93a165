# events/changes.py -- writes an event with the change that it tells of, and reads what streams show.
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlmodel import col

import access
from access import ANY_CALLER, SYSTEM, Caller, CallerOrSystem, System, caller_params
from access.audiences import addressed_to_members, addressed_to_user
from access.participation import addressed_to_place, own_places
from db import AnyRow, AnySelect, Transaction, fetch_rows
from events import posted
from events.seats import bind_seats, list_account_seats
from events.writing import add_events
from models import ConversationParticipant, Event, EventLogEntry
from models.event import Audience, NewEvent

# A batch is in memory for each stream that catches up: READ_BATCH events of at most MAX_BATCH_CHARACTERS in all, but
# at least one event.
READ_BATCH = 100
MAX_BATCH_CHARACTERS = 256 * 1024
# A batch is looked for among so many numbers of the log, and where it is not filled, among more. So somebody who is far
# behind in many conversations does not read a batch of each.
FIRST_WINDOW = 2_000
WINDOW_GROWTH = 8


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as a stream sends it; `data` is JSON."""

    seq: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The next events that a caller may see, which are all of those up to the number `next_after`."""

    events: list[StreamEvent]
    next_after: int


# Writing


def new_event(
    audience: Caller | UUID | Audience,
    type_: str,
    payload: Mapping[str, object],
    event_id: UUID | None = None,
) -> NewEvent:
    """For a caller or a user alone, or for all of an audience. `payload` is what REST returns of the change: public
    shapes, ids, JSON. It is the same for all who may see it.
    """
    if isinstance(audience, Caller):
        audience = audience.user_id
    if isinstance(audience, UUID):
        audience = Audience("user", audience)
    return NewEvent(audience, type_, payload, event_id)


async def record_event(
    tx: Transaction,
    audience: Caller | UUID | Audience,
    type_: str,
    payload: Mapping[str, object],
    event_id: UUID | None = None,
) -> int:
    """Write an event; open streams are woken after the commit. The `id` of its row, by which events stand in order.

    It has no number yet. Call it after the change was flushed, while its row is locked: this keeps the events of one
    row in their order.
    """
    return await record_events(tx, [new_event(audience, type_, payload, event_id)])


async def record_events(tx: Transaction, events: Iterable[NewEvent]) -> int:
    """The same for several events, in this order; the `id` of the last one, 0 if there is none."""
    return max(await record_each(tx, events), default=0)


async def record_each(tx: Transaction, events: Iterable[NewEvent]) -> list[int]:
    """The same; the `id` of each."""
    return await add_events(tx, events)


# Reading


def stream_columns() -> list[SQLColumnExpression[object]]:
    """The last one is null for a change. What else a stream shows of a posted event is looked up for these alone."""
    payload = cast(col(Event.payload), Text).label("payload")
    return [col(Event.type), payload, case((posted.IS_POSTED, col(Event.id))).label("posted_id")]


def limit_size(found: AnySelect) -> AnySelect:
    """The rows of `found`, which are ordered by `seq`, until they are MAX_BATCH_CHARACTERS; the last column counts
    those that were found."""
    rows = found.subquery()
    size = func.sum(func.length(rows.c.payload)).over(order_by=rows.c.seq)
    number, count = func.row_number().over(order_by=rows.c.seq), func.count().over()
    sized = select(rows, size.label("size"), number.label("number"), count.label("found")).subquery()
    fits = or_(sized.c.size <= MAX_BATCH_CHARACTERS, sized.c.number == 1)
    shown = (sized.c.seq, sized.c.type, sized.c.payload, sized.c.posted_id, sized.c.found)
    return select(*shown).where(fits).order_by(sized.c.seq)


async def to_stream_events(
    tx: Transaction, caller: CallerOrSystem, rows: Sequence[AnyRow]
) -> list[StreamEvent]:
    """Changes as they were stored; posted events, if they are still there, under the one type that all of them have."""
    ids = [posted_id for *_, posted_id, _ in rows if posted_id is not None]
    data_of = await posted.read_posted(tx, caller, ids) if ids else {}
    events = []
    for seq, type_, payload, posted_id, _ in rows:
        if posted_id is None:
            events.append(StreamEvent(seq, type_, payload))
        elif posted_id in data_of:
            events.append(StreamEvent(seq, posted.STREAM_TYPE, data_of[posted_id]))
    return events


def select_entries(audience: str, addressee: ColumnElement[UUID], rule: ColumnElement[bool]) -> AnySelect:
    """The next entries of one audience: however long the log is, no more are read than a batch."""
    seq = col(EventLogEntry.seq)
    is_addressed = (
        col(EventLogEntry.audience) == audience,
        col(EventLogEntry.audience_id) == addressee,
    )
    found = select(seq, col(EventLogEntry.event_id)).where(rule, *is_addressed, *is_in_window())
    return found.order_by(seq).limit(bindparam("batch"))


def is_in_window() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    seq = col(EventLogEntry.seq)
    return seq > bindparam("after", type_=BigInteger()), seq <= bindparam("until", type_=BigInteger())


def select_conversation_entries(dialect: str) -> AnySelect:
    """The next entries of all conversations in which the caller takes part.

    PostgreSQL reads no more of each than a batch. The others, which have no LATERAL, put all of the window in order.
    """
    entries = (
        select(col(EventLogEntry.seq), col(EventLogEntry.event_id))
        .where(addressed_to_place(), *is_in_window())
        .order_by(col(EventLogEntry.seq))
        .limit(bindparam("batch"))
    )
    if dialect == "postgresql":
        next_entries = entries.correlate(ConversationParticipant).lateral("next_entries")
        found = select(next_entries).select_from(ConversationParticipant).join(next_entries, true())
        found = found.order_by(next_entries.c.seq).limit(bindparam("batch"))
    else:
        found = entries.join(ConversationParticipant, true())
    return found.where(own_places(ANY_CALLER))


@lru_cache(maxsize=256)
def batch_statement(accounts: int, dialect: str) -> AnySelect:
    """The next events for a caller who sees those of so many accounts."""
    user_id = bindparam("caller_user_id", type_=Uuid())
    parts = [
        select_entries("user", user_id, addressed_to_user(ANY_CALLER, EventLogEntry)),
        select_conversation_entries(dialect),
    ]
    for number in range(accounts):
        account_id = bindparam(f"account_{number}", type_=Uuid())
        entries = select_entries("account", account_id, addressed_to_members(ANY_CALLER, EventLogEntry))
        since = bindparam(f"from_{number}", type_=BigInteger())
        parts.append(entries.where(col(EventLogEntry.event_id) > since))
    entry = union_all(*(select(part.subquery()) for part in parts)).subquery("entry")
    found = (
        select(entry.c.seq, *stream_columns())
        .join_from(entry, Event, col(Event.id) == entry.c.event_id)
        .where(access.visible_condition(ANY_CALLER, Event))
    )
    return limit_size(found.order_by(entry.c.seq).limit(bindparam("batch")))


async def read_events(
    tx: Transaction, caller: Caller, after: int, last_seq: int, limit: int = READ_BATCH
) -> EventBatch:
    """At most `limit` of the events after `after`, up to `last_seq`, that the caller may see, in order.

    Two statements for changes, and one more for each further window.
    """
    seats = await list_account_seats(tx, caller)
    statement = batch_statement(len(seats), tx.get_bind().dialect.name)
    values = {**caller_params(caller), **bind_seats(seats)}
    found: list[AnyRow] = []
    window, size = FIRST_WINDOW, 0
    while after < last_seq and len(found) < limit and size < MAX_BATCH_CHARACTERS:
        until, left = min(after + window, last_seq), limit - len(found)
        rows = await fetch_rows(tx, statement, {**values, "after": after, "until": until, "batch": left})
        found += rows
        size += sum(len(payload) for _, _, payload, *_ in rows)
        is_whole = len(rows) < left and (not rows or rows[0][-1] == len(rows))
        if not is_whole:
            after = rows[-1][0]
            break
        after, window = until, window * WINDOW_GROWTH
    return EventBatch(await to_stream_events(tx, caller, found), after)


async def read_logged_events(tx: Transaction, caller: System, event_ids: Sequence[int]) -> list[StreamEvent]:
    """Those of the events that are still there, in the order of the log, whomever they are for.

    At most MAX_BATCH_CHARACTERS, but at least one event: who gets fewer asks for the rest.
    """
    rows = (await tx.execute(logged_statement(), {"event_ids": list(event_ids)})).all()
    return await to_stream_events(tx, caller, rows)


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
