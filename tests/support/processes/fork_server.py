# support/processes/fork_server.py -- uvicorn processes that share one import of Parley.
"""Importing Parley and the SDK of a provider takes most of a start. A server that many tests kill and start again is
forked from a process (this file, started as a program) that has imported them. From the fork on it is what
`uvicorn main:app` is: a process of its own, with its own settings, that ends however a test ends it.
"""

import atexit
import functools
import json
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

BACKEND = Path(__file__).resolve().parents[3] / "backend"


class ForkedProcess:
    """What tests need of `subprocess.Popen`, for a process that is another's child."""

    def __init__(self, pid: int, status: Path) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._status = status

    def poll(self) -> int | None:
        """None while it runs."""
        return self._exit_status() if self._has_ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return self._exit_status()

    def send_signal(self, number: int) -> None:
        """To this very process: its number cannot have become another's."""
        signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _exit_status(self) -> int:
        """As the process wrote it down; one that a signal ended could not."""
        return int(self._status.read_text()) if self._status.exists() else -1

    def _has_ended(self, timeout: float | None) -> bool:
        # Not select(): it knows no descriptor above 1,023, and a process that runs many tests has more.
        waiting = select.poll()
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(None if timeout is None else timeout * 1000))


@functools.cache
def fork_server() -> "subprocess.Popen[str]":
    """One for this process; it ends with it, and so do the servers that it made."""
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, __file__]
    pipe = subprocess.PIPE
    server = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, cwd=BACKEND.parent, env=environment
    )
    atexit.register(stop, server)
    return server


def stop(server: "subprocess.Popen[str]") -> None:
    server.communicate()


def fork_uvicorn(log: Path, arguments: list[str], settings: dict[str, str]) -> ForkedProcess:
    """`uvicorn main:app` with these arguments and this environment; what it says is in `log`."""
    server = fork_server()
    assert server.stdin is not None
    assert server.stdout is not None
    order = {"log": str(log), "arguments": ["main:app", *arguments], "settings": settings}
    server.stdin.write(json.dumps(order) + "\n")
    server.stdin.flush()
    return ForkedProcess(int(server.stdout.readline()), status_file(log))


def status_file(log: Path) -> Path:
    return log.with_name(f"status-of-{log.name}")


def run_uvicorn(order: dict[str, Any]) -> None:
    """In the child: never returns. The processes of `--workers` are forked as well."""
    import uvicorn
    import uvicorn._subprocess

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(order["settings"])
    uvicorn._subprocess.spawn = multiprocessing.get_context("fork")  # type: ignore[assignment]
    status = 1
    try:
        uvicorn.main(order["arguments"])
    except SystemExit as end:  # which prints what it is given, where the interpreter sees it
        status = end.code if isinstance(end.code, int) else print(end.code, file=sys.stderr) or 1
    except BaseException:
        traceback.print_exc()
    finally:
        status_file(Path(order["log"])).write_text(str(status))
        os._exit(status)


def serve() -> None:
    """Fork a server for each line of stdin, and answer with its number; end them all when stdin ends."""
    sys.path[:0] = [str(BACKEND)]
    import uvicorn.loops.auto
    import uvicorn.protocols.http.auto
    import uvicorn.protocols.websockets.auto  # noqa: F401

    import llm.openai_wire.model  # noqa: F401
    import main  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is gone at once
    children = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run_uvicorn(json.loads(line))
        children.append(child)
        print(child, flush=True)
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    serve()
