# The MCP server is built at the first request for it, once, off the event loop, and it ends with the app.
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

import lifespan
from protocols.mcp.on_demand import NOT_BUILT
from support.servers import Person, Server, serving, settings_for, wait_until

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


class Manager:
    """Stands for the SDK's; `steps` is what happened."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        self.steps.append("entered")
        try:
            yield
        finally:
            self.steps.append("left")

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.steps.append("request")
        await JSONResponse({})(scope, receive, send)


@pytest.fixture
def steps() -> list[str]:
    return []


@pytest.fixture
def start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, steps: list[str]
) -> Iterator[Callable[[Callable[[], None]], Server]]:
    """Starts a server for whose MCP server `before` is called first."""
    running = []

    def begin(before: Callable[[], None]) -> Server:
        def build(state: object) -> Manager:
            steps.append("built")
            before()
            return Manager(steps)

        monkeypatch.setattr(lifespan, "build_mcp_manager", build)
        context = serving(settings_for(f"sqlite:///{tmp_path / 'parley.db'}"))
        running.append(context)
        return context.__enter__()

    yield begin
    for context in running:
        context.__exit__(None, None, None)
    if "entered" in steps:
        assert steps.count("entered") == steps.count("left") == 1
        assert steps[-1] == "left"


def ask(person: Person) -> httpx.Response:
    return person.http.post("/mcp", json=PING)


def test_two_first_requests_at_once_build_it_once_while_others_are_answered(
    start: Callable[[Callable[[], None]], Server], steps: list[str]
) -> None:
    go_on = threading.Event()

    def wait() -> None:
        assert go_on.wait(15)

    server = start(wait)
    ann = server.person()
    assert steps == []
    with ThreadPoolExecutor(2) as threads:
        try:
            answers = [threads.submit(ask, ann) for _ in range(2)]
            wait_until(lambda: steps == ["built"])
            assert ann.http.get("/healthz").status_code == 200
            assert not any(answer.done() for answer in answers)
        finally:
            go_on.set()
        assert [answer.result().status_code for answer in answers] == [200, 200]
    assert ask(ann).status_code == 200
    assert steps == ["built", "entered", "request", "request", "request"]


def test_a_failure_to_build_is_said_and_the_next_request_tries_again(
    start: Callable[[Callable[[], None]], Server], steps: list[str]
) -> None:
    failures = [ImportError("no such thing")]

    def fail_once() -> None:
        if failures:
            raise failures.pop()

    ann = start(fail_once).person()
    with capture_logs() as logs:
        refused = ask(ann)
    assert refused.status_code == 503
    assert refused.json()["detail"] == NOT_BUILT
    [line] = [line for line in logs if line["event"] == "the MCP server could not be built"]
    assert str(line["exc_info"]) == "no such thing"
    ann.get("/v1/me")
    assert steps == ["built"]  # it waits for a request
    assert ask(ann).status_code == 200
    assert steps == ["built", "built", "entered", "request"]
