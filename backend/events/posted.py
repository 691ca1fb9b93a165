# events/posted.py -- events that users post, which are records: their shape, and how one is posted.
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from access.audiences import sent_by_caller
from db import AnySelect, Transaction, get_columns
from errors import InvalidCredential
from events.addressing import find_addressee
from events.writing import add_event_rows
from models import Event, EventRead, User
from models.event import EventCreate, EventPublic
from models.message import Sender
from pagination import ListSpec
from storage.json_text import quote_literal

# Of its type on streams, whatever type it was posted with.
STREAM_TYPE = "event.posted"
IS_POSTED = col(Event.sender_id).is_not(None)


def of_sender(value: ColumnElement[object]) -> ColumnElement[object]:
    """Of posted events alone, as it is now. It is no join, so that no engine ever reads other users for it."""
    found = select(value).where(access.sender_condition()).correlate(Event).scalar_subquery()
    return case((IS_POSTED, found))


SENDER_NAME = of_sender(get_columns(User)["display_name"]).label("sender_name")
SENDER_TYPE = func.coalesce(
    of_sender(case((col(User.kind) == "agent", quote_literal("agent")), else_=quote_literal("user"))),
    quote_literal("user"),
).label("sender_type")

COLUMNS = get_columns(Event)
POSTED_EVENTS = ListSpec(
    name="events",
    keys=(COLUMNS["id"],),
    fields={
        "id": COLUMNS["event_id"],
        "type": COLUMNS["type"],
        "severity": COLUMNS["severity"],
        "payload": COLUMNS["payload"],
        "account_id": COLUMNS["account_id"],
        "sender": {"type": SENDER_TYPE, "id": COLUMNS["sender_id"], "name": SENDER_NAME},
        "recipient_id": COLUMNS["recipient_id"],
        "created_at": COLUMNS["created_at"],
        "read_at": get_columns(EventRead)["read_at"],
    },
    public=lambda row: show_event(row.Event, row.sender_type, row.sender_name, row.read_at),
)


def show_event(
    event: Event,
    sender_type: Literal["user", "agent"],
    sender_name: str | None,
    read_at: datetime | None,
) -> EventPublic:
    assert event.event_id is not None
    assert event.account_id is not None
    return EventPublic(
        id=event.event_id,
        type=event.type,
        severity=event.severity,
        payload=event.payload,
        account_id=event.account_id,
        sender=Sender(type=sender_type, id=event.sender_id, name=sender_name),
        recipient_id=event.recipient_id,
        created_at=event.created_at,
        read_at=read_at,
    )


async def read_posted(tx: Transaction, caller: CallerOrSystem, ids: Sequence[int]) -> dict[int, str]:
    """The data of these events on streams, by their ids; it is the same for all who may see them."""
    statement = access.select(caller, Event, Event, SENDER_TYPE, SENDER_NAME).where(col(Event.id).in_(ids))
    return {
        event.id: f'{{"event":{show_event(event, kind, name, None).model_dump_json()}}}'
        for event, kind, name in await tx.execute(statement)
    }


def select_posted(caller: Caller, rule: ColumnElement[bool]) -> AnySelect:
    """Those of the rule, each with the kind and name of its sender and when the caller read it."""
    own_mark = and_(col(EventRead.event_id) == col(Event.id), access.visible_condition(caller, EventRead))
    return (
        select(Event, SENDER_TYPE, SENDER_NAME, col(EventRead.read_at))
        .outerjoin(EventRead, own_mark)
        .where(rule, col(Event.expires_at).is_(None), IS_POSTED)
    )


async def lock_sender(tx: Transaction, caller: Caller) -> str | None:
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
    name = await lock_sender(tx, caller)
    if new_id is not None:
        same = select_posted(caller, sent_by_caller(caller)).where(col(Event.event_id) == new_id)
        if (found := (await tx.execute(same)).one_or_none()) is not None:
            return show_event(*found)
    to = await find_addressee(tx, caller, new.recipient_id, new.account_id)
    event = Event(
        event_id=new_id or uuid4(),
        type=new.type,
        severity=new.severity,
        payload=new.payload,
        audience="account" if to.recipient_id is None else "user",
        audience_id=to.recipient_id or to.account_id,
        sender_id=caller.user_id,
        recipient_id=to.recipient_id,
        account_id=to.account_id,
    )
    await add_event_rows(tx, event)
    return show_event(event, "user" if caller.agent_account_id is None else "agent", name, None)
