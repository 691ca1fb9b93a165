# services/events/posted.py -- events that users post, which are records: post one, list them, mark them as read.
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, case, literal_column, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import ANY_CALLER, Caller, CallerOrSystem
from db import AnySelect, Database, RetryTransaction, Transaction, add_event_rows, get_columns
from errors import InvalidCredential, NotFound
from models import Event, EventRead, User
from models.event import EventCreate, EventPublic, Severity
from models.message import Sender
from pagination import ListSpec, Page, fetch_list

# Of its type on streams, whatever type it was posted with.
STREAM_TYPE = "event.posted"
IS_POSTED = col(Event.sender_id).is_not(None)
# As it is now, looked up for posted events alone. It is no join, so that no engine ever reads other users for it.
SENDER_NAME: ColumnElement[object] = case(
    (
        IS_POSTED,
        select(col(User.display_name)).where(access.sender_condition()).correlate(Event).scalar_subquery(),
    )
).label("sender_name")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the events of a list have in common. `recipient_id` can only be the caller's own."""

    recipient_id: UUID | None = None
    severity: Severity | None = None
    type: str | None = None
    unread: bool | None = None


COLUMNS = get_columns(Event)
POSTED_EVENTS = ListSpec(
    name="events",
    keys=(COLUMNS["id"],),
    fields={
        "id": COLUMNS["event_id"],
        "type": COLUMNS["type"],
        "severity": COLUMNS["severity"],
        "payload": COLUMNS["payload"],
        "account_id": COLUMNS["audience_id"],
        "sender": {"type": literal_column("'user'"), "id": COLUMNS["sender_id"], "name": SENDER_NAME},
        "recipient_id": COLUMNS["audience_id"],
        "created_at": COLUMNS["created_at"],
        "read_at": get_columns(EventRead)["read_at"],
    },
    public=lambda row: show_event(row.Event, row.sender_name, row.read_at),
)


def show_event(event: Event, sender_name: str | None, read_at: datetime | None) -> EventPublic:
    """An event is for one user, whose personal account has their id."""
    assert event.event_id is not None
    return EventPublic(
        id=event.event_id,
        type=event.type,
        severity=event.severity,
        payload=event.payload,
        account_id=event.audience_id,
        sender=Sender(type="user", id=event.sender_id, name=sender_name),
        recipient_id=event.audience_id,
        created_at=event.created_at,
        read_at=read_at,
    )


async def read_posted(tx: Transaction, caller: CallerOrSystem, ids: Sequence[int]) -> dict[int, str]:
    """The data of these events on streams, by their ids; it is the same for all who may see them."""
    statement = access.select(caller, Event, Event, SENDER_NAME).where(col(Event.id).in_(ids))
    return {
        event.id: f'{{"event":{show_event(event, name, None).model_dump_json()}}}'
        for event, name in await tx.execute(statement)
    }


def require_own(caller: Caller, recipient_id: UUID | None, account_id: UUID | None = None) -> None:
    """Events are for oneself; whoever else is named looks as if nobody were there."""
    for noun, id_ in (("recipient", recipient_id), ("account", account_id)):
        if id_ is not None and id_ != caller.user_id:
            raise NotFound(noun)


def select_posted(caller: Caller) -> AnySelect:
    """Those that the caller may see, each with the name of its sender and when the caller read it."""
    own_mark = and_(col(EventRead.event_id) == col(Event.id), access.visible_condition(caller, EventRead))
    return (
        access.select(caller, Event, Event, SENDER_NAME, col(EventRead.read_at))
        .outerjoin(EventRead, own_mark)
        .where(col(Event.expires_at).is_(None), IS_POSTED)
    )


# The condition of each filter that has a value, which is a bind parameter.
CONDITIONS = {
    "severity": col(Event.severity) == bindparam("severity"),
    "type": col(Event.type) == bindparam("type"),
}


@cache
def select_listed(filters: tuple[str, ...], unread: bool | None, dialect: str) -> AnySelect:
    statement = select_posted(ANY_CALLER).where(*(CONDITIONS[name] for name in filters))
    if unread is not None:
        # PostgreSQL would take a comparison of the joined time with NULL for rare, and read the records of everybody.
        mark = aliased(EventRead)
        marks = access.select(ANY_CALLER, mark, col(mark.event_id)).where(col(mark.event_id) == col(Event.id))
        statement = statement.where(~marks.exists() if unread else marks.exists())
    if dialect == "postgresql":
        # All are the same in it, and stand together in the index, which PostgreSQL reads from its end only if told so.
        statement = statement.order_by(col(Event.expires_at).desc())
    return statement


async def list_events(db: Database, caller: Caller, wanted: EventFilter, page: Page) -> bytes:
    """Newest first, as JSON."""
    require_own(caller, wanted.recipient_id)
    filters = {name: getattr(wanted, name) for name in CONDITIONS if getattr(wanted, name) is not None}
    statement = select_listed(tuple(filters), wanted.unread, db.engine.dialect.name)
    return await fetch_list(db, POSTED_EVENTS, statement, {**access.caller_params(caller), **filters}, page)


async def find_sender_name(tx: Transaction, caller: Caller) -> str | None:
    """The caller's name, whose removal cannot begin before the commit: nothing would take the record away."""
    own = access.select(caller, User, col(User.display_name)).with_for_update(read=True, key_share=True)
    row = (await tx.execute(own)).one_or_none()
    if row is None:
        raise InvalidCredential
    name: str | None = row[0]
    return name


async def post_event(
    tx: Transaction, caller: Caller, new: EventCreate, new_id: UUID | None = None
) -> EventPublic:
    """With `new_id` as its id, if given: an event that has this id already is returned instead."""
    require_own(caller, new.recipient_id, new.account_id)
    name = await find_sender_name(tx, caller)
    if new_id is not None:
        same = select_posted(caller).where(col(Event.event_id) == new_id)
        if (found := (await tx.execute(same)).one_or_none()) is not None:
            return show_event(*found)
    event = Event(
        event_id=new_id or uuid4(),
        type=new.type,
        severity=new.severity,
        payload=new.payload,
        audience="user",
        audience_id=caller.user_id,
        sender_id=caller.user_id,
    )
    await add_event_rows(tx, event)
    return show_event(event, name, None)


async def mark_read(tx: Transaction, caller: Caller, event_ids: Sequence[UUID]) -> None:
    """Note which of the events are read from now on; NotFound, and nothing noted, if the caller may not see all.

    An event that was read keeps its time.
    """
    wanted = set(event_ids)
    visible = access.select(caller, Event, col(Event.id)).where(col(Event.event_id).in_(wanted), IS_POSTED)
    ids = {id_ for id_ in (await tx.execute(visible)).scalars() if id_ is not None}
    if len(ids) < len(wanted):
        raise NotFound("event")
    noted = access.select(caller, EventRead, col(EventRead.event_id)).where(col(EventRead.event_id).in_(ids))
    already_read = set((await tx.execute(noted)).scalars())
    for id_ in sorted(ids - already_read):
        access.add_row(tx, caller, EventRead(event_id=id_, user_id=caller.user_id))
    try:
        await tx.flush()
    except IntegrityError as error:
        raise RetryTransaction from error  # another request was first
