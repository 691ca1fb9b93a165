# access/rules.py -- the one rule per table that says which of its rows a caller may see.
"""The rules are marked, and no statement is executed without the mark of each of its tables: storage/rule_check.py."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    SQLColumnExpression,
    and_,
    exists,
    false,
    func,
    inspect,
    true,
)
from sqlalchemy import select as sql_select
from sqlalchemy.orm.util import AliasedClass
from sqlalchemy.sql.util import ClauseAdapter
from sqlmodel import SQLModel, col

from access.audiences import addressed_to_caller
from access.callers import (
    Caller,
    CallerOrSystem,
    System,
    require_id,
)
from access.conversations import conversation_of_caller
from access.memberships import (
    account_of_member,
    agent_of_member,
    invitation_of_manager,
)
from access.participation import change_of_shared, delivery_of_shared, participant_in_shared
from access.runs import run_of_caller
from access.search import entry_of_caller
from db import AnySelect, get_columns
from models import (
    Account,
    AccountInvitation,
    AccountMember,
    Agent,
    ApiToken,
    Approval,
    AuthSession,
    Conversation,
    ConversationParticipant,
    Event,
    EventCounter,
    EventLogEntry,
    EventRead,
    IdempotencyKey,
    ImportRow,
    KeptPart,
    Message,
    MessageChange,
    MessageDelivery,
    OAuthClient,
    OAuthCode,
    OAuthToken,
    RateLimit,
    RefreshToken,
    Run,
    RunEvent,
    SearchEntry,
    Task,
    ToolCall,
    UndoStep,
    User,
)
from storage.rule_check import TableRule


# SQLModel gives a column the type of its values, so to mypy the columns below are ids.
def table_column(column: object) -> Column[object]:
    """The column of the table, for the attribute of a class."""
    attribute = inspect(column)
    found: Column[object] = get_columns(attribute.class_)[attribute.key]
    return found


def owned_by_caller(column: UUID) -> Callable[[Caller], TableRule]:
    mark = table_column(column)
    return lambda caller: TableRule(col(column) == require_id(caller.user_id), mark)


def child_of(table: type[SQLModel], here: UUID, there: UUID) -> Callable[[Caller], TableRule]:
    """Rows that belong to a visible row of `table`: their column `here` holds its column `there`."""
    mark = table_column(here)
    return lambda caller: TableRule(
        exists(sql_select(1).where(col(there) == col(here), visible_condition(caller, table))), mark
    )


def own_active_account(caller: Caller) -> TableRule:
    """The caller's own row, until the removal of the account begins."""
    own = and_(col(User.id) == require_id(caller.user_id), col(User.deleted_at).is_(None))
    return TableRule(own, table_column(User.id))


def allow_no_one(column: object) -> Callable[[Caller], TableRule]:
    mark = table_column(column)
    return lambda caller: TableRule(false(), mark)


# Which rows of a table a caller may see. It knows of the caller who they are, and whether they are an agent.
Rule = Callable[[Caller], TableRule]
RULES: dict[type[SQLModel], Rule] = {
    User: own_active_account,
    AuthSession: owned_by_caller(AuthSession.user_id),
    RefreshToken: allow_no_one(RefreshToken.session_id),
    RateLimit: allow_no_one(RateLimit.key),
    OAuthClient: allow_no_one(OAuthClient.id),
    OAuthCode: allow_no_one(OAuthCode.user_id),
    OAuthToken: allow_no_one(OAuthToken.grant_id),
    IdempotencyKey: owned_by_caller(IdempotencyKey.user_id),
    Task: owned_by_caller(Task.user_id),
    Conversation: conversation_of_caller,
    Message: child_of(Conversation, Message.conversation_id, Conversation.id),
    ConversationParticipant: participant_in_shared,
    MessageChange: change_of_shared,
    MessageDelivery: delivery_of_shared,
    SearchEntry: entry_of_caller,
    ToolCall: owned_by_caller(ToolCall.user_id),
    UndoStep: owned_by_caller(UndoStep.user_id),
    KeptPart: owned_by_caller(KeptPart.user_id),
    ImportRow: owned_by_caller(ImportRow.user_id),
    Run: run_of_caller,
    RunEvent: child_of(Run, RunEvent.run_id, Run.id),
    Approval: child_of(Run, Approval.run_id, Run.id),
    Event: addressed_to_caller(Event),
    EventLogEntry: addressed_to_caller(EventLogEntry),
    EventCounter: allow_no_one(EventCounter.id),
    EventRead: owned_by_caller(EventRead.user_id),
    ApiToken: owned_by_caller(ApiToken.user_id),
    Account: account_of_member,
    AccountMember: child_of(Account, AccountMember.account_id, Account.id),
    AccountInvitation: invitation_of_manager,
    Agent: agent_of_member,
}
NOUNS: dict[type[SQLModel], str] = {
    AuthSession: "session",
    ApiToken: "token",
    AccountMember: "member",
    AccountInvitation: "invitation",
    UndoStep: "change",
}
# Of a new row: the column by which it belongs to somebody, and where that is a row, the table of that row.
OWNERS: dict[type[SQLModel], tuple[str, type[SQLModel] | None]] = {
    User: ("id", None),
    AuthSession: ("user_id", None),
    RefreshToken: ("session_id", AuthSession),
    RateLimit: ("key", None),
    OAuthClient: ("id", None),
    OAuthCode: ("user_id", None),
    OAuthToken: ("grant_id", ApiToken),
    IdempotencyKey: ("user_id", None),
    Task: ("user_id", None),
    Conversation: ("user_id", None),
    Message: ("conversation_id", Conversation),
    ConversationParticipant: ("conversation_id", Conversation),
    MessageChange: ("message_id", Message),
    MessageDelivery: ("message_id", Message),
    SearchEntry: ("message_id", Message),
    Run: ("conversation_id", Conversation),
    RunEvent: ("run_id", Run),
    Approval: ("run_id", Run),
    Event: ("audience_id", None),
    EventLogEntry: ("audience_id", None),
    EventCounter: ("id", None),
    EventRead: ("user_id", None),
    ToolCall: ("user_id", None),
    UndoStep: ("user_id", None),
    KeptPart: ("user_id", None),
    ImportRow: ("user_id", None),
    ApiToken: ("user_id", None),
    Account: ("id", None),
    AccountMember: ("account_id", Account),
    AccountInvitation: ("account_id", Account),
    Agent: ("account_id", Account),
}


@cache
def system_rule(table: type[SQLModel]) -> TableRule:
    """Every row; the mark says that SYSTEM asks."""
    return TableRule(true(), get_columns(table)[OWNERS[table][0]])


def visible_condition(caller: CallerOrSystem, table: type[SQLModel]) -> ColumnElement[bool]:
    """The condition under which the caller may see a row; KeyError for a table without a rule.

    `table` may be an alias, which needs a rule of its own beside that of its table.
    """
    if isinstance(table, AliasedClass):
        alias = inspect(table)
        plain = visible_condition(caller, alias.mapper.class_)
        aliased_rule: ColumnElement[bool] = ClauseAdapter(alias.selectable).traverse(plain)
        return aliased_rule
    rule = RULES[table]
    return system_rule(table) if isinstance(caller, System) else rule(caller)


def own_condition(caller: Caller, table: type[SQLModel]) -> ColumnElement[bool]:
    """Those of the visible rows of messages or runs that name the caller themselves, in `user_id`.

    For statements that must not look at another table, whose rows they would lock in the wrong order.
    """
    column = get_columns(table)["user_id"]
    return TableRule(column == require_id(caller.user_id), column)


def own_by_id(caller: Caller, table: type[SQLModel]) -> ColumnElement[bool]:
    """Those that name the caller in `user_id`, for a statement that names their ids.

    Whose they are is no way to find them: SQLite, which does not know how many rows a user has, would read all of them.
    """
    column = get_columns(table)["user_id"]
    return TableRule(func.coalesce(column, column) == require_id(caller.user_id), column)


def child_condition(table: type[SQLModel], parent_id: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    """Rows of the parent that the same statement has found by its own rule, and whose id is `parent_id`."""
    source = inspect(table)
    column = source.selectable.columns[OWNERS[source.mapper.class_][0]]
    return TableRule(column == parent_id, column)


def sender_condition() -> ColumnElement[bool]:
    """The sender of an event that the same statement has found by its own rule: its readers see who sent it."""
    return TableRule(col(User.id) == col(Event.sender_id), table_column(User.id))


def speaker_condition() -> ColumnElement[bool]:
    """Who has said a message that the same statement has found by its own rule: its readers see who that was."""
    speaker = func.coalesce(col(Message.agent_id), col(Message.user_id))
    return TableRule(col(User.id) == speaker, table_column(User.id))


def member_condition() -> ColumnElement[bool]:
    """The user of a membership that the same statement has found by its own rule: members see who they are."""
    return TableRule(col(User.id) == col(AccountMember.user_id), table_column(User.id))


def invited_condition(caller: Caller) -> ColumnElement[bool]:
    """The invitations to the caller's own email."""
    email = sql_select(col(User.email)).where(visible_condition(caller, User)).scalar_subquery()
    return TableRule(col(AccountInvitation.email) == email, table_column(AccountInvitation.account_id))


def inviting_condition() -> ColumnElement[bool]:
    """The account of an invitation that the same statement has found by its own rule, until its removal begins."""
    seen = and_(col(Account.id) == col(AccountInvitation.account_id), col(Account.deleted_at).is_(None))
    return TableRule(seen, table_column(Account.id))


# Any: as in `select`.
def select_own_invitations(caller: Caller, *columns: Any) -> AnySelect:
    """`columns` of the invitations to the caller's email and their accounts."""
    found = sql_select(*columns).select_from(AccountInvitation, Account)
    return found.where(invited_condition(caller), inviting_condition())
