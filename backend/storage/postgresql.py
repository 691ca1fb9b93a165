# storage/postgresql.py -- how to reach PostgreSQL, also through a pooler in transaction mode.
import asyncio
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL, Connection, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.util.concurrency import in_greenlet

from models.columns import random_uuid
from settings import SettingsError
from storage.timeouts import IDLE_SECONDS, TimeLimits
from storage.url_parameters import POOL_WORDS, YES, read_words, refuse_rest, take_number

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What other drivers call them.
SSL_SYNONYMS = {"true": "require", "1": "require", "no-verify": "require", "false": "disable", "0": "disable"}
# asyncpg understands these words of libpq where they stand in a URL of its own, and only there.
LIBPQ = (
    *("sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
    *("passfile", "service", "krbsrvname", "gsslib"),
)
# They change nothing here: encryption by GSSAPI and channel binding are not in asyncpg, texts are always UTF-8; then
# what Prisma, Vercel and Supabase add for their own clients.
DROPPED = POOL_WORDS | {
    *("channel_binding", "gssencmode", "gssdelegation", "sslcompression", "sslsni", "sslcertmode"),
    *("client_encoding", "fallback_application_name", "load_balance_hosts", "keepalives_retries"),
    *("max_cached_statement_lifetime", "max_cacheable_statement_size", "command_timeout", "async_fallback"),
    *("sslaccept", "sslidentity", "supa", "workaround"),
}
# libpq's words and the kernel's: seconds of silence, seconds between probes, and how many of them.
KEEPALIVES = {
    "keepalives_idle": ("TCP_KEEPIDLE", 30),
    "keepalives_interval": ("TCP_KEEPINTVL", 10),
    "keepalives_count": ("TCP_KEEPCNT", 3),
    "tcp_user_timeout": ("TCP_USER_TIMEOUT", 30_000),
}
PARTING_SECONDS = 1.0
# Words of ours, among the arguments of the driver until `open_postgresql` takes them out.
OURS = ("schema", "keepalives")


def postgresql_url(parsed: URL) -> tuple[URL, dict[str, Any]]:
    """The URL with our driver in it and only hosts as parameters, and what the rest of them meant, as arguments."""
    words = read_words(parsed.query, DROPPED)
    reach: dict[str, Any] = {name: words.pop(name) for name in ("host", "port") if name in words}
    account = {"user": "username", "password": "password", "dbname": "database", "database": "database"}
    for word, part in account.items():
        if word in words:
            parsed = parsed.set(**{part: words.pop(word)})  # type: ignore[arg-type]
    arguments: dict[str, Any] = {**read_tls(words), **read_pooling(words), **read_keepalives(words)}
    settings = {name: words.pop(name) for name in ("application_name", "options") if name in words}
    if settings:
        arguments["server_settings"] = settings
    if seconds := take_number(words, "connect_timeout"):
        arguments["timeout"] = seconds
    if (schema := words.pop("schema", "public")) != "public":
        arguments["schema"] = schema
    refuse_rest(words)
    if "schema" in arguments and has_pooler(arguments):
        raise SettingsError(
            f"DATABASE_URL: a pooler in transaction mode keeps no schema={schema}; use ALTER ROLE ... SET search_path"
        )
    return parsed.set(drivername="postgresql+asyncpg", query=reach), arguments


def read_tls(words: dict[str, str]) -> dict[str, Any]:
    """`ssl` is the mode, and a URL of libpq's other words for asyncpg to read."""
    modes = [words.pop(name) for name in ("ssl", "sslmode") if name in words]
    found: dict[str, Any] = {}
    if modes:
        mode = SSL_SYNONYMS.get(modes[-1], modes[-1])
        if mode not in SSL_MODES:
            raise SettingsError(f"DATABASE_URL: sslmode={mode[:40]} is not one of {', '.join(SSL_MODES)}")
        found["ssl"] = mode
    if given := {name: words.pop(name) for name in LIBPQ if name in words}:
        found["dsn"] = f"postgresql://?{urlencode(given)}"
    return found


def read_pooling(words: dict[str, str]) -> dict[str, Any]:
    """How many statements stay prepared: none where the URL says in one of three ways that a pooler stands between."""
    sizes = {name: words.pop(name, "") for name in ("statement_cache_size", "prepared_statement_cache_size")}
    if words.pop("pgbouncer", "").lower() in YES or "0" in sizes.values():
        # Unnamed statements are made anew each time, in one piece with their execution: they meet no other client's.
        return {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,
        }
    return {name: number for name in sizes if (number := take_number(dict(sizes), name))}


def read_keepalives(words: dict[str, str]) -> dict[str, Any]:
    """The options of the socket that differ from ours; False where there are to be none."""
    changed = {name: number for name in KEEPALIVES if (number := take_number(words, name))}
    if words.pop("keepalives", "1") == "0":
        return {"keepalives": None}
    return {"keepalives": changed} if changed else {}


def has_pooler(arguments: dict[str, Any]) -> bool:
    """Whether a pooler in transaction mode stands between: sessions then hold nothing from one use to the next."""
    return arguments.get("statement_cache_size") == 0


def open_postgresql(
    parsed: URL, arguments: dict[str, Any], limits: TimeLimits, options: dict[str, Any]
) -> AsyncEngine:
    ours = {name: arguments.pop(name) for name in OURS if name in arguments}
    arguments = {**time_arguments(arguments, limits), **arguments}
    engine = create_async_engine(parsed, connect_args=arguments, **options)
    settings = {**session_settings(limits), **({"search_path": ours["schema"]} if "schema" in ours else {})}
    pooled = has_pooler(arguments)

    def prepare(connection: Any, record: Any) -> None:
        keep_alive(connection.driver_connection, ours.get("keepalives", {}))
        if not pooled:
            said = "; ".join(f"SET {name} = '{quoted(value)}'" for name, value in settings.items())
            connection.run_async(lambda driver: driver.execute(said))

    def begin(connection: Connection) -> None:
        """For this transaction alone: the next one has another session."""
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            said = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
            connection.exec_driver_sql(f"SELECT {said}")

    # Before SQLAlchemy looks at the session: its schema is that of the search path.
    event.listen(engine.sync_engine, "connect", prepare, insert=True)
    if pooled:
        event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "close", part_in_time if pooled else part)
    event.listen(engine.sync_engine, "checkout", refuse_closed)
    event.listen(engine.sync_engine, "handle_error", drop_silent)
    return engine


def quoted(value: str) -> str:
    return value.replace("'", "''")


def time_arguments(arguments: dict[str, Any], limits: TimeLimits) -> dict[str, Any]:
    """What the driver itself bounds. A pooler's session takes no limit for a statement outside of a transaction: so the
    driver cancels it there."""
    silence = limits.statement if has_pooler(arguments) else limits.silence
    return {"timeout": limits.connection, "command_timeout": silence}


def session_settings(limits: TimeLimits) -> dict[str, str]:
    """A worker that hangs in mid-transaction must not keep its locks: the server ends the transaction then."""
    return {
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        "statement_timeout": f"{round(1000 * (limits.statement or 0))}ms",
        "lock_timeout": f"{round(1000 * (limits.lock or 0))}ms",
    }


def keep_alive(driver: Any, changed: dict[str, int] | None) -> None:
    """The kernel finds out that the other side is gone, and routers on the way do not forget the connection."""
    plug: socket.socket | None = driver._transport.get_extra_info("socket")
    if changed is None or plug is None or plug.family not in (socket.AF_INET, socket.AF_INET6):
        return
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for word, (option, usual) in KEEPALIVES.items():
        if hasattr(socket, option):
            plug.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), changed.get(word, usual))


def refuse_closed(connection: Any, record: Any, proxy: Any) -> None:
    """asyncpg knows at once that the server hung up; the pool then opens another connection."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def part(connection: Any, record: Any) -> None:
    """Without a goodbye, to which a connection that has fallen silent would never give an answer.

    asyncpg cancels what a cancelled request has asked over another connection, and needs this one's key for that.
    """
    driver = connection.driver_connection
    cancellations: set[asyncio.Task[None]] = driver._cancellations
    if cancellations:
        next(iter(cancellations)).add_done_callback(lambda _: driver.terminate())
    else:
        driver.terminate()


def part_in_time(connection: Any, record: Any) -> None:
    """The pooler is first told to cancel what still runs, where there is an event loop to do so."""
    if not in_greenlet():
        return part(connection, record)
    with suppress(
        OSError, asyncpg.PostgresError, asyncpg.InterfaceError
    ):  # of OSError TimeoutError is a kind
        connection.run_async(lambda driver: driver.close(timeout=PARTING_SECONDS))


def drop_silent(context: ExceptionContext) -> None:
    """A connection that has not answered in time is thrown away, and all of the pool that are as old."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True


async def connect_outside(engine: AsyncEngine, url: URL, arguments: dict[str, Any]) -> Any:
    """A connection of asyncpg outside the pool, for LISTEN."""
    _, settings = engine.dialect.create_connect_args(url)
    mine = {name: value for name, value in arguments.items() if not name.startswith("prepared_statement")}
    ours = {name: mine.pop(name) for name in OURS if name in mine}
    connection = await asyncpg.connect(**{**time_arguments(mine, TimeLimits()), **settings, **mine})
    keep_alive(connection, ours.get("keepalives", {}))
    return connection


@compiles(random_uuid, "postgresql")
def _(element: random_uuid, compiler: postgresql.base.PGCompiler, **_: Any) -> str:
    return "gen_random_uuid()"
