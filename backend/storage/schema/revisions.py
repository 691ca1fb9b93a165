# storage/schema/revisions.py -- the revisions of the schema, and where a database says which one it has.
from collections.abc import Iterable

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

import models
from settings import ROOT

MIGRATIONS = ROOT / "migrations"
METADATA = models.User.metadata

# Alembic's table with the revision of the database, exactly as Alembic creates it.
REVISION_TABLE = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
# While a step of a migration runs, the table holds a second row with this prefix.
STARTED_PREFIX = "started "
# On MariaDB, whose restores commit with each statement, this table is there until all of a backup is.
RESTORE_TABLE = "parley_restore"
RESTORE = "restore"
RESTORE_KILLED = (
    "A restore into this database is at work or was killed: what is there is not all of the backup. If none is at "
    'work, see "Restore" in specs/operating.md.'
)


class SchemaError(Exception):
    """The database and this code do not fit; one line says why and what to run."""


class BehindError(SchemaError):
    """The database is older than this code."""


def list_revisions() -> list[str]:
    """The names of the SQL files, in order; the last one is the head."""
    return sorted(file.stem for file in MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql"))


def list_tables(connection: Connection) -> set[str]:
    """The tables in the schema in which create_all works; the search path may reach others too."""
    inspector = inspect(connection)
    return set(inspector.get_table_names(schema=inspector.default_schema_name))


def read_revisions(connection: Connection, tables: set[str]) -> list[str]:
    """The rows of the revision table: one, unless a step or a restore is unfinished or somebody wrote into it."""
    if RESTORE_TABLE in tables:
        return [f"{STARTED_PREFIX}{RESTORE}"]
    if REVISION_TABLE.name not in tables:
        return []
    return sorted(connection.execute(select(REVISION_TABLE.c.version_num)).scalars())


def make_started_marker(revision: str) -> str:
    """The row that stands beside the revision while a step runs."""
    return f"{STARTED_PREFIX}{revision[:3]}"


def find_unfinished_step(rows: Iterable[str]) -> str | None:
    """One line about a step that was started and not finished, if there is one."""
    steps = [row.removeprefix(STARTED_PREFIX) for row in rows if row.startswith(STARTED_PREFIX)]
    if not steps:
        return None
    if steps[0] == RESTORE:
        return RESTORE_KILLED
    return (
        f"A step of the schema was started and not finished: {steps[0]}. Restore the backup, or see "
        "migrations/README.md, 'Half-way'."
    )
