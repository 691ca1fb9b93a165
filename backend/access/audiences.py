# access/audiences.py -- whose an event is: its user's, those of an account or a conversation, or also its sender's.
from collections.abc import Callable

from sqlalchemy import Column, ColumnElement, and_, exists, func, inspect, or_
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import col

from access.callers import Caller, require_id
from access.memberships import has_role
from access.participation import addressed_to_participants
from db import AnySelect, get_columns
from models import Account, AccountMember, Event, EventLogEntry
from storage.rule_check import TableRule

EventTable = type[Event] | type[EventLogEntry]

# The caller's membership in the account of an event, and that account, beside those that a statement is about.
SEAT = aliased(AccountMember, name="seat")
SEAT_ACCOUNT = aliased(Account, name="seat_account")
# The membership of an agent to which an event was sent.
AGENT = aliased(AccountMember, name="agent_membership")


def audience_column(table: EventTable) -> Column[object]:
    found: Column[object] = get_columns(table)["audience_id"]
    return found


def addressed_to_user(caller: Caller, table: EventTable) -> TableRule:
    """What is for the caller alone."""
    own = and_(col(table.audience) == "user", col(table.audience_id) == require_id(caller.user_id))
    return TableRule(own, audience_column(table))


def addressed_to_members(caller: Caller, table: EventTable) -> TableRule:
    """What is for the members of an account, of whom the caller has been one since before it was written."""
    event_id: ColumnElement[int] = get_columns(table)["id" if table is Event else "event_id"]  # type: ignore[assignment]
    return TableRule(
        and_(col(table.audience) == "account", has_seat(caller, table, event_id)), audience_column(table)
    )


def addressed_to_found_member() -> TableRule:
    """What is for the members of an account, for one whom the same statement has found by the member's own rule."""
    seen = and_(
        col(Event.audience) == "account",
        col(Event.audience_id) == col(AccountMember.account_id),
        col(Event.id) > func.coalesce(col(AccountMember.joined_event_id), 0),
    )
    return TableRule(seen, audience_column(Event))


def found_events(ids: AnySelect) -> TableRule:
    """The events whose ids the same statement has found by their own rules."""
    return TableRule(col(Event.id).in_(ids), audience_column(Event))


def has_seat(caller: Caller, table: EventTable, event_id: ColumnElement[int]) -> ColumnElement[bool]:
    own = and_(
        col(SEAT.account_id) == col(table.audience_id), col(SEAT.user_id) == require_id(caller.user_id)
    )
    account = and_(col(SEAT_ACCOUNT.id) == col(SEAT.account_id), col(SEAT_ACCOUNT.deleted_at).is_(None))
    return exists(
        sql_select(1).where(
            TableRule(own, inspect(SEAT).selectable.columns["user_id"]),
            TableRule(account, inspect(SEAT_ACCOUNT).selectable.columns["id"]),
            event_id > func.coalesce(col(SEAT.joined_event_id), 0),
        )
    )


def addressed_to_caller(table: EventTable) -> Callable[[Caller], TableRule]:
    """What is for the caller alone, for the members of their accounts, and for those they talk with."""
    return lambda caller: TableRule(
        or_(
            addressed_to_user(caller, table),
            addressed_to_members(caller, table),
            addressed_to_participants(caller, table),
        ),
        audience_column(table),
    )


def sent_by_caller(caller: Caller) -> TableRule:
    """The events that the caller has posted."""
    return TableRule(col(Event.sender_id) == require_id(caller.user_id), audience_column(Event))


def sent_to_managed_agent(caller: Caller) -> TableRule:
    """The events for one agent alone, of an account of which the caller is an owner or an admin."""
    agent = and_(col(AGENT.user_id) == col(Event.audience_id), col(AGENT.role) == "agent")
    managed = exists(
        sql_select(1).where(
            TableRule(agent, inspect(AGENT).selectable.columns["user_id"]),
            has_role(caller, AGENT.account_id, "owner", "admin"),
        )
    )
    return TableRule(and_(col(Event.audience) == "user", managed), audience_column(Event))
