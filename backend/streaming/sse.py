# streaming/sse.py -- server-sent events: framing, resume, heartbeats.
import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from errors import Invalid
from server.connection_limits import CONNECTION
from server.response_headers import HEADERS_ONLY

log: FilteringBoundLogger = structlog.get_logger()

HEARTBEAT_SECONDS = 15.0
# How long a frame may wait for its reader.
SEND_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What comes next in a log, as frames, and the number of its last event; no frames where nothing does.

    `more`: the log has more already. `last`: nothing will come after it.
    """

    frames: bytes
    after: int
    more: bool = False
    last: bool = False


def parse_last_event_id(value: str | None, digits: int = 9) -> int:
    """The Last-Event-ID header as a seq of at most so many digits; 0 without one."""
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= digits):
        raise Invalid("Last-Event-ID is not one that this stream gave.", ("header", "Last-Event-ID"))
    return int(value)


class SlowReader(Exception):
    """The reader has not taken a frame for SEND_TIMEOUT_SECONDS."""


class EventStream(StreamingResponse):
    """Server-sent events that proxies neither store nor buffer. A reader that does not read is disconnected.

    Backpressure: uvicorn's send() returns when the frame before is mostly flushed: at most two batches are in memory.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        status_code: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(content, status_code, {"X-Accel-Buffering": "no", **(headers or {})})
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if HEADERS_ONLY in scope["state"]:
            await self._content.aclose()
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            await super().__call__(scope, receive, send)
        except SlowReader:
            log.info("a stream was closed: its reader does not read", path=scope["path"])
            connection = scope.get("state", {}).get(CONNECTION)
            if connection is None:  # another server than uvicorn ends the answer in its own way
                raise
            connection.abort()
            await self.listen_for_disconnect(receive)

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                    await send(message)
            except TimeoutError as error:
                raise SlowReader from error

        async with aclosing(self._content):
            await super().stream_response(send_in_time)
