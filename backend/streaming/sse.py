# streaming/sse.py -- server-sent events: framing, resume, heartbeats.
import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from fastapi.sse import format_sse_event
from pydantic_core import to_json
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from errors import Invalid
from models import RunEvent
from server.connection_limits import CONNECTION
from server.response_headers import HEADERS_ONLY

log: FilteringBoundLogger = structlog.get_logger()

HEARTBEAT_SECONDS = 15.0
# How long a frame may wait for a reader that does not read.
PATIENCE_SECONDS = 10.0


def framed(event: RunEvent) -> bytes:
    data = to_json({"run_id": event.run_id, **event.data})
    return format_sse_event(id=str(event.seq), event=event.type, data_str=data.decode())


def last_event_id(value: str | None, digits: int = 9) -> int:
    """The Last-Event-ID header as a seq of at most so many digits; 0 without one."""
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= digits):
        raise Invalid("Last-Event-ID is not one that this stream gave.", ("header", "Last-Event-ID"))
    return int(value)


class TooSlow(Exception):
    """The reader does not take what it is sent."""


class EventStream(StreamingResponse):
    """An answer that proxies neither keep nor hold back. A reader that is too slow is hung up on.

    The server takes a frame when it has passed on most of the one before, so no more than two batches are in memory.
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
        except TooSlow:
            log.info("a stream's reader was too slow", path=scope["path"])
            connection = scope.get("state", {}).get(CONNECTION)
            if connection is None:  # another server than uvicorn: it ends the answer in its own way
                raise
            connection.abort()
            await self.listen_for_disconnect(receive)

    async def stream_response(self, send: Send) -> None:
        async def hand_over(message: Message) -> None:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await send(message)
            except TimeoutError as error:
                raise TooSlow from error

        async with aclosing(self._content):
            await super().stream_response(hand_over)
