# backups/manifest.py -- what a backup says of itself: where it is from, what is in it, and how it is told to be whole.
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

# The stamp of the schema is a row of this table, as every other.
STAMP_TABLE = "alembic_version"


class BackupError(Exception):
    """It cannot be made, read or restored; one line for the operator says why and what to do."""


class DataFile(BaseModel):
    """The member of the archive that holds the rows, unpacked: its length and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    bytes: int
    sha256: str


@dataclass
class DumpFacts:
    """What is in the data: the rows of each table, and those of the table of the stamp."""

    tables: dict[str, int] = field(default_factory=dict)
    stamps: list[str] = field(default_factory=list)

    @property
    def revision(self) -> str | None:
        """One stamp, as a rule; a database that is half-way through an upgrade has two."""
        return ", ".join(sorted(self.stamps)) or None


class Manifest(BaseModel):
    """`tables` has how many rows of each table are in the file, and `revision` the stamp that is: both are read from
    the data itself, so they are of the same moment. `namespace` is PostgreSQL's schema."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    parley: str
    made_at: datetime
    engine: Literal["sqlite", "postgresql", "mariadb"]
    server: str
    program: str
    namespace: str | None = None
    revision: str | None
    tables: dict[str, int]
    data: DataFile

    def count_rows(self) -> int:
        return sum(self.tables.values())

    def check(self, facts: DumpFacts) -> None:
        """BackupError unless this is what was found in the data."""
        self.check_counts(facts.tables)
        if facts.revision != self.revision:
            raise BackupError(
                f"The data is of revision {facts.revision}, and the manifest says {self.revision}."
            )

    def check_counts(self, found: dict[str, int]) -> None:
        for table in sorted(self.tables.keys() | found.keys()):
            there, said = found.get(table), self.tables.get(table)
            if there != said:
                raise BackupError(
                    f"{table} has {there or 'no'} rows, and the manifest says {said or 'none'}."
                )
