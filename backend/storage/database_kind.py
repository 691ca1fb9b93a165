# storage/database_kind.py -- the interface that SQLite, PostgreSQL and MariaDB implement.
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.sql.schema import Table

from storage.timeouts import TimeLimits

# A SQLSTATE, or a number of the driver's.
ErrorCode = str | int
# The keyword arguments of a driver's connect(): each has a type of its own, hence Any.
ConnectArguments = dict[str, Any]
# The columns that a list is sorted by, and their values in one row.
SortKeys = Sequence[ColumnElement[object]]
Upsert = mysql.Insert | postgresql.Insert | sqlite.Insert
# Error messages end up in logs, and bind parameters are hashes and what users write.
HIDE_PARAMETERS = True
RECYCLE_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class ErrorCodes:
    """`transient`: the same transaction may succeed at once. `unavailable`: errors that time or the operator solves."""

    transient: frozenset[ErrorCode]
    foreign_key_violation: frozenset[ErrorCode]
    unavailable: frozenset[ErrorCode]


class DatabaseKind(ABC):
    """`name` is SQLAlchemy's name of the dialect; `url_names` are the schemes of its URLs.

    `trigger_folder` under migrations/ holds the SQL of its triggers. `trigger_query` reads table, name and definition
    of each live trigger; on PostgreSQL of each function too, with an empty table.
    """

    name: ClassVar[str]
    url_names: ClassVar[frozenset[str]]
    error_codes: ClassVar[ErrorCodes]
    trigger_folder: ClassVar[str]
    trigger_query: ClassVar[str]

    @abstractmethod
    def parse_url(self, url: URL) -> tuple[URL, ConnectArguments]:
        """The URL for our driver, and its parameters as arguments of the driver; SettingsError for an unknown one."""

    @abstractmethod
    def open_engine(
        self, url: URL, arguments: ConnectArguments, limits: TimeLimits, pool_size: int
    ) -> AsyncEngine:
        """The engine of a URL that `parse_url` gave."""

    def open_readers(self, engine: AsyncEngine, pool_size: int) -> AsyncEngine:
        """The engine of transactions that only read."""
        return engine

    @abstractmethod
    async def read_clock(self, tx: AsyncSession) -> datetime:
        """The time on which all workers agree."""

    @abstractmethod
    def build_upsert(self, into: Table, key: str, changes: Mapping[str, object]) -> Upsert:
        """An INSERT that applies `changes` to the row that has the same `key`, if there is one."""

    def sort_directions(self, keys: SortKeys, *, descending: bool) -> list[bool]:
        """True for each key that sorts descending."""
        return [descending] * len(keys)

    def after_cursor(
        self, keys: SortKeys, values: Sequence[object], directions: Sequence[bool]
    ) -> ColumnElement[bool]:
        """The keyset condition: the rows that come after the one whose keys have these values."""
        return tuple_(*keys) < tuple_(*values) if directions[0] else tuple_(*keys) > tuple_(*values)

    @abstractmethod
    async def take_schema_lock(self, connection: AsyncConnection) -> None:
        """Take the lock that every change of the schema needs, until the connection's transaction or its use ends."""
