# people.py -- people who keep writing to an agent through all faults, and what they know.
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from chaos.cluster import Cluster
from chaos.listeners import Heard
from support.servers import PASSWORD

SETTLE_SECONDS = 60.0


@dataclass
class GroupBooks:
    """What those in the group know. `posted` and `marked` by the id of their user, in the order of the answers."""

    group_id: str = ""
    posted: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # client_id, message id
    marked: dict[str, list[str]] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    removals: int = 0
    since: int = 0  # the number of the last event before anybody writes


@dataclass
class Books:
    """What people know: messages that were acknowledged, the events that they read and the changes that they heard."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    read: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)  # of failed runs
    logged: Counter[str] = field(default_factory=Counter)  # errors, by workers
    group: GroupBooks = field(default_factory=GroupBooks)


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
                    base_url=self.cluster.url(self.dice),
                    headers=self.headers,
                    trust_env=False,
                    verify=False,
                    timeout=5,
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
