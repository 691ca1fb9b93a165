# support/processes/run_servers.py -- a database server of a test run: one for all its processes, gone when the last is.
"""Every process of a run holds a shared lock on the server's folder; a watcher (this file, started as a
program) waits for the exclusive lock, which it gets when the last of them has ended, however it ended.
Then it stops the server and removes the folder. So an interrupted or killed run leaves nothing either.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from support.processes.server_programs import PROGRAMS, START_TIMEOUT, ServerUnavailableError

TESTS = Path(__file__).parents[2]


class Lease:
    """One process's use of a server, until it is released."""

    def __init__(self, folder: Path, users: int, port: int) -> None:
        self.folder = folder
        self.port = port
        self._users: int | None = users

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


def lease_server(program: str, run: str) -> Lease:
    """The server of this program and run, started if it is not yet there."""
    folder = Path(tempfile.gettempdir()) / f"parley-{program}-{os.geteuid()}-{run}"
    users = enter(folder)
    try:
        with locked(folder / "start"):
            if not (folder / "port").exists() and not (folder / "failed").exists():
                start_watcher(program, folder)
            if not (folder / "port").exists():
                raise ServerUnavailableError((folder / "log").read_text().strip() or "it does not start")
            return Lease(folder, users, int((folder / "port").read_text()))
    except BaseException:
        os.close(users)
        raise


def run_id() -> str:
    """The same in all processes of a run."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"pid{os.getpid()}"


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


def start_watcher(program: str, folder: Path) -> None:
    """Returns when the server answers. The watcher is a session of its own: Ctrl-C must not reach it."""
    command = [sys.executable, "-m", "support.processes.run_servers", program, str(folder)]
    quiet, environment = subprocess.DEVNULL, {**os.environ, "PYTHONPATH": str(TESTS)}
    with (folder / "log").open("w") as log:
        watcher = subprocess.Popen(
            command, cwd="/", env=environment, stdin=quiet, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + START_TIMEOUT
    while not (folder / "port").exists() and not (folder / "failed").exists():
        if watcher.poll() is not None or time.monotonic() > deadline:
            (folder / "failed").touch()
        time.sleep(0.02)
    watcher.returncode = 0  # It outlives this process, which is fine: no warning, please.


def watch_server(program: str, folder: Path) -> None:
    """The watcher: runs the server until nobody holds the folder's lock, then cleans up."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    users = os.open(folder / "users", os.O_RDWR)
    with ExitStack() as cleanup:
        cleanup.callback(remove, folder)
        try:
            port = PROGRAMS[program](folder, cleanup)
        except (OSError, KeyError, subprocess.SubprocessError, ServerUnavailableError) as problem:
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


if __name__ == "__main__":
    watch_server(sys.argv[1], Path(sys.argv[2]))
