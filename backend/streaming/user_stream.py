# streaming/user_stream.py -- the user's events after a reader's position, for the user stream and for its pages.
from dataclasses import dataclass

from access import Caller
from db import Database
from services import events
from services.events import StreamEvent
from streaming.sse import Batch, add_type, frame_event


@dataclass(frozen=True, slots=True)
class Changes:
    """The next events of a user's log; the next ones are read after `next_after`.

    `is_reset`: the log does not reach back to the position, and the reader has to read all lists anew.
    """

    events: list[StreamEvent]
    next_after: int
    is_reset: bool = False
    more: bool = False


async def read_changes(
    db: Database, caller: Caller, after: int | None, limit: int = events.READ_BATCH
) -> Changes:
    """Number the unnumbered events, then read at most `limit` after `after`; None is a position that is too old."""
    position = await db.read(events.find_log_position, caller)
    last_seq = position.last_seq if position else 0
    if position is None or position.unnumbered:
        numbered = events.NUMBER_BATCH
        while numbered == events.NUMBER_BATCH:
            numbered, last_seq = await db.write(events.number_events, caller, caller.user_id)
    if after == last_seq:
        return Changes([], last_seq)
    found = (
        [] if after is None or after > last_seq else await db.read(events.read_events, caller, after, limit)
    )
    if not found:
        return Changes([], last_seq, is_reset=True)
    return Changes(found, found[-1].seq, more=found[-1].seq < last_seq)


async def read_user_batch(db: Database, caller: Caller, after: int | None) -> Batch:
    """The next frames of the user stream."""
    changes = await read_changes(db, caller, after)
    if changes.is_reset:
        return Batch(frame_event(changes.next_after, "reset", "{}"), changes.next_after)
    frames = b"".join(frame_event(event.seq, event.type, event.data) for event in changes.events)
    return Batch(frames, changes.next_after, changes.more)


async def read_changes_page(db: Database, caller: Caller, after: int | None, limit: int) -> bytes:
    """The same events as one JSON document, for a client that holds no stream."""
    changes = await read_changes(db, caller, after, limit)
    data = ",".join(add_type(event.seq, event.type, event.data) for event in changes.events)
    reset = "true" if changes.is_reset else "false"
    return f'{{"data":[{data}],"next_after":{changes.next_after},"reset":{reset}}}'.encode()
