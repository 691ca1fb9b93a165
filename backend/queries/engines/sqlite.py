# queries/engines/sqlite.py -- queries on a file of SQLite: opened for reading, and allowed nothing else.
import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy.engine import URL

from queries.answers import Answer
from queries.catalog import MAX_TABLES, Catalog, Column, gather_tables
from queries.engines.engine import CONNECT_SECONDS, Failed, QueryEngine, Rights, TookTooLong, Unreachable
from queries.parsing import MAX_CHARACTERS

T = TypeVar("T")

FUNCTIONS = frozenset(
    """
    abs avg ceil ceiling coalesce concat concat_ws count cume_dist current_date current_time current_timestamp date
    datetime dense_rank exp first_value floor glob group_concat ifnull iif instr json_extract julianday lag last_value
    lead length like ln log log10 lower ltrim max min mod nth_value ntile nullif percent_rank pow power rank replace
    round row_number rtrim sign sqrt strftime string_agg substr substring sum time total trim trunc unixepoch upper
    """.split()
) | {"->", "->>"}
# Steps of SQLite's machine between two looks at the clock.
STEPS = 2_000
# Of one value, and of one row: what a query makes, and what it reads.
MAX_VALUE_BYTES = 10 * 2**20
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 20 * MAX_CHARACTERS,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
CANNOT_OPEN = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_PERM}
)


class SQLiteQueries(QueryEngine):
    dialect = "sqlite"

    def __init__(self, url: URL, threads: ThreadPoolExecutor) -> None:
        self.path = Path(str(url.database)).absolute()
        self._threads = threads

    async def read_catalog(self) -> Catalog:
        return await self._run_in_thread(
            lambda connection: Catalog("sqlite", gather_tables(read_columns(connection)))
        )

    async def run(self, sql: str, catalog: Catalog, seconds: float) -> Answer:
        names = {table.name.lower() for table in catalog.tables}
        return await self._run_in_thread(lambda connection: fetch_rows(connection, sql, names), seconds)

    async def read_rights(self) -> Rights:
        """The file is opened for reading, whatever its permissions are."""
        return await self._run_in_thread(lambda connection: Rights(sqlite3.sqlite_version, ()))

    async def _run_in_thread(
        self, work: Callable[[sqlite3.Connection], T], seconds: float = CONNECT_SECONDS
    ) -> T:
        stopped = threading.Event()

        def run() -> T:
            with open_file(self.path, seconds, stopped) as connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        finally:
            stopped.set()  # a thread whose caller has gone ends by itself


@contextmanager
def open_file(path: Path, seconds: float, stopped: threading.Event) -> Iterator[sqlite3.Connection]:
    """A connection that ends what takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        ) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for limit, most in LIMITS.items():
                connection.setlimit(limit, most)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")
            connection.set_progress_handler(lambda: stopped.is_set() or time.monotonic() > deadline, STEPS)
            yield connection
    except (sqlite3.Error, sqlite3.Warning) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            raise TookTooLong from None
        if code in CANNOT_OPEN:
            raise Unreachable(str(error)) from None
        raise Failed(str(error)) from None


def fetch_rows(connection: sqlite3.Connection, sql: str, tables: Collection[str]) -> Answer:
    connection.set_authorizer(make_authorizer(tables))
    cursor = connection.execute(sql)
    if not cursor.description:
        raise Failed("it gives no columns")
    answer = Answer([column[0] for column in cursor.description])
    for row in cursor:
        if not answer.add_row(row):
            break
    return answer


def make_authorizer(
    tables: Collection[str],
) -> Callable[[int, str | None, str | None, str | None, str | None], int]:
    """Asked by SQLite for each thing that a statement would do, when it is prepared.

    Reading is allowed of these tables, also by their views of what is behind them.
    """

    def authorize(action: int, first: str | None, second: str | None, _: str | None, by: str | None) -> int:
        allowed = (
            action == sqlite3.SQLITE_SELECT
            or (
                action == sqlite3.SQLITE_READ
                and ((first or "").lower() in tables or (by or "").lower() in tables)
                and not (first or "").lower().startswith("sqlite_")
            )
            or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in FUNCTIONS)
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


def read_columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str, bool, bool, Column]]:
    """Virtual tables are left out: to read one runs the code of its module."""
    tables = connection.execute(
        "SELECT name, type = 'view' FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name LIMIT ?",
        (MAX_TABLES,),
    ).fetchall()
    for name, is_view in tables:
        try:
            columns = connection.execute(
                'SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,)
            ).fetchall()
        except sqlite3.OperationalError:  # a view of a table that is gone
            continue
        keys = {
            column: f"{table}.{there or 'id'}"
            for column, table, there in connection.execute(
                'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (name,)
            )
        }
        for column, type_, not_null, primary in columns:
            key = "primary" if primary else keys.get(column)
            yield (
                "main",
                name,
                True,
                bool(is_view),
                Column(column, type_ or "any", not (not_null or primary), key),
            )
