# storage/dialects.py -- the kinds of database, and functions that use the kind of a transaction or an engine.
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import SQLModel

from storage.database_kind import DatabaseKind, SortKeys
from storage.mariadb import MariaDB
from storage.postgresql import PostgreSQL
from storage.sqlite import SQLite

KINDS: Mapping[str, DatabaseKind] = {kind.name: kind for kind in (SQLite(), PostgreSQL(), MariaDB())}


def find_kind(url_name: str) -> DatabaseKind | None:
    """The kind of database whose URLs begin so; None for one that Parley does not know."""
    return next((kind for kind in KINDS.values() if url_name in kind.url_names), None)


def get_kind(tx: AsyncSession) -> DatabaseKind:
    return KINDS[tx.get_bind().dialect.name]


async def read_clock(tx: AsyncSession) -> datetime:
    """The database's time, on which all workers agree; on SQLite, whose workers share a machine, the machine's."""
    return await get_kind(tx).read_clock(tx)


async def upsert(
    tx: AsyncSession,
    table: type[SQLModel],
    values: Mapping[str, object],
    key: str,
    changes: Mapping[str, object],
    returning: str,
) -> int:
    """Insert the row or change the one that has its key, in one statement; a count of the row as it then is.

    MariaDB applies the changes one after the other, in this order, and each sees the ones before it.
    """
    into = table.metadata.tables[str(table.__tablename__)]
    statement = get_kind(tx).build_upsert(into, key, changes).values(values)
    count: int = (await tx.execute(statement.returning(into.columns[returning]))).scalar_one()
    return count


def sort_directions(dialect: str, keys: SortKeys, *, descending: bool) -> list[bool]:
    """True for each key that sorts descending."""
    return KINDS[dialect].sort_directions(keys, descending=descending)


def after_cursor(
    dialect: str, keys: SortKeys, values: Sequence[object], directions: Sequence[bool]
) -> ColumnElement[bool]:
    """The keyset condition: the rows that come after the one whose keys have these values."""
    return KINDS[dialect].after_cursor(keys, values, directions)


async def take_schema_lock(connection: AsyncConnection) -> None:
    """Take the lock that every change of the schema needs.

    The lock ends with the connection's transaction; on MariaDB, whose DDL ends every transaction, when the connection
    goes back to the pool. On SQLite the transaction itself is the lock: there is one writer at a time.
    """
    await KINDS[connection.dialect.name].take_schema_lock(connection)
