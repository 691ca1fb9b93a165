# streaming/sse.py -- server-sent events: the answer that carries them, batches of frames, Last-Event-ID.
import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import structlog
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from errors import Invalid
from server.bounded_protocol import CONNECTION
from server.response_headers import HEADERS_ONLY

log: FilteringBoundLogger = structlog.get_logger()


# How long a client waits before it connects again, in milliseconds: a worker that stops ends all streams at once.
RETRY = b"retry: 2000\n\n"


def add_type(seq: int, type_: str, data: str) -> str:
    """The JSON object `data` with the type and the number of its event in front, by which clients tell it apart."""
    rest = "}" if data == "{}" else f",{data[1:]}"
    return f'{{"type":"{type_}","seq":{seq}{rest}'


def frame_event(seq: int, type_: str, data: str) -> bytes:
    """One event of a log as a stream sends it; `data` is a JSON object."""
    return format_sse_event(id=str(seq), event=type_, data_str=add_type(seq, type_, data))


@dataclass(frozen=True, slots=True)
class Batch:
    """The next frames of a stream and the number of its last event; empty if there is nothing new.

    `more`: the log holds further events already. `last`: the stream ends after this batch. `messages`: up to which
    number it has those of conversations of people.
    """

    frames: bytes
    after: int
    more: bool = False
    last: bool = False
    messages: Mapping[UUID, int] | None = None


def parse_last_event_id(value: str | None, digits: int = 9) -> int:
    """The Last-Event-ID header as a number of at most so many digits; 0 without the header."""
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= digits):
        raise Invalid(
            "Last-Event-ID is not one that this stream gave.",
            ("header", "Last-Event-ID"),
            problem="invalid-position",
        )
    return int(value)


class SlowReader(Exception):
    """The client has not read for too long."""


class EventStream(StreamingResponse):
    """A streaming answer that proxies neither cache nor buffer. A client that does not read is disconnected.

    Backpressure: uvicorn's send() returns when the previous frame is mostly flushed, so at most two batches are in
    memory for each reader.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        send_seconds: float,
        headers: dict[str, str] | None = None,
        status_code: int = 200,  # FastAPI reads the default of its documentation here
    ) -> None:
        super().__init__(content, status_code, {"X-Accel-Buffering": "no", **(headers or {})})
        self._content = content
        self._send_seconds = send_seconds
        self._connection: asyncio.Transport | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if HEADERS_ONLY in scope["state"]:
            await self._content.aclose()
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        # ASGI can neither abort a connection nor ask how much waits on it, so the scope has its transport.
        connection = self._connection = scope.get("state", {}).get(CONNECTION)
        try:
            await super().__call__(scope, receive, send)
        except SlowReader:
            log.info("a stream's client does not read: it is disconnected", path=scope["path"])
            if connection is None:  # the server is not uvicorn, and ends the answer in its own way
                raise
            connection.abort()
            await self.listen_for_disconnect(receive)

    async def stream_response(self, send: Send) -> None:
        connection = self._connection

        async def send_in_time(message: Message) -> None:
            if connection is not None and connection.get_write_buffer_size() == 0:
                # uvicorn waits only where much is unsent. A timer would cost more than the send.
                await send(message)
                return
            try:
                async with asyncio.timeout(self._send_seconds):
                    await send(message)
            except TimeoutError as error:
                raise SlowReader from error

        async with aclosing(self._content):
            await super().stream_response(send_in_time)
