# access/ -- who asks, and the one rule per table that says which of its rows they may see.
"""The rules are marked, and no statement is executed without the mark of each of its tables: storage/rule_check.py."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, overload
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    bindparam,
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
    ANY_AGENT,
    ANY_CALLER,
    SYSTEM,
    Caller,
    CallerOrSystem,
    SignedInCaller,
    System,
    caller_params,
    require_id,
    stand_in,
)
from access.conversations import conversation_of_caller
from access.memberships import (
    account_of_member,
    agent_of_member,
    invitation_of_manager,
    select_own_memberships,
)
from access.participation import change_of_shared, delivery_of_shared, participant_in_shared
from access.runs import run_of_caller
from access.search import entry_of_caller
from db import AnySelect, Transaction, get_columns
from errors import NotFound
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
    Message,
    MessageChange,
    MessageDelivery,
    RateLimit,
    RefreshToken,
    Run,
    RunEvent,
    SearchEntry,
    Task,
    ToolCall,
    User,
)
from storage.row_session import admit_row
from storage.rule_check import MissingRule, OwnerValue, TableRule

__all__ = [
    "ANY_AGENT",
    "ANY_CALLER",
    "SYSTEM",
    "Caller",
    "CallerOrSystem",
    "SignedInCaller",
    "System",
    "caller_params",
    "require_id",
    "select_own_memberships",
    "stand_in",
]

RowT = TypeVar("RowT", bound=SQLModel)
T = TypeVar("T")
T2 = TypeVar("T2")
T3 = TypeVar("T3")


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
    IdempotencyKey: owned_by_caller(IdempotencyKey.user_id),
    Task: owned_by_caller(Task.user_id),
    Conversation: conversation_of_caller,
    Message: child_of(Conversation, Message.conversation_id, Conversation.id),
    ConversationParticipant: participant_in_shared,
    MessageChange: change_of_shared,
    MessageDelivery: delivery_of_shared,
    SearchEntry: entry_of_caller,
    ToolCall: owned_by_caller(ToolCall.user_id),
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
}
# Of a new row: the column by which it belongs to somebody, and where that is a row, the table of that row.
OWNERS: dict[type[SQLModel], tuple[str, type[SQLModel] | None]] = {
    User: ("id", None),
    AuthSession: ("user_id", None),
    RefreshToken: ("session_id", AuthSession),
    RateLimit: ("key", None),
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


# Any: an owner's value is an id or, of a rate limit, a text.
def owner_value(caller: CallerOrSystem, table: type[SQLModel], value: Any = None) -> ColumnElement[Any]:
    """What an INSERT puts into the column by which a new row belongs to somebody; without `value` the caller's id.

    A row that belongs to a row, as a message to its conversation, takes that row's id. Whoever inserts has found it.
    """
    name, parent = OWNERS[table]
    if isinstance(caller, Caller) and parent is None:
        if name not in ("user_id", "audience_id") or (
            value is not None and value is not caller.user_id and value != caller.user_id
        ):
            raise MissingRule(str(table.__tablename__), "owner")
        value = caller.user_id
    column = get_columns(table)[name]
    if not isinstance(value, ColumnElement):
        value = bindparam(None, value, type_=column.type)
    return OwnerValue(value, column)


def admit_new_row(caller: CallerOrSystem, row: RowT) -> RowT:
    """Let a new row be stored whose `user_id`, if it has one, is the caller's; MissingRule for any other.

    Whoever may change a conversation makes others take part in it.
    """
    if (
        isinstance(caller, Caller)
        and not isinstance(row, ConversationParticipant)
        and getattr(row, "user_id", caller.user_id) != require_id(caller.user_id)
    ):
        raise MissingRule(str(row.__tablename__), "owner")
    if isinstance(caller, Caller) and type(row) in (
        User,
        RateLimit,
        RefreshToken,
        EventLogEntry,
        EventCounter,
    ):
        raise MissingRule(str(row.__tablename__), "owner")
    admit_row(row)
    return row


def add_row(tx: Transaction, caller: CallerOrSystem, row: SQLModel) -> None:
    """Add a new row, which the next flush stores.

    A row that belongs to a row needs one that this transaction has read by its rule, or has stored.
    """
    name, parent = OWNERS[type(row)]
    if isinstance(caller, Caller) and parent is not None:
        owner = tx.identity_map.get(tx.identity_key(parent, getattr(row, name)))
        if owner is None:
            raise MissingRule(str(row.__tablename__), "owner")
    tx.add(admit_new_row(caller, row))


@overload
def select(caller: CallerOrSystem, table: type[RowT]) -> Select[RowT]: ...
@overload
def select(caller: CallerOrSystem, table: type[SQLModel], column: SQLColumnExpression[T], /) -> Select[T]: ...
@overload
def select(
    caller: CallerOrSystem,
    table: type[SQLModel],
    column: SQLColumnExpression[T],
    second: SQLColumnExpression[T2],
    /,
) -> Select[T, T2]: ...
@overload
def select(
    caller: CallerOrSystem,
    table: type[SQLModel],
    column: SQLColumnExpression[T],
    second: SQLColumnExpression[T2],
    third: SQLColumnExpression[T3],
    /,
) -> Select[T, T2, T3]: ...
# Any: more columns, or whole rows among them; their types are lost.
@overload
def select(caller: CallerOrSystem, table: type[SQLModel], *columns: Any) -> AnySelect: ...


def select(caller: CallerOrSystem, table: type[SQLModel], *columns: Any) -> AnySelect:
    """The caller's rows of a table, or only `columns` of them."""
    return sql_select(*(columns or (table,))).where(visible_condition(caller, table))


async def get_row(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[RowT],
    row_id: UUID | None,
    *,
    lock: bool = False,
    keeps_key: bool = False,
    rule: Rule | None = None,
) -> RowT:
    """The row with this id; NotFound where it is missing or not the caller's."""
    row = await find_by_id(tx, caller, table, row_id, lock=lock, keeps_key=keeps_key, rule=rule)
    if row is None:
        raise NotFound(NOUNS.get(table, table.__name__.lower()))
    return row


async def find_by_id(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[RowT],
    row_id: UUID | None,
    *,
    lock: bool = False,
    keeps_key: bool = False,
    rule: Rule | None = None,
) -> RowT | None:
    """The row with this id, or None. `lock` holds it until the commit.

    `keeps_key`: others may go on to store rows that belong to it. `rule` is another one than that in RULES.
    """
    anyone = caller if isinstance(caller, System) else stand_in(is_agent=caller.is_agent)
    statement = select_by_id(anyone, table, rule or RULES[table], lock, keeps_key)
    values = {} if isinstance(caller, System) else caller_params(caller)
    row: RowT | None = (
        await tx.execute(statement, {**values, "row_id": require_id(row_id)})
    ).scalar_one_or_none()
    return row


@cache
def select_by_id(
    anyone: CallerOrSystem, table: type[RowT], rule: Rule, lock: bool, keeps_key: bool
) -> Select[RowT]:
    """The statement of `find_by_id`. To build the condition of a rule takes longer than to find the row."""
    condition = system_rule(table) if isinstance(anyone, System) else rule(anyone)
    columns = get_columns(table)
    statement = sql_select(table).where(condition, columns["id"] == bindparam("row_id", type_=Uuid()))
    return lock_rows(statement, keeps_key) if lock else statement


def lock_rows(statement: Select[RowT], keeps_key: bool) -> Select[RowT]:
    # The session may know the row as it was before the lock, so it is read anew. SQLite ignores FOR UPDATE: there a
    # writer holds the whole database anyway.
    locked = statement.with_for_update(key_share=keeps_key)
    return locked.execution_options(populate_existing=True)


async def find_row(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[RowT],
    *conditions: ColumnElement[bool],
    lock: bool = False,
    rule: ColumnElement[bool] | None = None,
) -> RowT | None:
    """The one row that meets the conditions, or None; `lock` and `rule` as for `find_by_id`."""
    found = select(caller, table) if rule is None else sql_select(table).where(rule)
    statement = found.where(*conditions)
    row: RowT | None = (
        await tx.execute(lock_rows(statement, False) if lock else statement)
    ).scalar_one_or_none()
    return row
