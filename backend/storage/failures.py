# storage/failures.py -- what the engines say when it does not work, each in its own words and numbers.
import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi as Postgres
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# The same transaction may well succeed at once: deadlock_detected and serialization_failure, which is also what
# MariaDB calls a deadlock; and MariaDB's "lock wait timeout exceeded" and "record has changed since last read".
RETRYABLE = {"40P01", "40001", 1205, 1020}
# foreign_key_violation, and MariaDB's "cannot add or update a child row". SQLite has no number for it.
ORPHAN = {"23503", 1452}
# What passes when the load does, or when the operator has helped. PostgreSQL: classes of SQLSTATE (connection,
# resources, the operator's intervention, the system), lock_not_available, idle_in_transaction_session_timeout, and
# read_only_sql_transaction after a failover.
BUSY_CLASSES = ("08", "53", "57", "58")
# MariaDB: too many connections, memory, shutdown, disk full (twice), lock wait, user limits, read-only, killed, a
# statement that took too long, no connection. SQLite: busy, locked, no memory, read-only, interrupted, an error of the
# disk, full, cannot open.
BUSY = {
    *("55P03", "25P03", "25006"),
    *(1037, 1040, 1041, 1053, 1021, 1114, 1205, 1203, 1226, 1290, 1836, 1927, 1969, 2002, 2003, 2006, 2013),
    *(5, 6, 7, 8, 9, 10, 13, 14),
}
# What a pooler in transaction mode makes of prepared statements of which it was not told.
POOLER = {"26000", "42P05"}
POOLER_HINT = "; behind a pooler in transaction mode set DATABASE_POOLER=transaction"
# Under the pool, errors of PostgreSQL come as asyncpg's or, of a new connection, as SQLAlchemy's copies of them.
BARE = (asyncpg.PostgresError, Postgres.Error)
# SQLite's extended codes hold the plain one in their last byte.
PLAIN = 0xFF


def reason(error: BaseException) -> str:
    """Why it did not work, on one line; MariaDB's errors begin with a number."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    words = str(cause.args[-1] if isinstance(error, DBAPIError) and cause and cause.args else cause).strip()
    return words.splitlines()[0] if words else type(cause).__name__


def codes(error: BaseException) -> set[object]:
    """The SQLSTATE, and the driver's own number."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    plain = getattr(cause, "sqlite_errorcode", 0) & PLAIN
    return {getattr(cause, "sqlstate", None), plain, *getattr(cause, "args", ())[:1]} - {None, 0}


def gave_up(error: DBAPIError) -> bool:
    """Whether the database ended a transaction that may succeed when it is run again."""
    return bool(codes(error) & RETRYABLE)


def is_orphan(error: BaseException) -> bool:
    """Whether a row was to be added to another that is gone."""
    if not isinstance(error, IntegrityError):
        return False
    return bool(codes(error) & ORPHAN) or str(error.orig).startswith("FOREIGN KEY constraint failed")


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, or so silent that it counts as gone."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    if isinstance(error, BARE):
        return str(error.sqlstate).startswith(("08", "57P")) or is_closed(error)
    return isinstance(error, OSError) or is_closed(error)  # of which TimeoutError is a kind


def is_closed(error: BaseException) -> bool:
    """asyncpg has no class of its own for a connection that is gone already."""
    return isinstance(error, asyncpg.InterfaceError | Postgres.InterfaceError) and "closed" in str(error)


def trouble(error: BaseException) -> str | None:
    """Why the database cannot do it now, on one line; None for an error that no waiting mends."""
    if isinstance(error, PoolTimeoutError):
        return "no connection to the database became free in time"
    if isinstance(error, TimeoutError):
        return str(error) or "the database did not answer in time"
    found = codes(error) if isinstance(error, (DBAPIError, *BARE)) else set()
    if found & POOLER:
        return reason(error) + POOLER_HINT
    states = [code for code in found if isinstance(code, str) and len(code) == 5]
    if is_lost(error) or found & BUSY or any(state.startswith(BUSY_CLASSES) for state in states):
        return reason(error)
    return None
