# victim.py -- the server under attack, and a bystander who uses it all the while.
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from support.processes.server_process import Process, forked
from support.servers import KEY, Person, ok

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MISSING = (
    "" if Path("/proc/self/stat").exists() else "no /proc: a process's own processor time cannot be read"
)
# Between two questions of the bystander, in seconds.
PAUSE = 0.01


class Victim:
    """A real uvicorn process. What it spends is read from the system: the machine's noise is not in it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.base_url = process.base_url
        self.host, self.port = "127.0.0.1", int(process.base_url.rpartition(":")[2])
        self._proc = Path("/proc") / str(process.process.pid)

    def processor_seconds(self) -> float:
        """User and system time so far; fields 14 and 15 of proc(5), which follow the command in brackets."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_bytes(self) -> int:
        """What is resident now."""
        return int((self._proc / "statm").read_text().split()[1]) * PAGE_BYTES

    def client(self, **headers: str) -> httpx.Client:
        client = httpx.Client(base_url=self.base_url, headers=headers, timeout=60, trust_env=False)
        self.process.clients.append(client)
        return client

    def person(self, name: str) -> Person:
        return self.process.person(f"{name}@example.com", register=True)


class Bystander:
    """Asks for its profile all the time.

    A wait is the processor time that the server spends between question and answer: what a wait costs on a machine
    that has nothing else to do.
    """

    def __init__(self, victim: Victim) -> None:
        self._victim = victim
        self._http = victim.person("bystander").http
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._worst = 0.0
        self.answers = 0
        self.failures: list[str] = []
        self._thread = threading.Thread(target=self._ask_on, name="bystander")

    def take_worst_wait(self) -> float:
        """The worst wait since the last call, in seconds of processor."""
        with self._lock:
            worst, self._worst = self._worst, 0.0
        return worst

    def _ask_on(self) -> None:
        while not self._ended.wait(PAUSE):
            before = self._victim.processor_seconds()
            try:
                answer = self._http.get("/v1/me")
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
                continue
            waited = self._victim.processor_seconds() - before
            with self._lock:
                self._worst = max(self._worst, waited)
            self.answers += 1
            if answer.status_code != 200:
                self.failures.append(f"{answer.status_code} {answer.text}")

    @contextmanager
    def watching(self) -> Iterator["Bystander"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            self._thread.join()


@contextmanager
def attacked(folder: Path, database_url: str, **settings: str) -> Iterator[tuple[Victim, Bystander]]:
    """A server that is warm, and its bystander at work."""
    if MISSING:
        pytest.skip(MISSING)
    environment = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": KEY,
        "RATE_LIMITS": "off",
        "LOG_LEVEL": "error",
    }
    with forked(folder, **{**environment, **settings}) as process:
        victim = Victim(process.ready())
        bystander = Bystander(victim)
        with victim.client() as http:
            ok(http.get("/openapi.json"))
        with bystander.watching():
            yield victim, bystander
