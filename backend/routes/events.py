# routes/events.py -- what changes for the caller: as it happens, and as pages.
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    DatabaseDep,
    EventsReadDep,
    JsonBytes,
    LastEventIdHeader,
    Route,
)
from routes.openapi import SIGNED_IN, problems
from services.events import READ_BATCH
from streaming.sse import EventStream, parse_last_event_id
from streaming.user_stream import read_changes_page

router = APIRouter(prefix="/v1", tags=["events"], route_class=Route)
MAX_SEQ = 10**18 - 1


class Change(BaseModel):
    """An event of the user stream: what its `data:` holds. The other fields depend on the type."""

    model_config = ConfigDict(extra="allow")

    type: str
    seq: int


class ChangesPage(BaseModel):
    data: list[Change]
    next_after: int
    reset: bool


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
    responses={200: {"model": ChangesPage, "description": "One page."}, **SIGNED_IN},
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
