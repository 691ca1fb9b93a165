# routes/dependencies.py -- what routes ask for in their signatures: the caller, a page, the parts of the app.
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer

from access import SignedInCaller
from app_state import AppState
from db import Database
from errors import Unauthorized
from models.shapes import STORABLE
from pagination import Page
from security import InvalidToken
from server.body_limits import MAX_ANONYMOUS_BYTES, BoundedRequest
from services.identity.auth import Device


def get_app_state(request: Request) -> AppState:
    return cast(AppState, request.app.state.parley)


# All async: FastAPI runs a dependency that is not in a thread, which costs more than the rest of a request.
async def get_parts(request: Request) -> AppState:
    return get_app_state(request)


async def get_db(request: Request) -> Database:
    return get_app_state(request).db


async def get_device(request: Request) -> Device:
    agent = request.headers.get("user-agent")
    address = request.client.host if request.client else "unknown"
    return Device(address[:64], agent[:255] if agent else None)


# Where a request's scope has its caller, once they are known.
CALLER = "parley.caller"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class SignedIn(OAuth2PasswordBearer):
    """The caller by the bearer token: the security scheme and the dependency in one, since each one costs."""

    async def __call__(self, request: Request) -> SignedInCaller:  # type: ignore[override]
        if (known := request.scope.get(CALLER)) is not None:
            return cast(SignedInCaller, known)
        token = await super().__call__(request)
        if not token:
            raise Unauthorized
        state = get_app_state(request)
        try:
            claims = state.jwt.decode(token)
        except InvalidToken as error:
            raise Unauthorized from error
        caller = request.scope[CALLER] = await state.session_cache.get_caller(claims)
        return caller


signed_in = SignedIn(
    "/v1/auth/token", "OAuth2PasswordBearer", refreshUrl="/v1/auth/refresh", auto_error=False
)


class Route(APIRoute):
    """Knows who calls before it reads a body, and reads little of those that nobody has to sign for.

    FastAPI itself reads and parses the body first, whoever sent it.
    """

    def get_route_handler(self) -> Handler:
        handler = self.around(super().get_route_handler())
        if self.body_field is None:
            return handler
        is_signed = needs_caller(self.dependant)

        async def handle(request: Request) -> Response:
            if is_signed:
                await signed_in(request)
            most = None if is_signed else MAX_ANONYMOUS_BYTES
            return await handler(BoundedRequest(request.scope, request.receive, most))

        return handle

    def around(self, handler: Handler) -> Handler:
        """What a kind of route does besides."""
        return handler


def needs_caller(dependant: Dependant) -> bool:
    return dependant.call is signed_in or any(map(needs_caller, dependant.dependencies))


async def get_page(
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the page before.")
    ] = None,
) -> Page:
    return Page(limit, cursor)


AppStateDep = Annotated[AppState, Depends(get_parts)]
DatabaseDep = Annotated[Database, Depends(get_db)]
CallerDep = Annotated[SignedInCaller, Depends(signed_in)]
DeviceDep = Annotated[Device, Depends(get_device)]
PageDep = Annotated[Page, Depends(get_page)]


async def take_stream_slot(state: AppStateDep, caller: CallerDep) -> AsyncIterator[None]:
    """Until the answer has left, or the stream has ended."""
    with state.stream_slots.take_slot(caller):
        yield


# For what streams or waits: refused before anything is done.
STREAM_SLOT = Depends(take_stream_slot)
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
    """JSON that the database or pydantic has already written."""

    media_type = "application/json"


def list_of(item: type[Any]) -> dict[int | str, dict[str, Any]]:
    """The 200 answer of a list, whose bytes do not pass through pydantic."""
    schema = {
        "type": "object",
        "required": ["data", "next_cursor"],
        "properties": {
            "data": {"type": "array", "items": {"$ref": f"#/components/schemas/{item.__name__}"}},
            "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    return {200: {"description": "One page.", "content": {"application/json": {"schema": schema}}}}
