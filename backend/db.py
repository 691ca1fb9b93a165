# db.py -- engines, and the one commit.
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg
from sqlalchemy import Dialect, Select, event, func
from sqlalchemy import select as sql_select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util import greenlet_spawn

from errors import Unauthorized
from models.columns import now
from settings import SettingsError

P = ParamSpec("P")
T = TypeVar("T")
Transaction = AsyncSession

BUSY_SECONDS = 10
# PostgreSQL: deadlock_detected, serialization_failure. The same request may well succeed at once.
RETRYABLE = {"40P01", "40001"}
ATTEMPTS = 3


def engine_url(url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with our driver in it, and the driver's own arguments.

    Providers append libpq's parameters (`sslmode`, `channel_binding`); asyncpg takes `ssl` and knows the rest itself.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(
            "DATABASE_URL is not a database URL, such as postgresql://user:password@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite"), {"timeout": BUSY_SECONDS}
    if backend not in ("postgresql", "postgres"):
        raise SettingsError(f"DATABASE_URL: {backend} is not supported; use sqlite:/// or postgresql://")
    query = dict(parsed.query)
    query.pop("channel_binding", None)
    ssl = query.pop("sslmode", None)
    arguments: dict[str, Any] = {"ssl": ssl} if isinstance(ssl, str) else {}
    return parsed.set(drivername="postgresql+asyncpg", query=query), arguments


def open_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    parsed, arguments = engine_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, connect_args=arguments, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
        return engine
    engine = create_async_engine(
        parsed,
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=False,
        pool_recycle=1800,
        hide_parameters=True,  # error messages end up in logs, and parameters are hashes and people's words
    )
    event.listen(engine.sync_engine, "checkout", refuse_closed)
    return engine


def refuse_closed(connection: Any, record: Any, proxy: Any) -> None:
    """asyncpg knows at once that the server hung up; the pool then opens another connection."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    # SQLite's own knows ASCII only: "ä" would not find "Äpfel", as PostgreSQL does.
    connection.create_function("lower", 1, lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # acknowledged means stored, also when the machine loses power
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def begin_sqlite(connection: Any) -> None:
    """A writer takes the lock before it reads: otherwise two writers read the same row and one update is lost."""
    reader = connection.get_execution_options().get("reader", False)
    connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")


async def connect_directly(engine: AsyncEngine, url: str) -> Any:
    """A connection of asyncpg outside the pool, for LISTEN; `url` is PostgreSQL's."""
    parsed, arguments = engine_url(url)
    _, settings = engine.dialect.create_connect_args(parsed)
    return await asyncpg.connect(**{**settings, **arguments})


@contextmanager
def in_words() -> Iterator[None]:
    """A database that cannot be reached, as one line for the operator."""
    try:
        yield
    except (OSError, DBAPIError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
        raise SettingsError(f"the database does not answer: {reason}") from error


class Again(Exception):
    """Another transaction was faster in a way that running this one anew will settle."""


def is_retryable(error: BaseException) -> bool:
    """Whether the database gave up a transaction that may succeed when it is run again."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None) in RETRYABLE
    return isinstance(error, Again)


def is_orphan(error: BaseException) -> bool:
    """Whether a row was to be added to another that is gone. Of what callers write below, only the user is unlocked."""
    if not isinstance(error, IntegrityError):
        return False
    return getattr(error.orig, "sqlstate", None) == "23503" or "FOREIGN KEY" in str(error.orig)


class Database:
    """One engine, with a way in for writers and one for readers.

    `write` and `read` call `work(tx, *args)`; a service's verbs have just that form.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        # A single statement needs no transaction of its own on PostgreSQL: that saves two round trips.
        self._readers = engine.execution_options(
            **({"isolation_level": "AUTOCOMMIT"} if self.is_postgresql else {"reader": True})
        )

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
                if is_orphan(error):
                    raise Unauthorized from error  # the caller's account was deleted a moment ago
                if attempt == ATTEMPTS or not is_retryable(error):
                    raise
        raise AssertionError("unreachable")

    async def read(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """`work` where it only reads; on PostgreSQL each of its statements sees its own snapshot."""
        async with AsyncSession(self._readers, expire_on_commit=False) as session:
            return await work(session, *args, **kw)

    async def fetch(self, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
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
            await greenlet_spawn(connection.close)

    async def clock(self, tx: Transaction) -> datetime:
        """The database's time, on which all workers agree; SQLite's workers share the machine's."""
        if not self.is_postgresql:
            return now()
        moment: datetime = (await tx.execute(sql_select(func.clock_timestamp()))).scalar_one()
        return moment

    async def close(self) -> None:
        await self.engine.dispose()


async def fetch_rows(tx: Transaction, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    rows: Sequence[Any] = (await tx.execute(statement, values)).all()
    return rows


@cache
def compiled(statement: Select[Any], dialect: Dialect) -> tuple[str, list[str], dict[str, Any]]:
    """The SQL, the names of its parameters in order, and the values of those that are part of the statement."""
    done: Any = statement.compile(dialect=dialect)
    constants = {name: bind.value for name, bind in done.binds.items() if not bind.required}
    return done.string, done.positiontup or [], constants
