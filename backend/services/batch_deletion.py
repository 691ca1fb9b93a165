# services/batch_deletion.py -- deletes many rows a few at a time, so that nobody waits long for whoever deletes them.
from typing import Any

from sqlalchemy import delete, tuple_
from sqlmodel import SQLModel, col

import access
from access import CallerOrSystem
from db import Transaction

ROWS_AT_ONCE = 1_000
PARENTS_AT_ONCE = 100


async def delete_some(
    tx: Transaction, caller: CallerOrSystem, table: type[SQLModel], *conditions: Any, most: int = ROWS_AT_ONCE
) -> int:
    """Delete at most so many of the rows that meet the conditions; how many there were."""
    keys = list(table.__table__.primary_key)  # type: ignore[attr-defined]
    statement = access.select(caller, table, *keys).where(*conditions).limit(most)
    found = [tuple(row) for row in await tx.execute(statement)]
    if found:
        named = tuple_(*keys).in_(found) if len(keys) > 1 else keys[0].in_([key for (key,) in found])
        await tx.execute(delete(table).where(named))
    return len(found)


async def delete_some_with_parts(
    tx: Transaction,
    caller: CallerOrSystem,
    table: type[SQLModel],
    part_of: Any,
    *conditions: Any,
    most: int = ROWS_AT_ONCE,
) -> int:
    """The same for rows that each have many of another table, which go first: `part_of` is that one's reference.

    What else hangs on the rows goes with them, by the database's cascade.
    """
    row_id = col(table.id)  # type: ignore[attr-defined]
    found = list(
        (
            await tx.execute(
                access.select(caller, table, row_id).where(*conditions).limit(min(most, PARENTS_AT_ONCE))
            )
        ).scalars()
    )
    if not found:
        return 0
    parts = await delete_some(tx, caller, part_of.class_, col(part_of).in_(found), most=most)
    if parts == most:
        return parts
    await tx.execute(delete(table).where(row_id.in_(found)))
    return parts + len(found)
