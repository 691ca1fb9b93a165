# streams.py -- server-sent events: framing, resume, heartbeats.
import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from access import Principal
from bells import Bells
from db import Database
from errors import Invalid, NotFound
from models import RunEvent
from services import runs

# A bell may be lost (another worker rang it): every reader looks for itself this often.
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0


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
    """Returns when the run has ended or waits for an approval, or the server shuts down."""
    with bells.listen(run_id) as bell:
        while not bells.closed:
            run = await db.read(runs.find_run, caller, run_id)
            if run is None:
                raise NotFound("run")
            if run.status not in ("queued", "running"):
                return
            await wait(bell)


def framed(event: RunEvent) -> bytes:
    data = to_json({"run_id": event.run_id, **event.data})
    return format_sse_event(id=str(event.seq), event=event.type, data_str=data.decode())


def last_event_id(value: str | None) -> int:
    """The Last-Event-ID header as a seq; 0 without one."""
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid("Last-Event-ID is not one that this stream gave.", ("header", "Last-Event-ID"))
    return int(value)


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


def stream_events(log: AsyncGenerator[list[RunEvent], None], headers: dict[str, str]) -> EventStream:
    """The log as an answer that proxies neither keep nor hold back."""
    return EventStream(
        frames(log), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **headers}
    )


async def frames(log: AsyncGenerator[list[RunEvent], None]) -> AsyncIterator[bytes]:
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
