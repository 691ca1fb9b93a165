# storage/failures.py -- what an error of the database means, whichever engine raised it.
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as Postgres
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from settings import SettingsError
from storage.database_kind import ErrorCode
from storage.dialects import KINDS
from storage.postgresql import POOLER_CODES, POOLER_HINT, UNAVAILABLE_CLASSES

# An error does not say which engine it is of. The union is safe: PostgreSQL's codes are texts, MariaDB's are numbers
# above 1000, and SQLite's are other numbers.
TRANSIENT = frozenset[ErrorCode]().union(*(kind.error_codes.transient for kind in KINDS.values()))
FOREIGN_KEY_VIOLATION = frozenset[ErrorCode]().union(
    *(kind.error_codes.foreign_key_violation for kind in KINDS.values())
)
UNAVAILABLE = frozenset[ErrorCode]().union(*(kind.error_codes.unavailable for kind in KINDS.values()))
# Below the pool, errors of PostgreSQL are asyncpg's or, of a new connection, SQLAlchemy's copies of them.
DRIVER_ERRORS = (asyncpg.PostgresError, Postgres.Error)
# SQLite's extended error codes hold the primary one in their last byte.
PRIMARY_CODE = 0xFF


def error_message(error: BaseException) -> str:
    """The driver's message, on one line. MariaDB's errors have their number before it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    words = str(cause.args[-1] if isinstance(error, DBAPIError) and cause and cause.args else cause).strip()
    return words.splitlines()[0] if words else type(cause).__name__


def error_codes(error: BaseException) -> set[object]:
    """The SQLSTATE and the driver's own numbers; of SQLite's the extended and the primary one."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    extended = getattr(cause, "sqlite_errorcode", 0)
    found = {getattr(cause, "sqlstate", None), extended, extended & PRIMARY_CODE}
    return {*found, *getattr(cause, "args", ())[:1]} - {None, 0}


def is_transient(error: DBAPIError) -> bool:
    """Whether the database gave up a transaction that may succeed when it runs again."""
    return bool(error_codes(error) & TRANSIENT)


def is_foreign_key_violation(error: BaseException) -> bool:
    """Whether the parent of a new row is missing."""
    return isinstance(error, IntegrityError) and bool(error_codes(error) & FOREIGN_KEY_VIOLATION)


def is_connection_lost(error: BaseException) -> bool:
    """Whether the connection is gone, or was silent for so long that it counts as gone."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    if isinstance(error, DRIVER_ERRORS):
        return str(error.sqlstate).startswith(("08", "57P")) or is_connection_closed(error)
    return isinstance(error, OSError) or is_connection_closed(error)  # TimeoutError is an OSError


def is_connection_closed(error: BaseException) -> bool:
    """asyncpg raises InterfaceError, which has other causes too, when it uses a closed connection."""
    return isinstance(error, asyncpg.InterfaceError | Postgres.InterfaceError) and "closed" in str(error)


def explain_unavailability(error: BaseException) -> str | None:
    """Why the database is unavailable, on one line; None for an error that neither time nor the operator solves."""
    if isinstance(error, PoolTimeoutError):
        return "no connection to the database became free in time"
    if isinstance(error, TimeoutError):
        return str(error) or "the database did not answer in time"
    found = error_codes(error) if isinstance(error, (DBAPIError, sqlite3.Error, *DRIVER_ERRORS)) else set()
    if found & POOLER_CODES:
        return error_message(error) + POOLER_HINT
    states = [code for code in found if isinstance(code, str) and len(code) == 5]
    if (
        is_connection_lost(error)
        or found & UNAVAILABLE
        or any(state.startswith(UNAVAILABLE_CLASSES) for state in states)
    ):
        return error_message(error)
    return None


@contextmanager
def explain_database_errors() -> Iterator[None]:
    """Report a database that cannot be reached as one line for the operator."""
    try:
        yield
    except (OSError, DBAPIError, PoolTimeoutError) as error:
        raise SettingsError(
            f"the database does not answer: {explain_unavailability(error) or error_message(error)}"
        ) from error
