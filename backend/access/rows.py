# access/rows.py -- finds rows by the rules of their tables, and admits new ones.

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, overload
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Uuid,
    bindparam,
    insert,
)
from sqlalchemy import select as sql_select
from sqlmodel import SQLModel

from access.callers import (
    Caller,
    CallerOrSystem,
    System,
    caller_params,
    require_id,
    stand_in,
)
from access.rules import NOUNS, OWNERS, RULES, Rule, system_rule, visible_condition
from db import AnySelect, Transaction, get_columns
from errors import NotFound
from models import (
    ConversationParticipant,
    EventCounter,
    EventLogEntry,
    OAuthClient,
    OAuthToken,
    RateLimit,
    RefreshToken,
    User,
)
from storage.row_session import admit_row
from storage.rule_check import MissingRule, OwnerValue

RowT = TypeVar("RowT", bound=SQLModel)
T = TypeVar("T")
T2 = TypeVar("T2")
T3 = TypeVar("T3")


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
        OAuthClient,
        OAuthToken,
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
    known_id = require_id(row_id)
    row = await find_by_id(tx, caller, table, known_id, lock=lock, keeps_key=keeps_key, rule=rule)
    if row is None:
        raise NotFound(NOUNS.get(table, table.__name__.lower()))
    return row


async def find_by_id(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[RowT],
    row_id: UUID,
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
    row: RowT | None = (await tx.execute(statement, {**values, "row_id": row_id})).scalar_one_or_none()
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


async def insert_rows(
    tx: Transaction, caller: Caller, table: type[SQLModel], rows: Sequence[Mapping[str, object]]
) -> None:
    """Store new rows, which have the same columns, by one statement: an object of the session for each would hold up
    whoever else is served. Rows of a caller get the caller's id; whoever stores those of another row has found it.
    """
    if not rows:
        return
    owner, parent = OWNERS[table]
    columns = get_columns(table)
    values: dict[str, object] = {name: bindparam(name, type_=columns[name].type) for name in rows[0]}
    of_parent = bindparam("owner", type_=columns[owner].type) if parent else None
    values[owner] = owner_value(caller, table, of_parent)
    new = insert(table.metadata.tables[str(table.__tablename__)]).values(values)
    given = [{("owner" if name == owner else name): value for name, value in row.items()} for row in rows]
    await tx.execute(new, given)
