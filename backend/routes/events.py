# routes/events.py -- what changes for the caller: as it happens, and as pages.
from typing import Annotated

from fastapi import APIRouter, Query

from models.event import ChangePublic
from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    DatabaseDep,
    EventsReadDep,
    JsonBytes,
    LastEventIdHeader,
    Route,
)
from routes.openapi import SIGNED_IN, list_of, problems
from services.events.changes import READ_BATCH
from streaming.sse import EventStream, parse_last_event_id
from streaming.user_stream import read_changes_page

router = APIRouter(prefix="/v1", tags=["events"], route_class=Route)
MAX_SEQ = 10**18 - 1
CHANGES = list_of(ChangePublic, next_after={"type": "integer"}, reset={"type": "boolean"})


@router.get(
    "/events/stream",
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


@router.get(
    "/changes",
    response_class=JsonBytes,
    responses={**CHANGES, **SIGNED_IN},
)
async def list_changes(
    db: DatabaseDep,
    caller: EventsReadDep,
    after: Annotated[
        int | None, Query(ge=0, le=MAX_SEQ, description="`next_after` of the page before, or an `id:`.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=READ_BATCH, description="How many events at most.")] = READ_BATCH,
) -> JsonBytes:
    """The events of the user stream as pages, oldest first, for a client that holds no stream.

    `reset` is true without `after`, or if the log does not reach back to it: read your lists again over REST, and go
    on with `next_after`.
    """
    return JsonBytes(await read_changes_page(db, caller, after, limit))
