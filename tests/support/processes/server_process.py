# support/processes/server_process.py -- Parley as processes of their own, started as the README starts them.
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import httpx

from settings import ROOT
from support.processes.fork_server import ForkedProcess, fork_uvicorn
from support.servers import PASSWORD, TIMEOUT, Person, ok, wait_until


class Process:
    def __init__(self, log: Path, process: "subprocess.Popen[bytes] | ForkedProcess") -> None:
        self.log = log
        self.process = process
        self.base_url = ""
        self.clients: list[httpx.Client] = []

    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> "Process":
        def listening() -> str:
            assert self.process.poll() is None, self.said()
            found = re.search(r"running on (http://[\d.:]+)", self.said())
            return found[1] if found else ""

        self.base_url = wait_until(listening, 30)
        return self

    def person(self, email: str, *, register: bool = False) -> Person:
        http = httpx.Client(base_url=self.base_url, timeout=TIMEOUT, trust_env=False)
        self.clients.append(http)
        if register:
            ok(http.post("/v1/auth/register", json={"email": email, "password": PASSWORD}))
        tokens = ok(http.post("/v1/auth/token", data={"username": email, "password": PASSWORD}))
        http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return Person(UUID(ok(http.get("/v1/me"))["id"]), email, http, tokens)


@contextmanager
def started(folder: Path, *arguments: str, cwd: Path = ROOT, **settings: str) -> Iterator[Process]:
    """uvicorn as the README starts it, on a free port; killed at the end if it still runs."""
    log = new_log(folder)
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **settings}
    command = [sys.executable, "-m", "uvicorn", "main:app", "--port", "0", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        with ended_at_last(Process(log, process)) as running:
            yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # workers outlive a supervisor that is killed


@contextmanager
def forked(folder: Path, *arguments: str, **settings: str) -> Iterator[Process]:
    """The same without the seconds of its imports: for all but the tests of how the README starts it."""
    log = new_log(folder)
    log.touch()
    process = fork_uvicorn(log, ["--port", "0", *arguments], settings)
    with ended_at_last(Process(log, process)) as running:
        yield running


def new_log(folder: Path) -> Path:
    return folder / f"log-{len(list(folder.glob('log-*')))}"


@contextmanager
def ended_at_last(running: Process) -> Iterator[Process]:
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        with suppress(ProcessLookupError):
            running.process.kill()
        running.process.wait()
