# storage/engines.py -- from a database URL to an engine of SQLite, PostgreSQL or MariaDB.
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine

from settings import SettingsError
from storage.dialects import directions, past, read_clock, upsert
from storage.failures import gave_up, is_lost, is_orphan, reason, trouble
from storage.mariadb import mariadb_url, open_mariadb
from storage.postgresql import connect_outside, has_pooler, open_postgresql, postgresql_url
from storage.schema_lock import SCHEMA_LOCK, take_schema_lock
from storage.sqlite import open_sqlite, open_sqlite_readers, sqlite_url
from storage.timeouts import REQUESTS, UNHURRIED, TimeLimits

__all__ = [
    "REQUESTS",
    "SCHEMA_LOCK",
    "UNHURRIED",
    "TimeLimits",
    "connect_directly",
    "contains",
    "directions",
    "engine_url",
    "gave_up",
    "is_lost",
    "is_orphan",
    "is_pooled",
    "limits_of",
    "open_engine",
    "open_readers",
    "past",
    "read_clock",
    "reason",
    "searched",
    "take_schema_lock",
    "trouble",
    "upsert",
]

RECYCLE_SECONDS = 1800


def parse_database_url(url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with our driver in it, and what its parameters mean to the driver."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(
            "DATABASE_URL is not a database URL, such as postgresql://user:password@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return sqlite_url(parsed)
    if backend in ("postgresql", "postgres"):
        return postgresql_url(parsed)
    if backend in ("mariadb", "mysql"):
        return mariadb_url(parsed)
    raise SettingsError(
        f"DATABASE_URL: {backend} is not supported; use sqlite:///, postgresql:// or mariadb://"
    )


def open_engine(url: str, *, pool_size: int = 10, limits: TimeLimits = REQUESTS) -> AsyncEngine:
    """On SQLite for one who writes at a time; `open_readers` has the others."""
    parsed, arguments = parse_database_url(url)
    # Error messages end up in logs, and parameters are hashes and people's words.
    options: dict[str, Any] = {"hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        return open_sqlite(parsed, limits, options, size=1)
    options |= {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": limits.connection,
        "pool_recycle": RECYCLE_SECONDS,
    }
    if parsed.get_backend_name() == "mariadb":
        return open_mariadb(parsed, arguments, limits, options)
    return open_postgresql(parsed, arguments, limits, options)


def open_readers(engine: AsyncEngine, pool_size: int = 10) -> AsyncEngine:
    """The way in for who only reads. On PostgreSQL a single statement needs no transaction of its own: that saves two
    round trips."""
    if engine.dialect.name == "sqlite":
        return open_sqlite_readers(engine, pool_size)
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine


def uses_pooler(url: str) -> bool:
    """Whether the URL leads through a pooler in transaction mode."""
    return has_pooler(parse_database_url(url)[1])


async def connect_for_listen(engine: AsyncEngine, url: str) -> Any:
    """A connection of asyncpg outside the pool, for LISTEN; `url` is PostgreSQL's."""
    return await connect_outside(engine, *parse_database_url(url))
