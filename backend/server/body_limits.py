# server/body_limits.py -- how many bytes and JSON values a body may have, checked before it is parsed.
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.problems import ProblemResponse

MEBIBYTE = 1024 * 1024
MAX_BODY_BYTES = MEBIBYTE
# Far more than any of our models has. Pydantic would make an error for each value, of which 20 are reported.
MAX_VALUES = 10_000
MAX_KEYS = 1_000
# Enough for every body that is sent without signing in.
MAX_ANONYMOUS_BYTES = 16 * 1024
# Of a file that somebody brings from elsewhere, which is taken apart while it arrives.
MAX_IMPORT_BYTES = 100 * MEBIBYTE
TOO_MANY_VALUES = HTTPException(
    413, f"The body has more than {MAX_VALUES:,} values, or {MAX_KEYS:,} in one object."
)


def check_json_size(body: bytes) -> None:
    """Raises 413 if JSON has too many values, at a fraction of the cost of parsing them."""
    if count_separators(body) >= MAX_VALUES and has_too_many_values(body):
        raise TOO_MANY_VALUES
    if body.count(b":") > MAX_KEYS:
        with suppress(ValueError, RecursionError):  # the parser behind this reports it
            json.loads(body, object_pairs_hook=check_key_count)


def count_separators(body: bytes) -> int:
    return sum(map(body.count, (b",", b"[", b"{")))


def has_too_many_values(body: bytes) -> bool:
    """Counts outside of strings: a text may have any number of commas."""
    text = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A string has two quotes, and each value at most a key and itself.
    if text.count(b'"') > 4 * MAX_VALUES:
        return True
    return count_separators(b"".join(text.split(b'"')[::2])) >= MAX_VALUES


def check_key_count(pairs: list[tuple[str, object]]) -> None:
    if len(pairs) > MAX_KEYS:
        raise TOO_MANY_VALUES


class BoundedRequest(Request):
    """A request whose JSON has a bounded number of values, and whose body at most `max_bytes` if that is given."""

    def __init__(self, scope: Scope, receive: Receive, max_bytes: int | None = None) -> None:
        super().__init__(scope, receive)
        self._max_bytes = max_bytes

    def check_size(self, size: int) -> None:
        if self._max_bytes is not None and size > self._max_bytes:
            raise HTTPException(413, f"The body is over {self._max_bytes // 1024} KiB.")

    async def stream(self) -> AsyncGenerator[bytes, None]:
        length = self.headers.get("content-length", "")
        self.check_size(int(length) if length.isdigit() else 0)
        received = 0
        async with aclosing(super().stream()) as chunks:
            async for chunk in chunks:
                received += len(chunk)
                self.check_size(received)
                yield chunk

    async def json(self) -> Any:  # as Starlette's
        check_json_size(await self.body())
        return await super().json()


class BodySizeLimitMiddleware:
    """Refuses a body over MAX_BODY_BYTES: by its Content-Length, else once that many bytes have arrived.

    Routes that never hold their body whole take more: `larger` is by their paths. FastAPI's own `max_body_size` answers
    in plain text and bypasses the exception handlers.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self.app = app
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = 0
        max_bytes = self.larger.get(scope["path"], MAX_BODY_BYTES)
        too_large = f"The body is over {max_bytes // MEBIBYTE} MiB."

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413, too_large)  # while FastAPI reads a body it passes on only this class
            return message

        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > max_bytes:
            await ProblemResponse(413, too_large)(scope, receive, send)
        else:
            await self.app(scope, receive_counted, send)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body, which was read already, once more."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message
