# streaming/run_stream.py -- what a run's stream sends: the run's log after a reader's position.
from uuid import UUID

from pydantic_core import to_json

from access import Caller
from db import Database
from models import RunEvent
from services import run_log, runs
from streaming.live_runs import LiveRuns
from streaming.sse import Batch, frame_event


def to_frame(event: RunEvent) -> bytes:
    data = to_json({"run_id": event.run_id, **run_log.show_data(event.data)})
    return frame_event(event.seq, event.type, data.decode())


async def read_run_batch(db: Database, live: LiveRuns, caller: Caller, run_id: UUID, after: int) -> Batch:
    """One batch of the run's log past `after`, from memory where the run is at work here.

    It is the last one after the run's final event or without the run.
    """
    if (newest := live.read(caller, run_id, after)) is not None:
        return newest
    batch = await db.read(run_log.read_events, caller, run_id, after)
    has_ended = False
    if not batch:
        run = await db.read(runs.find_run, caller, run_id)
        has_ended = run is None or not runs.is_active(run)
        if has_ended:  # the final event may have been written between the two reads
            batch = await db.read(run_log.read_events, caller, run_id, after)
    if not batch:
        return Batch(b"", after, last=has_ended)
    more = len(batch) == run_log.EVENT_BATCH
    return Batch(
        b"".join(map(to_frame, batch)), batch[-1].seq, more, last=batch[-1].type in run_log.FINAL_EVENTS
    )
