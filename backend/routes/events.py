# routes/events.py -- the caller's stream: what changes, on every page that is open.
from fastapi import APIRouter

from routes.dependencies import PLACE, SIGNED_IN, CallerDep, LastEventId, PartsDep, problems
from streaming.sse import EventStream, last_event_id

router = APIRouter(prefix="/v1/events", tags=["events"])


@router.get(
    "/stream",
    response_class=EventStream,
    responses={**SIGNED_IN, **problems(429)},
    dependencies=[PLACE],
)
async def follow_changes(parts: PartsDep, caller: CallerDep, resume: LastEventId = None) -> EventStream:
    """What changes in your tasks, conversations, messages and runs, as server-sent events, wherever it is done.

    Without `Last-Event-ID`, or where the log does not reach back to it, the first event is `reset`: read what you
    show once more over REST; the stream goes on from there.
    """
    after = last_event_id(resume, digits=18) if resume else None
    return EventStream(parts.watch.follow(caller, after))
