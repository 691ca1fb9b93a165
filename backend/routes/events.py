# routes/events.py -- what changes for the caller, as it happens and as pages; events that users post.
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from events import inboxes, posted
from events.changes import READ_BATCH
from models.event import EventCreate, EventPublic, GivenType, ReadEvents, Severity
from models.streams.changes import ChangePage
from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    DatabaseDep,
    EventsReadDep,
    EventsWriteDep,
    JsonBytes,
    LastEventIdHeader,
    PageDep,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, list_of, page_of, problems, stream_of
from streaming.sse import EventStream, parse_last_event_id
from streaming.user_stream import read_changes_page

router = APIRouter(prefix="/v1", tags=["events"], route_class=IdempotentRoute)
MAX_SEQ = 10**18 - 1
CHANGES = page_of(ChangePage)
EXAMPLE = {"type": "task.deleted", "seq": 8, "task_id": "28a5d3df-6104-4009-8f3a-897671ea28d7"}
STREAM = stream_of("ChangeEvent", EXAMPLE)


@router.get(
    "/events/stream",
    response_class=EventStream,
    responses={**STREAM, **SIGNED_IN, **problems(429)},
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


@router.get("/events", response_class=JsonBytes, responses={**list_of(EventPublic), **SIGNED_IN_ONE})
async def list_events(
    db: DatabaseDep,
    caller: EventsReadDep,
    page: PageDep,
    recipient_id: Annotated[
        UUID | None,
        Query(description="Yourself, an agent that you manage, or somebody to whom you have sent events."),
    ] = None,
    severity: Annotated[Severity | None, Query(description="Only those of this severity.")] = None,
    type_: Annotated[GivenType | None, Query(alias="type", description="Only those of this type.")] = None,
    unread: Annotated[bool | None, Query(description="Only unread or only read ones.")] = None,
) -> JsonBytes:
    """The events that were posted for you or for all members of your accounts, newest first.

    With `recipient_id` the inbox of one: your own, or that of an agent if you are an owner or an admin of its account.
    Of anybody else with whom you share an account you see what you have sent there.
    """
    wanted = inboxes.EventFilter(recipient_id, severity, type_, unread)
    return JsonBytes(await inboxes.list_events(db, caller, wanted, page))


@router.post(
    "/events",
    status_code=status.HTTP_201_CREATED,
    response_model=EventPublic,
    responses={**SIGNED_IN_ONE, **problems(403)},
)
async def post_event(
    db: DatabaseDep, caller: EventsWriteDep, new: EventCreate, new_id: NewIdDep
) -> EventPublic:
    """Posts an event, which stays, to one recipient or to all members of an account.

    On streams and in /v1/changes it is an `event.posted`, whatever its type.
    """
    return await db.write(posted.post_event, caller, new, new_id)


@router.post("/events/read", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def mark_events_read(
    db: DatabaseDep, caller: EventsWriteDep, read: ReadEvents, new_id: NewIdDep
) -> None:
    """Marks events as read. One that was read keeps its `read_at`."""
    await db.write(inboxes.mark_read, caller, read.event_ids)
