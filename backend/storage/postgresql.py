# storage/postgresql.py -- PostgreSQL, also behind a pooler in transaction mode.
import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL, Connection, Dialect, event, func, select, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.schema import Table
from sqlalchemy.util.concurrency import in_greenlet

from models.columns import UTCDateTime, never, random_uuid
from settings import SettingsError
from storage.database_kind import (
    HIDE_PARAMETERS,
    RECYCLE_SECONDS,
    ConnectArguments,
    DatabaseKind,
    ErrorCode,
    ErrorCodes,
)
from storage.schema.lock import SCHEMA_LOCK, poll_schema_lock
from storage.timeouts import IDLE_SECONDS, TimeLimits
from storage.url_parameters import POOL_PARAMETERS, YES, pop_number, read_parameters, refuse_unknown

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What other drivers call these modes.
SSL_SYNONYMS = {"true": "require", "1": "require", "no-verify": "require", "false": "disable", "0": "disable"}
# Parameters of libpq that asyncpg reads only from a URL.
LIBPQ_PARAMETERS = (
    *("sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
    *("passfile", "service", "krbsrvname", "gsslib"),
)
# Parameters without effect here. asyncpg has neither encryption by GSSAPI nor channel binding, and texts are always
# UTF-8; the rest is what Prisma, Vercel and Supabase add for their own clients.
DROPPED = POOL_PARAMETERS | {
    *("channel_binding", "gssencmode", "gssdelegation", "sslcompression", "sslsni", "sslcertmode"),
    *("client_encoding", "fallback_application_name", "load_balance_hosts", "keepalives_retries"),
    *("max_cached_statement_lifetime", "max_cacheable_statement_size", "command_timeout", "async_fallback"),
    *("sslaccept", "sslidentity", "supa", "workaround"),
}
# libpq's parameter: the kernel's option, and our default. Idle seconds, seconds between probes, number of probes, and
# milliseconds for which sent data may stay unacknowledged.
KEEPALIVES = {
    "keepalives_idle": ("TCP_KEEPIDLE", 30),
    "keepalives_interval": ("TCP_KEEPINTVL", 10),
    "keepalives_count": ("TCP_KEEPCNT", 3),
    "tcp_user_timeout": ("TCP_USER_TIMEOUT", 30_000),
}
CLOSE_SECONDS = 1.0
# Arguments that are not the driver's: `open_postgresql` and `connect_outside_pool` take them out.
OWN_ARGUMENTS = ("schema", "keepalives")
# Classes of SQLSTATE: connection, resources, the operator's intervention, the system.
UNAVAILABLE_CLASSES = ("08", "53", "57", "58")
# Prepared statements that are unknown or known already: a pooler in transaction mode changed the session.
POOLER_CODES: frozenset[ErrorCode] = frozenset({"26000", "42P05"})
POOLER_HINT = "; behind a pooler in transaction mode set DATABASE_POOLER=transaction"


class PostgreSQL(DatabaseKind):
    name = "postgresql"
    url_names = frozenset({"postgresql", "postgres"})
    error_codes = ErrorCodes(
        transient=frozenset({"40P01", "40001"}),  # deadlock_detected, serialization_failure
        foreign_key_violation=frozenset({"23503"}),
        # lock_not_available, idle_in_transaction_session_timeout, read_only_sql_transaction (after a failover)
        unavailable=frozenset({"55P03", "25P03", "25006"}),
    )
    trigger_folder = "."  # the files for psql themselves
    trigger_query = """
        SELECT relname, tgname, pg_get_triggerdef(pg_trigger.oid, true)
          || CASE tgenabled WHEN 'O' THEN '' ELSE ' (not enabled)' END
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
        UNION ALL SELECT '', proname || '()', prosrc FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype
    """

    def parse_url(self, url: URL) -> tuple[URL, ConnectArguments]:
        return parse_postgresql_url(url)

    def open_engine(
        self, url: URL, arguments: ConnectArguments, limits: TimeLimits, pool_size: int
    ) -> AsyncEngine:
        return open_postgresql(url, arguments, limits, pool_size)

    def open_readers(self, engine: AsyncEngine, pool_size: int) -> AsyncEngine:
        """A single statement needs no transaction of its own: without one, two round trips are saved."""
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read_clock(self, tx: AsyncSession) -> datetime:
        clock = type_coerce(func.clock_timestamp(), UTCDateTime)
        return (await tx.execute(select(clock))).scalar_one()

    def build_upsert(self, into: Table, key: str, changes: Mapping[str, object]) -> postgresql.Insert:
        return postgresql.insert(into).on_conflict_do_update(index_elements=[key], set_=dict(changes))

    async def take_schema_lock(self, connection: AsyncConnection) -> None:
        """A session that holds the lock may be idle for as long as the change of the schema takes."""
        attempt = func.pg_try_advisory_xact_lock(SCHEMA_LOCK)
        await poll_schema_lock(connection, attempt, "SET LOCAL idle_in_transaction_session_timeout = 0")


def parse_postgresql_url(parsed: URL) -> tuple[URL, ConnectArguments]:
    """The URL for asyncpg with hosts as its only parameters, and the other parameters as arguments of the driver."""
    words = read_parameters(parsed.query, DROPPED)
    hosts: dict[str, str | Sequence[str]] = {
        name: words.pop(name) for name in ("host", "port") if name in words
    }
    account = {"user": "username", "password": "password", "dbname": "database", "database": "database"}
    for word, part in account.items():
        if word in words:
            parsed = parsed.set(**{part: words.pop(word)})  # type: ignore[arg-type]
    arguments: ConnectArguments = {**read_tls(words), **read_pooling(words), **read_keepalives(words)}
    settings = {name: words.pop(name) for name in ("application_name", "options") if name in words}
    if settings:
        arguments["server_settings"] = settings
    if seconds := pop_number(words, "connect_timeout"):
        arguments["timeout"] = seconds
    if (schema := words.pop("schema", "public")) != "public":
        arguments["schema"] = schema
    refuse_unknown(words)
    if "schema" in arguments and has_pooler(arguments):
        raise SettingsError(
            f"DATABASE_URL: a pooler in transaction mode keeps no schema={schema}; use ALTER ROLE ... SET search_path"
        )
    return parsed.set(drivername="postgresql+asyncpg", query=hosts), arguments


def read_tls(words: dict[str, str]) -> dict[str, str]:
    """`ssl` is the mode; `dsn` is a URL with libpq's other parameters, for asyncpg to parse."""
    modes = [words.pop(name) for name in ("ssl", "sslmode") if name in words]
    found: dict[str, str] = {}
    if modes:
        mode = SSL_SYNONYMS.get(modes[-1], modes[-1])
        if mode not in SSL_MODES:
            raise SettingsError(f"DATABASE_URL: sslmode={mode[:40]} is not one of {', '.join(SSL_MODES)}")
        found["ssl"] = mode
    if given := {name: words.pop(name) for name in LIBPQ_PARAMETERS if name in words}:
        found["dsn"] = f"postgresql://?{urlencode(given)}"
    return found


def read_pooling(words: dict[str, str]) -> ConnectArguments:
    """How many statements stay prepared: none behind a pooler, which a URL states in one of three ways."""
    sizes = {name: words.pop(name, "") for name in ("statement_cache_size", "prepared_statement_cache_size")}
    if words.pop("pgbouncer", "").lower() in YES or "0" in sizes.values():
        # An unnamed statement is prepared and executed in one piece: no other client of the session can replace it.
        return {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,
        }
    return {name: number for name in sizes if (number := pop_number(dict(sizes), name))}


def read_keepalives(words: dict[str, str]) -> dict[str, dict[str, int] | None]:
    """The options of the socket that differ from our defaults; None turns keepalives off."""
    changed = {name: number for name in KEEPALIVES if (number := pop_number(words, name))}
    if words.pop("keepalives", "1") == "0":
        return {"keepalives": None}
    return {"keepalives": changed} if changed else {}


def has_pooler(arguments: ConnectArguments) -> bool:
    """Whether a pooler in transaction mode stands between: each transaction may then get another session."""
    return arguments.get("statement_cache_size") == 0


def open_postgresql(url: URL, arguments: ConnectArguments, limits: TimeLimits, pool_size: int) -> AsyncEngine:
    own = {name: arguments.pop(name) for name in OWN_ARGUMENTS if name in arguments}
    arguments = {**make_time_arguments(arguments, limits), **arguments}
    engine = create_async_engine(
        url,
        connect_args=arguments,
        hide_parameters=HIDE_PARAMETERS,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.connection,
        pool_recycle=RECYCLE_SECONDS,
    )
    settings = {
        **make_session_settings(limits),
        **({"search_path": own["schema"]} if "schema" in own else {}),
    }
    pooled = has_pooler(arguments)

    def prepare(connection: AdaptedConnection, record: object) -> None:
        set_keepalives(connection.driver_connection, own.get("keepalives", {}))
        if not pooled:
            sql = "; ".join(f"SET {name} = '{escape_quotes(value)}'" for name, value in settings.items())
            connection.run_async(lambda driver: driver.execute(sql))

    def begin(connection: Connection) -> None:
        """Set for this transaction alone: the next one may have another session."""
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            sql = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
            connection.exec_driver_sql(f"SELECT {sql}")

    # First, because SQLAlchemy then reads the session's default schema from its search path.
    event.listen(engine.sync_engine, "connect", prepare, insert=True)
    if pooled:
        event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "close", close_behind_pooler if pooled else terminate_connection)
    event.listen(engine.sync_engine, "checkout", refuse_closed_connection)
    event.listen(engine.sync_engine, "handle_error", drop_silent_connection)
    return engine


def escape_quotes(value: str) -> str:
    return value.replace("'", "''")


def make_time_arguments(arguments: ConnectArguments, limits: TimeLimits) -> dict[str, float | None]:
    """The driver's own limits.

    Behind a pooler a statement outside of a transaction has no limit of the session: the driver cancels it in time.
    """
    silence = limits.statement if has_pooler(arguments) else limits.silence
    return {"timeout": limits.connection, "command_timeout": silence}


def make_session_settings(limits: TimeLimits) -> dict[str, str]:
    """A worker that hangs within a transaction must not keep its locks: the server ends idle transactions."""
    return {
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        "statement_timeout": f"{round(1000 * (limits.statement or 0))}ms",
        "lock_timeout": f"{round(1000 * (limits.lock or 0))}ms",
    }


# Any: the stubs of asyncpg leave out what it keeps to itself, here as in terminate_connection.
def set_keepalives(driver: Any, changed: dict[str, int] | None) -> None:
    """Probes find a dead peer, and keep routers on the way from forgetting the connection."""
    sock: socket.socket | None = driver._transport.get_extra_info("socket")
    if changed is None or sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for parameter, (option, default) in KEEPALIVES.items():
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), changed.get(parameter, default))


def refuse_closed_connection(connection: AdaptedConnection, record: object, proxy: object) -> None:
    """Make the pool open another connection where asyncpg already knows that the server closed this one."""
    driver: asyncpg.Connection[asyncpg.Record] = connection.driver_connection
    if driver.is_closed():
        raise DisconnectionError


def terminate_connection(connection: AdaptedConnection, record: object) -> None:
    """Close without PostgreSQL's Terminate message, for whose delivery a silent connection would wait for ever.

    Where a request was cancelled, asyncpg first cancels its statement, over another connection with this one's key.
    """
    driver: Any = connection.driver_connection
    cancellations: set[asyncio.Task[None]] = driver._cancellations
    if cancellations:
        next(iter(cancellations)).add_done_callback(lambda _: driver.terminate())
    else:
        driver.terminate()


def close_behind_pooler(connection: AdaptedConnection, record: object) -> None:
    """Let asyncpg cancel the statement that still runs, where there is an event loop to do so."""
    if not in_greenlet():
        return terminate_connection(connection, record)
    # TimeoutError is an OSError.
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.run_async(lambda driver: driver.close(timeout=CLOSE_SECONDS))


def drop_silent_connection(context: ExceptionContext) -> None:
    """A connection that did not answer in time counts as dead; the pool then drops all that are as old."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True


async def connect_outside_pool(
    engine: AsyncEngine, url: URL, arguments: ConnectArguments
) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of asyncpg outside the pool, for LISTEN."""
    return await connect_by(engine.dialect, url, arguments, TimeLimits())


async def connect_alone(
    url: URL, arguments: ConnectArguments, limits: TimeLimits
) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of asyncpg without any pool."""
    return await connect_by(url.get_dialect()(), url, arguments, limits)


async def connect_by(
    dialect: Dialect, url: URL, arguments: ConnectArguments, limits: TimeLimits
) -> "asyncpg.Connection[asyncpg.Record]":
    _, settings = dialect.create_connect_args(url)
    driver_arguments = {
        name: value for name, value in arguments.items() if not name.startswith("prepared_statement")
    }
    own = {name: driver_arguments.pop(name) for name in OWN_ARGUMENTS if name in driver_arguments}
    times = make_time_arguments(driver_arguments, limits)
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        **{**times, **settings, **driver_arguments}
    )
    set_keepalives(connection, own.get("keepalives", {}))
    return connection


@compiles(random_uuid, "postgresql")
def _(element: random_uuid, compiler: postgresql.base.PGCompiler, **_: object) -> str:
    return "gen_random_uuid()"


@compiles(never, "postgresql")
def _(element: never, compiler: postgresql.base.PGCompiler, **_: object) -> str:
    return "'9999-01-01 00:00:00+00'"
