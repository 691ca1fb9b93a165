# queries/engines/engine.py -- what each kind of database does for queries.
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from queries.answers import Answer
from queries.catalog import Catalog, Dialect

CONNECT_SECONDS = 5.0
# A query that the database does not end in time is given up so much later.
GRACE_SECONDS = 2.0
MAX_MESSAGE = 300


class Unreachable(Exception):
    """The database does not let us in. What it says may tell where it is: the text is for nobody but the log."""


class TookTooLong(Exception):
    """The database has ended the query."""


class Failed(Exception):
    """The database does not run the query; the text is its own."""


@dataclass(frozen=True, slots=True)
class Rights:
    """`version` is the server's. `excess` is what the role may do beside reading, in words."""

    version: str
    excess: tuple[str, ...]


class QueryEngine(ABC):
    """Each call has a connection of its own, which ends with it: nothing that a query sets reaches another one."""

    dialect: ClassVar[Dialect]

    @abstractmethod
    async def read_catalog(self) -> Catalog:
        """The tables and views that the role may read."""

    @abstractmethod
    async def run(self, sql: str, catalog: Catalog, seconds: float) -> Answer:
        """The rows of one statement that `rewrite_query` has written, in a transaction that only reads."""

    @abstractmethod
    async def read_rights(self) -> Rights:
        """Looked up: nothing is tried."""
