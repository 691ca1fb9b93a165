# streaming/run_stream.py -- what a run's stream sends: that it waits, then the run's log after a reader's position.
from pydantic_core import to_json

from access import Caller
from db import Database
from models import RunEvent
from models.message import MessagePublic, cut_message
from models.shapes import JsonObject
from services import run_log, runs
from services.runs import StreamedRun
from streaming.live_runs import LiveRuns, frame_run_event
from streaming.sse import Batch, frame_event

# Before the first line of the log, whose number is 1.
QUEUED_SEQ = 0
# Of each line of a run's log what those see who have not asked for it. Of a line of another type they see that it is
# there; `message.completed` is cut as a message.
SHARED_DATA = {
    "run.started": ("conversation_id", "user_message_id"),
    "message.delta": ("text", "step"),
    "message.reset": ("step", "content"),
    "tool.call": ("step", "id", "name"),
    "tool.result": ("step", "id", "name", "started_at", "finished_at"),
    "approval.requested": ("step", "id", "name", "requested_at", "expires_at"),
    "approval.decided": ("step", "id", "decided_at"),
    "run.completed": ("status", "message_id", "error"),
    "run.failed": ("status", "message_id"),
    "run.cancelled": ("status", "message_id"),
}


def cut_data(type_: str, data: JsonObject) -> JsonObject:
    if type_ == "message.completed":
        shown = cut_message(MessagePublic.model_validate(data["message"]))
        return {"message": shown.model_dump(mode="json")}
    return {name: data[name] for name in SHARED_DATA.get(type_, ()) if name in data}


def frame_queued(run: StreamedRun) -> bytes:
    """`run.queued`, which is not in the log; empty for a run that a worker has begun with."""
    if run.queued is None:
        return b""
    return frame_event(QUEUED_SEQ, "run.queued", to_json({"run_id": run.id, **run.queued}).decode())


def to_frame(run: StreamedRun, event: RunEvent) -> bytes:
    shown = run_log.show_data(event.data)
    data = to_json(shown if run.is_whole else cut_data(event.type, shown)).decode()
    return frame_run_event(run.id, run.message_id, event.seq, event.type, data)


async def read_run_batch(db: Database, live: LiveRuns, caller: Caller, run: StreamedRun, after: int) -> Batch:
    """One batch of the run's log past `after`, from memory where the run is at work here.

    It is the last one after the run's final event or without the run.
    """
    if run.is_whole and (newest := live.read(caller, run.id, after)) is not None:
        return newest
    batch = await db.read(run_log.read_followed_events, caller, run.id, after)
    has_ended = False
    if not batch:
        found = await db.read(runs.find_followed_run, caller, run.id)
        has_ended = found is None or not runs.is_active(found)
        if has_ended:  # the final event may have been written between the two reads
            batch = await db.read(run_log.read_followed_events, caller, run.id, after)
    if not batch:
        return Batch(b"", after, last=has_ended)
    more = len(batch) == run_log.EVENT_BATCH
    frames = b"".join(to_frame(run, event) for event in batch)
    return Batch(frames, batch[-1].seq, more, last=batch[-1].type in run_log.FINAL_EVENTS)
