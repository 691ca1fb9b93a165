# streaming/user_stream.py -- the events after a reader's position that it may see, for streams and for pages.
from dataclasses import dataclass

from access import Caller
from db import Database
from events import changes, event_log
from events.changes import StreamEvent
from streaming.delivery_marks import find_message
from streaming.sse import Batch, add_type, frame_event


@dataclass(frozen=True, slots=True)
class Changes:
    """The next events for a reader; the next ones are read after `next_after`.

    `is_reset`: the log does not reach back to the position, and the reader has to read all lists anew.
    """

    events: list[StreamEvent]
    next_after: int
    is_reset: bool = False


async def read_changes(
    db: Database, caller: Caller, after: int | None, limit: int = changes.READ_BATCH
) -> Changes:
    """At most `limit` of the events after `after`; None is a position that is too old."""
    position = await event_log.find_numbered_position(db)
    if after is None or not position.reaches(after):
        return Changes([], position.last_seq, is_reset=True)
    if after == position.last_seq:
        return Changes([], after)
    batch = await db.read(changes.read_events, caller, after, position.last_seq, limit)
    return Changes(batch.events, batch.next_after)


async def read_user_batch(db: Database, caller: Caller, after: int | None) -> Batch:
    """The next frames of the user stream."""
    changes = await read_changes(db, caller, after)
    if changes.is_reset:
        return Batch(frame_event(changes.next_after, "reset", "{}"), changes.next_after)
    frames = b"".join(frame_event(event.seq, event.type, event.data) for event in changes.events)
    # In the order of the log, so that the last one of a conversation is the highest.
    messages = dict(message for event in changes.events if (message := find_message(event)) is not None)
    return Batch(frames, changes.next_after, messages=messages)


async def read_changes_page(db: Database, caller: Caller, after: int | None, limit: int) -> bytes:
    """The same events as one JSON document, for a client that holds no stream."""
    changes = await read_changes(db, caller, after, limit)
    data = ",".join(add_type(event.seq, event.type, event.data) for event in changes.events)
    reset = "true" if changes.is_reset else "false"
    return f'{{"data":[{data}],"next_after":{changes.next_after},"reset":{reset}}}'.encode()
