# events/inboxes.py -- lists posted events, newest first, and marks them as read.
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
from access.audiences import (
    addressed_to_found_member,
    addressed_to_members,
    addressed_to_user,
    found_events,
    sent_by_caller,
    sent_to_managed_agent,
)
from access.memberships import has_role
from db import AnySelect, Database, RetryTransaction, Transaction
from errors import NotFound
from events import changes
from events.posted import IS_POSTED, POSTED_EVENTS, select_posted
from events.seats import bind_seats, fetch_account_seats
from models import AccountMember, Event, EventRead
from models.event import Severity
from pagination import Page, fetch_list

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
        source = "all"
        if not db.is_postgresql:
            seats = await fetch_account_seats(db, caller)
            accounts = len(seats)
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
    """The events of a list. Each audience is read from the end of its index, however many events it has had.

    `accounts` is of how many accounts the caller has bound the seats; PostgreSQL looks them up itself.
    """
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
    limits += [col(Event.expires_at).is_(None), IS_POSTED]
    newest = [select_newest(own, limits, dialect)]
    if dialect == "postgresql":
        newest.append(select_newest_of_accounts(limits))
    for number in range(accounts):
        since = col(Event.id) > bindparam(f"from_{number}", type_=BigInteger())
        members = (addressed_to_members(ANY_CALLER, Event), *is_for("account", f"account_{number}"), since)
        newest.append(select_newest(members, limits, dialect))
    # A subquery of its own: MariaDB takes no limit right behind IN.
    merged = union_all(*(select(part.subquery().c.id) for part in newest)).subquery()
    page = select(merged.c.id).order_by(merged.c.id.desc()).limit(bindparam("page_limit")).subquery()
    return select_posted(ANY_CALLER, found_events(select(page.c.id)))


def select_newest(
    audience: Sequence[ColumnElement[bool]], limits: Sequence[ColumnElement[bool]], dialect: str
) -> AnySelect:
    """The ids of the newest events of one audience: no more than a page has."""
    found = read_from_end(select(col(Event.id)).where(*audience, *limits), dialect)
    return found.order_by(col(Event.id).desc()).limit(bindparam("page_limit"))


def select_newest_of_accounts(limits: Sequence[ColumnElement[bool]]) -> AnySelect:
    """The same of each of the caller's accounts, in one statement with the caller's memberships."""
    of_one = select_newest([addressed_to_found_member()], limits, "postgresql")
    newest = of_one.correlate(AccountMember).lateral("newest_of_account")
    return access.select_own_memberships(ANY_CALLER, newest.c.id)


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

    An event that was read keeps its time. The caller's streams are told of those that were not.
    """
    wanted = set(event_ids)
    visible = access.select(caller, Event, col(Event.id), col(Event.event_id))
    rows = await tx.execute(visible.where(col(Event.event_id).in_(wanted), IS_POSTED))
    found: dict[int, UUID] = {row.id: row.event_id for row in rows}
    if len(found) < len(wanted):
        raise NotFound("event")
    noted = access.select(caller, EventRead, col(EventRead.event_id)).where(
        col(EventRead.event_id).in_(list(found))
    )
    already_read = set((await tx.execute(noted)).scalars())
    newly_read = sorted(found.keys() - already_read)
    for id_ in newly_read:
        access.add_row(tx, caller, EventRead(event_id=id_, user_id=caller.user_id))
    try:
        await tx.flush()
    except IntegrityError as error:
        raise RetryTransaction from error  # another request was first
    if newly_read:
        told = {"event_ids": [found[id_] for id_ in newly_read]}
        await changes.record_event(tx, caller, "event.read", told)
