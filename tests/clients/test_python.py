# test_python.py -- the client for Python: what it does when connections and tokens end; the program of its README.
import contextlib
import io
import re
import sys
from collections.abc import Iterator

import httpx
import pytest

from support.clients.openai_client import make_key
from support.servers import PASSWORD, Person, Server
from support.source import BACKEND

CLIENT = BACKEND.parent / "clients/python"
sys.path.append(str(CLIENT))

from parley_client import MOST_SILENCE, Parley, Problem  # noqa: E402  (it is no part of Parley)

pytestmark = pytest.mark.engines("sqlite")


class CutStream(httpx.SyncByteStream):
    """A stream whose connection is lost after so many bytes."""

    def __init__(self, stream: httpx.SyncByteStream, length: int) -> None:
        self._stream = stream
        self._length = length

    def __iter__(self) -> Iterator[bytes]:
        left = self._length
        for chunk in self._stream:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                raise httpx.ReadError("The network is gone.")

    def close(self) -> None:
        self._stream.close()


class Cutting(httpx.HTTPTransport):
    """Cuts as many streams as it is told to, and answers some requests itself."""

    cuts = 0

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.busy: list[httpx.Response] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if self.busy:
            return self.busy.pop()
        response = super().handle_request(request)
        if self.cuts and response.headers.get("content-type", "").startswith("text/event-stream"):
            self.cuts -= 1
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = CutStream(response.stream, 900)
        return response


def test_a_chat_goes_on_after_lost_connections_and_is_said_once(server: Server, ann: Person) -> None:
    network, waited = Cutting(), list[float]()
    with Parley(server.base_url, tokens=make_key(ann), transport=network, wait=waited.append) as parley:
        list(parley.chat(message="add buy milk"))
        network.asked.clear()
        network.cuts = 2
        # The server has no room at first, and says when to come again.
        network.busy = [httpx.Response(503, headers={"Retry-After": "7"}, json={"detail": "Busy."})]
        events = list(parley.chat(message="what is on my list?"))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["type"], events[-1]["type"]) == ("run.started", "run.completed")
    again = f"GET /v1/runs/{events[0]['run_id']}/events"
    assert network.asked == ["POST /v1/chat/stream"] * 2 + [again] * 2
    assert waited[0] == 7
    assert all(0.5 <= seconds <= 1 for seconds in waited[1:])
    newest = ann.get("/v1/conversations")["data"][0]["id"]
    said = [message["content"] for message in ann.get(f"/v1/conversations/{newest}/messages")["data"]]
    assert said == ["what is on my list?", "You have 1 open task:\n1. Buy milk"]


def test_what_the_server_refuses_for_good_is_a_problem(server: Server, ann: Person) -> None:
    with Parley(server.base_url, tokens=make_key(ann)) as parley:
        with pytest.raises(Problem, match=r"There is no such conversation\.") as missing:
            list(parley.chat(message="hi", conversation_id="3f0c4b5e-0000-4000-8000-00000000c0de"))
        assert (missing.value.status, missing.value.type) == (404, "urn:parley:problem:not-found")
        with pytest.raises(Problem) as wrong:
            parley.request("POST", "/v1/tasks", json={})
        assert wrong.value.body["errors"][0]["pointer"] == "/title"
        made = parley.request("POST", "/v1/tasks", json={"title": "Buy milk"})
        assert parley.request("DELETE", f"/v1/tasks/{made['id']}") is None


def test_tokens_are_renewed_and_their_end_is_told(server: Server, ann: Person) -> None:
    told: list[bool] = []
    with Parley(server.base_url, on_tokens=lambda tokens: told.append(tokens is not None)) as parley:
        with pytest.raises(Problem):
            parley.sign_in(ann.email, "another password")
        parley.sign_in(ann.email, PASSWORD)
    refresh_token = ann.tokens["refresh_token"]
    old = {"access_token": "x", "refresh_token": refresh_token}
    with Parley(
        server.base_url, tokens=old, on_tokens=lambda tokens: told.append(tokens is not None)
    ) as parley:
        changes = parley.changes()
        assert next(changes)["type"] == "reset"
        parley.request("POST", "/v1/tasks", json={"title": "Buy milk"})
        assert next(changes)["type"] == "task.created"
        changes.close()  # type: ignore[attr-defined]
    over = {"access_token": "x", "refresh_token": "y"}
    with (
        Parley(
            server.base_url, tokens=over, on_tokens=lambda tokens: told.append(tokens is not None)
        ) as parley,
        pytest.raises(Problem),
    ):
        parley.request("GET", "/v1/tasks")
    assert told == [True, True, False]


def test_the_program_of_its_readme_runs(server: Server, ann: Person) -> None:
    readme = (CLIENT / "README.md").read_text()
    [program] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    program = program.replace("http://localhost:8000", server.base_url).replace("parley_...", make_key(ann))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(program, "README.md", "exec"), {})
    first, second, third = printed.getvalue().splitlines()
    assert first.startswith("Added “Buy milk”")
    assert re.fullmatch(r"Buy milk \d{4}-\d\d-\d\d", second)
    assert third == "404 There is no such task."
    assert f"{MOST_SILENCE:.0f}\nseconds" in readme


def test_its_version_is_parleys() -> None:
    versions = {
        re.findall(r'^version = "(.*)"', path.read_text(), re.MULTILINE)[0]
        for path in (CLIENT / "pyproject.toml", BACKEND.parent / "pyproject.toml")
    }
    assert len(versions) == 1
