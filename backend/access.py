# access.py -- who asks, and the one rule per table that says which of its rows they may see.
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast, overload
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Uuid, and_, bindparam, exists, false, true
from sqlalchemy import select as sql_select
from sqlmodel import SQLModel, col

from db import AnySelect, Transaction, get_columns
from errors import NotFound
from models import (
    ApiToken,
    Approval,
    AuthSession,
    Conversation,
    Event,
    EventSequence,
    IdempotencyKey,
    Message,
    RateLimit,
    RefreshToken,
    Run,
    RunEvent,
    Task,
    ToolCall,
    User,
)
from models.api_token import SCOPES_FOR, Permission, Scope

RowT = TypeVar("RowT", bound=SQLModel)
T = TypeVar("T")
T2 = TypeVar("T2")
T3 = TypeVar("T3")


def require_id(row_id: UUID | None) -> UUID:
    """The id; TypeError for None, since `=` with None becomes IS NULL and would match the rows of nobody."""
    if row_id is None:
        raise TypeError("an id is missing: nobody's rows are not everybody's")
    return row_id


@dataclass(frozen=True, slots=True)
class Caller:
    """The user on whose behalf something runs: in a session, or without one where a run or an API token acts for them.

    `scopes` are those of the API token; None outside of one, where everything is allowed.
    """

    user_id: UUID
    session_id: UUID | None
    timezone: str = "UTC"
    token_id: UUID | None = None
    scopes: frozenset[Scope] | None = None

    def __post_init__(self) -> None:
        require_id(self.user_id)

    @property
    def credential_id(self) -> UUID | None:
        """The id of the session or of the API token; None in a run."""
        return self.session_id or self.token_id

    def is_allowed(self, permission: Permission) -> bool:
        return self.scopes is None or not self.scopes.isdisjoint(SCOPES_FOR[permission])

    def without_session(self) -> "Caller":
        """Who acts in a run of the caller: the user, also where an API token started it."""
        return Caller(self.user_id, None, self.timezone)


@dataclass(frozen=True, slots=True)
class SignedInCaller(Caller):
    """A user in a session, which is what an access token stands for."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class System:
    """The service itself, where there is no user yet (sign-in) or none in particular (workers, the operator).

    A test lists the modules that may act as SYSTEM.
    """


SYSTEM = System()
# Stands for the caller in a statement that is built once; whoever executes it passes `caller_params(caller)`.
ANY_CALLER = Caller(cast(UUID, bindparam("caller_user_id", type_=Uuid())), None)
CallerOrSystem = Caller | System


def caller_params(caller: Caller) -> dict[str, object]:
    """The bind parameters that make a statement for ANY_CALLER one for this caller."""
    return {"caller_user_id": caller.user_id}


# SQLModel gives a column the type of its values, so to mypy the columns below are ids.
def owned_by_caller(column: UUID) -> Callable[[Caller], ColumnElement[bool]]:
    return lambda caller: col(column) == require_id(caller.user_id)


def child_of(table: type[SQLModel], here: UUID, there: UUID) -> Callable[[Caller], ColumnElement[bool]]:
    """Rows that belong to a visible row of `table`: their column `here` holds its column `there`."""
    return lambda caller: exists(
        sql_select(1).where(col(there) == col(here), visible_condition(caller, table))
    )


def own_active_account(caller: Caller) -> ColumnElement[bool]:
    """The caller's own row, until the removal of the account begins."""
    return and_(owned_by_caller(User.id)(caller), col(User.deleted_at).is_(None))


def allow_no_one(caller: Caller) -> ColumnElement[bool]:
    return false()


RULES: dict[type[SQLModel], Callable[[Caller], ColumnElement[bool]]] = {
    User: own_active_account,
    AuthSession: owned_by_caller(AuthSession.user_id),
    RefreshToken: allow_no_one,
    RateLimit: allow_no_one,
    IdempotencyKey: owned_by_caller(IdempotencyKey.user_id),
    Task: owned_by_caller(Task.user_id),
    Conversation: owned_by_caller(Conversation.user_id),
    Message: child_of(Conversation, Message.conversation_id, Conversation.id),
    ToolCall: owned_by_caller(ToolCall.user_id),
    Run: child_of(Conversation, Run.conversation_id, Conversation.id),
    RunEvent: child_of(Run, RunEvent.run_id, Run.id),
    Approval: child_of(Run, Approval.run_id, Run.id),
    Event: owned_by_caller(Event.user_id),
    EventSequence: owned_by_caller(EventSequence.user_id),
    ApiToken: owned_by_caller(ApiToken.user_id),
}
NOUNS: dict[type[SQLModel], str] = {AuthSession: "session", ApiToken: "token"}


def visible_condition(caller: CallerOrSystem, table: type[SQLModel]) -> ColumnElement[bool]:
    """The condition under which the caller may see a row; KeyError for a table without a rule."""
    rule = RULES[table]
    return true() if isinstance(caller, System) else rule(caller)


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
    tx: Transaction, caller: CallerOrSystem, table: type[RowT], row_id: UUID | None, *, lock: bool = False
) -> RowT:
    """The row with this id; NotFound where it is missing or not the caller's. `lock` holds it until the commit."""
    row = await find_row(tx, caller, table, get_columns(table)["id"] == require_id(row_id), lock=lock)
    if row is None:
        raise NotFound(NOUNS.get(table, table.__name__.lower()))
    return row


async def find_row(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[RowT],
    *conditions: ColumnElement[bool],
    lock: bool = False,
) -> RowT | None:
    """The one row that meets the conditions, or None."""
    statement = select(caller, table).where(*conditions)
    if lock:
        # The session may know the row as it was before the lock, so it is read anew. SQLite ignores FOR UPDATE: there a
        # writer holds the whole database anyway.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row: RowT | None = (await tx.execute(statement)).scalar_one_or_none()
    return row
