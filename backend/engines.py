# engines.py -- where SQLite, PostgreSQL and MariaDB differ: how to reach them, and what each says in its own words.
import asyncio
import logging
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import (
    Column,
    ColumnElement,
    Insert,
    Table,
    and_,
    event,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects import mysql, postgresql, registry, sqlite
from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy
from sqlalchemy.dialects.mysql.base import MySQLDDLCompiler, MySQLTypeCompiler
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    InvalidRequestError,
    OperationalError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.ext.compiler import compiles

from models.columns import UTCDateTime, now, random_uuid
from settings import SettingsError

BUSY_SECONDS = 10
# How long a transaction on PostgreSQL may do nothing. Ours are short; waiting for an answer is not part of any.
IDLE_SECONDS = 5
# The same transaction may well succeed at once: deadlock_detected and serialization_failure, which is also what
# MariaDB calls a deadlock; and MariaDB's "lock wait timeout exceeded" and "record has changed since last read".
RETRYABLE = {"40P01", "40001", 1205, 1020}
# foreign_key_violation, and MariaDB's "cannot add or update a child row". SQLite has no number for it.
ORPHAN = {"23503", 1452}

OLDEST_MARIADB = (10, 11)
# Compares byte for byte: with the default collation jose@ is josé@, and with utf8mb4_bin "a" is "a ".
COLLATION = "utf8mb4_nopad_bin"
# Times are UTC whatever the server's zone; what does not fit is refused, not cut off; and no notes on our indexes.
MODES = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
SESSION = (
    f"SET SESSION time_zone = '+00:00', sql_mode = '{MODES}', innodb_lock_wait_timeout = {BUSY_SECONDS}, "
    "sql_notes = 0"
)
# asyncmy logs the server's warnings: with these modes what matters is an error.
logging.getLogger("asyncmy").setLevel(logging.ERROR)
# How strictly TLS is asked for, in MySQL's words and in libpq's: whether the certificate is verified, and its name.
TLS = {
    "disabled": None,
    "disable": None,
    "false": None,
    "required": (False, False),
    "require": (False, False),
    "true": (False, False),
    "verify-ca": (True, False),
    "verify-identity": (True, True),
    "verify-full": (True, True),
}

# "parley" in ASCII: whoever changes the schema holds this lock, migrations/psql/begin.sql too.
SCHEMA_LOCK = int.from_bytes(b"parley", "big")
# GET_LOCK's names are the whole server's.
SCHEMA_LOCK_NAME = func.concat("parley.", func.md5(func.database()))
WAIT_SECONDS = 0.05


# How to reach them


def engine_url(url: str) -> tuple[URL, dict[str, Any]]:
    """The URL with our driver in it, and the driver's own arguments."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError(
            "DATABASE_URL is not a database URL, such as postgresql://user:password@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite"), {"timeout": BUSY_SECONDS}
    if backend in ("postgresql", "postgres"):
        return postgresql_url(parsed)
    if backend in ("mariadb", "mysql"):
        return mariadb_url(parsed)
    raise SettingsError(
        f"DATABASE_URL: {backend} is not supported; use sqlite:///, postgresql:// or mariadb://"
    )


def postgresql_url(parsed: URL) -> tuple[URL, dict[str, Any]]:
    """Providers append libpq's parameters; asyncpg takes `ssl` and knows the rest itself."""
    query = dict(parsed.query)
    query.pop("channel_binding", None)
    mode = query.pop("sslmode", None)
    arguments: dict[str, Any] = {"ssl": mode} if isinstance(mode, str) else {}
    return parsed.set(drivername="postgresql+asyncpg", query=query), arguments


def mariadb_url(parsed: URL) -> tuple[URL, dict[str, Any]]:
    """Providers append what MySQL's clients, libpq's or Ruby's take; asyncmy takes an SSLContext."""
    if not parsed.database:
        raise SettingsError("DATABASE_URL: name the database, as in mariadb://user:password@host/name")
    query = {name.lower().replace("_", "-"): str(value) for name, value in parsed.query.items()}
    for name in ("charset", "reconnect"):
        query.pop(name, None)
    ca = query.pop("ssl-ca", None) or query.pop("sslrootcert", None)
    modes = [query.pop(name) for name in ("ssl-mode", "sslmode", "ssl") if name in query]
    mode = (modes[0] if modes else "verify-ca" if ca else "disabled").lower().replace("_", "-")
    if query:
        raise SettingsError(f"DATABASE_URL: unknown parameter {', '.join(sorted(query))}")
    if mode not in TLS:
        raise SettingsError(f"DATABASE_URL: ssl-mode={mode} is not one of {', '.join(TLS)}")
    arguments: dict[str, Any] = {"charset": "utf8mb4", "init_command": SESSION}
    if (strictness := TLS[mode]) is not None:
        arguments["ssl"] = tls_context(ca, *strictness)
    return parsed.set(drivername="mariadb+asyncmy", query={}), arguments


def tls_context(ca: str | None, verify: bool, check_name: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # of which ssl's own errors are a kind
        raise SettingsError(f"DATABASE_URL: ssl-ca={ca} cannot be read: {error}") from None
    context.check_hostname = check_name
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    return context


def open_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    parsed, arguments = engine_url(url)
    backend = parsed.get_backend_name()
    # Error messages end up in logs, and parameters are hashes and people's words.
    options: dict[str, Any] = {"connect_args": arguments, "hide_parameters": True}
    if backend == "sqlite":
        engine = create_async_engine(parsed, **options)
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_sqlite)
        return engine
    options |= {"pool_size": pool_size, "max_overflow": 0, "pool_recycle": 1800}
    if backend == "mariadb":
        # REPEATABLE READ, the default, would read what was true before a lock was waited for.
        options |= {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}
    engine = create_async_engine(parsed, **options)
    if backend == "mariadb":
        event.listen(engine.sync_engine, "checkin", release_locks)
    else:
        event.listen(engine.sync_engine, "connect", prepare_postgresql)
        event.listen(engine.sync_engine, "checkout", refuse_closed)
    return engine


def prepare_postgresql(connection: Any, record: Any) -> None:
    """A worker that hangs in mid-transaction must not keep its locks: the server ends the transaction then."""
    setting = f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
    connection.run_async(lambda driver: driver.execute(setting))


def refuse_closed(connection: Any, record: Any, proxy: Any) -> None:
    """asyncpg knows at once that the server hung up; the pool then opens another connection."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    # SQLite's own knows ASCII only: "ä" would not find "Äpfel", as it does elsewhere.
    connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "synchronous=FULL",  # acknowledged means stored, also when the machine loses power
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    use_wal(cursor)
    cursor.close()


def use_wal(cursor: Any) -> None:
    """Once for a file. SQLite does not wait here for others who are opening the new file: so this tries again."""
    for _ in range(100 * BUSY_SECONDS):
        with suppress(OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        time.sleep(0.01)
    cursor.execute("PRAGMA journal_mode=WAL")


def begin_sqlite(connection: Any) -> None:
    """A writer takes the lock before it reads: otherwise two writers read the same row and one update is lost."""
    reader = connection.get_execution_options().get("reader", False)
    connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")


def reader_options(engine: AsyncEngine) -> dict[str, Any]:
    """A single statement needs no transaction of its own on PostgreSQL: that saves two round trips."""
    return {"isolation_level": "AUTOCOMMIT"} if engine.dialect.name == "postgresql" else {"reader": True}


async def connect_directly(engine: AsyncEngine, url: str) -> Any:
    """A connection of asyncpg outside the pool, for LISTEN; `url` is PostgreSQL's."""
    parsed, arguments = engine_url(url)
    _, settings = engine.dialect.create_connect_args(parsed)
    return await asyncpg.connect(**{**settings, **arguments})


# How they make tables


@compiles(random_uuid, "postgresql")
def _(element: random_uuid, compiler: Any, **_: Any) -> str:
    return "gen_random_uuid()"


@compiles(random_uuid, "sqlite")
def _(element: random_uuid, compiler: Any, **_: Any) -> str:
    # 12 + 4 + 4 + 12 hex digits without dashes, as SQLAlchemy stores a UUID in SQLite.
    return (
        "(lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
        "substr('89AB', 1 + abs(random() % 4), 1) || substr(hex(randomblob(2)), 2) || hex(randomblob(6))))"
    )


@compiles(random_uuid, "mariadb")
def _(element: random_uuid, compiler: Any, **_: Any) -> str:
    # Its own UUID() tells the machine and the time, so the next one can be guessed.
    return (
        "(concat(hex(random_bytes(6)), '4', substr(hex(random_bytes(2)), 2), "
        "substr('89AB', 1 + (ascii(random_bytes(1)) & 3), 1), substr(hex(random_bytes(2)), 2), "
        "hex(random_bytes(6))))"
    )


class MariaDBTypes(MySQLTypeCompiler):
    def visit_text(self, type_: Any, **kw: Any) -> str:
        return "LONGTEXT"  # TEXT ends at 64 KiB

    def visit_datetime(self, type_: Any, **kw: Any) -> str:
        return "DATETIME(6)"  # DATETIME ends at the second


class MariaDBTables(MySQLDDLCompiler):
    def get_column_default_string(self, column: Column[Any]) -> str | None:
        """CURRENT_TIMESTAMP would be in the zone of whoever inserts by hand."""
        default = super().get_column_default_string(column)
        return "(utc_timestamp(6))" if default == "CURRENT_TIMESTAMP" else default

    def post_create_table(self, table: Table) -> str:
        """Whatever the server's and the database's defaults are."""
        return f"{super().post_create_table(table)} ENGINE=InnoDB CHARSET=utf8mb4 COLLATE={COLLATION}"


class MariaDB(MariaDBDialect, MySQLDialect_asyncmy):
    """SQLAlchemy's, with tables as ours have to be: by create_all and by Alembic, online and as a script."""

    supports_statement_cache = True
    ddl_compiler = MariaDBTables
    type_compiler_cls = MariaDBTypes

    def initialize(self, connection: Connection) -> None:
        try:
            super().initialize(connection)
        except InvalidRequestError as error:
            raise SettingsError("DATABASE_URL: this server is MySQL; Parley needs MariaDB") from error
        if self.server_version_info < OLDEST_MARIADB:
            version = ".".join(map(str, self.server_version_info[:2]))
            raise SettingsError(f"DATABASE_URL: the server is MariaDB {version}; Parley needs 10.11 or newer")


registry.register("mariadb.asyncmy", __name__, MariaDB.__name__)


# What they say


def reason(error: DBAPIError) -> str:
    """Why it did not work, on one line; MariaDB's errors begin with a number."""
    return str(error.orig.args[-1] if error.orig and error.orig.args else error.orig).splitlines()[0]


def codes(error: DBAPIError) -> set[object]:
    """The SQLSTATE and the driver's own number."""
    return {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}


def gave_up(error: DBAPIError) -> bool:
    """Whether the database ended a transaction that may succeed when it is run again."""
    return bool(codes(error) & RETRYABLE)


def is_orphan(error: BaseException) -> bool:
    """Whether a row was to be added to another that is gone."""
    if not isinstance(error, IntegrityError):
        return False
    return bool(codes(error) & ORPHAN) or str(error.orig).startswith("FOREIGN KEY constraint failed")


async def read_clock(tx: AsyncSession) -> datetime:
    """The database's time, on which all workers agree; SQLite's workers share the machine's."""
    name = tx.get_bind().dialect.name
    if name == "sqlite":
        return now()
    clock = func.utc_timestamp(literal_column("6")) if name == "mariadb" else func.clock_timestamp()
    moment: datetime = (await tx.execute(select(type_coerce(clock, UTCDateTime)))).scalar_one()
    return moment


async def upsert(tx: AsyncSession, new: Insert, key: str, change: dict[str, Any], wanted: Any) -> Any:
    """Insert the row, or change the one that has its key; `wanted` of the row as it then is. One statement.

    MariaDB changes one column after the other, in this order, and each sees what the one before it has done.
    """
    name = tx.get_bind().dialect.name
    statement: Any
    if name == "mariadb":
        statement = mysql.insert(new.table).on_duplicate_key_update(list(change.items()))
    else:
        kind: Any = sqlite if name == "sqlite" else postgresql
        statement = kind.insert(new.table).on_conflict_do_update(index_elements=[key], set_=change)
    return (await tx.execute(statement.values(new.compile().params).returning(wanted))).scalar_one()


def directions(dialect: str, keys: Sequence[Any], *, descending: bool) -> list[bool]:
    """Which of the keys go down. The last one only breaks ties; MariaDB's indexes end in it, upwards, and any other
    order would make it sort everything that a person has for each page."""
    return [descending and not (dialect == "mariadb" and key is keys[-1] and len(keys) > 1) for key in keys]


def past(
    dialect: str, keys: Sequence[Any], marks: Sequence[Any], down: Sequence[bool]
) -> ColumnElement[bool]:
    """The rows behind the one whose keys are `marks`.

    MariaDB uses no index for a comparison of tuples, but one for the comparison of the first key.
    """
    if dialect != "mariadb":
        return tuple_(*keys) < tuple_(*marks) if down[0] else tuple_(*keys) > tuple_(*marks)
    key, mark = keys[0], marks[0]
    beyond: ColumnElement[bool] = key < mark if down[0] else key > mark
    if len(keys) == 1:
        return beyond
    return and_(
        key <= mark if down[0] else key >= mark, or_(beyond, past(dialect, keys[1:], marks[1:], down[1:]))
    )


async def take_schema_lock(connection: AsyncConnection) -> None:
    """Nobody else changes the schema until the connection's transaction ends; on MariaDB, whose DDL ends every
    transaction, until the connection is given back. On SQLite whoever writes is alone.

    Neither asking nor holding keeps a snapshot, for which the CREATE INDEX CONCURRENTLY of whoever has the lock would
    wait for ever: so it asks again and again instead of waiting in the database, and lets a statement follow that needs
    none, since an answer keeps its snapshot until then.
    """
    name = connection.dialect.name
    if name == "sqlite":
        return
    lock, follow = (
        func.pg_try_advisory_xact_lock(SCHEMA_LOCK),
        "SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    if name == "mariadb":
        (await connection.get_raw_connection()).info["schema_lock"] = True
        lock, follow = func.get_lock(SCHEMA_LOCK_NAME, 0), "DO 0"
    mine = False
    while not mine:
        mine = bool(await connection.scalar(select(lock)))
        await connection.exec_driver_sql(follow)
        if not mine:
            await asyncio.sleep(WAIT_SECONDS)  # for another process: there is no event to wait for


def release_locks(connection: Any, record: Any) -> None:
    """The session outlives its use in the pool, and would keep its locks."""
    if connection is not None and record.info.pop("schema_lock", False):
        cursor = connection.cursor()
        cursor.execute("DO RELEASE_ALL_LOCKS()")
        cursor.close()
