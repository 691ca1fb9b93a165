# support/servers.py -- a real Parley on loopback in a thread of the test process, and people who use it.
import asyncio
import re
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import uvicorn
from fastapi import FastAPI
from jose import jwt
from pydantic import TypeAdapter

from app_state import AppState
from db import Database, Transaction
from llm.protocol import Model
from main import create_app
from models.streams.changes import UserStreamEvent
from models.streams.run_events import RunStreamEvent
from models.user import UserCreate
from settings import Settings
from support.databases.unchecked import open_unchecked
from support.newcomers import add_people
from timings import Timings

KEY = "a key for tests that is long enough"
PASSWORD = "correct horse battery"
TIMEOUT = 20.0
USER_AGENT = f"python-httpx/{httpx.__version__}"  # which a client of the tests sends
# Some tests share a client between threads. A client that has more connections than it keeps closes one that another
# thread has just been given, and that thread reads from a descriptor that is closed.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
# How long a test waits for an event of an open stream.
SILENCE = 60.0
MAX_PAUSE = 0.05
T = TypeVar("T")


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings of a test: nothing from the environment of whoever runs it, and time for a busy machine."""
    values = {"database_url": database_url, "secret_key": KEY, "rate_limits": "off", "log_level": "error"}
    return Settings(_env_file=None, **{"database_seconds": 30, **values, **changes})  # type: ignore[call-arg]


@dataclass
class Person:
    """Someone who is signed in; `http` sends the bearer token along."""

    id: UUID
    email: str
    http: httpx.Client
    tokens: dict[str, Any]
    server: "Server | None" = None

    def get(self, path: str, **params: Any) -> Any:
        return ok(self.http.get(path, params=params))

    def post(self, path: str, **body: Any) -> Any:
        return ok(self.http.post(path, json=body))

    def patch(self, path: str, **body: Any) -> Any:
        return ok(self.http.patch(path, json=body))

    def delete(self, path: str) -> None:
        ok(self.http.delete(path))

    def chat(self, message: str, **body: Any) -> Any:
        return self.post("/v1/chat", message=message, **body)


def ok(answer: httpx.Response) -> Any:
    """The JSON of a good answer; the whole problem in the failure of a bad one."""
    assert answer.is_success, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    return answer.json() if answer.content else None


@dataclass
class Server:
    base_url: str
    app: FastAPI
    settings: Settings
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def state(self) -> AppState:
        state: AppState = self.app.state.parley
        return state

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """`work` in the loop of the server."""
        loop = next(iter(self.state.worker._tasks)).get_loop()
        return asyncio.run_coroutine_threadsafe(work, loop).result(15)

    def client(self, **headers: str) -> httpx.Client:
        client = httpx.Client(
            base_url=self.base_url,
            headers=headers,
            timeout=TIMEOUT,
            limits=LIMITS,
            trust_env=False,
            verify=False,
        )
        self.clients.append(client)
        return client

    def register(self, email: str = "", http: httpx.Client | None = None, **profile: Any) -> str:
        """A new user; returns the email, by default one of nobody else."""
        email = email or f"{uuid4().hex}@example.com"
        http = http or self.client()
        ok(http.post("/v1/auth/register", json={"email": email, "password": PASSWORD, **profile}))
        return email

    def sign_in(self, email: str, password: str = PASSWORD, http: httpx.Client | None = None) -> Person:
        http = http or self.client()
        tokens = ok(http.post("/v1/auth/token", data={"username": email, "password": password}))
        http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        # Whose it is stands in the token: thousands of tests begin here, so nothing is asked that is known.
        return Person(UUID(jwt.get_unverified_claims(tokens["access_token"])["sub"]), email, http, tokens)

    def person(self, **profile: Any) -> Person:
        """Someone new, who is signed in."""
        return self.people([profile])[0]

    def people(self, profiles: Sequence[Mapping[str, Any]]) -> list[Person]:
        """Someone new for each of the profiles."""
        emails = [str(profile.get("email") or f"{uuid4().hex}@example.com") for profile in profiles]
        new = [
            UserCreate.model_validate({"password": PASSWORD, **profile, "email": email})
            for email, profile in zip(emails, profiles, strict=True)
        ]
        added = self.run(self.state.db.write(add_people, self.state.auth, USER_AGENT, new))
        return [
            Person(
                id_,
                email,
                self.client(Authorization=f"Bearer {tokens.access_token}"),
                tokens.model_dump(),
                self,
            )
            for email, (id_, tokens) in zip(emails, added, strict=True)
        ]


def with_database(url: str, work: Callable[[Database], Awaitable[T]], **options: Any) -> T:
    """`work` with an engine of its own, opened with `options`, which wakes nobody."""

    async def run() -> T:
        db = open_unchecked(url, **options)
        try:
            async with asyncio.timeout(30):
                return await work(db)
        finally:
            await db.close()
            await end_tasks()

    return asyncio.run(run())


async def end_tasks() -> None:
    """End what still runs. A statement that is cancelled for it is cancelled by a new task of the driver, which the end
    of the loop alone would leave behind, with its connection.
    """
    for _ in range(3):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if not others or not (await asyncio.wait(others, timeout=5))[1]:
            await asyncio.sleep(0)


def in_database(server: Server, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """`work` in a transaction on an engine of its own: the server's belongs to the server's loop."""
    return with_database(server.settings.database_url.get_secret_value(), lambda db: db.write(work))


def serve_to_the_end(running: uvicorn.Server, listener: socket.socket) -> None:
    """What uvicorn's own `run` does, and then the end of all tasks."""

    async def serve() -> None:
        await running.serve(sockets=[listener])
        await end_tasks()

    with asyncio.Runner(loop_factory=running.config.get_loop_factory()) as runner:
        runner.run(serve())


@contextmanager
def serving(
    settings: Settings, model: Model | None = None, timings: Timings | None = None, **options: Any
) -> Iterator[Server]:
    """A real uvicorn, with `options` of it, on a free port of loopback; gone at the end of the block."""
    app = create_app(settings, model, timings)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    quiet = {"log_level": "error", "access_log": False, "timeout_graceful_shutdown": 5}
    config = uvicorn.Config(app, **{**quiet, **options})  # type: ignore[arg-type]
    running = uvicorn.Server(config)
    thread = threading.Thread(target=serve_to_the_end, args=(running, listener), name="uvicorn")
    thread.start()
    server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}", app, settings)
    try:
        wait_until(lambda: running.started or not thread.is_alive())
        assert running.started, "the server did not start"
        yield server
    finally:
        for client in server.clients:
            client.close()
        running.should_exit = True
        thread.join(timeout=20)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


def wait_until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Polls until something is true; fails when it does not become so.

    Ever less often, since a condition may be a request, and what is waited for needs the processor.
    """
    deadline, pause = time.monotonic() + seconds, 0.002
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(pause)
        pause = min(pause * 1.5, MAX_PAUSE)
    return value


def wait_for_end(person: Person, run_id: str) -> Any:
    """The run, once it has ended, however it did."""

    def find_ended() -> Any:
        run = person.get(f"/v1/runs/{run_id}")
        return run if run["finished_at"] else None

    return wait_until(find_ended)


@contextmanager
def connected(base_url: str, *sent: bytes, receives: int | None = None) -> Iterator[socket.socket]:
    """A connection on which these pieces were sent."""
    host, port = base_url.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as raw:
        if receives:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        raw.settimeout(15)
        raw.connect((host, int(port)))
        for piece in sent:
            raw.sendall(piece)
        yield raw


def next_answer(raw: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer, which says its length."""
    come = b""
    while b"\r\n\r\n" not in come:
        piece = raw.recv(65_536)
        assert piece, f"the connection has ended after {come!r}"
        come += piece
    head, _, body = come.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert found
    while len(body) < int(found[1]):
        body += raw.recv(65_536)
    assert len(body) == int(found[1])
    return int(head.split()[1]), body


RUN_EVENTS: TypeAdapter[Any] = TypeAdapter(RunStreamEvent)
USER_EVENTS: TypeAdapter[Any] = TypeAdapter(UserStreamEvent)


def find_shape(data: Mapping[str, Any]) -> TypeAdapter[Any]:
    """That of a run's stream or of the user stream: some types are on both."""
    return RUN_EVENTS if "run_id" in data and data["type"] != "change.undone" else USER_EVENTS


@dataclass
class Event:
    id: int  # 0 where it has none, and nobody resumes from it
    type: str
    data: dict[str, Any]


def read_events(answer: httpx.Response, *, is_described: bool = True) -> Iterator[Event]:
    """The events of an open stream, as they come. One that never comes fails the test: heartbeats keep the connection
    from timing out. Not `is_described`: the test sends what Parley itself would not.
    """
    import json

    fields: dict[str, str] = {}
    came_at = time.monotonic()
    for line in answer.iter_lines():
        assert time.monotonic() - came_at < SILENCE, "no event came"
        if line:
            name, _, value = line.partition(": ")
            fields[name] = fields[name] + "\n" + value if name in fields else value
        elif "event" in fields:
            seq, data = int(fields.get("id", 0)), json.loads(fields["data"])
            # A client that sees the data alone can tell the events apart, and finds what the description says.
            if is_described:
                find_shape(data).validate_json(fields["data"])
            assert (data.pop("type"), data.pop("seq", 0)) == (fields["event"], seq)
            yield Event(seq, fields["event"], data)
            fields, came_at = {}, time.monotonic()
