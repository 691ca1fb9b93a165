# routes/dependencies.py -- what routes ask for in their signatures: the caller, a page, the parts of the app.
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer

from access import Caller
from agent.run_control import RunControl
from agent.worker import Worker
from db import Database
from errors import ProblemResponse, Unauthorized
from models.columns import STORABLE
from pagination import Page
from security import AccessTokens, BadToken
from server.body_limits import MAX_STRANGERS_BYTES, BoundedRequest
from services.health import Pulse
from services.identity.api_tokens import TokenGuard
from services.identity.auth import Auth, Device
from services.identity.sessions import SessionGuard
from settings import Settings
from streaming.concurrency_limits import Places, Searches
from streaming.notifier import Bells
from streaming.user_streams import Watch


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that lives as long as the app; on `app.state.parts` from startup on."""

    settings: Settings
    db: Database
    tokens: AccessTokens
    auth: Auth
    guard: SessionGuard
    token_guard: TokenGuard
    bells: Bells
    watch: Watch
    pulse: Pulse
    worker: Worker
    run_control: RunControl
    places: Places
    searches: Searches = field(default_factory=Searches)


def parts_of(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


# All async: FastAPI runs a dependency that is not in a thread, which costs more than the rest of a request.
async def get_parts(request: Request) -> Parts:
    return parts_of(request)


async def get_db(request: Request) -> Database:
    return parts_of(request).db


async def get_device(request: Request) -> Device:
    agent = request.headers.get("user-agent")
    address = request.client.host if request.client else "unknown"
    return Device(address[:64], agent[:255] if agent else None)


# Where a request's scope has its caller, once they are known.
CALLER = "parley.caller"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class SignedIn(OAuth2PasswordBearer):
    """The caller by the bearer token: the security scheme and the dependency in one, since each one costs."""

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        if (known := request.scope.get(CALLER)) is not None:
            return cast(Caller, known)
        token = await super().__call__(request)
        if not token:
            raise Unauthorized
        parts = parts_of(request)
        try:
            claims = parts.tokens.decode(token)
        except BadToken as error:
            raise Unauthorized from error
        caller = request.scope[CALLER] = await parts.guard.caller(claims)
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
            most = None if is_signed else MAX_STRANGERS_BYTES
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


PartsDep = Annotated[Parts, Depends(get_parts)]
DatabaseDep = Annotated[Database, Depends(get_db)]
CallerDep = Annotated[Caller, Depends(signed_in)]
DeviceDep = Annotated[Device, Depends(get_device)]
PageDep = Annotated[Page, Depends(get_page)]


async def take_place(parts: PartsDep, caller: CallerDep) -> AsyncIterator[None]:
    """Until the answer has left, or the stream has ended."""
    with parts.places.taken(caller):
        yield


# For what streams or waits: refused before anything is done.
PLACE = Depends(take_place)
LastEventId = Annotated[
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


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {ProblemResponse.media_type: {"schema": schema}}
    return {status: {"description": DESCRIPTIONS[status], "content": content} for status in statuses}


DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "Not signed in, or not any more.",
    403: "Not allowed; where only the current password is missing, `type` says so.",
    404: "Missing, or not yours.",
    409: "In conflict with what is stored.",
    410: "It was there, and you have deleted it.",
    413: "The body is over 1 MiB (16 KiB where nobody is signed in), or has too many values.",
    422: "The request is not valid; `errors` says where.",
    429: "Too many attempts; `Retry-After` says when to come back.",
    503: "The database does not answer, or too much is asked for at this moment; `Retry-After` says when to come back.",
}
SIGNED_IN = problems(401, 422)
SIGNED_IN_ONE = problems(401, 404, 422)


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
