# schema.py -- makes the tables on an empty database, and refuses one that this code does not fit.
from pathlib import Path

import structlog
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine

import models

log = structlog.get_logger()

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
METADATA = models.User.metadata

# "parley" in ASCII: whoever changes the schema holds this lock, migrations/psql/begin.sql too.
LOCK_ID = int.from_bytes(b"parley", "big")

# The table by which Alembic knows where a database stands, exactly as Alembic makes it.
STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class SchemaError(Exception):
    """The database and this code do not fit; one line says why and what to run."""


def revisions() -> list[str]:
    """The names of the SQL files, in order; the last one is the head."""
    return sorted(file.stem for file in MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql"))


async def bootstrap(engine: AsyncEngine) -> str:
    """The head revision, at which the database then stands; SchemaError if it stands elsewhere.

    On an empty database it makes the tables, once however many workers start: on SQLite the lock is the
    writer's (the engine begins with BEGIN IMMEDIATE, see db.py), elsewhere one of ours.
    """
    async with engine.begin() as connection:
        made = await connection.run_sync(make_or_check)
    head = revisions()[-1]
    if made:
        log.info("✅ Database tables initialized", revision=head)
    return head


def make_or_check(connection: Connection) -> bool:
    """Whether it made the tables."""
    take_lock(connection)
    names = table_names(connection)
    stamps = read_stamps(connection, names)
    ours = names & METADATA.tables.keys()
    if not stamps and not ours:
        make(connection, stamp_too=STAMP.name not in names)
        return True
    check(connection.dialect.name, stamps, ours)
    return False


def take_lock(connection: Connection) -> None:
    """Until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK_ID})


def table_names(connection: Connection) -> set[str]:
    """Those in the schema in which create_all works, whatever else the search path reaches."""
    inspector = inspect(connection)
    return set(inspector.get_table_names(schema=inspector.default_schema_name))


def read_stamps(connection: Connection, names: set[str]) -> list[str]:
    if STAMP.name not in names:
        return []
    return sorted(connection.execute(select(STAMP.c.version_num)).scalars())


def make(connection: Connection, *, stamp_too: bool) -> None:
    METADATA.create_all(connection, checkfirst=False)
    if stamp_too:
        STAMP.create(connection, checkfirst=False)
    connection.execute(insert(STAMP).values(version_num=revisions()[-1]))


def check(dialect: str, stamps: list[str], ours: set[str]) -> None:
    known = revisions()
    if not stamps:
        raise SchemaError(
            f"The database has tables ({', '.join(sorted(ours))}) but no stamp that says which revision they "
            "are. Use an empty database, or stamp this one: migrations/README.md, 'Tables without a stamp'."
        )
    if len(stamps) > 1:
        raise SchemaError(
            f"alembic_version has {len(stamps)} rows ({', '.join(stamps)}) where one belongs. "
            "Delete those that are not true."
        )
    [stamp] = stamps
    if stamp not in known:
        raise SchemaError(
            f"The database is at {stamp!r}, which this code does not know; its newest revision is "
            f"{known[-1]}. Start the version of Parley that made it, or a newer one."
        )
    if stamp != known[-1]:
        missing = known[known.index(stamp) + 1 :]
        raise SchemaError(
            f"The database is at {stamp}, but this code needs {known[-1]}. {upgrade_hint(dialect, missing)}"
        )
    gone = METADATA.tables.keys() - ours
    if gone:
        raise SchemaError(
            f"The database is stamped {stamp}, but tables are missing ({', '.join(sorted(gone))}). "
            "Restore them from a backup, or use an empty database."
        )


def upgrade_hint(dialect: str, missing: list[str]) -> str:
    if dialect == "postgresql":
        files = " ".join(f"-f migrations/{revision}.sql" for revision in missing)
        return f'Run: psql "$DATABASE_URL" {files}'
    return "On this engine only a new database can be used: name one in DATABASE_URL."
