# services/events/inboxes.py -- lists posted events, newest first, and marks them as read.
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Uuid, bindparam, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from access.audiences import addressed_to_members, addressed_to_user, sent_by_caller, sent_to_managed_agent
from access.memberships import has_role
from db import AnySelect, Database, RetryTransaction, Transaction
from errors import NotFound
from models import AccountMember, Event, EventRead
from models.event import Severity
from pagination import Page, fetch_list
from services.events.posted import IS_POSTED, POSTED_EVENTS, select_posted
from services.events.seats import bind_seats, list_seats

# Whose events a list has: one's own and those for all members, one's own alone, those of an agent that one manages, or
# those that one has sent to somebody.
Source = Literal["all", "own", "managed", "sent"]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the events of a list have in common."""

    recipient_id: UUID | None = None
    severity: Severity | None = None
    type: str | None = None
    unread: bool | None = None


# The condition of each filter that has a value, which is a bind parameter.
CONDITIONS = {
    "severity": col(Event.severity) == bindparam("severity"),
    "type": col(Event.type) == bindparam("type"),
}


async def list_events(db: Database, caller: Caller, wanted: EventFilter, page: Page) -> bytes:
    """Newest first, as JSON. NotFound for a recipient with whom the caller shares no account."""
    recipient_id = caller.user_id if wanted.recipient_id is None else wanted.recipient_id
    values: dict[str, object] = {**access.caller_params(caller), "recipient_id": recipient_id}
    source: Source = "own"
    accounts = 0
    if wanted.recipient_id is None:
        seats = await db.read(list_seats, caller)
        source, accounts = "all", len(seats)
        values |= bind_seats(seats)
    elif recipient_id != caller.user_id:
        source = await db.read(find_source, caller, recipient_id)
    filters = tuple(name for name in CONDITIONS if getattr(wanted, name) is not None)
    values |= {name: getattr(wanted, name) for name in filters}
    dialect = db.engine.dialect.name
    statement = select_listed(source, accounts, filters, wanted.unread, page.cursor is not None, dialect)
    return await fetch_list(db, POSTED_EVENTS, statement, values, page, scope=str(wanted.recipient_id or ""))


async def find_source(tx: Transaction, caller: Caller, recipient_id: UUID) -> Source:
    """What the caller may see of another's inbox: all if they manage that agent, else what they sent there."""
    is_managed = has_role(caller, AccountMember.account_id, "owner", "admin") & (
        col(AccountMember.role) == "agent"
    )
    theirs = access.select(caller, AccountMember, is_managed).where(
        col(AccountMember.user_id) == recipient_id
    )
    managed = list((await tx.execute(theirs)).scalars())
    if not managed:
        raise NotFound("recipient")
    return "managed" if any(managed) else "sent"


@lru_cache(maxsize=512)
def select_listed(
    source: Source, accounts: int, filters: tuple[str, ...], unread: bool | None, after: bool, dialect: str
) -> AnySelect:
    """The events of a list. Each audience is read from the end of its index, however many events it has had."""
    limits = [CONDITIONS[name] for name in filters]
    if unread is not None:
        # PostgreSQL would take a comparison of the joined time with NULL for rare, and read the records of everybody.
        mark = aliased(EventRead)
        marks = access.select(ANY_CALLER, mark, col(mark.event_id)).where(col(mark.event_id) == col(Event.id))
        limits.append(~marks.exists() if unread else marks.exists())
    if source == "sent":
        to = col(Event.recipient_id) == bindparam("recipient_id", type_=Uuid())
        return select_posted(ANY_CALLER, sent_by_caller(ANY_CALLER)).where(to, *limits)
    if source == "managed":
        managed = select_posted(ANY_CALLER, sent_to_managed_agent(ANY_CALLER))
        return read_from_end(managed.where(*is_for("user", "recipient_id"), *limits), dialect)
    own = (addressed_to_user(ANY_CALLER, Event), *is_for("user", "recipient_id"))
    if source == "own":
        return read_from_end(select_posted(ANY_CALLER, own[0]).where(*own[1:], *limits), dialect)
    if after:
        limits.append(col(Event.id) < bindparam("after_id"))
    audiences: list[tuple[ColumnElement[bool], ...]] = [own]
    for number in range(accounts):
        since = col(Event.id) > bindparam(f"from_{number}", type_=BigInteger())
        members = (addressed_to_members(ANY_CALLER, Event), *is_for("account", f"account_{number}"), since)
        audiences.append(members)
    newest = []
    for audience in audiences:
        found = select(col(Event.id)).where(*audience, col(Event.expires_at).is_(None), IS_POSTED, *limits)
        part = read_from_end(found, dialect).order_by(col(Event.id).desc()).limit(bindparam("page_limit"))
        newest.append(select(part.subquery().c.id))
    # A subquery of its own: MariaDB takes no limit right behind IN.
    merged = union_all(*newest).subquery()
    page = select(merged.c.id).order_by(merged.c.id.desc()).limit(bindparam("page_limit")).subquery()
    shown = col(Event.id).in_(select(page.c.id))
    return select_posted(ANY_CALLER, access.visible_condition(ANY_CALLER, Event)).where(shown)


def is_for(audience: str, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        col(Event.audience) == audience,
        col(Event.audience_id) == bindparam(name, type_=Uuid()),
    )


def read_from_end(statement: AnySelect, dialect: str) -> AnySelect:
    """All are the same in expires_at, and stand together in the index, which PostgreSQL reads from its end only if told
    so."""
    return statement.order_by(col(Event.expires_at).desc()) if dialect == "postgresql" else statement


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
