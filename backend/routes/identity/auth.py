# routes/identity/auth.py -- register, sign in, stay signed in, sign out.
from typing import Annotated

from fastapi import APIRouter, Depends, status
from fastapi.security import OAuth2PasswordRequestForm
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from errors import Forbidden
from identity import auth, sessions
from models import User
from models.identity.session import RefreshRequest, SignInRequest, TokenPublic
from models.user import UserCreate, UserPublic
from routes.dependencies import FOR_ANYONE, AppStateDep, CallerDep, DeviceDep
from routes.openapi import Document, problems
from routes.route import Route

router = APIRouter(prefix="/v1/auth", tags=["auth"], route_class=Route)
NO_STORE = {"Cache-Control": "no-store"}
ALSO_JSON: Document = {
    "requestBody": {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SignInRequest"}}}
    }
}


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    response_model=UserPublic,
    responses=problems(403, 409, 422, 429, 503),
    dependencies=[FOR_ANYONE],
)
async def register(state: AppStateDep, device: DeviceDep, new: UserCreate) -> User:
    if state.settings.registration == "closed":
        raise Forbidden("Registration is closed here.", problem="registration-closed")
    return await auth.register_user(state.auth, device, new)


class JsonRoute(Route):
    """Takes the requests whose body is JSON, and leaves the others to the next route of the same path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        content_type = Headers(scope=scope).get("content-type", "")
        is_json = content_type.partition(";")[0].strip().lower() == "application/json"
        return super().matches(scope) if is_json else (Match.NONE, {})


async def sign_in_by_json(
    state: AppStateDep, device: DeviceDep, response: Response, who: SignInRequest
) -> TokenPublic:
    response.headers.update(NO_STORE)
    return await auth.sign_in(state.auth, device, who.email, who.password)


router.add_api_route(
    "/token",
    sign_in_by_json,
    methods=["POST"],
    response_model=TokenPublic,
    dependencies=[FOR_ANYONE],
    include_in_schema=False,  # the route below describes both bodies
    route_class_override=JsonRoute,
)


@router.post(
    "/token",
    response_model=TokenPublic,
    responses=problems(401, 422, 429, 503),
    dependencies=[FOR_ANYONE],
    openapi_extra=ALSO_JSON,
)
async def sign_in(
    state: AppStateDep,
    device: DeviceDep,
    response: Response,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
) -> TokenPublic:
    """The OAuth2 password form, whose `username` is the email, or JSON: `{email, password}`."""
    response.headers.update(NO_STORE)
    return await auth.sign_in(state.auth, device, form.username, form.password)


@router.post(
    "/refresh", response_model=TokenPublic, responses=problems(401, 422, 429), dependencies=[FOR_ANYONE]
)
async def refresh_session(state: AppStateDep, response: Response, request: RefreshRequest) -> TokenPublic:
    """Returns a new pair and invalidates the old token. Reuse ends the sign-in, except once within 30 seconds."""
    response.headers.update(NO_STORE)
    return await auth.refresh_session(state.auth, request.refresh_token)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, responses=problems(401))
async def sign_out(state: AppStateDep, caller: CallerDep) -> None:
    """Ends the session of the access token."""
    await state.db.write(sessions.revoke_session, caller, caller.session_id)
    state.session_cache.forget(caller.session_id)
