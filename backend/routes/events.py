# routes/events.py -- the user stream: the caller's events as they happen.
from fastapi import APIRouter

from routes.dependencies import STREAM_SLOT, AppStateDep, EventsReadDep, LastEventIdHeader, Route
from routes.openapi import SIGNED_IN, problems
from streaming.sse import EventStream, parse_last_event_id

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=Route)


@router.get(
    "/stream",
    response_class=EventStream,
    responses={**SIGNED_IN, **problems(429)},
    dependencies=[STREAM_SLOT],
)
async def follow_changes(
    state: AppStateDep, caller: EventsReadDep, resume: LastEventIdHeader = None
) -> EventStream:
    """The changes of your tasks, conversations, messages and runs, from any device, as server-sent events.

    Without `Last-Event-ID`, or if the log does not reach back to it, the first event is `reset`: read your lists again
    over REST; the stream continues from there.
    """
    after = parse_last_event_id(resume, digits=18) if resume else None
    return EventStream(state.open_streams.follow_user(caller, after), state.timings.stream_send)
