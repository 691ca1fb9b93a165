# streams.py -- server-sent events: framing, resume, heartbeats.
import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic_core import to_json
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import access
from access import Principal
from bells import Bells
from db import Database, Transaction
from errors import Invalid
from models import Run, RunEvent
from services import runs

log = structlog.get_logger()

# A bell may be lost (another worker rang it): every reader looks for itself this often.
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
# How long a frame may wait for a reader that does not read.
PATIENCE_SECONDS = 10.0
CONNECTION = "connection"
# In the state of a request that asks for the headers alone: a stream is not begun for it.
HEADERS_ONLY = "headers only"


async def wait(bell: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await bell.wait()
    bell.clear()


async def follow_run(
    db: Database,
    bells: Bells,
    caller: Principal,
    run_id: UUID,
    after: int,
    is_live: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[list[RunEvent], None]:
    """The run's log past `after`, as it grows, until the run's last event.

    An empty list says that nothing happened for a while. Ends early when `is_live` says no.
    """
    with bells.listen(run_id) as bell:
        while not bells.closed:
            events = await db.read(runs.read_events, caller, run_id, after)
            if events:
                after = events[-1].seq
                yield events
                if events[-1].type in runs.ENDED:
                    return
                if len(events) == runs.EVENTS_AT_ONCE:
                    continue
            elif not await db.read(is_running, caller, run_id):
                # Ended. Its last event may have come between the two reads.
                if rest := await db.read(runs.read_events, caller, run_id, after):
                    yield rest
                return
            else:
                yield []
            if not await is_live():
                return
            await wait(bell)


async def is_running(tx: Any, caller: Principal, run_id: UUID) -> bool:
    run = await runs.find_run(tx, caller, run_id)
    return run is not None and runs.is_active(run)


async def wait_for_end(db: Database, bells: Bells, caller: Principal, run_id: UUID) -> None:
    """Returns when the run has ended or waits for an approval, its own or of a run ahead; or the server shuts down."""

    async def is_awaited(tx: Transaction) -> bool:
        return await runs.is_awaited(tx, caller, await access.get(tx, caller, Run, run_id))

    with bells.listen(run_id) as bell:
        while not bells.closed and await db.read(is_awaited):
            await wait(bell)


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
            connection = scope["state"][CONNECTION]
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


class Connections:
    """Lets a stream hang up. ASGI has no word for it: to end an answer is to wait until its reader has taken it all.

    So this looks at uvicorn's `send`, which belongs to the one request and knows its connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})[CONNECTION] = getattr(
                getattr(send, "__self__", None), "transport", None
            )
        await self.app(scope, receive, send)


def stream_events(log: AsyncGenerator[list[RunEvent], None], headers: dict[str, str]) -> EventStream:
    """The log of a run as an answer."""
    return EventStream(frames(log), headers=headers)


async def frames(log: AsyncGenerator[list[RunEvent], None]) -> AsyncGenerator[bytes, None]:
    """With a comment now and then, so that nobody takes a quiet stream for dead."""
    spoken_at = time.monotonic()
    async with aclosing(log):
        async for events in log:
            if events:
                yield b"".join(framed(event) for event in events)
            elif time.monotonic() - spoken_at >= HEARTBEAT_SECONDS:
                yield KEEPALIVE_COMMENT
            else:
                continue
            spoken_at = time.monotonic()
