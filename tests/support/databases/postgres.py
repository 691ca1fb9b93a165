# support/databases/postgres.py -- the PostgreSQL of the test run, from a wheel: databases are made, copied and lent.
import atexit
import functools
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from support.processes.run_servers import Lease, lease_server, locked, run_id
from support.processes.server_programs import START_TIMEOUT, ServerUnavailableError, find_postgres


class PostgresServer:
    """A running server. Roles and passwords are not tested with it: everyone on loopback is `postgres`."""

    def __init__(self, lease: Lease) -> None:
        self.port = lease.port
        self.psql = str(find_postgres() / "bin" / "psql")
        self.release = lease.release
        self._folder = lease.folder
        self._free: list[str] = []

    def url(self, database: str = "postgres") -> str:
        """Fits asyncpg, psql and SQLAlchemy alike."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """A copy of `template` (nobody may be connected to it), or an empty database."""
        sql = 'CREATE DATABASE :"name" TEMPLATE :"template" STRATEGY FILE_COPY;'
        self._run(sql, name=name, template=template or "template0")

    def drop_database(self, name: str) -> None:
        """Gone, also when someone is connected or it was never there."""
        self._run('DROP DATABASE IF EXISTS :"name" WITH (FORCE);', name=name)

    def template(self, name: str, build: Callable[[str], None], base: str | None = None) -> str:
        """The name of a database that `build(url)` filled, once for all processes of the run; `base` is a template in
        which a part of that is done.
        """
        with locked(self._folder / "templates"):
            if not self.has_template(name):
                self.drop_database(name)
                self.create_database(name, base)
                build(self.url(name))
                self._mark(name).touch()
        return name

    def has_template(self, name: str) -> bool:
        return self._mark(name).exists()

    def _mark(self, template: str) -> Path:
        return self._folder / f"template-{quote(template, safe='')}"

    def lend(self) -> str | None:
        """A database with our tables and no rows, if one was given back: to make one writes hundreds of files."""
        return self._free.pop() if self._free else None

    def give_back(self, name: str) -> None:
        """Empties it. A replica's session runs no triggers, of which some refuse to let messages go.

        The log goes on counting, as the ids of events do, and reaches back to its beginning.
        """
        self._run(
            "SET session_replication_role = replica;\n"
            "SELECT format('DELETE FROM %I', tablename) FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'event_counter') \\gexec\n"
            "UPDATE event_counter SET first_seq = 1",
            database=name,
        )
        self._free.append(name)

    def crash(self, database: str) -> None:
        """Kill one of the processes that serve this database: then PostgreSQL ends all of them, in the middle of what
        they do, recovers from its log and starts again. Returns when it answers.
        """
        serving = (
            "SELECT pid FROM pg_stat_activity WHERE datname = :'name' AND backend_type = 'client backend'"
        )
        victim = int(self._run(f"{serving} LIMIT 1;", name=database))
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            with suppress(RuntimeError):
                if not self._run(f"{serving} AND pid = {victim};", name=database):
                    return
            time.sleep(0.02)
        raise ServerUnavailableError("PostgreSQL did not recover")

    def _run(self, sql: str, database: str = "postgres", **variables: str) -> str:
        settings = [f"--set={name}={value}" for name, value in variables.items()]
        command = [self.psql, "-XqAt", "-v", "ON_ERROR_STOP=1", *settings, self.url(database)]
        done = subprocess.run(command, input=sql, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{sql} {variables}: {done.stderr.strip()}")
        return done.stdout.strip()


@functools.cache
def postgres_server() -> PostgresServer:
    """The server of this test run, started if it is not yet there; released when this process ends."""
    return open_server(run_id())


def open_server(run: str) -> PostgresServer:
    """The server of this name, started if it is not yet there; a test that crashes it has one of its own."""
    server = PostgresServer(lease_server("postgres", run))
    atexit.register(server.release)
    return server


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    try:
        return postgres_server()
    except ServerUnavailableError as reason:
        if os.environ.get("PARLEY_TESTS_REQUIRE_POSTGRES") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {reason}")
