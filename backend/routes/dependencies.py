# routes/dependencies.py -- the dependencies of routes: the caller, a page, the app's state.
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response

from access import Caller, SignedInCaller
from app_state import AppState
from db import Database
from identity.auth import Device
from models.shapes import STORABLE
from pagination import DEFAULT_LIMIT, MAX_LIMIT, Page
from routes.door import SESSIONS_ONLY, Door, get_app_state, get_caller, let_anyone_in


# Dependencies are async: FastAPI runs one that is not in a thread, which costs more than the rest of a request.
async def inject_app_state(request: Request) -> AppState:
    return get_app_state(request)


async def get_db(request: Request) -> Database:
    return get_app_state(request).db


async def get_device(request: Request) -> Device:
    agent = request.headers.get("user-agent")
    address = request.client.host if request.client else "unknown"
    return Device(address[:64], agent[:255] if agent else None)


async def get_page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the page before.")
    ] = None,
) -> Page:
    return Page(limit, cursor)


AppStateDep = Annotated[AppState, Depends(inject_app_state)]
DatabaseDep = Annotated[Database, Depends(get_db)]
DeviceDep = Annotated[Device, Depends(get_device)]
# Who may come in. A route declares one of these or FOR_ANYONE; without any it takes signed-in sessions only.
CallerDep = Annotated[SignedInCaller, Depends(SESSIONS_ONLY)]
TasksReadDep = Annotated[Caller, Depends(Door("tasks:read"))]
TasksWriteDep = Annotated[Caller, Depends(Door("tasks:write"))]
ChatReadDep = Annotated[Caller, Depends(Door("chat:read"))]
ChatWriteDep = Annotated[Caller, Depends(Door("chat:write"))]
EventsReadDep = Annotated[Caller, Depends(Door("events:read"))]
EventsWriteDep = Annotated[Caller, Depends(Door("events:write"))]
SearchDep = Annotated[Caller, Depends(Door("search"))]
FOR_ANYONE = Depends(let_anyone_in)
PageDep = Annotated[Page, Depends(get_page)]


async def take_stream_slot(request: Request, state: AppStateDep) -> AsyncIterator[None]:
    """Holds a slot until the answer is sent or the stream has ended."""
    with state.stream_slots.hold(get_caller(request)):
        yield


# For routes that stream or wait: a request without a free slot is refused before it does anything.
STREAM_SLOT = Depends(take_stream_slot)
IfMatchHeader = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1_000,
        description="Only if `ETag` is still this one, which the row had when you read it.",
    ),
]
ChangeIdHeader = Annotated[
    UUID | None,
    Header(
        alias="Change-ID",
        description="Your own id of the change, by which it is undone; requests that share it are one change.",
    ),
]
LastEventIdHeader = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=20, description="The last `id:` that was seen; go on after it."),
]
SearchText = Annotated[
    str | None,
    Query(max_length=200, description="A piece of the text, in any case."),
    STORABLE,
]


class JsonBytes(Response):
    """JSON that the database or pydantic has already serialized."""

    media_type = "application/json"
