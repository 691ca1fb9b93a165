# support/databases/mariadb.py -- the MariaDB of the test run, or one that is running; databases are dropped or lent.
"""MariaDB comes as no Python package. Where it is installed, each run has a server of its own. PARLEY_TEST_MARIADB_URL
names another one, whose user has to be allowed to make databases; without either, tests are skipped.
"""

import asyncio
import atexit
import functools
import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any
from uuid import uuid4

import asyncmy
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from settings import SettingsError
from storage.engines import open_engine, parse_database_url
from storage.failures import error_message
from storage.schema.revisions import METADATA
from support.processes.run_servers import lease_server, run_id
from support.processes.server_programs import ServerUnavailableError

# What a killed run left; no run takes so long.
LEFT_BEHIND_SECONDS = 24 * 3600
PREFIX = "parley_test_"


class MariaDBServer:
    """A running server; whoever else uses it has databases of other names. `outlives_run`: it is not the run's own."""

    def __init__(self, url: URL, outlives_run: bool) -> None:
        self._url = url
        self.outlives_run = outlives_run
        self._made: list[str] = []
        self._free: list[str] = []

    def url(self, database: str = "information_schema") -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    def run(self, *statements: str, database: str = "information_schema") -> list[list[tuple[object, ...]]]:
        """The rows of each statement."""
        return asyncio.run(self._run(statements, database))

    async def _run(self, statements: tuple[str, ...], database: str) -> list[list[tuple[object, ...]]]:
        engine = open_engine(self.url(database), pool_size=1)
        try:
            async with engine.begin() as connection:
                results = [await connection.execute(text(statement)) for statement in statements]
                return [[tuple(row) for row in result] if result.returns_rows else [] for result in results]
        finally:
            await engine.dispose()

    def create_database(self, options: str = "") -> str:
        """The name of a new, empty database."""
        name = f"{PREFIX}{int(time.time())}_{uuid4().hex[:16]}"
        self.run(f"CREATE DATABASE {name} {options}")
        self._made.append(name)
        return name

    def drop_databases(self) -> None:
        """All that were made here, and those that killed runs have left."""
        like = PREFIX.replace("_", r"\_") + "%"
        [found] = self.run(f"SELECT schema_name FROM schemata WHERE schema_name LIKE '{like}'")
        names = {str(name) for [name] in found}
        old = {name for name in names if age(name) > LEFT_BEHIND_SECONDS}
        self.run(*[f"DROP DATABASE IF EXISTS {name}" for name in old | {*self._made}])
        self._made.clear()

    def lend(self) -> str | None:
        """A database with our tables and no rows, if one was given back: to make the tables takes long here."""
        return self._free.pop() if self._free else None

    def give_back(self, name: str) -> None:
        """Empties it. Messages go with their owners, alone they would refuse to. The log goes on counting."""
        rest = METADATA.tables.keys() - {"users", "event_counter"}
        begin = "UPDATE event_counter SET first_seq = 1"
        self.run(*[f"DELETE FROM {table}" for table in ("users", *rest)], begin, database=name)
        self._free.append(name)


class Answer:
    """What a cursor of another driver would hold."""

    def __init__(self, description: Any, rows: list[Any]) -> None:
        self.description = description
        self._rows = rows

    def fetchall(self) -> list[Any]:
        return self._rows


class MariaDBShell:
    """Someone at the server's own shell, without our session's settings: each statement commits.

    It is used as the connections of sqlite3 and psycopg are. Our driver is asynchronous: so it has its own loop.
    """

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(self._connect(url))

    async def _connect(self, url: str) -> Any:
        parsed, arguments = parse_database_url(url)
        return await asyncmy.connect(
            **parsed.translate_connect_args(username="user", database="db"), **arguments, autocommit=True
        )

    def execute(self, sql: str) -> Answer:
        """An empty statement does nothing."""
        return self._runner.run(self._execute(sql)) if sql.strip() else Answer(None, [])

    async def _execute(self, sql: str) -> Answer:
        async with self._connection.cursor() as cursor:
            await cursor.execute(sql)
            return Answer(cursor.description, list(await cursor.fetchall()) if cursor.description else [])

    def close(self) -> None:
        if self._connection is not None:
            self._runner.run(self._connection.ensure_closed())
            self._connection = None
            self._runner.close()

    def __enter__(self) -> "MariaDBShell":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mariadb_program(program: str, url: str) -> list[str]:
    """The command that starts the official client on a database."""
    given = make_url(url)
    options = [f"--host={given.host}", f"--port={given.port or 3306}", f"--user={given.username}"]
    return [program, "--no-defaults", *options, f"--password={given.password or ''}", str(given.database)]


def age(name: str) -> float:
    """In seconds; a name that is not of this form is young."""
    made = name.removeprefix(PREFIX).partition("_")[0]
    return time.time() - int(made) if made.isdigit() else 0.0


@functools.cache
def find_server() -> MariaDBServer:
    """The named server, or that of this test run, started if it is not yet there; released when this process ends."""
    given = os.environ.get("PARLEY_TEST_MARIADB_URL")
    outlives_run = bool(given)
    if not given:
        lease = lease_server("mariadb", run_id())
        atexit.register(lease.release)
        given = f"mariadb://root@127.0.0.1:{lease.port}/"
    server = MariaDBServer(make_url(given), outlives_run)
    try:
        server.run("DO 1")
    except (OSError, DBAPIError, SettingsError) as error:
        why = error_message(error) if isinstance(error, DBAPIError) else str(error)
        raise ServerUnavailableError(why) from error
    return server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    try:
        server = find_server()
    except ServerUnavailableError as error:
        if os.environ.get("PARLEY_TESTS_REQUIRE_MARIADB") == "1":
            raise
        pytest.skip(f"no MariaDB: {error}")
    yield server
    if server.outlives_run:
        server.drop_databases()
