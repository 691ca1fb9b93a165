# chaos.py -- several workers, people who keep writing, faults at random moments; then the books are checked.
"""Workers are real uvicorn processes on one PostgreSQL; the model is a slow scripted one. People post messages until
each is acknowledged, and read the streams of the runs and of all changes, resuming on any worker. Others write to one
group, mark what they have read, are removed from it and come back: groups.py. Meanwhile workers are killed (-9), paused
past their lease and woken, terminated, and connections are cut; with `crashes` the database crashes and recovers, too.
The seed decides what happens in which order.
"""

import asyncio
import json
import random
import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from agent.leases import MAX_TAKEOVERS
from chaos.cluster import LEASE, Cluster
from chaos.group_books import check_messages, check_streams, count_missing
from chaos.groups import MarkWatcher, open_crowd
from chaos.listeners import (
    Heard,
    Listener,
    count_faults,
    count_untold,
    read_log,
    wait_for_all,
    wait_for_none_missing,
)
from chaos.people import Books, Someone
from services.run_log import rebuild_steps
from storage.engines import open_engine
from support.databases.postgres import open_server, postgres_server
from support.llm.scripted_provider import Answer, Calls, ScriptedProvider, Slow, scripted_provider
from support.servers import KEY

PEOPLE = 4
STREAMS_EACH = 2
KINDS = ("kill", "pause", "terminate", "cut")


def slow_model(body: Any) -> Answer:
    """Adds the task that the last message names, then says so, a word at a time."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return Slow("I have put that on your list, and now I say a few more words about it.", 0.02)
    name = re.findall(r"task-[0-9a-f]+", str(last["content"]))[-1]
    return Calls([("add_task", json.dumps({"title": name}))], text="Let me see.")


async def query(url: str, sql: str) -> list[Any]:
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            return list(await connection.execute(text(sql)))
    finally:
        await engine.dispose()


def check(rows: Callable[[str], list[Any]], books: Books) -> dict[str, int]:
    """Everything that must be 0."""
    asked = rows("SELECT client_id, run_id FROM messages WHERE role = 'user' AND run_id IS NOT NULL")
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


def find_errors(log: str) -> list[str]:
    """What a worker has logged as errors, without ids and numbers, and the last line of each traceback."""
    lines = re.findall(r"\[error *\] (.*)", log)
    ends = re.findall(r"Traceback \(most recent call last\):\n(?:[ |+].*\n|\n)*(\S.*)", log)
    return [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d[\d.]*", "…", line.strip()) for line in (*lines, *ends)]


def listen(cluster: Cluster, people: Sequence[Someone], seed: int, since: int = 0) -> list[Listener]:
    return [
        Listener(
            Heard(person.user_id, since), partial(cluster.url, person.dice), person.headers, seed + number
        )
        for number, person in enumerate(people)
    ]


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
    group = books.group
    server = open_server(f"chaos-{uuid4().hex[:8]}") if crashes else postgres_server()
    name = f"chaos_{uuid4().hex}"
    server.create_database(name)
    url = server.url(name)

    def rows(sql: str) -> list[Any]:
        return asyncio.run(query(url, sql))

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
            writers = open_crowd(cluster, books, seed * 100 + PEOPLE, stop)
            listeners = listen(cluster, people * STREAMS_EACH, seed)
            others = listen(cluster, writers, seed + 1000, group.since)
            books.heard, heard_in_group = ([each.heard for each in some] for some in (listeners, others))
            watcher = MarkWatcher(rows, group.group_id)
            for thread in (*listeners, *others, *people, *writers, watcher):
                thread.start()
            try:
                inject(cluster, people, books, faults, dice, partial(server.crash, name) if crashes else None)
            finally:
                stop.set()
                watcher.stop.set()
                for person in (*people, *writers, watcher):
                    person.join()
                wait_for_all(listeners, lambda: read_log(rows))
                wait_for_none_missing(others, lambda: count_missing(rows, group, heard_in_group))
        for log in Path(folder).glob("log-*"):
            books.logged.update(find_errors(log.read_text()))
    watcher.look()
    counts = {
        **check(rows, books),
        **check_messages(rows, group),
        **check_streams(rows, group, heard_in_group),
        "marks that went back": watcher.went_back,
        "marks past the last message": watcher.went_past,
    }
    server.drop_database(name)
    if crashes:
        server.release()
    return counts, books
