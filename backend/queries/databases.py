# queries/databases.py -- the databases that the operator has named, and those of them that an account may use.
import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from structlog.typing import FilteringBoundLogger

from queries.answers import Answer
from queries.catalog import Catalog, name_some
from queries.engines.engine import (
    GRACE_SECONDS,
    MAX_MESSAGE,
    Failed,
    QueryEngine,
    Rights,
    TookTooLong,
    Unreachable,
)
from queries.refusals import QueryRefused
from queries.rewriting import rewrite_query
from settings import SettingsError
from settings.query_databases import QueryDatabase
from storage.engines import parse_database_url

log: FilteringBoundLogger = structlog.get_logger()

# Of one worker on one database: connections, and files that are read.
MAX_AT_ONCE = 4
# Texts that are parsed, and files of SQLite that are read, at the same time: slow files let others be parsed.
PARSERS = 2
READERS = 4
# How long a description of the tables is believed.
CATALOG_SECONDS = 60.0
UNREACHABLE = "The database cannot be reached at the moment."


@dataclass(frozen=True, slots=True)
class QueryResult:
    """`sql` is what was run."""

    sql: str
    answer: Answer


@dataclass(slots=True)
class NamedDatabase:
    """One of them, with its few connections."""

    entry: QueryDatabase
    engine: QueryEngine
    parsers: ThreadPoolExecutor
    clock: Callable[[], float] = time.monotonic
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_AT_ONCE))
    _catalog: Catalog | None = None
    _read_at: float = 0.0

    async def read_catalog(self) -> Catalog:
        """The tables that agents may read; QueryRefused if the database does not say."""
        if self._catalog is None or self.clock() - self._read_at > CATALOG_SECONDS:
            async with self._connect():
                found = await self.engine.read_catalog()
            self._catalog, self._read_at = found.keep_only(self.entry.tables), self.clock()
        return self._catalog

    async def run(self, text: str) -> QueryResult:
        """What one SELECT finds; QueryRefused if it is none, or fails."""
        catalog = await self.read_catalog()
        sql = await asyncio.get_running_loop().run_in_executor(self.parsers, rewrite_query, text, catalog)
        async with self._connect():
            answer = await self.engine.run(sql, catalog, self.entry.seconds)
        return QueryResult(sql, answer)

    async def read_rights(self) -> Rights:
        async with self._connect():
            return await self.engine.read_rights()

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[None]:
        """A place among the few, for as long as a query may take; errors in words that say nothing of the way there."""
        try:
            async with asyncio.timeout(self.entry.seconds):
                await self.gate.acquire()
        except TimeoutError:
            raise QueryRefused("Too many queries are at work. Try again in a moment.") from None
        try:
            async with asyncio.timeout(self.entry.seconds + GRACE_SECONDS):
                yield
        except (TookTooLong, TimeoutError):
            raise QueryRefused(
                f"The query took longer than {self.entry.seconds:g} seconds. Ask for less, or for fewer rows."
            ) from None
        except Failed as error:
            raise QueryRefused(f"The database refuses it: {str(error)[:MAX_MESSAGE]}") from None
        except Unreachable as error:
            # What the driver says may tell the address and the name of the role.
            log.warning(
                "a database for queries cannot be reached", database=self.entry.name, why=name_class(error)
            )
            raise QueryRefused(UNREACHABLE) from None
        finally:
            self.gate.release()


def name_class(error: Exception) -> str:
    return type(error.__context__ or error).__name__


@dataclass(frozen=True, slots=True)
class AccountDatabases:
    """Those that the agents of an account may query. Of any other they learn no more than of one that there is not."""

    databases: Mapping[str, NamedDatabase]

    def __bool__(self) -> bool:
        return bool(self.databases)

    def find(self, name: str) -> NamedDatabase:
        found = self.databases.get(name)
        if found is None:
            raise QueryRefused(
                f"There is no database named {name[:100]}. {name_some('database', list(self.databases))}"
            )
        return found


class QueryDatabases:
    """All that are named; SettingsError for a URL that is wrong. Nothing is opened before a query asks for it."""

    def __init__(self, entries: Sequence[QueryDatabase]) -> None:
        self._parsers = ThreadPoolExecutor(PARSERS, thread_name_prefix="query-parser")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="query-reader")
        self.all = {
            entry.name: NamedDatabase(entry, open_engine(entry, self._readers), self._parsers)
            for entry in entries
        }

    def list_for(self, account_id: UUID) -> AccountDatabases:
        return AccountDatabases(
            {name: each for name, each in self.all.items() if account_id in each.entry.accounts}
        )

    def close(self) -> None:
        for threads in (self._parsers, self._readers):
            threads.shutdown(wait=False, cancel_futures=True)


def open_engine(entry: QueryDatabase, threads: ThreadPoolExecutor) -> QueryEngine:
    try:
        url, arguments = parse_database_url(entry.url.get_secret_value())
    except SettingsError as error:
        where = f"QUERY_DATABASES: {entry.name}"
        raise SettingsError(str(error).replace("DATABASE_URL", where)) from None
    match url.get_backend_name():
        case "postgresql":
            from queries.engines.postgresql import PostgreSQLQueries

            return PostgreSQLQueries(url, arguments)
        case "mariadb":  # its driver is dear to import
            from queries.engines.mariadb import MariaDBQueries

            return MariaDBQueries(url, arguments)
    if not url.database or url.database == ":memory:" or url.query:
        raise SettingsError(
            f"QUERY_DATABASES: {entry.name}: SQLite needs a file alone, as in sqlite:///shop.db"
        )
    from queries.engines.sqlite import SQLiteQueries

    return SQLiteQueries(url, threads)
