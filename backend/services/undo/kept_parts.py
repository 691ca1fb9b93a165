# services/undo/kept_parts.py -- keeps what a deleted conversation takes along, and puts it back.
"""The rows are deleted as ever: nothing that reads has to know of what may come back. They are kept as JSON beside the
step that undoes the deletion, a part at a time, and stored again with their ids, numbers and times.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col

import access
from access import Caller, CallerOrSystem
from access.batch_deletion import delete_batch
from clock import utc_now
from db import Transaction, get_columns
from errors import Conflict
from models import Approval, KeptPart, Message, Run, RunEvent
from models.columns import UTCDateTime
from models.shapes import JsonObject
from services.undo.undo_steps import RETENTION, dump_value
from storage.dialects import after_cursor

# A message may have a megabyte: so many rows are in memory at once.
PART = 50
# A conversation with more rows than this is hidden instead, because it would hold up others while it is copied.
MAX_ROWS = 20_000
# Parts that are deleted at once.
PART_BATCH = 100


@dataclass(frozen=True, slots=True)
class KeptTable:
    """`keys` is the order in which its rows are read. Those of a run are found by their run."""

    table: type[SQLModel]
    keys: tuple[str, ...]
    is_of_run: bool = False


# In this order no row is stored before those that it refers to.
KEPT_TABLES = (
    KeptTable(Run, ("id",)),
    KeptTable(Message, ("seq",)),
    KeptTable(RunEvent, ("run_id", "seq"), is_of_run=True),
    KeptTable(Approval, ("run_id", "tool_call_id"), is_of_run=True),
)
TABLES = {str(kept.table.__tablename__): kept.table for kept in KEPT_TABLES}


def is_of_conversation(kept: KeptTable, caller: Caller, conversation_id: UUID) -> ColumnElement[bool]:
    columns = get_columns(kept.table)
    if not kept.is_of_run:
        return columns["conversation_id"] == conversation_id
    runs = access.select(caller, Run, col(Run.id)).where(col(Run.conversation_id) == conversation_id)
    return columns["run_id"].in_(runs)


async def count_rows(tx: Transaction, caller: Caller, conversation_id: UUID) -> int:
    """All of them, or one more than are kept."""
    count = 0
    for kept in KEPT_TABLES:
        key = get_columns(kept.table)[kept.keys[0]]
        is_of = is_of_conversation(kept, caller, conversation_id)
        rows = access.select(caller, kept.table, key).where(is_of).limit(MAX_ROWS + 1).subquery()
        count += (await tx.execute(select(func.count()).select_from(rows))).scalar_one()
    return count


async def keep_parts(tx: Transaction, caller: Caller, conversation_id: UUID, change_id: UUID) -> bool:
    """Keep what will be deleted with the conversation, which is locked; False where that is too much."""
    if await count_rows(tx, caller, conversation_id) > MAX_ROWS:
        return False
    for kept in KEPT_TABLES:
        noun = str(kept.table.__tablename__)
        async for rows in read_parts(tx, caller, kept, conversation_id):
            part = KeptPart(user_id=caller.user_id, change_id=change_id, noun=noun, content=rows)
            access.add_row(tx, caller, part)
            await tx.flush()
            tx.expunge(part)
    return True


async def read_parts(
    tx: Transaction, caller: Caller, kept: KeptTable, conversation_id: UUID
) -> AsyncIterator[list[JsonObject]]:
    columns = get_columns(kept.table)
    keys = tuple(columns[name] for name in kept.keys)
    rows = access.select(caller, kept.table, *columns).where(
        is_of_conversation(kept, caller, conversation_id)
    )
    rows = rows.order_by(*keys).limit(PART)
    dialect, found = tx.get_bind().dialect.name, (await tx.execute(rows)).all()
    while found:
        yield [
            {column.name: dump_value(value) for column, value in zip(columns, row, strict=True)}
            for row in found
        ]
        last = [found[-1]._mapping[key] for key in keys]
        after = after_cursor(dialect, keys, last, [False] * len(keys))
        found = (await tx.execute(rows.where(after))).all() if len(found) == PART else ()


async def restore_parts(tx: Transaction, caller: Caller, change_id: UUID) -> None:
    """Store again what the deletion has taken along; its conversation is there again. Conflict where that cannot be."""
    found = (
        access.select(caller, KeptPart).where(col(KeptPart.change_id) == change_id).order_by(col(KeptPart.id))
    )
    after = 0
    while part := (await tx.execute(found.where(col(KeptPart.id) > after).limit(1))).scalar_one_or_none():
        assert part.id is not None
        after = part.id
        try:
            table = TABLES[part.noun]
            await access.insert_rows(tx, caller, table, [load_row(table, row) for row in part.content])
        except IntegrityError as error:
            raise Conflict(
                "Something of the conversation was stored again since, under the same id.",
                problem="undo-blocked",
            ) from error
        tx.expunge(part)


def load_row(table: type[SQLModel], row: JsonObject) -> dict[str, object]:
    return {column.name: load_value(column, row.get(column.name)) for column in get_columns(table)}


def load_value(column: ColumnElement[object], value: object) -> object:
    if isinstance(value, str) and isinstance(column.type, Uuid):
        return UUID(value)
    if isinstance(value, str) and isinstance(column.type, UTCDateTime):
        return datetime.fromisoformat(value)
    return value


async def delete_old_parts(tx: Transaction, caller: CallerOrSystem, limit: int = PART_BATCH) -> int:
    """Delete one batch; the number of rows."""
    old = col(KeptPart.created_at) < utc_now() - RETENTION
    return await delete_batch(tx, caller, KeptPart, old, limit=limit)
