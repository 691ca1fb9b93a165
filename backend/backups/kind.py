# backups/kind.py -- the interface that the backups of SQLite, PostgreSQL and MariaDB implement.
import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from backups.archive import ArchiveReader, ArchiveWriter, Progress, ignore_progress
from backups.manifest import DataFile, DumpFacts
from settings import Settings
from storage.engines import open_engine
from storage.failures import explain_database_errors
from storage.timeouts import UNHURRIED

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """A database that is backed up: the version of its server, its tables and, on PostgreSQL, their schema."""

    version: str
    tables: list[str]
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenData:
    """What was written, what is in it, and the program that has read it from the database."""

    file: DataFile
    facts: DumpFacts
    program: str


class BackupKind(ABC):
    """`data_name` is the archive's member with the rows."""

    data_name: ClassVar[str]

    @abstractmethod
    def describe_source(self, settings: Settings) -> Source:
        """Look at the database. SettingsError where it does not answer."""

    @abstractmethod
    def write_data(
        self, settings: Settings, source: Source, archive: ArchiveWriter, on_progress: Progress
    ) -> WrittenData:
        """Write one snapshot of the database. Others may read and write it meanwhile."""

    @abstractmethod
    def read_facts(self, chunks: Iterable[bytes]) -> DumpFacts:
        """Read all of the data, and count what is in it."""

    @abstractmethod
    def restore_data(self, settings: Settings, archive: ArchiveReader, on_progress: Progress) -> None:
        """Write the data into an empty database, once all of it was read and found whole.

        One that is not empty is left as it is, and one in which something fails is left empty.
        """

    def check_contents(self, archive: ArchiveReader, on_progress: Progress = ignore_progress) -> None:
        """Read all of the data. BackupError unless it is what the manifest says."""
        archive.manifest.check(self.read_facts(archive.read_data(on_progress)))


def ask_engine(url: str, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """The result of `work` on an engine of its own."""

    async def run() -> T:
        engine = open_engine(url, pool_size=1, limits=UNHURRIED)
        try:
            with explain_database_errors():
                return await work(engine)
        finally:
            await engine.dispose()

    return asyncio.run(run())
