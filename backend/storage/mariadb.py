# storage/mariadb.py -- how to reach MariaDB, and how it makes tables as ours have to be.
import logging
import ssl
from typing import Any

from sqlalchemy import URL, Column, Table, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy
from sqlalchemy.dialects.mysql.base import MySQLDDLCompiler, MySQLTypeCompiler
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles

from models.columns import random_uuid
from settings import SettingsError
from storage.schema_lock import release_locks
from storage.timeouts import PATIENT_LOCK_SECONDS, TimeLimits
from storage.url_parameters import POOL_WORDS, read_words, refuse_rest, take_number

OLDEST_MARIADB = (10, 11)
# Compares byte for byte: with the default collation jose@ is josé@, and with utf8mb4_bin "a" is "a ".
COLLATION = "utf8mb4_nopad_bin"
# Times are UTC whatever the server's zone; what does not fit is refused, not cut off; and no notes on our indexes.
MODES = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
SESSION = f"time_zone = '+00:00', sql_mode = '{MODES}', sql_notes = 0"
# asyncmy logs the server's warnings: with these modes what matters is an error.
logging.getLogger("asyncmy").setLevel(logging.ERROR)
# How strictly TLS is asked for, in MySQL's words and in libpq's: whether the certificate is verified, and its name.
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
# db.py's ATTEMPTS: how often a transaction that waited too long is run.
LOCK_TRIES = 3
# Of the charset, the time zone and the mode of a session we say ourselves what they are.
DROPPED = {word.replace("_", "-") for word in POOL_WORDS} | {
    *("charset", "collation", "reconnect", "autoreconnect", "useunicode", "characterencoding"),
    *("servertimezone", "time-zone", "allowpublickeyretrieval", "application-name", "read-timeout"),
}


def mariadb_url(parsed: URL) -> tuple[URL, dict[str, Any]]:
    """Providers append what MySQL's clients, libpq's, Prisma's, Java's or Ruby's take; asyncmy takes an SSLContext."""
    if not parsed.database:
        raise SettingsError("DATABASE_URL: name the database, as in mariadb://user:password@host/name")
    named = {name.lower().replace("_", "-"): value for name, value in parsed.query.items()}
    words = read_words(named, DROPPED)
    arguments: dict[str, Any] = {"charset": "utf8mb4"}
    seconds = take_number(words, "connect-timeout") or take_number(words, "connecttimeout")
    if seconds:
        arguments["connect_timeout"] = seconds
    for name in ("unix-socket", "socket"):
        if name in words:
            arguments["unix_socket"] = words.pop(name)
    if (context := read_tls(words)) is not None:
        arguments["ssl"] = context
    refuse_rest(words)
    return parsed.set(drivername="mariadb+asyncmy", query={}), arguments


def read_tls(words: dict[str, str]) -> ssl.SSLContext | None:
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
    return None if strictness is None else tls_context(ca, certificate, key, *strictness)


def tls_context(
    ca: str | None, certificate: str | None, key: str | None, verify: bool, check_name: bool
) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # of which ssl's own errors are a kind
        raise SettingsError(f"DATABASE_URL: ssl-ca={ca} cannot be read: {error}") from None
    if certificate:
        try:
            context.load_cert_chain(certificate, key)
        except OSError as error:
            raise SettingsError(f"DATABASE_URL: ssl-cert={certificate} cannot be read: {error}") from None
    context.check_hostname = check_name
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    return context


def open_mariadb(
    parsed: URL, arguments: dict[str, Any], limits: TimeLimits, options: dict[str, Any]
) -> AsyncEngine:
    arguments = {
        "connect_timeout": limits.connection,
        "read_timeout": limits.silence,
        "init_command": session(limits),
        **arguments,
    }
    # REPEATABLE READ, the default, would read what was true before a lock was waited for.
    options = {**options, "isolation_level": "READ COMMITTED", "pool_pre_ping": True}
    engine = create_async_engine(parsed, connect_args=arguments, **options)
    event.listen(engine.sync_engine, "checkin", release_locks)
    return engine


def session(limits: TimeLimits) -> str:
    """Each statement waits for a lock for a part of the time alone: a transaction that gave up is run anew."""
    lock = max(1, round((limits.lock or LOCK_TRIES * PATIENT_LOCK_SECONDS) / LOCK_TRIES))
    waits = f"innodb_lock_wait_timeout = {lock}, max_statement_time = {limits.statement or 0}"
    if limits.lock is not None:
        waits += f", lock_wait_timeout = {max(1, round(limits.lock))}"
    return f"SET SESSION {SESSION}, {waits}"


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
