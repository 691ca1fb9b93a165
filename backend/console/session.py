# console/session.py -- how the console signs in: its refresh token is in an HttpOnly cookie.
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Cookie, Depends, Request, status
from starlette.responses import Response

from errors import Forbidden, Unauthorized
from identity import auth, users
from models.identity.session import SignInRequest, TokenPublic
from models.shapes import ApiModel
from routes.dependencies import FOR_ANYONE, AppStateDep, DeviceDep
from routes.openapi import problems
from routes.route import Route
from settings import OFFLINE_MODEL

PATH = "/v1/web/session"
COOKIE = "parley_refresh"
# CSRF protection: another site's forms and images cannot send this header, and its scripts may not.
HEADER = "X-Parley-Console"
NO_STORE = {"Cache-Control": "no-store"}


async def require_console(request: Request) -> None:
    """CSRF protection: browsers send the cookie with any site's request, but only our page can send the header."""
    if request.headers.get(HEADER) != "1":
        raise Forbidden(f"This is for the console: send the header {HEADER}: 1.", problem="console-only")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden("This is for the console of this very host.", problem="console-only")


config_router = APIRouter(
    prefix="/v1/web/config", tags=["pages"], dependencies=[FOR_ANYONE], route_class=Route
)
router = APIRouter(
    prefix=PATH, tags=["pages"], dependencies=[FOR_ANYONE, Depends(require_console)], route_class=Route
)
RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)]


class WebTokenPublic(ApiModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 -- the kind, not a secret
    expires_in: int


class WebConfigPublic(ApiModel):
    """What the console tells before anybody has signed in. `offline`: no model is configured. `empty`: nobody has an
    account yet, and whoever comes may make one.
    """

    offline: bool
    registration: Literal["open", "closed"]
    empty: bool


@config_router.get("", response_model=WebConfigPublic)
async def get_config(state: AppStateDep) -> WebConfigPublic:
    settings = state.settings
    empty = settings.registration == "open" and not await state.db.read(users.has_people)
    return WebConfigPublic(
        offline=settings.model == OFFLINE_MODEL, registration=settings.registration, empty=empty
    )


@router.post("", response_model=WebTokenPublic, responses=problems(401, 403, 422, 429, 503))
async def open_web_session(
    state: AppStateDep, device: DeviceDep, request: Request, response: Response, who: SignInRequest
) -> WebTokenPublic:
    """Keeps the refresh token in a cookie for this path, and gives the access token."""
    tokens = await auth.sign_in(state.auth, device, who.email, who.password)
    return set_refresh_cookie(state, request, response, tokens)


@router.post("/refresh", response_model=WebTokenPublic, responses=problems(401, 403, 422, 429))
async def refresh_web_session(
    state: AppStateDep, request: Request, response: Response, refresh_token: RefreshCookie = None
) -> WebTokenPublic:
    """A new access token for the cookie, and a new cookie."""
    if not refresh_token:
        raise Unauthorized("Nobody is signed in here.")
    tokens = await auth.refresh_session(state.auth, refresh_token)
    return set_refresh_cookie(state, request, response, tokens)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=problems(403, 422))
async def end_web_session(
    state: AppStateDep, response: Response, refresh_token: RefreshCookie = None
) -> None:
    """Ends the session of the cookie, if it has one, and takes the cookie back."""
    if refresh_token:
        session_id = await state.db.write(auth.end_session_by_token, refresh_token)
        if session_id:
            state.session_cache.forget(session_id)
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


def set_refresh_cookie(
    state: AppStateDep, request: Request, response: Response, tokens: TokenPublic
) -> WebTokenPublic:
    response.headers.update(NO_STORE)
    response.set_cookie(
        COOKIE,
        tokens.refresh_token,
        max_age=int(state.auth.refresh_lifetime.total_seconds()),
        path=PATH,
        secure=request.url.scheme == "https" or state.settings.is_public_by_https,
        httponly=True,
        samesite="strict",
    )
    return WebTokenPublic(access_token=tokens.access_token, expires_in=tokens.expires_in)
