# streaming/user_stream.py -- a user's events as frames of the user stream.
from fastapi.sse import format_sse_event

from access import Caller
from db import Database
from services import events
from streaming.sse import Batch


async def read_user_batch(db: Database, caller: Caller, after: int | None) -> Batch:
    """Number the events that have no number yet, then read one batch past `after`.

    The batch is a single `reset` where `after` is None or the log does not reach back to it: the reader has to read
    its lists anew.
    """
    position = await db.read(events.find_log_position, caller)
    last_seq = position.last_seq if position else 0
    if position is None or position.unnumbered:
        found = events.NUMBER_BATCH
        while found == events.NUMBER_BATCH:
            found, last_seq = await db.write(events.number_events, caller, caller.user_id)
    if after == last_seq:
        return Batch(b"", last_seq)
    found_events = (
        [] if after is None or after > last_seq else await db.read(events.read_events, caller, after)
    )
    if not found_events:
        return Batch(format_sse_event(id=str(last_seq), event="reset", data_str="{}"), last_seq)
    frames = [format_sse_event(id=str(one.seq), event=one.type, data_str=one.data) for one in found_events]
    last = found_events[-1].seq
    return Batch(b"".join(frames), last, more=last < last_seq)
