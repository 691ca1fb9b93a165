# storage/schema/bootstrap.py -- creates the tables of an empty database, upgrades an older one, refuses any other.
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.typing import FilteringBoundLogger

from settings import ROOT, Settings
from storage.dialects import take_schema_lock
from storage.schema.revisions import (
    METADATA,
    RESTORE_KILLED,
    REVISION_TABLE,
    BehindError,
    SchemaError,
    find_unfinished_step,
    list_revisions,
    list_tables,
    make_started_marker,
    read_revisions,
)
from storage.schema.triggers import trigger_statements
from storage.sqlite import RESTORING_SUFFIX

if TYPE_CHECKING:  # Alembic is imported where it is used: a start at the head revision needs none of it
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext, MigrationInfo

log: FilteringBoundLogger = structlog.get_logger()


async def bootstrap(engine: AsyncEngine, settings: Settings | None = None) -> str:
    """Create the tables of an empty database; with AUTO_MIGRATE upgrade an older one. Returns the head revision.

    However many workers start at once, one of them does it, under the schema lock. SchemaError if the database is not
    at the head afterwards.
    """
    if settings is not None:
        refuse_unfinished_restore(settings.sqlite_path)
    try:
        created = await bootstrap_locked(engine)
    except BehindError:
        if settings is None or not settings.auto_migrate:
            raise
        await asyncio.to_thread(upgrade_schema, settings.database_url.get_secret_value(), log_step)
        created = await bootstrap_locked(engine)
    head = list_revisions()[-1]
    if created:
        log.info("✅ Database tables initialized", revision=head)
    return head


def refuse_unfinished_restore(path: Path | None) -> None:
    """SchemaError beside the file of a restore: the database, if there is one, is not what was to be restored."""
    if path is None:
        return
    draft = path.with_name(f"{path.name}{RESTORING_SUFFIX}")
    if draft.exists():
        raise SchemaError(f"{draft} is there. {RESTORE_KILLED}")


async def bootstrap_locked(engine: AsyncEngine) -> bool:
    async with engine.begin() as connection:
        await take_schema_lock(connection)
        return await connection.run_sync(create_or_check)


def create_or_check(connection: Connection) -> bool:
    """True if it created the tables, False if they were there at the head revision; otherwise SchemaError."""
    names = list_tables(connection)
    rows = read_revisions(connection, names)
    ours = names & METADATA.tables.keys()
    if not rows and not ours:
        create_schema(connection, with_revision_table=REVISION_TABLE.name not in names)
        return True
    check_revision(rows, ours)
    return False


@asynccontextmanager
async def hold_schema_lock(engine: AsyncEngine) -> AsyncIterator[None]:
    """Hold the lock that every change of the schema needs.

    A separate transaction holds it, so that a step may commit and the lock works behind a pooler. SQLite needs no lock,
    because one transaction writes at a time.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    async with engine.begin() as guard:
        await take_schema_lock(guard)
        yield


def create_schema(connection: Connection, *, with_revision_table: bool) -> None:
    """create_all, then the triggers. The 'started' row matters on MariaDB, whose DDL is not transactional."""
    head = list_revisions()[-1]
    if with_revision_table:
        REVISION_TABLE.create(connection, checkfirst=False)
    connection.execute(insert(REVISION_TABLE).values(version_num=make_started_marker(head)))
    METADATA.create_all(connection, checkfirst=False)
    for revision in list_revisions():
        for statement in trigger_statements(connection.dialect.name, revision):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    connection.execute(update(REVISION_TABLE).values(version_num=head))


def make_alembic_config(url: str, **attributes: object) -> "Config":
    """Alembic's configuration from pyproject.toml, for one database; migrations/env.py reads the attributes."""
    from alembic.config import Config

    return Config(toml_file=ROOT / "pyproject.toml", attributes={"url": url, **attributes})


def upgrade_schema(
    url: str, on_step: Callable[["MigrationContext", "MigrationInfo"], None], to: str = "head"
) -> None:
    """Apply the pending revisions, under the schema lock, and call `on_step` after each. Not inside an event loop."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(make_alembic_config(url, on_step=on_step), to)
    except CommandError as error:
        raise SchemaError(str(error)) from error
    except DBAPIError as error:
        raise SchemaError(f"The upgrade failed: {str(error.orig).splitlines()[0]}") from error


def log_step(_: "MigrationContext", step: "MigrationInfo") -> None:
    log.info("Database schema upgraded", revision=step.up_revision_id)


def check_revision(rows: list[str], ours: set[str]) -> None:
    """SchemaError unless `rows` of the revision table name the head, and all tables are there."""
    known = list_revisions()
    if unfinished := find_unfinished_step(rows):
        raise SchemaError(unfinished)
    if not rows:
        raise SchemaError(
            f"The database has tables ({', '.join(sorted(ours))}) but no stamp that says which revision they "
            "are. If they are Parley's, run: parley db stamp. Otherwise use an empty database."
        )
    if len(rows) > 1:
        raise SchemaError(
            f"alembic_version has {len(rows)} rows ({', '.join(rows)}) where one belongs. "
            "Delete those that are not true."
        )
    [revision] = rows
    if revision not in known:
        raise SchemaError(
            f"The database is at {revision!r}, which this code does not know; its newest revision is "
            f"{known[-1]}. Start the version of Parley that made it, or a newer one."
        )
    if revision != known[-1]:
        raise BehindError(
            f"The database is at {revision}, but this code needs {known[-1]}. Back it up, then run: "
            "parley db upgrade (or: alembic upgrade head)."
        )
    missing = METADATA.tables.keys() - ours
    if missing:
        raise SchemaError(
            f"The database is stamped {revision}, but tables are missing ({', '.join(sorted(missing))}). "
            "Restore them from a backup, or use an empty database."
        )
