# db.py -- the one commit, and the ways in for readers and writers.
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import asyncpg
from pydantic_core import to_json
from sqlalchemy import Dialect, Insert, Select, bindparam, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.util import greenlet_spawn
from sqlmodel import SQLModel

from errors import DatabaseBusy, Unauthorized
from models import Event
from settings import SettingsError
from storage.engines import (
    error_message,
    explain_unavailability,
    is_connection_lost,
    is_foreign_key_violation,
    is_transient,
    open_engine,
    open_readers,
    read_clock,
)

__all__ = [
    "Again",
    "Change",
    "Database",
    "Transaction",
    "add_change",
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
# In the `info` of a transaction: for whom it has written events.
CHANGED_FOR = "changed_for"
READS_FROM = "reads_from"
TOLD = ("user_id", "type", "data")


@contextmanager
def explain_database_errors() -> Iterator[None]:
    """A database that cannot be reached, as one line for the operator."""
    try:
        yield
    except (OSError, DBAPIError, PoolTimeoutError) as error:
        raise SettingsError(
            f"the database does not answer: {explain_unavailability(error) or error_message(error)}"
        ) from error


@contextmanager
def raise_database_busy() -> Iterator[None]:
    """What waiting mends becomes an error that tells so: the database is busy, full, locked or away."""
    try:
        yield
    except Exception as error:
        if (why := explain_unavailability(error)) is None:
            raise
        raise DatabaseBusy(why) from error


class RetryTransaction(Exception):
    """Another transaction was faster in a way that running this one anew will settle."""


def is_retryable(error: BaseException) -> bool:
    """Whether the database gave up a transaction that may succeed when it is run again."""
    return is_transient(error) if isinstance(error, DBAPIError) else isinstance(error, RetryTransaction)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What is told to a person's open streams; `data` holds public shapes, ids or JSON."""

    user_id: UUID
    type: str
    data: Mapping[str, Any]

    def json(self) -> str:
        return to_json(self.data).decode()


async def fetch_rows(
    tx: Transaction, statement: Select[Any] | Insert, values: dict[str, Any]
) -> Sequence[Any]:
    """The rows of a statement that was built once; straight from the driver where `tx` only reads."""
    database: Database | None = tx.info.get(READS_FROM)
    if database is not None:
        return await database.fetch(statement, values)
    rows: Sequence[Any] = (await tx.execute(statement, values)).all()
    return rows


class Database:
    """One engine, with a way in for writers and one for readers.

    `write` and `read` call `work(tx, *args)`; a service's verbs have just that form. `committed` is called after
    each commit with the ids of those for whom something changed: so every writer wakes readers without knowing them.
    """

    committed: Callable[[set[UUID]], None] | None = None

    def __init__(
        self, engine: AsyncEngine, *, unhurried: AsyncEngine | None = None, readers: int = 10
    ) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        self.readers = open_readers(engine, readers)
        self.unhurried = unhurried or engine

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end of the block, rolls back if it raises. Nothing else commits."""
        return self._transaction(self.engine)

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[Transaction]:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session
        self._tell(session.info.get(CHANGED_FOR))

    def _tell(self, user_ids: set[UUID] | None) -> None:
        if user_ids and self.committed:
            self.committed(user_ids)

    async def write(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` in a transaction, committed when this returns; run anew, up to three times, after a deadlock.

        DatabaseBusy where it cannot be done in time.
        """
        return await self._write(self.engine, lambda tx: work(tx, *args, **kw))

    async def write_unhurried(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """The same for what may take long: no statement of it is ended for the time that it takes."""
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
                if is_foreign_key_violation(cause):  # of what callers write below, only the user is unlocked
                    raise Unauthorized from error  # the caller's account was deleted a moment ago
                again = is_retryable(cause) or (attempt == 1 and not done and is_connection_lost(cause))
                if attempt == ATTEMPTS or not again:
                    raise
        raise AssertionError("unreachable")

    async def read(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` where it only reads; except on SQLite each of its statements sees its own snapshot.

        Tried once more, on another connection, where the first is lost; DatabaseBusy where it cannot be done in time.
        """

        async def attempt() -> T:
            async with AsyncSession(self.readers, expire_on_commit=False) as session:
                if self.is_postgresql:
                    session.info[READS_FROM] = self
                return await work(session, *args, **kw)

        return await self._once_more(attempt)

    async def _once_more(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            return await attempt()
        except DatabaseBusy:
            raise  # of `fetch` within it, which has tried twice
        except Exception as error:
            if not is_connection_lost(error):
                with raise_database_busy():
                    raise
        with raise_database_busy():
            return await attempt()

    async def fetch(self, statement: Select[Any] | Insert, values: dict[str, Any]) -> Sequence[Any]:
        """The rows of a statement that only reads and was built once; `values` are those of its bind parameters.

        On PostgreSQL it goes straight to asyncpg: what SQLAlchemy does around a statement costs more than a
        list does. There the values are sent as they are, so they have the types of the driver.
        """
        if not self.is_postgresql:
            return await self.read(fetch_rows, statement, values)
        return await self._once_more(lambda: self._run(statement, values))

    async def _run(self, statement: Select[Any] | Insert, values: dict[str, Any]) -> Sequence[Any]:
        sql, names, constants = compile_statement(statement, self.engine.dialect)
        arguments = {**constants, **values}
        connection = await self.engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            rows: Sequence[Any] = await driver.fetch(sql, *[arguments[name] for name in names])
            return rows
        except Exception as error:
            if is_connection_lost(error):  # and whatever is as old: a network forgets all of them at once
                await greenlet_spawn(self.engine.pool._invalidate, connection, error)
            raise
        finally:
            await greenlet_spawn(connection.close)  # does not wait, so a cancelled request gives it back too

    async def insert(self, row: SQLModel, change: NewEvent) -> None:
        """Stores one row and the event that tells of it, committed when this returns.

        On PostgreSQL as one statement, which alone needs no session, BEGIN and COMMIT.
        """
        if not self.is_postgresql:
            return await self.write(add_row_with_event, row, change)
        told = {"event_user_id": change.user_id, "event_type": change.type, "event_data": change.json()}
        try:
            with raise_database_busy():
                await self._run(insert_statement(type(row)), {**row.model_dump(), **told})
        except asyncpg.ForeignKeyViolationError as error:
            raise Unauthorized from error  # as in write()
        self._tell({change.user_id})

    async def store(self, statement: Select[Any], values: dict[str, Any], user_id: UUID) -> bool:
        """Whether a statement that writes, built once for PostgreSQL, was carried out; False where another was first.

        One statement is a transaction of its own: it is stored when this returns, with its events for the user, or
        nothing of it.
        """
        try:
            with raise_database_busy():
                stored = bool(await self._run(statement, values))
            if stored:
                self._tell({user_id})
            return stored
        except (
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.DeadlockDetectedError,
            asyncpg.SerializationError,
        ):
            return False

    async def clock(self, tx: Transaction) -> datetime:
        """The database's time, on which all workers agree."""
        return await read_clock(tx)

    async def close(self) -> None:
        for engine in {self.engine, self.readers, self.unhurried}:
            await engine.dispose()


async def add_event(tx: Transaction, change: NewEvent) -> None:
    """The event that tells of a change; once `tx` is committed, `committed` hears for whom."""
    tx.add(Event(user_id=change.user_id, type=change.type, data=json.loads(change.json())))
    await tx.flush()
    tx.info.setdefault(CHANGED_FOR, set()).add(change.user_id)


async def add_row_with_event(tx: Transaction, row: SQLModel, change: NewEvent) -> None:
    tx.add(row)
    await tx.flush()
    await add_event(tx, change)


@cache
def insert_statement(table: type[SQLModel]) -> Insert:
    """Of a row, and of an event that tells of it."""
    row = {column.name: bindparam(column.name, type_=column.type) for column in get_columns(table)}
    told = {name: bindparam(f"event_{name}", type_=get_columns(Event)[name].type) for name in TOLD}
    return insert(table).values(row).add_cte(insert(Event).values(told).cte("event"))


def get_columns(table: type[SQLModel]) -> Any:
    return table.metadata.tables[str(table.__tablename__)].columns


@cache
def compile_statement(
    statement: Select[Any] | Insert, dialect: Dialect
) -> tuple[str, list[str], dict[str, Any]]:
    """The SQL, the names of its parameters in order, and the values of those that are part of the statement."""
    done: Any = statement.compile(dialect=dialect)
    constants = {name: bind.value for name, bind in done.binds.items() if not bind.required}
    return done.string, done.positiontup or [], constants
