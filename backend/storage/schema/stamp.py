# storage/schema/stamp.py -- recognizes the revision of tables that were created without one, and writes it down.
import asyncio
import functools
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.dialects import KINDS, take_schema_lock
from storage.schema.bootstrap import upgrade_schema
from storage.schema.revisions import REVISION_TABLE, SchemaError, list_tables, read_revisions

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, MigrationInfo

# What tells revisions apart: of each table its columns, its indexes, and whether it has triggers.
SchemaFingerprint = dict[str, tuple[frozenset[str], frozenset[str], bool]]
# Its trigger, which numbers, is on SQLite alone.
WITHOUT_TRIGGERS_ELSEWHERE = "events"
# This index is on PostgreSQL alone.
NO_INDEX_ELSEWHERE = "idx_search_entries_words"


def read_fingerprint(connection: Connection) -> SchemaFingerprint:
    inspector = inspect(connection)
    schema = inspector.default_schema_name
    triggers = connection.exec_driver_sql(KINDS[connection.dialect.name].trigger_query)
    tables_with_triggers = {row[0] for row in triggers} - {WITHOUT_TRIGGERS_ELSEWHERE}
    return {
        name: (
            frozenset(str(column["name"]) for column in inspector.get_columns(name, schema=schema)),
            frozenset(
                str(index["name"])
                for index in inspector.get_indexes(name, schema=schema)
                if str(index["name"]).startswith("idx_") and index["name"] != NO_INDEX_ELSEWHERE
            ),
            name in tables_with_triggers,
        )
        for name in list_tables(connection) - {REVISION_TABLE.name}
    }


@functools.cache
def build_fingerprints() -> dict[str, SchemaFingerprint]:
    """The fingerprint of each revision, by applying one after the other to a database in memory."""
    found: dict[str, SchemaFingerprint] = {}

    def add_fingerprint(migrations: "MigrationContext", step: "MigrationInfo") -> None:
        assert migrations.connection is not None
        found[str(step.up_revision_id)] = read_fingerprint(migrations.connection)

    upgrade_schema("sqlite://", add_fingerprint)
    return found


async def stamp_database(engine: AsyncEngine) -> str:
    """Write the revision of tables that have none; returns the revision as which they were recognized."""
    known = await asyncio.to_thread(build_fingerprints)
    async with engine.begin() as connection:
        await take_schema_lock(connection)
        return await connection.run_sync(stamp_recognized, known)


def stamp_recognized(connection: Connection, known: dict[str, SchemaFingerprint]) -> str:
    names = list_tables(connection)
    if stamps := read_revisions(connection, names):
        raise SchemaError(f"The database has a stamp already: {', '.join(stamps)}. Nothing was changed.")
    ours = {name for tables in known.values() for name in tables}
    live = {name: found for name, found in read_fingerprint(connection).items() if name in ours}
    if not live:
        raise SchemaError("The database has no tables of Parley: start the server, and it makes them.")
    for revision in reversed(known):
        if known[revision] == live:
            REVISION_TABLE.create(connection, checkfirst=True)
            connection.execute(insert(REVISION_TABLE).values(version_num=revision))
            return revision
    nearest = min(known, key=lambda revision: len(find_differences(known[revision], live)))
    raise SchemaError(
        f"The tables are none of Parley's revisions; nearest is {nearest}, but for "
        f"{', '.join(find_differences(known[nearest], live))}. Make them agree, then run again: parley db stamp."
    )


def find_differences(one: SchemaFingerprint, other: SchemaFingerprint) -> list[str]:
    """The columns, indexes and triggers that only one has."""
    return sorted(list_parts(one) ^ list_parts(other))


def list_parts(whole: SchemaFingerprint) -> set[str]:
    columns = {f"{name}.{column}" for name, (found, _, _) in whole.items() for column in found}
    indexes = {index for _, found, _ in whole.values() for index in found}
    return (
        columns
        | indexes
        | {f"triggers of {name}" for name, (_, _, has_triggers) in whole.items() if has_triggers}
    )
