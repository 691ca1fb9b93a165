# streaming/run_stream.py -- what a run's stream sends: that it waits, then the run's log after a reader's position.
from pydantic_core import to_json

from access import Caller
from db import Database
from models import RunEvent
from services import run_log, runs
from services.runs import StreamedRun
from streaming.live_runs import LiveRuns, frame_run_event
from streaming.sse import Batch, frame_event

# Before the first line of the log, whose number is 1.
QUEUED_SEQ = 0


def frame_queued(run: StreamedRun) -> bytes:
    """`run.queued`, which is not in the log; empty for a run that a worker has begun with."""
    if run.queued is None:
        return b""
    return frame_event(QUEUED_SEQ, "run.queued", to_json({"run_id": run.id, **run.queued}).decode())


def to_frame(run: StreamedRun, event: RunEvent) -> bytes:
    data = to_json(run_log.show_data(event.data)).decode()
    return frame_run_event(run.id, run.message_id, event.seq, event.type, data)


async def read_run_batch(db: Database, live: LiveRuns, caller: Caller, run: StreamedRun, after: int) -> Batch:
    """One batch of the run's log past `after`, from memory where the run is at work here.

    It is the last one after the run's final event or without the run.
    """
    if (newest := live.read(caller, run.id, after)) is not None:
        return newest
    batch = await db.read(run_log.read_events, caller, run.id, after)
    has_ended = False
    if not batch:
        found = await db.read(runs.find_run, caller, run.id)
        has_ended = found is None or not runs.is_active(found)
        if has_ended:  # the final event may have been written between the two reads
            batch = await db.read(run_log.read_events, caller, run.id, after)
    if not batch:
        return Batch(b"", after, last=has_ended)
    more = len(batch) == run_log.EVENT_BATCH
    frames = b"".join(to_frame(run, event) for event in batch)
    return Batch(frames, batch[-1].seq, more, last=batch[-1].type in run_log.FINAL_EVENTS)
