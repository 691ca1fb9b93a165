# storage/sqlite.py -- how to reach SQLite: one writer, many readers, and files that only their owner reads.
import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles

from models.columns import random_uuid
from settings import keep_private
from storage.timeouts import PATIENT_LOCK_SECONDS, TimeLimits
from storage.url_parameters import POOL_WORDS, read_words, refuse_rest

# How long to wait for others is our own setting; one cache for all connections would only lock them against each other.
DROPPED = POOL_WORDS | {"timeout", "cache"}
# Beside the file: the log of what is not in it yet, and the index of that.
BESIDE = ("", "-wal", "-shm", "-journal")
INTERRUPT_SECONDS = 0.05


def sqlite_url(parsed: URL) -> tuple[URL, dict[str, Any]]:
    words = read_words(parsed.query, DROPPED)
    if (
        words.get("uri", "").lower() != "true"
    ):  # else they are SQLite's own, and it says which it does not know
        refuse_rest({name: value for name, value in words.items() if name != "uri"})
    return parsed.set(drivername="sqlite+aiosqlite", query=words), {}


def open_sqlite(parsed: URL, limits: TimeLimits, options: dict[str, Any], *, size: int) -> AsyncEngine:
    lock = limits.lock or PATIENT_LOCK_SECONDS
    engine = create_async_engine(
        parsed,
        connect_args={"timeout": lock},
        **options,
        **(pool_options(limits, size) if is_file(parsed) else {}),
        execution_options={"limits": limits},
    )

    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={round(lock * 1000)}",
            "synchronous=FULL",  # acknowledged means stored, also when the machine loses power
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        use_wal(cursor, lock)
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin)
    if is_file(parsed):
        event.listen(
            engine.sync_engine, "do_connect", lambda *_: keep_files_private(Path(str(parsed.database)))
        )
    if limits.statement is not None:
        bound_statements(engine, limits.statement)
    return engine


def open_sqlite_readers(engine: AsyncEngine, size: int) -> AsyncEngine:
    """Connections of their own, so that writers who wait for the lock do not take those of readers."""
    limits: TimeLimits = engine.sync_engine.get_execution_options()["limits"]
    readers = open_sqlite(engine.url, limits, {"hide_parameters": True}, size=size)
    return readers.execution_options(reader=True)


def is_file(parsed: URL) -> bool:
    return parsed.database not in (None, "", ":memory:") and "uri" not in parsed.query


def pool_options(limits: TimeLimits, size: int) -> dict[str, Any]:
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": limits.connection}


def keep_files_private(path: Path) -> None:
    """Made here, where SQLite would let everybody read it; what lies beside it gets the same mode from SQLite."""
    if path.parent.is_dir():
        path.touch(mode=0o600)
    for end in BESIDE:
        keep_private(path.with_name(path.name + end))


def use_wal(cursor: Any, seconds: float) -> None:
    """Once for a file. SQLite does not wait here for others who are opening the new file: so this tries again."""
    for _ in range(round(100 * seconds)):
        with suppress(OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        time.sleep(0.01)
    cursor.execute("PRAGMA journal_mode=WAL")


def begin(connection: Connection) -> None:
    """A writer takes the lock before it reads: otherwise two writers read the same row and one update is lost."""
    reader = connection.get_execution_options().get("reader", False)
    connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")


def bound_statements(engine: AsyncEngine, seconds: float) -> None:
    """SQLite knows no limit for a statement, but one can interrupt it, from the event loop while its thread works."""

    def start(connection: Connection, cursor: Any, sql: str, values: Any, context: Any, many: bool) -> None:
        interrupt = connection.connection.driver_connection._conn.interrupt  # type: ignore[union-attr]
        context.alarm = asyncio.get_running_loop().call_later(seconds, interrupt)

    def end(connection: Connection, cursor: Any, sql: str, values: Any, context: Any, many: bool) -> None:
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


def interrupt_until_idle(driver: Any) -> None:
    """End what a cancelled request has asked of this connection.

    SQLite interrupts only what runs, and the statement may still stand in the queue of the connection's thread.
    """
    loop = asyncio.get_running_loop()
    idle = asyncio.ensure_future(driver._execute(lambda: None))  # done when all before it in the queue is

    def interrupt() -> None:
        if not idle.done() and driver._connection is not None:
            driver._connection.interrupt()
            loop.call_later(INTERRUPT_SECONDS, interrupt)

    interrupt()


@compiles(random_uuid, "sqlite")
def _(element: random_uuid, compiler: Any, **_: Any) -> str:
    # 12 + 4 + 4 + 12 hex digits without dashes, as SQLAlchemy stores a UUID in SQLite.
    return (
        "(lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
        "substr('89AB', 1 + abs(random() % 4), 1) || substr(hex(randomblob(2)), 2) || hex(randomblob(6))))"
    )
