# storage/schema.py -- makes the tables of an empty database, upgrades an older one, refuses one that does not fit.
import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

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
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.typing import FilteringBoundLogger

import models
from settings import ROOT, Settings
from storage.engines import take_schema_lock

if TYPE_CHECKING:  # Alembic is imported where it is used: a start at head needs none of it
    from alembic.config import Config

log: FilteringBoundLogger = structlog.get_logger()

MIGRATIONS = ROOT / "migrations"
METADATA = models.User.metadata

# The table by which Alembic knows where a database stands, exactly as Alembic makes it.
REVISION_TABLE = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

# Where the triggers of each engine are written down: PostgreSQL's stand in the files for psql themselves.
TRIGGERS = {"postgresql": ".", "sqlite": "sqlite", "mariadb": "mariadb"}

# Table, name and definition of each trigger; on PostgreSQL of each function too, which is no table's.
LIVE_TRIGGERS = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid, true)
          || CASE tgenabled WHEN 'O' THEN '' ELSE ' (not enabled)' END
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
        UNION ALL SELECT '', proname || '()', prosrc FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype
    """,
    "mariadb": """
        SELECT event_object_table, trigger_name, concat('CREATE TRIGGER ', trigger_name, ' ', action_timing, ' ',
          event_manipulation, ' ON ', event_object_table, ' FOR EACH ROW ', action_statement)
        FROM information_schema.triggers WHERE trigger_schema = database()
    """,
}

# A second row that begins so is the mark of a step that has started and not finished.
STARTED_PREFIX = "started "

# A table's columns, its indexes, and whether it has triggers.
Shape = dict[str, tuple[frozenset[str], frozenset[str], bool]]


class SchemaError(Exception):
    """The database and this code do not fit; one line says why and what to run."""


class BehindError(SchemaError):
    """The database is older than this code."""


def list_revisions() -> list[str]:
    """The names of the SQL files, in order; the last one is the head."""
    return sorted(file.stem for file in MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql"))


def trigger_statements(dialect: str, revision: str) -> list[str]:
    """What a revision says on triggers, in SQL for the engine; nothing if it has no such part."""
    folder = MIGRATIONS / TRIGGERS[dialect]
    path = folder / f"{revision}.sql"
    _, _, part = (path.read_text() if path.exists() else "").partition("\n-- Triggers")
    statements = part.partition("\n\n")[2].partition("\n\\endif")[0]
    return [
        statement.strip().removesuffix(";") for statement in statements.split("\n\n") if statement.strip()
    ]


async def bootstrap(engine: AsyncEngine, settings: Settings | None = None) -> str:
    """The head revision, at which the database then stands; SchemaError if it stands elsewhere.

    On an empty database it makes the tables, once however many workers start: on SQLite the lock is the
    writer's (the engine begins with BEGIN IMMEDIATE, see db.py), elsewhere one of ours. With AUTO_MIGRATE an older
    one is upgraded, once too.
    """
    try:
        made = await make_or_check_alone(engine)
    except BehindError:
        if settings is None or not settings.auto_migrate:
            raise
        await asyncio.to_thread(upgrade_schema, settings.database_url.get_secret_value(), log_step)
        made = await make_or_check_alone(engine)
    head = list_revisions()[-1]
    if made:
        log.info("✅ Database tables initialized", revision=head)
    return head


async def make_or_check_alone(engine: AsyncEngine) -> bool:
    async with engine.begin() as connection:
        await take_schema_lock(connection)
        return await connection.run_sync(make_or_check)


def make_or_check(connection: Connection) -> bool:
    """Whether it made the tables."""
    names = list_tables(connection)
    stamps = read_revisions(connection, names)
    ours = names & METADATA.tables.keys()
    if not stamps and not ours:
        make(connection, stamp_too=REVISION_TABLE.name not in names)
        return True
    check(stamps, ours)
    return False


@asynccontextmanager
async def hold_schema_lock(engine: AsyncEngine) -> AsyncIterator[None]:
    """Nobody else changes the schema meanwhile. A transaction of its own has the lock, so that a step may commit
    on its way, and so that it works through a pooler. On SQLite whoever writes is alone."""
    if engine.dialect.name == "sqlite":
        yield
        return
    async with engine.begin() as guard:
        await take_schema_lock(guard)
        yield


def list_tables(connection: Connection) -> set[str]:
    """Those in the schema in which create_all works, whatever else the search path reaches."""
    inspector = inspect(connection)
    return set(inspector.get_table_names(schema=inspector.default_schema_name))


def read_revisions(connection: Connection, names: set[str]) -> list[str]:
    if REVISION_TABLE.name not in names:
        return []
    return sorted(connection.execute(select(REVISION_TABLE.c.version_num)).scalars())


def make(connection: Connection, *, stamp_too: bool) -> None:
    """create_all, and what it does not know. The mark matters where DDL cannot be rolled back."""
    head = list_revisions()[-1]
    if stamp_too:
        REVISION_TABLE.create(connection, checkfirst=False)
    connection.execute(insert(REVISION_TABLE).values(version_num=make_started_marker(head)))
    METADATA.create_all(connection, checkfirst=False)
    for revision in list_revisions():
        for statement in trigger_statements(connection.dialect.name, revision):
            connection.execute(text(statement))
    connection.execute(update(REVISION_TABLE).values(version_num=head))


def make_alembic_config(url: str, **attributes: Any) -> "Config":
    """Alembic as it is configured in pyproject.toml, for one database."""
    from alembic.config import Config

    return Config(toml_file=ROOT / "pyproject.toml", attributes={"url": url, **attributes})


def upgrade_schema(url: str, tell: Callable[[Any, Any], None], to: str = "head") -> None:
    """Run what is pending, under the lock; `tell(context, step)` after each step. Not inside an event loop."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(make_alembic_config(url, tell=tell), to)
    except CommandError as error:
        raise SchemaError(str(error)) from error
    except DBAPIError as error:
        raise SchemaError(f"The upgrade failed: {str(error.orig).splitlines()[0]}") from error


def log_step(_: Any, step: Any) -> None:
    log.info("Database schema upgraded", revision=step.up_revision_id)


def make_started_marker(revision: str) -> str:
    """The mark that stands beside the stamp while a step runs."""
    return f"{STARTED_PREFIX}{revision[:3]}"


def find_unfinished_step(stamps: Iterable[str]) -> str | None:
    """One line about a step that was started and not finished, if there is one."""
    marks = [stamp.removeprefix(STARTED_PREFIX) for stamp in stamps if stamp.startswith(STARTED_PREFIX)]
    if not marks:
        return None
    return (
        f"A step of the schema was started and not finished: {marks[0]}. Restore the backup, or see "
        "migrations/README.md, 'Half-way'."
    )


def check(stamps: list[str], ours: set[str]) -> None:
    known = list_revisions()
    if half := find_unfinished_step(stamps):
        raise SchemaError(half)
    if not stamps:
        raise SchemaError(
            f"The database has tables ({', '.join(sorted(ours))}) but no stamp that says which revision they "
            "are. If they are Parley's, run: parley db stamp. Otherwise use an empty database."
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
        raise BehindError(
            f"The database is at {stamp}, but this code needs {known[-1]}. Back it up, then run: "
            "parley db upgrade (or: alembic upgrade head)."
        )
    gone = METADATA.tables.keys() - ours
    if gone:
        raise SchemaError(
            f"The database is stamped {stamp}, but tables are missing ({', '.join(sorted(gone))}). "
            "Restore them from a backup, or use an empty database."
        )


# What is there: for the tables that have no stamp, and for `parley db verify`


def read_triggers(connection: Connection) -> dict[str, str]:
    """Each trigger of our tables, and on PostgreSQL each function of ours, with its definition on one line."""
    ours = list_tables(connection)
    rows = connection.exec_driver_sql(LIVE_TRIGGERS[connection.dialect.name]).all()
    return {name: one_line(definition) for table, name, definition in rows if table in ours or not table}


def one_line(sql: str) -> str:
    return " ".join(sql.split())


def read_expected_triggers(dialect: str) -> dict[str, str]:
    """What `trigger_definitions` finds in a database at head."""
    wanted: dict[str, str] = {}
    for revision in list_revisions():
        for statement in trigger_statements(dialect, revision):
            words = statement.split()
            action, kind, name = words[:3]
            if action == "DROP":
                wanted.pop(name)
            elif kind == "FUNCTION":  # PostgreSQL's
                wanted[name] = one_line(statement.split("$$")[1])
            else:
                wanted[name] = one_line(statement)
    return wanted


def find_trigger_differences(connection: Connection) -> list[str]:
    """A line for each trigger, and each function of ours, that is not as the migrations leave it."""
    live, wanted = read_triggers(connection), read_expected_triggers(connection.dialect.name)
    others = {
        name for name in live.keys() - wanted.keys() if name.endswith("()")
    }  # functions of somebody else
    return [
        f"{'function' if name.endswith('()') else 'trigger'} {name}: "
        + (
            "is missing"
            if name not in live
            else "is not in the migrations"
            if name not in wanted
            else "differs"
        )
        for name in sorted((live.keys() | wanted.keys()) - others)
        if live.get(name) != wanted.get(name)
    ]


def shape(connection: Connection) -> Shape:
    """What tells revisions apart: the tables, each with its columns, its indexes, and whether it has triggers."""
    inspector = inspect(connection)
    where = inspector.default_schema_name
    guarded = {row[0] for row in connection.exec_driver_sql(LIVE_TRIGGERS[connection.dialect.name])}
    return {
        name: (
            frozenset(str(column["name"]) for column in inspector.get_columns(name, schema=where)),
            frozenset(
                str(index["name"])
                for index in inspector.get_indexes(name, schema=where)
                if str(index["name"]).startswith("idx_")
            ),
            name in guarded,
        )
        for name in list_tables(connection) - {REVISION_TABLE.name}
    }


def build_fingerprints() -> dict[str, Shape]:
    """The shape of each revision, by making them one after the other in a database in memory."""
    found: dict[str, Shape] = {}

    def look(migrations: Any, step: Any) -> None:
        found[step.up_revision_id] = shape(migrations.connection)

    upgrade_schema("sqlite://", look)
    return found


async def stamp_database(engine: AsyncEngine) -> str:
    """Stamps tables that have no stamp, and gives the revision as which they were recognised."""
    shapes = await asyncio.to_thread(build_fingerprints)
    async with engine.begin() as connection:
        await take_schema_lock(connection)
        return await connection.run_sync(recognise, shapes)


def recognise(connection: Connection, shapes: dict[str, Shape]) -> str:
    names = list_tables(connection)
    if stamps := read_revisions(connection, names):
        raise SchemaError(f"The database has a stamp already: {', '.join(stamps)}. Nothing was changed.")
    ours = {name for known in shapes.values() for name in known}
    live = {name: found for name, found in shape(connection).items() if name in ours}
    if not live:
        raise SchemaError("The database has no tables of Parley: start the server, and it makes them.")
    for revision in reversed(shapes):
        if shapes[revision] == live:
            REVISION_TABLE.create(connection, checkfirst=True)
            connection.execute(insert(REVISION_TABLE).values(version_num=revision))
            return revision
    nearest = min(shapes, key=lambda revision: len(unlike(shapes[revision], live)))
    raise SchemaError(
        f"The tables are none of Parley's revisions; nearest is {nearest}, but for "
        f"{', '.join(unlike(shapes[nearest], live))}. Make them agree, then run again: parley db stamp."
    )


def unlike(one: Shape, other: Shape) -> list[str]:
    """The columns, indexes and triggers that only one has."""
    return sorted(parts(one) ^ parts(other))


def parts(whole: Shape) -> set[str]:
    columns = {f"{name}.{column}" for name, (found, _, _) in whole.items() for column in found}
    indexes = {index for _, found, _ in whole.values() for index in found}
    return columns | indexes | {f"triggers of {name}" for name, (_, _, guarded) in whole.items() if guarded}
