# routes/door.py -- who may come in by a route: a signed-in session, an API token with a scope, or anyone.
from typing import cast

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.security import OAuth2PasswordBearer
from starlette.datastructures import Headers

from access import Caller
from app_state import AppState
from errors import InsufficientScope, InvalidCredential, Unauthorized
from identity.api_tokens import TOKEN_PREFIX
from models.identity.api_token import SCOPES_FOR, Permission
from security import InvalidToken

# The key of a request's scope under which the caller is kept, once authenticated.
CALLER = "parley.caller"


def get_app_state(request: Request) -> AppState:
    return cast(AppState, request.app.state.parley)


def get_base_url(request: Request) -> str:
    """Where a person finds this server."""
    return get_app_state(request).settings.public_url or str(request.base_url).rstrip("/")


def read_bearer(headers: Headers) -> str | None:
    """The bearer token of a request; None where it brings none.

    Two headers are refused: a proxy in front of us may have looked at the other one.
    """
    values = headers.getlist("authorization")
    if len(values) > 1:
        raise InvalidCredential
    scheme, _, token = (values[0] if values else "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


async def find_caller(state: AppState, token: str) -> Caller:
    """Whose access token or API token this is; raises InvalidCredential where it does not count.

    What an app got by OAuth counts at the address alone that it was made for (RFC 8707), which is none of REST.
    """
    if token.startswith(TOKEN_PREFIX):
        grant = await state.api_token_cache.get_grant(token)
        if grant.resource is not None:
            raise InvalidCredential
        return grant.caller
    try:
        claims = state.jwt.decode(token)
    except InvalidToken as error:
        raise InvalidCredential from error
    return await state.session_cache.get_caller(claims)


class Door(OAuth2PasswordBearer):
    """Lets in signed-in sessions and, where it names a permission, API tokens that have it.

    It is security scheme and dependency in one, because each dependency costs time.
    """

    def __init__(self, permission: Permission | None = None) -> None:
        super().__init__(
            "/v1/auth/token", "OAuth2PasswordBearer", refreshUrl="/v1/auth/refresh", auto_error=False
        )
        self.permission = permission

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        caller = cast(Caller | None, request.scope.get(CALLER))
        if caller is None:
            token = read_bearer(request.headers)
            if token is None:
                raise Unauthorized
            caller = request.scope[CALLER] = await find_caller(get_app_state(request), token)
        if caller.session_id is None and (self.permission is None or not caller.is_allowed(self.permission)):
            raise InsufficientScope(SCOPES_FOR[self.permission][0] if self.permission else None)
        return caller


def get_caller(request: Request) -> Caller:
    """The caller whom the route's door has let in."""
    return cast(Caller, request.scope[CALLER])


async def let_anyone_in() -> None:
    """Declares that a route is for everybody."""


SESSIONS_ONLY = Door()


def find_door(dependant: Dependant) -> Door | None:
    """The door of a route: sessions only where it declares nothing, None where it is for anyone."""
    calls = list_calls(dependant)
    doors = [call for call in calls if isinstance(call, Door)]
    is_open = let_anyone_in in calls
    if len(doors) + is_open > 1:
        raise TypeError(f"a route has one door: {dependant.path}")
    return None if is_open else (doors or [SESSIONS_ONLY])[0]


def list_calls(dependant: Dependant) -> list[object]:
    """What a route depends on, and what that depends on."""
    return [call for part in dependant.dependencies for call in (part.call, *list_calls(part))]
