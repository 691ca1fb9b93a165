# queries/engines/mariadb.py -- queries on MariaDB, in a transaction that only reads.
import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from asyncmy.connection import Connection
from asyncmy.constants.CLIENT import MULTI_STATEMENTS
from asyncmy.cursors import SSCursor
from asyncmy.errors import MySQLError
from sqlalchemy.engine import URL
from structlog.typing import FilteringBoundLogger

from queries.answers import Answer
from queries.catalog import MAX_TABLE_COLUMNS, MAX_TABLES, Catalog, Column, gather_tables
from queries.engines.engine import (
    CONNECT_SECONDS,
    GRACE_SECONDS,
    Failed,
    QueryEngine,
    Rights,
    TookTooLong,
    Unreachable,
)
from storage.database_kind import ConnectArguments

log: FilteringBoundLogger = structlog.get_logger()

# ER_STATEMENT_TIMEOUT, and that of a lock.
TIMEOUTS = frozenset({1969, 1205})
# CR_SERVER_GONE_ERROR, CR_SERVER_LOST, and what the server says when it ends.
LOST = frozenset({2006, 2013, 1053, 1927})
# By what the text of a query was read and written: no other way to end a text, no function where a name is meant.
SQL_MODE = "NO_ENGINE_SUBSTITUTION"
READING = frozenset({"SELECT", "USAGE", "SHOW VIEW", "SHOW DATABASES"})
GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<on>\S+) TO ")
COLUMN_LIST = re.compile(r"\([^()]*\)")
COLUMNS = """
    SELECT c.table_schema, c.table_name, c.table_schema = database(), t.table_type LIKE '%VIEW%',
      c.column_name, c.column_type, c.is_nullable = 'YES', c.column_key,
      (SELECT concat(k.referenced_table_name, '.', k.referenced_column_name)
       FROM information_schema.key_column_usage k
       WHERE k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
         AND k.referenced_table_name IS NOT NULL LIMIT 1)
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
    ORDER BY c.table_schema <> database(), c.table_schema, c.table_name, c.ordinal_position
"""


class MariaDBQueries(QueryEngine):
    dialect = "mariadb"

    def __init__(self, url: URL, arguments: ConnectArguments) -> None:
        self._arguments = {
            "connect_timeout": CONNECT_SECONDS,
            **url.translate_connect_args(username="user", database="db"),
            **arguments,
        }

    async def read_catalog(self) -> Catalog:
        async with self._open(CONNECT_SECONDS) as connection:
            rows = await fetch_all(connection, f"{COLUMNS} LIMIT {MAX_TABLES * MAX_TABLE_COLUMNS}")
        columns = (
            (
                str(schema),
                str(table),
                bool(is_default),
                bool(is_view),
                Column(
                    str(name), str(type_), bool(null), "primary" if key == "PRI" else str(to) if to else None
                ),
            )
            for schema, table, is_default, is_view, name, type_, null, key, to in rows
        )
        return Catalog("mariadb", gather_tables(columns))

    async def run(self, sql: str, catalog: Catalog, seconds: float) -> Answer:
        async with self._open(seconds) as connection:
            # Not as a context: at its end it would wait for the rest of the rows.
            cursor = SSCursor(connection)
            await cursor.execute("START TRANSACTION READ ONLY")
            await cursor.execute(sql)
            if not cursor.description:
                raise Failed("it gives no columns")
            answer = Answer([column[0] for column in cursor.description])
            while (row := await cursor.fetchone()) is not None and answer.add_row(row):
                pass
            return answer

    async def read_rights(self) -> Rights:
        async with self._open(CONNECT_SECONDS) as connection:
            [[version]] = await fetch_all(connection, "SELECT version()")
            grants = [str(row[0]) for row in await fetch_all(connection, "SHOW GRANTS")]
        return Rights(str(version).split("-", maxsplit=1)[0], tuple(list_excess(grants)))

    @asynccontextmanager
    async def _open(self, seconds: float) -> AsyncIterator[Connection]:
        try:
            connection = Connection(  # type: ignore[no-untyped-call]
                **{**self._arguments, "autocommit": True, "read_timeout": seconds + GRACE_SECONDS}
            )
            forbid_several_statements(connection)
            await connection.connect()
        except (MySQLError, OSError, RuntimeError, TimeoutError) as error:
            raise Unreachable(str(error)) from None
        try:
            async with connection.cursor() as cursor:
                await cursor.execute(
                    f"SET SESSION sql_mode = '{SQL_MODE}', max_statement_time = {seconds:g}, "
                    f"lock_wait_timeout = {max(1, round(seconds))}"
                )
            yield connection
        except asyncio.CancelledError:
            await asyncio.shield(self._end_query(connection.thread_id()))
            raise
        except MySQLError as error:
            code, message = (*error.args, 0, "")[:2]
            if code in TIMEOUTS:
                raise TookTooLong from None
            if code in LOST:
                raise Unreachable(str(message)) from None
            raise Failed(str(message)) from None
        except OSError as error:
            raise Unreachable(str(error)) from None
        finally:
            connection.close()

    async def _end_query(self, thread: int) -> None:
        """Without it the server would go on until the time of the query is up: it does not see that nobody reads."""
        try:
            async with self._open(CONNECT_SECONDS) as other:
                await fetch_all(other, f"KILL QUERY {int(thread)}")
        except (Failed, Unreachable) as error:
            log.warning("a query could not be ended", cause=type(error).__name__)


def forbid_several_statements(connection: Connection) -> None:
    """The driver asks the server to take several statements at once, whatever it is told."""
    flags = getattr(connection, "_client_flag")  # noqa: B009 -- its stubs leave out what it keeps to itself
    setattr(connection, "_client_flag", flags & ~MULTI_STATEMENTS)  # noqa: B010


async def fetch_all(connection: Connection, sql: str) -> Sequence[Sequence[object]]:
    async with connection.cursor() as cursor:
        await cursor.execute(sql)
        rows: Sequence[Sequence[object]] = await cursor.fetchall()
        return rows


def list_excess(grants: Sequence[str]) -> list[str]:
    """What SHOW GRANTS lists beside reading."""
    found = []
    for grant in grants:
        match = GRANT.match(grant)
        if match is None:  # a role: what it may do stands in lines of its own
            continue
        rights = {right.strip() for right in COLUMN_LIST.sub("", match["rights"]).split(",")}
        if "WITH GRANT OPTION" in grant:
            rights.add("GRANT OPTION")
        found += [f"{right} on {match['on']}" for right in sorted(rights - READING)]
    return found
