# storage/mariadb.py -- MariaDB: how it is reached, and how it creates the tables that Parley needs.
import logging
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    and_,
    event,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects import mysql, registry
from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy
from sqlalchemy.dialects.mysql.base import MySQLDDLCompiler, MySQLTypeCompiler
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import Table
from sqlalchemy.types import DateTime, Text

from models.columns import UTCDateTime, never, random_uuid
from settings import SettingsError
from storage.database_kind import (
    HIDE_PARAMETERS,
    RECYCLE_SECONDS,
    ConnectArguments,
    DatabaseKind,
    ErrorCodes,
    SortKeys,
)
from storage.schema.lock import poll_schema_lock
from storage.timeouts import DEFAULT_LOCK_SECONDS, TimeLimits
from storage.url_parameters import POOL_PARAMETERS, pop_number, read_parameters, refuse_unknown

OLDEST_MARIADB = (10, 11)
# Byte-wise comparison without padding: by the default collation jose@ equals josé@, by utf8mb4_bin "a" equals "a ".
COLLATION = "utf8mb4_nopad_bin"
# The strict modes refuse a value that does not fit, instead of cutting it off.
MODES = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
# Times are UTC whatever the zone of the server. sql_notes=0 hides the notes on indexes that begin alike.
SESSION = f"time_zone = '+00:00', sql_mode = '{MODES}', sql_notes = 0"
# asyncmy logs the server's warnings. In strict mode everything that matters is an error.
logging.getLogger("asyncmy").setLevel(logging.ERROR)
# The modes of TLS by MySQL's names and by libpq's: whether the certificate is verified, and whether its host name is.
TLS = {
    "disabled": None,
    "disable": None,
    "false": None,
    "required": (False, False),
    "accept-invalid-certs": (False, False),
    "require": (False, False),
    "true": (False, False),
    "verify-ca": (True, False),
    "verify-identity": (True, True),
    "strict": (True, True),
    "verify-full": (True, True),
}
# As often db.py runs a transaction that waited too long for a lock (its ATTEMPTS).
LOCK_ATTEMPTS = 3
# Parameters without effect here: Parley itself sets the charset, the time zone and the modes of a session.
DROPPED = {word.replace("_", "-") for word in POOL_PARAMETERS} | {
    *("charset", "collation", "reconnect", "autoreconnect", "useunicode", "characterencoding"),
    *("servertimezone", "time-zone", "allowpublickeyretrieval", "application-name", "read-timeout"),
}


# GET_LOCK's names are those of the whole server.
SCHEMA_LOCK_NAME = func.concat("parley.", func.md5(func.database()))


class MariaDB(DatabaseKind):
    name = "mariadb"
    url_names = frozenset({"mariadb", "mysql"})
    error_codes = ErrorCodes(
        # Deadlock (by its SQLSTATE), lock wait timeout exceeded, record has changed since last read.
        transient=frozenset({"40001", 1205, 1020}),
        foreign_key_violation=frozenset({1452}),  # cannot add or update a child row
        # Memory, too many connections, memory, shutdown, disk full (twice), lock wait, user limits (twice), read-only
        # (twice), killed, a statement that took too long, no connection (four).
        unavailable=frozenset(
            {
                1037,
                1040,
                1041,
                1053,
                1021,
                1114,
                1205,
                1203,
                1226,
                1290,
                1836,
                1927,
                1969,
                2002,
                2003,
                2006,
                2013,
            }
        ),
    )
    trigger_folder = "mariadb"
    trigger_query = """
        SELECT event_object_table, trigger_name, concat('CREATE TRIGGER ', trigger_name, ' ', action_timing, ' ',
          event_manipulation, ' ON ', event_object_table, ' FOR EACH ROW ', action_statement)
        FROM information_schema.triggers WHERE trigger_schema = database()
    """

    def parse_url(self, url: URL) -> tuple[URL, ConnectArguments]:
        return parse_mariadb_url(url)

    def open_engine(
        self, url: URL, arguments: ConnectArguments, limits: TimeLimits, pool_size: int
    ) -> AsyncEngine:
        return open_mariadb(url, arguments, limits, pool_size)

    async def read_clock(self, tx: AsyncSession) -> datetime:
        clock = type_coerce(func.utc_timestamp(literal_column("6")), UTCDateTime)
        return (await tx.execute(select(clock))).scalar_one()

    def build_upsert(self, into: Table, key: str, changes: Mapping[str, object]) -> mysql.Insert:
        """A list, not a dict: MariaDB applies the changes in order."""
        return mysql.insert(into).on_duplicate_key_update(list(changes.items()))

    def sort_directions(self, keys: SortKeys, *, descending: bool) -> list[bool]:
        """The tie-breaker at the end stays ascending: InnoDB appends the primary key to every index in ascending order,
        and any other order needs a filesort of all rows of the user for each page."""
        last = len(keys) - 1
        return [descending and (position != last or last == 0) for position in range(len(keys))]

    def after_cursor(
        self, keys: SortKeys, values: Sequence[object], directions: Sequence[bool]
    ) -> ColumnElement[bool]:
        """MariaDB uses no index for a comparison of tuples, but one for the comparison of the first key."""
        key, value, down = keys[0], values[0], directions[0]
        beyond = key < value if down else key > value
        if len(keys) == 1:
            return beyond
        return and_(
            key <= value if down else key >= value,
            or_(beyond, self.after_cursor(keys[1:], values[1:], directions[1:])),
        )

    async def take_schema_lock(self, connection: AsyncConnection) -> None:
        """GET_LOCK belongs to the connection: DDL, which ends every transaction, does not release it."""
        (await connection.get_raw_connection()).info["schema_lock"] = True
        await poll_schema_lock(connection, func.get_lock(SCHEMA_LOCK_NAME, 0), "DO 0")


def release_schema_lock(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    """At check-in: the pool reuses the connection, which would keep its lock."""
    if connection is not None and record.info.pop("schema_lock", False):
        cursor = connection.cursor()
        cursor.execute("DO RELEASE_ALL_LOCKS()")
        cursor.close()


def parse_mariadb_url(parsed: URL) -> tuple[URL, ConnectArguments]:
    """The URL for asyncmy, and its parameters as arguments of the driver.

    Providers append the parameters of the clients of MySQL, libpq, Prisma, Java or Ruby; asyncmy takes an SSLContext.
    """
    if not parsed.database:
        raise SettingsError("DATABASE_URL: name the database, as in mariadb://user:password@host/name")
    words = read_words(parsed)
    arguments: ConnectArguments = {"charset": "utf8mb4"}
    seconds = pop_number(words, "connect-timeout") or pop_number(words, "connecttimeout")
    if seconds:
        arguments["connect_timeout"] = seconds
    for name in ("unix-socket", "socket"):
        if name in words:
            arguments["unix_socket"] = words.pop(name)
    if (tls := read_tls_files(words)) is not None:
        arguments["ssl"] = make_tls_context(tls)
    refuse_unknown(words)
    return parsed.set(drivername="mariadb+asyncmy", query={}), arguments


def read_words(url: URL) -> dict[str, str]:
    """The parameters of a URL, whichever client's way of writing they are in."""
    return read_parameters(
        {name.lower().replace("_", "-"): value for name, value in url.query.items()}, DROPPED
    )


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The paths of certificates, and how strictly the server's is looked at."""

    ca: str | None
    certificate: str | None
    key: str | None
    verify: bool
    check_name: bool


def read_tls_files(words: dict[str, str]) -> TlsFiles | None:
    """Takes the parameters out; None for a connection without TLS."""
    ca, certificate, key = [
        words.pop(name, None) or words.pop(other, None)
        for name, other in (("ssl-ca", "sslrootcert"), ("ssl-cert", "sslcert"), ("ssl-key", "sslkey"))
    ]
    found = [
        words.pop(name) for name in ("ssl-mode", "sslmode", "sslaccept", "usessl", "ssl") if name in words
    ]
    mode = (found[0] if found else "verify-ca" if ca else "disabled").lower().replace("_", "-")
    if mode not in TLS:
        raise SettingsError(f"DATABASE_URL: ssl-mode={mode} is not one of {', '.join(TLS)}")
    strictness = TLS[mode]
    return None if strictness is None else TlsFiles(ca, certificate, key, *strictness)


def make_tls_context(tls: TlsFiles) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except OSError as error:  # ssl.SSLError is an OSError
        raise SettingsError(f"DATABASE_URL: ssl-ca={tls.ca} cannot be read: {error}") from None
    if tls.certificate:
        try:
            context.load_cert_chain(tls.certificate, tls.key)
        except OSError as error:
            raise SettingsError(f"DATABASE_URL: ssl-cert={tls.certificate} cannot be read: {error}") from None
    context.check_hostname = tls.check_name
    context.verify_mode = ssl.CERT_REQUIRED if tls.verify else ssl.CERT_NONE
    return context


def open_mariadb(url: URL, arguments: ConnectArguments, limits: TimeLimits, pool_size: int) -> AsyncEngine:
    arguments = {
        "connect_timeout": limits.connection,
        "read_timeout": limits.silence,
        "init_command": build_session_sql(limits),
        **arguments,
    }
    engine = create_async_engine(
        url,
        connect_args=arguments,
        hide_parameters=HIDE_PARAMETERS,
        # In REPEATABLE READ, the default, a row that was waited for is read as it was before the wait.
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.connection,
        pool_recycle=RECYCLE_SECONDS,
        pool_pre_ping=True,
    )
    event.listen(engine.sync_engine, "checkin", release_schema_lock)
    return engine


def build_session_sql(limits: TimeLimits) -> str:
    """A statement waits for a lock for a fraction of the limit, because a transaction that gave up runs again."""
    lock = max(1, round((limits.lock or LOCK_ATTEMPTS * DEFAULT_LOCK_SECONDS) / LOCK_ATTEMPTS))
    waits = f"innodb_lock_wait_timeout = {lock}, max_statement_time = {limits.statement or 0}"
    if limits.lock is not None:
        waits += f", lock_wait_timeout = {max(1, round(limits.lock))}"
    return f"SET SESSION {SESSION}, {waits}"


@compiles(random_uuid, "mariadb")
def _(element: random_uuid, compiler: SQLCompiler, **_: object) -> str:
    # MariaDB's UUID() is made of the machine and the time: the next one can be guessed.
    return (
        "(concat(hex(random_bytes(6)), '4', substr(hex(random_bytes(2)), 2), "
        "substr('89AB', 1 + (ascii(random_bytes(1)) & 3), 1), substr(hex(random_bytes(2)), 2), "
        "hex(random_bytes(6))))"
    )


class MariaDBTypes(MySQLTypeCompiler):
    def visit_text(self, type_: Text, **kw: object) -> str:
        return "LONGTEXT"  # TEXT ends at 64 KiB

    def visit_datetime(self, type_: DateTime, **kw: object) -> str:
        return "DATETIME(6)"  # DATETIME ends at the second


class MariaDBTables(MySQLDDLCompiler):
    def get_column_default_string(self, column: Column[object]) -> str | None:
        """CURRENT_TIMESTAMP would be in the time zone of the session that inserts by hand."""
        default = super().get_column_default_string(column)
        return "(utc_timestamp(6))" if default == "CURRENT_TIMESTAMP" else default

    def post_create_table(self, table: Table) -> str:
        """Engine, charset and collation are stated: the defaults of the server and the database may differ."""
        return f"{super().post_create_table(table)} ENGINE=InnoDB CHARSET=utf8mb4 COLLATE={COLLATION}"


class ParleyMariaDBDialect(MariaDBDialect, MySQLDialect_asyncmy):
    """SQLAlchemy's dialect with the types and tables that Parley needs, in create_all and in Alembic's scripts."""

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


registry.register("mariadb.asyncmy", __name__, ParleyMariaDBDialect.__name__)


@compiles(never, "mariadb")
def _(element: never, compiler: SQLCompiler, **_: object) -> str:
    return "'9999-01-01 00:00:00.000000'"
