# doctor/database_checks.py -- the database: whether it answers, its version, clock, schema, rights and size.
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from clock import utc_now
from doctor.findings import Finding, find_note, find_ok, find_wrong
from doctor.machine_checks import check_programs
from doctor.pooler import check_pooler
from settings import Settings, SettingsError
from storage.engines import open_engine
from storage.failures import explain_database_errors
from storage.schema.bootstrap import check_revision
from storage.schema.diff import find_schema_differences
from storage.schema.revisions import (
    METADATA,
    BehindError,
    SchemaError,
    list_revisions,
    list_tables,
    read_revisions,
)
from storage.timeouts import TimeLimits

LIMITS = TimeLimits(statement=30.0, lock=5.0, connection=10.0)
# Access tokens, leases and what expires are judged by clocks that may differ by so much.
MAX_SKEW_SECONDS = 2.0
MIB = 2**20
# Of one statement: the calls of a run may be 2 MiB of JSON.
SMALLEST_PACKET = 16 * MIB
# Beside the pool: one for notifications, one for long work.
EXTRA_CONNECTIONS = 2
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
VERSION_SQL = {
    "sqlite": "SELECT sqlite_version()",
    "postgresql": "SELECT current_setting('server_version')",
    "mariadb": "SELECT version()",
}
CLOCK_SQL = {"postgresql": "SELECT clock_timestamp()", "mariadb": "SELECT utc_timestamp(6)"}
SIZE_SQL = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
    "mariadb": "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables "
    "WHERE table_schema = database()",
}


async def check_database(settings: Settings) -> AsyncIterator[Finding]:
    """Ends after the first finding if the database does not answer."""
    path = settings.sqlite_path
    if path is not None and not path.exists():
        yield find_note("database", f"there is no {path}", "the first start makes it")
        return
    try:
        with explain_database_errors():
            async with open_connection(settings) as (connection, seconds):
                async for finding in check_connection(connection, settings, seconds):
                    yield finding
                names = await connection.run_sync(list_tables)
                rows = await connection.run_sync(read_revisions, names)
    except SettingsError as error:
        yield find_wrong("database", str(error).rstrip("."), "see DATABASE_URL in .env.example")
        return
    url = settings.database_url.get_secret_value()
    yield await check_schema(url, rows, names & METADATA.tables.keys())
    if path is None and url.startswith("postgres"):
        for finding in await check_pooler(settings):
            yield finding


@asynccontextmanager
async def open_connection(settings: Settings) -> AsyncIterator[tuple[AsyncConnection, float]]:
    """And in how many seconds it was there."""
    engine = open_engine(settings.database_url.get_secret_value(), pool_size=1, limits=LIMITS)
    try:
        began = time.perf_counter()
        async with engine.connect() as connection:
            yield connection, time.perf_counter() - began
    finally:
        await engine.dispose()


async def check_connection(
    connection: AsyncConnection, settings: Settings, seconds: float
) -> AsyncIterator[Finding]:
    engine = connection.dialect.name
    version = str((await connection.execute(text(VERSION_SQL[engine]))).scalar_one()).split()[0].split("-")[0]
    size = int((await connection.execute(text(SIZE_SQL[engine]))).scalar_one())
    yield find_ok(
        "database", f"{NAMES[engine]} {version}, {size / MIB:,.0f} MiB, answers in {1000 * seconds:.0f} ms"
    )
    if engine in CLOCK_SQL:
        yield await check_clock(connection)
    if engine == "postgresql":
        for finding in await check_postgresql(connection, settings):
            yield finding
    elif engine == "mariadb":
        for finding in await check_mariadb(connection, settings):
            yield finding
    yield check_programs(engine, version)


async def check_clock(connection: AsyncConnection) -> Finding:
    began = utc_now()
    there = (await connection.execute(text(CLOCK_SQL[connection.dialect.name]))).scalar_one()
    ended = utc_now()
    assert isinstance(there, datetime)
    moment = there if there.tzinfo else there.replace(tzinfo=UTC)
    # Somewhere between the question and the answer.
    skew = max((began - moment).total_seconds(), (moment - ended).total_seconds(), 0.0)
    if skew > MAX_SKEW_SECONDS:
        return find_wrong(
            "clock",
            f"that of the database differs from this machine's by {skew:.1f} seconds",
            "set both by NTP: sign-ins and leases end by them",
        )
    return find_ok("clock", "the database and this machine agree")


async def check_schema(url: str, rows: list[str], ours: set[str]) -> Finding:
    if not rows and not ours:
        return find_note("schema", "the database is empty", "the first start makes the tables")
    try:
        check_revision(rows, ours)
        differences = await asyncio.to_thread(find_schema_differences, url)
    except BehindError:
        pending = list_revisions()[list_revisions().index(rows[0]) + 1 :]
        return find_wrong(
            "schema", f"at {rows[0]}, {len(pending)} steps behind", "parley db upgrade --backup FILE"
        )
    except SchemaError as error:
        return find_wrong("schema", str(error).rstrip("."), "see migrations/README.md")
    if differences:
        more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
        return find_wrong("schema", f"is not what the models say: {differences[0]}{more}", "parley db verify")
    return find_ok("schema", f"at {rows[0]}, and what the models say")


async def check_postgresql(connection: AsyncConnection, settings: Settings) -> list[Finding]:
    row = (
        await connection.execute(
            text(
                "SELECT has_schema_privilege(current_schema(), 'CREATE'),"
                "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
                "(SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() "
                "AND NOT pg_has_role(tableowner, 'MEMBER')),"
                "current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
            )
        )
    ).one()
    may_create, is_superuser, foreign, most = row
    found = []
    if not may_create or foreign:
        what = "may not create tables" if not may_create else f"does not own {foreign} of the tables"
        found.append(
            find_note("rights", f"the role {what}: it serves, and cannot upgrade", "upgrade as the owner")
        )
    elif is_superuser:
        found.append(
            find_note(
                "rights",
                "the role is a superuser, which reads files and starts programs",
                "a role that owns the tables is enough",
            )
        )
    else:
        found.append(find_ok("rights", "the role owns the tables, and is no superuser"))
    return [*found, check_connections(settings, most)]


def check_connections(settings: Settings, most: int) -> Finding:
    each = settings.database_pool_size + EXTRA_CONNECTIONS
    if most < each:
        return find_wrong(
            "connections",
            f"the server allows {most}, and a worker takes {each}",
            "a smaller DATABASE_POOL_SIZE",
        )
    return find_ok(
        "connections", f"the server allows {most}: enough for {most // each} workers of {each} each"
    )


async def check_mariadb(connection: AsyncConnection, settings: Settings) -> list[Finding]:
    row = (
        await connection.execute(
            text(
                "SELECT @@log_bin, @@log_bin_trust_function_creators, @@max_allowed_packet, @@max_connections,"
                "(SELECT count(*) FROM information_schema.user_privileges WHERE privilege_type = 'SUPER' "
                "AND replace(grantee, '''', '') = current_user())"
            )
        )
    ).one()
    logs, trusts, packet, most, is_super = (int(value) for value in row)
    found = [check_connections(settings, most)]
    if logs and not trusts and not is_super:
        found.append(
            find_wrong(
                "rights",
                "the binary log is on, so the user may not create triggers",
                "log_bin_trust_function_creators=1",
            )
        )
    else:
        found.append(find_ok("rights", "the user may create triggers"))
    if packet < SMALLEST_PACKET:
        found.append(
            find_note(
                "packets",
                f"the server takes {packet / MIB:.0f} MiB at once: long answers are cut",
                f"max_allowed_packet={SMALLEST_PACKET // MIB}M",
            )
        )
    return found
