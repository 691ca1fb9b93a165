# routes/dependencies.py -- the dependencies of routes: the caller, a page, the state of the app.
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, cast

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
from pagination import DEFAULT_LIMIT, MAX_LIMIT, Page
from security import InvalidToken
from server.body_limits import MAX_ANONYMOUS_BYTES, BoundedRequest
from services.identity.auth import Device


def get_app_state(request: Request) -> AppState:
    return cast(AppState, request.app.state.parley)


# Dependencies are async: FastAPI runs one that is not in a thread, which costs more than the rest of a request.
async def inject_app_state(request: Request) -> AppState:
    return get_app_state(request)


async def get_db(request: Request) -> Database:
    return get_app_state(request).db


async def get_device(request: Request) -> Device:
    agent = request.headers.get("user-agent")
    address = request.client.host if request.client else "unknown"
    return Device(address[:64], agent[:255] if agent else None)


# The key of a request's scope under which the caller is kept, once authenticated.
CALLER = "parley.caller"
Handler = Callable[[Request], Coroutine[None, None, Response]]


class SignedIn(OAuth2PasswordBearer):
    """Finds the caller by the bearer token.

    It is security scheme and dependency in one, because each dependency costs time.
    """

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
    """Authenticates the caller before it reads the body, and reads at most 16 KiB of anonymous bodies.

    FastAPI itself would read and parse the body first, whoever sent it.
    """

    def get_route_handler(self) -> Handler:
        handler = self.wrap_handler(super().get_route_handler())
        if self.body_field is None:
            return handler
        needs_sign_in = needs_caller(self.dependant)

        async def handle(request: Request) -> Response:
            if needs_sign_in:
                await signed_in(request)
            max_bytes = None if needs_sign_in else MAX_ANONYMOUS_BYTES
            return await handler(BoundedRequest(request.scope, request.receive, max_bytes))

        return handle

    def wrap_handler(self, handler: Handler) -> Handler:
        """A subclass adds behaviour around the handler here."""
        return handler


def needs_caller(dependant: Dependant) -> bool:
    return dependant.call is signed_in or any(map(needs_caller, dependant.dependencies))


async def get_page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=500, description="`next_cursor` of the page before.")
    ] = None,
) -> Page:
    return Page(limit, cursor)


AppStateDep = Annotated[AppState, Depends(inject_app_state)]
DatabaseDep = Annotated[Database, Depends(get_db)]
CallerDep = Annotated[SignedInCaller, Depends(signed_in)]
DeviceDep = Annotated[Device, Depends(get_device)]
PageDep = Annotated[Page, Depends(get_page)]


async def take_stream_slot(state: AppStateDep, caller: CallerDep) -> AsyncIterator[None]:
    """Holds a slot until the answer is sent or the stream has ended."""
    with state.stream_slots.hold(caller):
        yield


# For routes that stream or wait: a request without a free slot is refused before it does anything.
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
    """JSON that the database or pydantic has already serialized."""

    media_type = "application/json"
