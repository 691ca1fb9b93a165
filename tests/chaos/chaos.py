# chaos.py -- several workers, people who keep writing, faults at random moments; then the books are checked.
"""Workers are real uvicorn processes on one PostgreSQL; the model is a slow scripted one. People post messages until
each is acknowledged, and read the streams of the runs and of all changes, resuming on any worker. Meanwhile workers
are killed (-9), paused past their lease and woken, terminated, and connections are cut; with `crashes` the database
crashes and recovers, too. The seed decides what happens in which order.
"""

import asyncio
import json
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from agent.leases import MAX_TAKEOVERS
from chaos.listeners import Heard, Listener, count_faults, count_untold, read_log, wait_for_all
from services.run_log import rebuild_steps
from storage.engines import open_engine
from support.databases.postgres import open_server, postgres_server
from support.llm.scripted_provider import Answer, Calls, ScriptedProvider, Slow, scripted_provider
from support.processes.server_process import Process, forked
from support.servers import KEY, PASSWORD

LEASE = 1.0
WORKERS = 3
PEOPLE = 4
STREAMS_EACH = 2
SETTLE_SECONDS = 60.0
KINDS = ("kill", "pause", "terminate", "cut")


def slow_model(body: Any) -> Answer:
    """Adds the task that the last message names, then says so, a word at a time."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return Slow("I have put that on your list, and now I say a few more words about it.", 0.02)
    name = re.findall(r"task-[0-9a-f]+", str(last["content"]))[-1]
    return Calls([("add_task", json.dumps({"title": name}))], text="Let me see.")


@dataclass
class Books:
    """What people know: messages that were acknowledged, the events that they read and the changes that they heard."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    read: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)  # of failed runs


class Cluster:
    """The workers, each of which may be gone or paused at any moment."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = settings
        self.stack = ExitStack()
        self.workers: list[Process] = [self.start() for _ in range(WORKERS)]

    def start(self) -> Process:
        worker = self.stack.enter_context(forked(self.folder, **self.settings))
        return worker.ready()

    def url(self, dice: random.Random) -> str:
        return dice.choice(self.workers).base_url

    def fault(self, kind: str, dice: random.Random) -> None:
        place = dice.randrange(WORKERS)
        worker = self.workers[place]
        if kind == "kill":
            worker.process.kill()
        elif kind == "terminate":
            worker.process.send_signal(signal.SIGTERM)
        elif kind == "pause":
            worker.process.send_signal(signal.SIGSTOP)
            time.sleep(LEASE * 1.5)
            worker.process.send_signal(signal.SIGCONT)
            return
        worker.process.wait(timeout=15)
        self.workers[place] = self.start()


class Someone(threading.Thread):
    """Writes messages one after the other until told to stop, and reads every answer to its end."""

    def __init__(self, cluster: Cluster, books: Books, seed: int, stop: threading.Event) -> None:
        super().__init__(name=f"person-{seed}")
        self.cluster, self.books, self.stop = cluster, books, stop
        self.dice = random.Random(seed)
        self.cut = threading.Event()
        self.headers: dict[str, str] = {}

    def sign_in(self, email: str) -> None:
        url = self.cluster.workers[0].base_url
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as http:
            http.post("/v1/auth/register", json={"email": email, "password": PASSWORD}).raise_for_status()
            tokens = http.post("/v1/auth/token", data={"username": email, "password": PASSWORD})
            self.headers = {"Authorization": f"Bearer {tokens.raise_for_status().json()['access_token']}"}
            self.user_id = str(http.get("/v1/me", headers=self.headers).raise_for_status().json()["id"])

    def run(self) -> None:
        while not self.stop.is_set():
            client_id = f"m-{uuid4().hex}"
            run_id = self.until_it_works(lambda http, name=client_id: self.post(http, name))
            self.books.acknowledged[client_id] = run_id
            self.books.read[run_id] = []
            self.until_it_works(lambda http, run=run_id: self.read(http, run))

    def until_it_works(self, work: Callable[[httpx.Client], Any]) -> Any:
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            with (
                suppress(httpx.TransportError),
                httpx.Client(
                    base_url=self.cluster.url(self.dice), headers=self.headers, trust_env=False, timeout=5
                ) as http,
            ):
                done = work(http)
                if done is not None:
                    return done
            if time.monotonic() > deadline:
                self.books.troubles.append(f"{self.name} got no answer in {SETTLE_SECONDS:g} seconds")
                return ""
            threading.Event().wait(0.05)

    def post(self, http: httpx.Client, client_id: str) -> str | None:
        """The run's id once the message is acknowledged; the stream is left at once."""
        body = {"message": f"please add task-{client_id[2:10]}", "client_id": client_id}
        with http.stream("POST", "/v1/chat", json=body, headers={"Accept": "text/event-stream"}) as answer:
            if answer.status_code >= 500:
                return None
            answer.raise_for_status()
            return answer.headers["X-Run-ID"]

    def read(self, http: httpx.Client, run_id: str) -> bool | None:
        """True at the run's last event; what breaks before is resumed elsewhere."""
        seen = self.books.read[run_id]
        headers = {"Last-Event-ID": str(seen[-1][0])} if seen else {}
        with http.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as answer:
            if answer.status_code >= 500:
                return None
            answer.raise_for_status()
            number, kind = 0, ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value if value != "run.queued" else ""  # which is not in the log
                elif name == "id":
                    number = int(value)
                elif not line and kind:
                    seen.append((number, kind))
                    if kind.startswith("run.") and kind != "run.started":
                        return True
                    kind = ""
                if self.cut.is_set():
                    self.cut.clear()
                    return None
        return None


async def query(url: str, sql: str) -> list[Any]:
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            return list(await connection.execute(text(sql)))
    finally:
        await engine.dispose()


def check(url: str, books: Books) -> dict[str, int]:
    """Everything that must be 0."""

    def rows(sql: str) -> list[Any]:
        return asyncio.run(query(url, sql))

    asked = rows("SELECT client_id, run_id FROM messages WHERE role = 'user'")
    stored = {row.client_id: str(row.run_id) for row in asked}
    titles = Counter(row.title for row in rows("SELECT title FROM tasks"))
    runs = rows("SELECT id, status, error, takeovers FROM runs")
    status = {str(row.id): row.status for row in runs}
    # A run whose server stops so often under it is given up: here that is chance, not the run's fault.
    given_up = {str(row.id) for row in runs if row.takeovers >= MAX_TAKEOVERS and row.status == "failed"}
    books.errors.update(f"{row.error} ({row.takeovers} takeovers)" for row in runs if row.status == "failed")
    logs: dict[str, list[tuple[int, str]]] = {}
    told: dict[str, list[Any]] = {}
    results: Counter[tuple[str, str]] = Counter()
    for row in rows("SELECT run_id, seq, type, data FROM run_events ORDER BY run_id, seq"):
        logs.setdefault(str(row.run_id), []).append((row.seq, row.type))
        told.setdefault(str(row.run_id), []).append(row)
        if row.type == "tool.result":
            results[str(row.run_id), row.data["id"]] += 1
    spoken = {
        str(row.run_id): row for row in rows("SELECT run_id, content FROM messages WHERE role = 'agent'")
    }
    answers = Counter(str(row.run_id) for row in rows("SELECT run_id FROM messages WHERE role = 'agent'"))
    texts = {run: "".join(step.text for step in rebuild_steps(events)) for run, events in told.items()}
    ends = {"run.completed", "run.failed", "run.cancelled"}
    return {
        "acknowledged writes lost": sum(stored.get(name) != run for name, run in books.acknowledged.items()),
        "tool effects missing": sum(
            f"task-{name[2:10]}" not in titles for name, run in stored.items() if status[run] == "completed"
        ),
        "tool effects doubled": sum(count - 1 for count in titles.values())
        + sum(count - 1 for count in results.values()),
        "events missing or doubled in the log": sum(
            [seq for seq, _ in log] != list(range(1, len(log) + 1)) for log in logs.values()
        ),
        "events missing or doubled for readers": sum(
            seen != logs.get(run, [])[: len(seen)] or (bool(seen) and seen[-1][1] not in ends)
            for run, seen in books.read.items()
        ),
        "runs stuck": sum(one in ("queued", "running") for one in status.values()),
        "runs that did not complete": sum(
            one in ("failed", "cancelled") for run, one in status.items() if run not in given_up
        ),
        "runs without exactly one answer": sum(
            answers[run] != 1 for run in status if run not in given_up or answers[run] > 1
        ),
        # A worker that writes although its lease is lost leaves words that are not in the answer, or an odd end.
        "answers that differ from their log": sum(row.content != texts[run] for run, row in spoken.items()),
        "writes after the end of a run": sum(
            any(kind in ends for _, kind in log[:-1]) or log[-1][1] not in ends for log in logs.values()
        ),
        "people without an answer": len(books.troubles),
        "acknowledged messages not told once": count_untold(books.acknowledged, rows),
        **count_faults(books.heard, read_log(rows)),
    }


def inject(
    cluster: Cluster,
    people: list[Someone],
    books: Books,
    faults: int,
    dice: random.Random,
    crash: Callable[[], None] | None,
) -> None:
    kinds = (*KINDS, "crash") if crash else KINDS
    for number in range(faults):
        kind = dice.choice(kinds)
        threading.Event().wait(dice.uniform(0.02, 0.4))
        if kind == "cut":
            dice.choice(people).cut.set()
        elif kind == "crash" and crash:
            crash()
        else:
            cluster.fault(kind, dice)
        books.faults[kind] += 1
        if sys.stderr.isatty():
            print(f"\rfault {number + 1} of {faults}", end="", file=sys.stderr, flush=True)


def run_chaos(
    faults: int, seed: int, pooler: str | None = None, *, crashes: bool = False
) -> tuple[dict[str, int], Books]:
    """The counts that must all be 0, and what happened.

    `pooler` is a URL of one in transaction mode. A database that crashes is on a server of its own.
    """
    dice = random.Random(seed)
    books = Books()
    server = open_server(f"chaos-{uuid4().hex[:8]}") if crashes else postgres_server()
    name = f"chaos_{uuid4().hex}"
    server.create_database(name)
    url = server.url(name)
    provider: ScriptedProvider
    with tempfile.TemporaryDirectory() as folder, scripted_provider() as provider:
        provider.otherwise = slow_model
        settings = {
            "DATABASE_URL": url,
            "DATABASE_POOL_SIZE": "5",
            "SECRET_KEY": KEY,
            "RATE_LIMITS": "off",
            "MODEL": "slow",
            "MODEL_BASE_URL": provider.base_url,
            "RUN_LEASE_SECONDS": str(LEASE),
            "ACCESS_TOKEN_MINUTES": "600",
        }
        if pooler:
            settings |= {
                "DATABASE_URL": f"{pooler.rpartition('/')[0]}/{name}",
                "DATABASE_POOLER": "transaction",
                "DATABASE_LISTEN_URL": url,
            }
        cluster = Cluster(Path(folder), settings)
        with cluster.stack:
            stop = threading.Event()
            people = [Someone(cluster, books, seed * 100 + number, stop) for number in range(PEOPLE)]
            for number, person in enumerate(people):
                person.sign_in(f"person-{number}@example.com")
            listeners = [
                Listener(
                    Heard(person.user_id), partial(cluster.url, person.dice), person.headers, seed + number
                )
                for number, person in enumerate(people * STREAMS_EACH)
            ]
            books.heard = [each.heard for each in listeners]
            for thread in (*listeners, *people):
                thread.start()
            try:
                inject(cluster, people, books, faults, dice, partial(server.crash, name) if crashes else None)
            finally:
                stop.set()
                for person in people:
                    person.join()
                wait_for_all(listeners, lambda: read_log(lambda sql: asyncio.run(query(url, sql))))
    counts = check(url, books)
    server.drop_database(name)
    if crashes:
        server.release()
    return counts, books
