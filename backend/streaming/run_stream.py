# streaming/run_stream.py -- a run log as frames of the run's stream.
from uuid import UUID

from fastapi.sse import format_sse_event
from pydantic_core import to_json

from access import Caller
from db import Database
from models import RunEvent
from services import runs
from streaming.sse import Batch


def to_frame(event: RunEvent) -> bytes:
    data = to_json({"run_id": event.run_id, **event.data})
    return format_sse_event(id=str(event.seq), event=event.type, data_str=data.decode())


async def read_run_batch(db: Database, caller: Caller, run_id: UUID, after: int) -> Batch:
    """One batch of a run log past `after`; `last` after the run's last event, or where the run is gone."""
    run_events = await db.read(runs.read_events, caller, run_id, after)
    is_over = False
    if not run_events:
        run = await db.read(runs.find_run, caller, run_id)
        is_over = run is None or not runs.is_active(run)
        if is_over:  # its last event may have come between the two reads
            run_events = await db.read(runs.read_events, caller, run_id, after)
    if not run_events:
        return Batch(b"", after, last=is_over)
    frames = b"".join(to_frame(event) for event in run_events)
    more = len(run_events) == runs.EVENTS_AT_ONCE
    return Batch(frames, run_events[-1].seq, more, last=run_events[-1].type in runs.ENDED)
