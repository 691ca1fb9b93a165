"""Talks to a Parley server in a user's name: requests, and streams that go on after a lost connection."""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Self
from uuid import uuid4

import httpx

# The server says something every 15 seconds: a connection that is silent for longer is dead.
MOST_SILENCE = 40.0
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
LAST_EVENTS = {"run.completed", "run.failed", "run.cancelled"}

Event = dict[str, Any]
Tokens = dict[str, Any]


class Problem(Exception):
    """What a server answers instead of what was asked for (RFC 9457). `type` tells faults apart, such as
    `urn:parley:problem:run-busy`; `retry_after` is in seconds; `body` has what some types have beside.
    """

    def __init__(
        self, status: int, type_: str, detail: str, retry_after: float, body: dict[str, Any]
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type_
        self.retry_after = retry_after
        self.body = body

    @property
    def may_pass(self) -> bool:
        """Whether the same request may be answered later."""
        return self.status >= 500 or self.status in (408, 429)


def read_problem(response: httpx.Response) -> Problem:
    response.read()
    try:
        body = response.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    seconds = response.headers.get("Retry-After", "")
    after = float(seconds) if seconds.isascii() and seconds.isdigit() else 0.0
    detail = str(body.get("detail") or response.text or response.reason_phrase)
    return Problem(response.status_code, str(body.get("type", "about:blank")), detail, after, body)


class Parley:
    """A server, and who talks to it. `tokens` is an API token or what an earlier sign-in gave; `on_tokens` hears of new
    ones, and of their end. `wait` lets time pass before a stream is opened again.
    """

    def __init__(
        self,
        base_url: str,
        *,
        tokens: Tokens | str | None = None,
        on_tokens: Callable[[Tokens | None], object] = lambda _: None,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url, transport=transport, timeout=httpx.Timeout(30.0, read=120.0)
        )
        self._tokens = {"access_token": tokens} if isinstance(tokens, str) else tokens
        self._on_tokens = on_tokens
        self._wait = wait

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str) -> None:
        response = self._http.post("/v1/auth/token", json={"email": email, "password": password})
        if not response.is_success:
            raise read_problem(response)
        self._set_tokens(response.json())

    def request(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of an answer, None where it has none; Problem where the server refuses."""
        with closing(self._send(method, path, **options)) as response:
            return json.loads(response.read() or b"null")

    def chat(self, **message: Any) -> Iterator[Event]:
        """Say something to an agent, by the fields of POST /v1/chat, and read its answer to the end of the run."""
        body = {"client_id": uuid4().hex, **message}
        run_id: str | None = None

        def open_stream(headers: dict[str, str]) -> httpx.Response:
            nonlocal run_id
            if run_id is None:
                response = self._send("POST", "/v1/chat/stream", json=body, timeout=MOST_SILENCE)
            else:
                path = f"/v1/runs/{run_id}/events"
                response = self._send("GET", path, headers=headers, timeout=MOST_SILENCE)
            run_id = response.headers.get("X-Run-ID", run_id)
            return response

        for event in self._read(open_stream):
            yield event
            if event["type"] in LAST_EVENTS:
                return

    def changes(self) -> Iterator[Event]:
        """All that changes for the user, from now on; `reset` says that lists are to be read again."""
        path = "/v1/events/stream"
        yield from self._read(lambda headers: self._send("GET", path, headers=headers, timeout=MOST_SILENCE))

    def _read(self, open_stream: Callable[[dict[str, str]], httpx.Response]) -> Iterator[Event]:
        """The events of a stream that is opened as often as it has to be, each time after the last event."""
        headers: dict[str, str] = {}
        wait = FIRST_WAIT
        while True:
            least = 0.0
            try:
                with closing(open_stream(headers)) as response:
                    for event_id, event in parse_events(response):
                        wait = FIRST_WAIT
                        headers = {"Last-Event-ID": event_id} if event_id else headers
                        yield event
            except Problem as problem:
                if not problem.may_pass:
                    raise
                least = problem.retry_after
            except httpx.TransportError:
                pass  # what is lost is read again
            self._wait(max(wait * random.uniform(0.5, 1.0), least))  # noqa: S311
            wait = min(2 * wait, LONGEST_WAIT)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = self._send_once(method, path, **options)
        refresh_token = (self._tokens or {}).get("refresh_token")
        if response.status_code == 401 and refresh_token:
            response.close()
            self._refresh(refresh_token)
            response = self._send_once(method, path, **options)
        if not response.is_success:
            with closing(response):
                raise read_problem(response)
        return response

    def _send_once(self, method: str, path: str, **options: Any) -> httpx.Response:
        request = self._http.build_request(method, path, **options)
        if self._tokens:
            request.headers["Authorization"] = f"Bearer {self._tokens['access_token']}"
        return self._http.send(request, stream=True)

    def _refresh(self, refresh_token: str) -> None:
        response = self._http.post("/v1/auth/refresh", json={"refresh_token": refresh_token})
        if response.is_success:
            self._set_tokens(response.json())
            return
        if response.status_code == 401:
            self._set_tokens(None)  # the sign-in has ended
        raise read_problem(response)

    def _set_tokens(self, tokens: Tokens | None) -> None:
        self._tokens = tokens
        self._on_tokens(tokens)


def parse_events(response: httpx.Response) -> Iterator[tuple[str | None, Event]]:
    """Each event with its id; one that was cut off is none."""
    event_id: str | None = None
    data = ""
    for line in response.iter_lines():
        name, _, value = line.partition(":")
        if name == "id":
            event_id = value.strip()
        elif name == "data":
            data += value
        elif not line and data:
            yield event_id, json.loads(data)
            data = ""
