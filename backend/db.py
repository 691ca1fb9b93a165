# db.py -- the only place that commits, and how readers and writers reach the database.
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg
from sqlalchemy import Column, Dialect, Insert, Row, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import greenlet_spawn
from sqlmodel import SQLModel

from clock import utc_now
from errors import DatabaseBusy, InvalidCredential
from storage.engines import open_readers
from storage.failures import (
    explain_unavailability,
    is_connection_lost,
    is_foreign_key_violation,
    is_transient,
)
from storage.row_session import RowSession
from storage.rule_check import check_rules
from storage.sql_text import SqlText
from storage.sqlite import run_transaction

P = ParamSpec("P")
T = TypeVar("T")
Transaction = AsyncSession
# A SELECT of several columns, and a row that it finds. Any: only who wrote the SELECT knows their types.
AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

ATTEMPTS = 3
# Keys of the `info` of a transaction: whether it wrote events and how long these are kept, or the Database that it
# only reads.
HAS_EVENTS = "has_events"
EVENT_RETENTION = "event_retention"
READER_OF = "reader_of"
# Events, and rows beside them, that are written with the last statement of the transaction; see events/deferred.py.
DEFERRED_EVENTS = "deferred_events"
DEFERRED_ROWS = "deferred_rows"


@contextmanager
def raise_database_busy() -> Iterator[None]:
    """Raise DatabaseBusy for an error that waiting mends: the database is busy, full, locked or away."""
    try:
        yield
    except Exception as error:
        if (reason := explain_unavailability(error)) is None:
            raise
        raise DatabaseBusy(reason) from error


class RetryTransaction(Exception):
    """Raise it to run the transaction again: a concurrent one committed first."""


def is_retryable(error: BaseException) -> bool:
    """Whether a transaction that failed so may succeed when it runs again."""
    return is_transient(error) if isinstance(error, DBAPIError) else isinstance(error, RetryTransaction)


def ends_transaction(error: BaseException) -> bool:
    """Whether nothing more can be done in the transaction, through no fault of what was asked for."""
    return is_retryable(error) or is_connection_lost(error)


async def fetch_rows(tx: Transaction, statement: AnySelect, values: Mapping[str, object]) -> Sequence[AnyRow]:
    """The rows of a cached statement. PostgreSQL's driver gives them itself where `tx` only reads."""
    database: Database | None = tx.info.get(READER_OF)
    if database is not None:
        return await database.fetch_rows(statement, values)
    return (await tx.execute(statement, values)).all()


class Database:
    """A database, with an engine for transactions that write and one for those that only read.

    `write` and `read` call `work(tx, *args)`, the form of every function of a service. `notify_log` is called after
    each commit that wrote events. A change is kept as an event for `event_retention`.
    """

    notify_log: Callable[[], None] | None = None
    session_class: type[Session] = RowSession

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        unhurried: AsyncEngine | None = None,
        readers: int = 10,
        event_retention: timedelta = timedelta(days=7),
    ) -> None:
        self.engine = engine
        self.event_retention = event_retention
        self.is_postgresql = engine.dialect.name == "postgresql"
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.readers = open_readers(engine, readers)
        self.unhurried = unhurried or engine
        for each in (self.engine, self.readers, self.unhurried):
            check_rules(each)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit at the end of the block, or roll back if it raises. Nothing else commits."""
        return self._transaction(self.engine)

    def _open_session(self, engine: AsyncEngine) -> AsyncSession:
        return AsyncSession(engine, expire_on_commit=False, sync_session_class=self.session_class)

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[Transaction]:
        async with self._open_session(engine) as session, session.begin():
            session.info[EVENT_RETENTION] = self.event_retention
            yield session
            assert not session.info.get(DEFERRED_EVENTS)
            assert not session.info.get(DEFERRED_ROWS)
        if session.info.get(HAS_EVENTS):
            self._notify()

    def _notify(self) -> None:
        if self.notify_log:
            self.notify_log()

    def find_expiry(self) -> datetime:
        """When an event of now may be deleted."""
        return utc_now() + self.event_retention

    async def write(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run `work` in a transaction, which is committed when this returns; up to three times after deadlocks.

        DatabaseBusy if the database does not do it in time.
        """
        return await self._write(self.engine, lambda tx: work(tx, *args, **kw))

    async def write_unhurried(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """The same without a time limit for its statements."""
        return await self._write(self.unhurried, lambda tx: work(tx, *args, **kw))

    async def _write(self, engine: AsyncEngine, work: Callable[[Transaction], Awaitable[T]]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            done = False
            try:
                with raise_database_busy():
                    async with self._transaction(engine) as tx:
                        result = await work(tx)
                        done = True
                return result
            except Exception as error:
                cause = error.__cause__ if isinstance(error, DatabaseBusy) else error
                assert cause is not None
                # The user is the only parent row that callers do not lock: a missing one is a deleted user.
                if is_foreign_key_violation(cause):
                    raise InvalidCredential from error
                retry = is_retryable(cause) or (attempt == 1 and not done and is_connection_lost(cause))
                if attempt == ATTEMPTS or not retry:
                    raise
        raise AssertionError("unreachable")

    async def read(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run `work`, which only reads. Except on SQLite each of its statements sees a snapshot of its own.

        It runs a second time if its connection is lost. DatabaseBusy if the database does not do it in time.
        """

        async def attempt() -> T:
            async with self._open_session(self.readers) as session:
                if self.is_postgresql:
                    session.info[READER_OF] = self
                return await work(session, *args, **kw)

        return await self._retry_if_lost(attempt)

    async def _retry_if_lost(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            return await attempt()
        except DatabaseBusy:
            raise  # by `fetch_rows` within it, which tried twice
        except Exception as error:
            if not is_connection_lost(error):
                with raise_database_busy():
                    raise
        with raise_database_busy():
            return await attempt()

    async def fetch_rows(self, statement: AnySelect, values: Mapping[str, object]) -> Sequence[AnyRow]:
        """The rows of a cached statement that only reads; `values` are its bind parameters.

        On PostgreSQL asyncpg runs it directly: SQLAlchemy's work around a statement costs more than a list does. The
        values are not converted there, so they have the types of the driver.
        """
        if not self.is_postgresql:
            return await self.read(fetch_rows, statement, values)
        return await self._retry_if_lost(lambda: self._run(statement, values))

    async def execute_sql(self, statement: SqlText, *arguments: object) -> Sequence[AnyRow]:
        """The rows of a statement in PostgreSQL's own SQL, which is a transaction of its own.

        It runs again once if its connection is lost, so it has to be one that may run twice. DatabaseBusy if the
        database does not do it in time.
        """
        return await self._retry_if_lost(lambda: self._execute_sql(statement.sql, *arguments))

    async def _run(self, statement: AnySelect | Insert, values: Mapping[str, object]) -> Sequence[AnyRow]:
        sql, names, constants = compile_statement(statement, self.engine.dialect)
        arguments = {**constants, **values}
        return await self._execute_sql(sql, *[arguments[name] for name in names])

    async def _execute_sql(self, sql: str, *arguments: object) -> Sequence[Any]:
        connection = await self.engine.raw_connection()
        try:
            # Any: asyncpg's records are no rows of SQLAlchemy's, but those who get them read both by place.
            driver: Any = connection.driver_connection
            rows: Sequence[AnyRow] = await driver.fetch(sql, *arguments)
            return rows
        except Exception as error:
            if is_connection_lost(error):  # the pool drops all that are as old: a network loses them together
                await greenlet_spawn(self.engine.pool._invalidate, connection, error)
            raise
        finally:
            connection.close()  # the driver has no transaction that would have to be ended: nothing is waited for

    async def execute_insert(self, statement: Insert, values: Mapping[str, object]) -> None:
        """Execute a cached INSERT of PostgreSQL with an event, which is a transaction of its own.

        It needs no session, BEGIN and COMMIT.
        """
        try:
            with raise_database_busy():
                await self._run(statement, values)
        except asyncpg.ForeignKeyViolationError as error:
            raise InvalidCredential from error  # as in write()
        self._notify()

    async def execute_write(self, statement: AnySelect, values: Mapping[str, object]) -> bool:
        """Execute a cached PostgreSQL statement that writes; False if it lost a race and wrote nothing.

        The statement is a transaction of its own. It is committed when this returns, with its events.
        """
        sql, names, constants = compile_statement(statement, self.engine.dialect)
        arguments = {**constants, **values}
        return bool(await self._execute_write(sql, [arguments[name] for name in names]))

    async def execute_write_sql(self, statement: SqlText, arguments: Sequence[object]) -> Sequence[AnyRow]:
        """The rows of a statement in PostgreSQL's own SQL that writes, with events.

        It is a transaction of its own, committed when this returns. No rows: it lost a race and wrote nothing, or its
        connection was lost, and only a look can tell what it wrote.
        """
        return await self._execute_write(statement.sql, arguments)

    async def _execute_write(self, sql: str, arguments: Sequence[object]) -> Sequence[AnyRow]:
        try:
            with raise_database_busy():
                rows = await self._execute_sql(sql, *arguments)
        except (
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
        ):
            return []
        except DatabaseBusy as error:
            if error.__cause__ is not None and is_connection_lost(error.__cause__):
                return []
            raise
        if rows:
            self._notify()
        return rows

    async def run_on_sqlite(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` with SQLite's own connection, in a transaction that is committed when this returns.

        DatabaseBusy if the database does not do it in time.
        """
        with raise_database_busy():
            return await run_transaction(self.engine, work)

    def count_connections(self) -> dict[str, tuple[int, int]]:
        """Of each pool, how many connections are in use, and how many there may be."""
        pools = {"long work": self.unhurried.pool, "readers": self.readers.pool, "requests": self.engine.pool}
        own = {id(pool): name for name, pool in pools.items()}  # where two are one, it is the last
        return {
            name: (pool.checkedout(), pool.size())
            for name, pool in pools.items()
            if own[id(pool)] == name and isinstance(pool, QueuePool)
        }

    async def close(self) -> None:
        for engine in {self.engine, self.readers, self.unhurried}:
            await engine.dispose()


def get_columns(table: type[SQLModel]) -> ReadOnlyColumnCollection[str, Column[object]]:
    return table.metadata.tables[str(table.__tablename__)].columns


@cache
def compile_statement(
    statement: AnySelect | Insert, dialect: Dialect
) -> tuple[str, list[str], dict[str, object]]:
    """The SQL, the names of its bind parameters in order, and the values of those that the statement itself has."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return compiled.string, compiled.positiontup or [], constants
