# storage/engines.py -- from a database URL to an engine of SQLite, PostgreSQL or MariaDB.
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine

from settings import SettingsError
from storage.database_kind import ConnectArguments
from storage.dialects import KINDS, find_kind
from storage.postgresql import connect_outside_pool, has_pooler
from storage.timeouts import REQUESTS, TimeLimits

if TYPE_CHECKING:
    import asyncpg


def parse_database_url(url: str) -> tuple[URL, ConnectArguments]:
    """The URL for our driver, and its parameters as arguments of the driver; SettingsError where it is none."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(
            "DATABASE_URL is not a database URL, such as postgresql://user:password@host/name."
        ) from None
    kind = find_kind(parsed.get_backend_name())
    if kind is None:
        raise SettingsError(
            f"DATABASE_URL: {parsed.get_backend_name()} is not supported; "
            "use sqlite:///, postgresql:// or mariadb://"
        )
    return kind.parse_url(parsed)


def open_engine(url: str, *, pool_size: int = 10, limits: TimeLimits = REQUESTS) -> AsyncEngine:
    """The engine of transactions that write. SQLite has one connection for them: one transaction writes at a time."""
    parsed, arguments = parse_database_url(url)
    return KINDS[parsed.get_backend_name()].open_engine(parsed, arguments, limits, pool_size)


def open_readers(engine: AsyncEngine, pool_size: int = 10) -> AsyncEngine:
    """The engine of transactions that only read, of the same database."""
    return KINDS[engine.dialect.name].open_readers(engine, pool_size)


def uses_pooler(url: str) -> bool:
    """Whether the URL leads through a pooler in transaction mode."""
    return has_pooler(parse_database_url(url)[1])


async def connect_for_listen(engine: AsyncEngine, url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of asyncpg outside the pool, for LISTEN; `url` is PostgreSQL's."""
    return await connect_outside_pool(engine, *parse_database_url(url))
