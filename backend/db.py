# db.py -- the one commit, and the ways in for readers and writers.
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg
from sqlalchemy import Dialect, Insert, Select, bindparam, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.util import greenlet_spawn
from sqlmodel import SQLModel

from engines import (
    connect_directly,
    engine_url,
    gave_up,
    is_orphan,
    open_engine,
    read_clock,
    reader_options,
    reason,
)
from errors import Unauthorized
from settings import SettingsError

__all__ = [
    "Again",
    "Database",
    "Transaction",
    "connect_directly",
    "engine_url",
    "in_words",
    "is_retryable",
    "open_engine",
]

P = ParamSpec("P")
T = TypeVar("T")
Transaction = AsyncSession

ATTEMPTS = 3


@contextmanager
def in_words() -> Iterator[None]:
    """A database that cannot be reached, as one line for the operator."""
    try:
        yield
    except (OSError, DBAPIError) as error:
        why = reason(error) if isinstance(error, DBAPIError) else str(error).splitlines()[0]
        raise SettingsError(f"the database does not answer: {why}") from error


class Again(Exception):
    """Another transaction was faster in a way that running this one anew will settle."""


def is_retryable(error: BaseException) -> bool:
    """Whether the database gave up a transaction that may succeed when it is run again."""
    return gave_up(error) if isinstance(error, DBAPIError) else isinstance(error, Again)


class Database:
    """One engine, with a way in for writers and one for readers.

    `write` and `read` call `work(tx, *args)`; a service's verbs have just that form.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._readers = engine.execution_options(**reader_options(engine))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits at the end of the block, rolls back if it raises. Nothing else commits."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def write(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` in a transaction, committed when this returns; run anew, up to three times, after a deadlock."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.transaction() as tx:
                    return await work(tx, *args, **kw)
            except Exception as error:
                if is_orphan(error):  # of what callers write below, only the user is unlocked
                    raise Unauthorized from error  # the caller's account was deleted a moment ago
                if attempt == ATTEMPTS or not is_retryable(error):
                    raise
        raise AssertionError("unreachable")

    async def read(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` where it only reads; except on SQLite each of its statements sees its own snapshot."""
        async with AsyncSession(self._readers, expire_on_commit=False) as session:
            return await work(session, *args, **kw)

    async def fetch(self, statement: Select[Any] | Insert, values: dict[str, Any]) -> Sequence[Any]:
        """The rows of a statement that was built once; `values` are those of its bind parameters.

        On PostgreSQL it goes straight to asyncpg: what SQLAlchemy does around a statement costs more than a
        list does. There the values are sent as they are, so they have the types of the driver.
        """
        if not self.is_postgresql:
            return await self.read(fetch_rows, statement, values)
        sql, names, constants = compiled(statement, self.engine.dialect)
        arguments = {**constants, **values}
        connection = await self.engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            rows: Sequence[Any] = await driver.fetch(sql, *[arguments[name] for name in names])
            return rows
        finally:
            await greenlet_spawn(connection.close)  # does not wait, so a cancelled request gives it back too

    async def insert(self, row: SQLModel) -> None:
        """Stores one row, committed when this returns; alone, a statement needs no session, BEGIN and COMMIT."""
        if not self.is_postgresql:
            return await self.write(add_row, row)
        try:
            await self.fetch(insertion(type(row)), row.model_dump())
        except asyncpg.ForeignKeyViolationError as error:
            raise Unauthorized from error  # as in write()

    async def clock(self, tx: Transaction) -> datetime:
        """The database's time, on which all workers agree."""
        return await read_clock(tx)

    async def close(self) -> None:
        await self.engine.dispose()


async def fetch_rows(
    tx: Transaction, statement: Select[Any] | Insert, values: dict[str, Any]
) -> Sequence[Any]:
    rows: Sequence[Any] = (await tx.execute(statement, values)).all()
    return rows


async def add_row(tx: Transaction, row: SQLModel) -> None:
    tx.add(row)
    await tx.flush()


@cache
def insertion(table: type[SQLModel]) -> Insert:
    columns = table.metadata.tables[str(table.__tablename__)].columns
    return insert(table).values(
        {column.name: bindparam(column.name, type_=column.type) for column in columns}
    )


@cache
def compiled(statement: Select[Any] | Insert, dialect: Dialect) -> tuple[str, list[str], dict[str, Any]]:
    """The SQL, the names of its parameters in order, and the values of those that are part of the statement."""
    done: Any = statement.compile(dialect=dialect)
    constants = {name: bind.value for name, bind in done.binds.items() if not bind.required}
    return done.string, done.positiontup or [], constants
