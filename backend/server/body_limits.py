# server/body_limits.py -- how much a request's body may hold before anybody makes sense of it.
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.problems import ProblemResponse

# Far more than any shape of ours has: pydantic would make an error of each, for the first 20 to be told.
MAX_VALUES = 10_000
MAX_KEYS = 1_000
MAX_BODY_BYTES = 1024 * 1024
TOO_LARGE = "The body is over 1 MiB."
# Enough for every body of somebody who is not signed in.
MAX_ANONYMOUS_BYTES = 16 * 1024
TOO_MANY_VALUES = HTTPException(
    413, f"The body has more than {MAX_VALUES:,} values, or {MAX_KEYS:,} in one object."
)


def check_json_size(body: bytes) -> None:
    """Raises 413 where JSON has too many values, at a small part of what it costs to read them."""
    if count_marks(body) >= MAX_VALUES and has_too_many_values(body):
        raise TOO_MANY_VALUES
    if body.count(b":") > MAX_KEYS:
        with suppress(ValueError, RecursionError):  # whoever reads it next says so
            json.loads(body, object_pairs_hook=check_key_count)


def count_marks(body: bytes) -> int:
    return sum(map(body.count, (b",", b"[", b"{")))


def has_too_many_values(body: bytes) -> bool:
    """Counts without what stands in strings: a text may have any number of commas."""
    text = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes a string, and no more than a key and a value for each value.
    if text.count(b'"') > 4 * MAX_VALUES:
        return True
    return count_marks(b"".join(text.split(b'"')[::2])) >= MAX_VALUES


def check_key_count(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > MAX_KEYS:
        raise TOO_MANY_VALUES


class BoundedRequest(Request):
    """A request whose JSON has no bulk, and whose body no more than `most` bytes where that is given."""

    def __init__(self, scope: Scope, receive: Receive, most: int | None = None) -> None:
        super().__init__(scope, receive)
        self._most = most

    def refuse_size(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise HTTPException(413, f"The body is over {self._most // 1024} KiB.")

    async def stream(self) -> AsyncGenerator[bytes, None]:
        length = self.headers.get("content-length", "")
        self.refuse_size(int(length) if length.isdigit() else 0)
        come = 0
        async with aclosing(super().stream()) as pieces:
            async for piece in pieces:
                come += len(piece)
                self.refuse_size(come)
                yield piece

    async def json(self) -> Any:
        check_json_size(await self.body())
        return await super().json()


def replay_body(body: bytes, receive: Receive) -> Receive:
    """For whoever wants to read a body that was read already."""
    coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return coming.pop() if coming else await receive()

    return next_message


class BodySizeLimitMiddleware:
    """Refuses a body over `most` bytes: at once where it says its length, else when that much has come.

    FastAPI's own `max_body_size` answers in plain text, past every exception handler.
    """

    def __init__(self, app: ASGIApp, most: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        come = 0

        async def count() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > self.most:
                raise HTTPException(413, TOO_LARGE)  # FastAPI lets only these pass while it reads a body
            return message

        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self.most:
            await ProblemResponse(413, TOO_LARGE)(scope, receive, send)
        else:
            await self.app(scope, count, send)
