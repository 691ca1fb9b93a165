# streaming/user_stream.py -- what the user stream sends: the user's events after a reader's position.
from fastapi.sse import format_sse_event

from access import Caller
from db import Database
from services import events
from streaming.sse import Batch


async def read_user_batch(db: Database, caller: Caller, after: int | None) -> Batch:
    """Number the unnumbered events, then read one batch after `after`.

    The batch is `reset` if `after` is None or the log does not reach back to it.
    """
    position = await db.read(events.find_log_position, caller)
    last_seq = position.last_seq if position else 0
    if position is None or position.unnumbered:
        numbered = events.NUMBER_BATCH
        while numbered == events.NUMBER_BATCH:
            numbered, last_seq = await db.write(events.number_events, caller, caller.user_id)
    if after == last_seq:
        return Batch(b"", last_seq)
    batch = [] if after is None or after > last_seq else await db.read(events.read_events, caller, after)
    if not batch:
        return Batch(format_sse_event(id=str(last_seq), event="reset", data_str="{}"), last_seq)
    frames = [format_sse_event(id=str(event.seq), event=event.type, data_str=event.data) for event in batch]
    return Batch(b"".join(frames), batch[-1].seq, more=batch[-1].seq < last_seq)
