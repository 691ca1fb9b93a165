# storage/sqlite.py -- SQLite: one writer, several readers, and files that only their owner may read.
import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import Table
from sqlalchemy.util import greenlet_spawn

from clock import utc_now
from models.columns import never, random_uuid
from settings.private_files import keep_private
from storage.database_kind import HIDE_PARAMETERS, ConnectArguments, DatabaseKind, ErrorCodes
from storage.timeouts import DEFAULT_LOCK_SECONDS, TimeLimits
from storage.url_parameters import POOL_PARAMETERS, read_parameters, refuse_unknown

T = TypeVar("T")
# Our own settings say how long to wait for a lock. With a shared cache connections would lock each other out.
DROPPED = POOL_PARAMETERS | {"timeout", "cache"}
# What SQLite adds to the name of the file: for itself, the write-ahead log, the index of the log, the rollback journal.
FILE_SUFFIXES = ("", "-wal", "-shm", "-journal")
# Of the file beside a database into which a restore writes first: it is there until all of the backup is.
RESTORING_SUFFIX = ".restoring"
INTERRUPT_SECONDS = 0.05


class SQLite(DatabaseKind):
    name = "sqlite"
    url_names = frozenset({"sqlite"})
    error_codes = ErrorCodes(
        transient=frozenset(),
        foreign_key_violation=frozenset({787}),  # SQLITE_CONSTRAINT_FOREIGNKEY
        # Busy, locked, no memory, read-only, interrupted, an error of the disk, disk full, cannot open.
        unavailable=frozenset({5, 6, 7, 8, 9, 10, 13, 14}),
    )
    trigger_folder = "sqlite"
    trigger_query = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"

    def parse_url(self, url: URL) -> tuple[URL, ConnectArguments]:
        words = read_parameters(url.query, DROPPED)
        # With uri=true the parameters are SQLite's own, and SQLite refuses those that it does not know.
        if words.get("uri", "").lower() != "true":
            refuse_unknown({name: value for name, value in words.items() if name != "uri"})
        return url.set(drivername="sqlite+aiosqlite", query=words), {}

    def open_engine(
        self, url: URL, arguments: ConnectArguments, limits: TimeLimits, pool_size: int
    ) -> AsyncEngine:
        return open_sqlite(url, limits, size=1)

    def open_readers(self, engine: AsyncEngine, pool_size: int) -> AsyncEngine:
        """Readers have connections of their own: a writer that waits for the lock takes none from them."""
        limits: TimeLimits = engine.sync_engine.get_execution_options()["limits"]
        return open_sqlite(engine.url, limits, size=pool_size).execution_options(reader=True)

    async def read_clock(self, tx: AsyncSession) -> datetime:
        return utc_now()

    def build_upsert(self, into: Table, key: str, changes: Mapping[str, object]) -> sqlite.Insert:
        return sqlite.insert(into).on_conflict_do_update(index_elements=[key], set_=dict(changes))

    async def take_schema_lock(self, connection: AsyncConnection) -> None:
        """Nothing is left to lock: the transaction began with BEGIN IMMEDIATE."""


def open_sqlite(url: URL, limits: TimeLimits, *, size: int) -> AsyncEngine:
    lock = limits.lock or DEFAULT_LOCK_SECONDS
    engine = create_async_engine(
        url,
        connect_args={"timeout": lock},
        hide_parameters=HIDE_PARAMETERS,
        **(make_pool_options(limits, size) if is_file(url) else {}),
        execution_options={"limits": limits},
    )

    def prepare(connection: DBAPIConnection, record: object) -> None:
        connection.isolation_level = None  # the driver sends no BEGIN: begin_transaction does
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={round(lock * 1000)}",
            "synchronous=FULL",  # acknowledged means stored, also when the machine loses power
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        switch_to_wal(cursor, lock)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin_transaction)
    if is_file(url):
        event.listen(engine.sync_engine, "do_connect", lambda *_: keep_files_private(Path(str(url.database))))
    if limits.statement is not None:
        limit_statements(engine, limits.statement)
    return engine


def is_file(url: URL) -> bool:
    return url.database not in (None, "", ":memory:") and "uri" not in url.query


def make_pool_options(limits: TimeLimits, size: int) -> dict[str, float]:
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": limits.connection}


def keep_files_private(path: Path) -> None:
    """Create the file readable for its owner alone; SQLite would let everybody read it.

    SQLite gives the files beside it the mode of the file itself.
    """
    if path.parent.is_dir():
        path.touch(mode=0o600)
    for suffix in FILE_SUFFIXES:
        keep_private(path.with_name(path.name + suffix))


def switch_to_wal(cursor: DBAPICursor, seconds: float) -> None:
    """Switch the file to write-ahead logging, which lasts.

    While another process opens the new file, SQLite refuses this at once, whatever busy_timeout says: so it is retried.
    """
    for _ in range(round(100 * seconds)):
        with suppress(OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        time.sleep(0.01)
    cursor.execute("PRAGMA journal_mode=WAL")


def begin_transaction(connection: Connection) -> None:
    """Writers lock the database before they read: otherwise two read the same row, and one update is lost."""
    reader = connection.get_execution_options().get("reader", False)
    connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")


def limit_statements(engine: AsyncEngine, seconds: float) -> None:
    """Interrupt a statement after so long: SQLite has no time limit, but another thread may interrupt it."""

    # Any: the context of the execution gets an attribute of ours.
    def start(
        connection: Connection, cursor: DBAPICursor, sql: str, values: object, context: Any, many: bool
    ) -> None:
        interrupt = connection.connection.driver_connection._conn.interrupt  # type: ignore[union-attr]
        context.alarm = asyncio.get_running_loop().call_later(seconds, interrupt)

    def end(
        connection: Connection, cursor: DBAPICursor, sql: str, values: object, context: Any, many: bool
    ) -> None:
        context.alarm.cancel()

    def fail(failure: ExceptionContext) -> None:
        alarm: asyncio.TimerHandle | None = getattr(failure.execution_context, "alarm", None)
        if alarm is None:
            return
        alarm.cancel()
        if isinstance(failure.original_exception, asyncio.CancelledError):
            interrupt_until_idle(failure.connection.connection.driver_connection)  # type: ignore[union-attr]

    event.listen(engine.sync_engine, "before_cursor_execute", start)
    event.listen(engine.sync_engine, "after_cursor_execute", end)
    event.listen(engine.sync_engine, "handle_error", fail)


async def run_transaction(engine: AsyncEngine, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run `work` on the thread of the engine's connection, in a transaction that is committed when this returns.

    It goes to that thread once. A transaction of SQLAlchemy goes there and back about four times for each statement.
    """
    limits: TimeLimits = engine.sync_engine.get_execution_options()["limits"]
    connection = await engine.raw_connection()
    # Any: aiosqlite has no types for what it keeps to itself.
    driver: Any = connection.driver_connection
    alarm = None
    if limits.statement is not None:
        alarm = asyncio.get_running_loop().call_later(limits.statement, driver._conn.interrupt)
    try:
        done: T = await driver._execute(transact, driver._conn, work)
        return done
    except asyncio.CancelledError:
        interrupt_until_idle(driver)
        raise
    finally:
        if alarm is not None:
            alarm.cancel()
        await greenlet_spawn(connection.close)


def transact(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work(connection)
        connection.execute("COMMIT")
        return done
    except BaseException:
        # After some errors, of a full disk for one, SQLite has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


# Any: aiosqlite has no types for what it keeps to itself.
def interrupt_until_idle(driver: Any) -> None:
    """End the statement of a cancelled request.

    SQLite interrupts only a statement that runs, and this one may still stand in the queue of the connection's thread.
    """
    loop = asyncio.get_running_loop()
    idle = asyncio.ensure_future(driver._execute(lambda: None))  # done when all before it in the queue is

    def interrupt() -> None:
        if not idle.done() and driver._connection is not None:
            driver._connection.interrupt()
            loop.call_later(INTERRUPT_SECONDS, interrupt)

    interrupt()


@compiles(random_uuid, "sqlite")
def _(element: random_uuid, compiler: SQLCompiler, **_: object) -> str:
    # 12 + 4 + 4 + 12 hex digits without dashes, as SQLAlchemy stores a UUID in SQLite.
    return (
        "(lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
        "substr('89AB', 1 + abs(random() % 4), 1) || substr(hex(randomblob(2)), 2) || hex(randomblob(6))))"
    )


@compiles(never, "sqlite")
def _(element: never, compiler: SQLCompiler, **_: object) -> str:
    return "'9999-01-01 00:00:00.000000'"
