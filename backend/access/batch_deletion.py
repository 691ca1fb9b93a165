# access/batch_deletion.py -- deletes many rows in batches, so that no transaction holds its locks for long.
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, delete, inspect, true, tuple_
from sqlmodel import SQLModel, col

import access
from access import SYSTEM, CallerOrSystem
from db import Transaction
from models import Conversation, Message, Run, RunEvent

ROW_BATCH = 1_000
PARENT_BATCH = 100


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table with rows of an owner. Where one of them may have very many children, these are deleted first."""

    table: type[SQLModel]
    owner_id: SQLColumnExpression[UUID]
    child: type[SQLModel] | None = None
    parent_id: SQLColumnExpression[UUID] | None = None
    condition: ColumnElement[bool] = field(default_factory=true)


def list_conversation_tables(
    owner_id: UUID | None, condition: ColumnElement[bool] | None = None
) -> list[OwnedTable]:
    """For whom a column of conversations names: the messages, the runs, then the conversations themselves.

    Of those conversations alone that meet the condition.
    """
    chosen = true() if condition is None else condition

    def is_in(conversation_id: UUID) -> ColumnElement[bool]:
        seen = access.visible_condition(SYSTEM, Conversation)
        return and_(col(Conversation.id) == col(conversation_id), seen, chosen)

    owner: SQLColumnExpression[UUID] = col(owner_id)  # type: ignore[arg-type]
    return [
        OwnedTable(Message, owner, condition=is_in(Message.conversation_id)),
        OwnedTable(Run, owner, RunEvent, col(RunEvent.run_id), condition=is_in(Run.conversation_id)),
        OwnedTable(Conversation, owner, condition=chosen),
    ]


async def delete_owned_rows(
    tx: Transaction, caller: CallerOrSystem, tables: Sequence[OwnedTable], owner_id: UUID, limit: int
) -> int:
    """Delete about `limit` rows of an owner, those of the first table first; how many. Fewer: nothing is left."""
    left = limit
    for owned in tables:
        deleted = -1
        while deleted and left > 0:
            deleted = await delete_owned(tx, caller, owned, owner_id, left)
            left -= deleted
    return limit - left


async def delete_owned(
    tx: Transaction, caller: CallerOrSystem, owned: OwnedTable, owner_id: UUID, limit: int
) -> int:
    is_owned = and_(owned.owner_id == owner_id, owned.condition)
    if owned.child is None or owned.parent_id is None:
        return await delete_batch(tx, caller, owned.table, is_owned, limit=limit)
    return await delete_batch_with_children(
        tx, caller, owned.table, owned.child, owned.parent_id, is_owned, limit=limit
    )


async def delete_batch(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[SQLModel],
    *conditions: ColumnElement[bool],
    limit: int = ROW_BATCH,
) -> int:
    """Delete at most `limit` of the rows that meet the conditions; the number of rows."""
    keys: Sequence[ColumnElement[object]] = inspect(table).primary_key
    statement = access.select(caller, table, *keys).where(*conditions).limit(limit)
    found: list[tuple[object, ...]] = [tuple(row) for row in await tx.execute(statement)]
    if found:
        # SQLite compares a single column with values, not with tuples of one.
        chosen = tuple_(*keys).in_(found) if len(keys) > 1 else keys[0].in_([key for (key,) in found])
        await tx.execute(delete(table).where(access.visible_condition(caller, table), chosen))
    return len(found)


async def delete_batch_with_children(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[SQLModel],
    child: type[SQLModel],
    parent_id: SQLColumnExpression[UUID],
    *conditions: ColumnElement[bool],
    limit: int = ROW_BATCH,
) -> int:
    """The same for rows with many children each, which are deleted first; `parent_id` is their foreign key.

    The database's cascade deletes all other rows that refer to them.
    """
    row_id: ColumnElement[UUID]
    [row_id] = inspect(table).primary_key
    parents = access.select(caller, table, row_id).where(*conditions).limit(min(limit, PARENT_BATCH))
    found = list((await tx.execute(parents)).scalars())
    if not found:
        return 0
    children = await delete_batch(tx, caller, child, parent_id.in_(found), limit=limit)
    if children == limit:
        return children
    await tx.execute(delete(table).where(access.visible_condition(caller, table), row_id.in_(found)))
    return children + len(found)
