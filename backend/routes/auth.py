# routes/auth.py -- register, sign in, stay signed in, sign out.
from typing import Annotated

from fastapi import APIRouter, Depends, status
from fastapi.security import OAuth2PasswordRequestForm
from starlette.responses import Response

from errors import Forbidden
from models import User
from models.session import RefreshRequest, TokenPublic
from models.user import UserCreate, UserPublic
from routes.dependencies import AppStateDep, CallerDep, DeviceDep, Route
from routes.openapi import problems
from services.identity import auth, sessions

router = APIRouter(prefix="/v1/auth", tags=["auth"], route_class=Route)
NO_STORE = {"Cache-Control": "no-store"}


@router.post(
    "/register",
    status_code=status.HTTP_201_CREATED,
    response_model=UserPublic,
    responses=problems(403, 409, 422, 429, 503),
)
async def register(state: AppStateDep, device: DeviceDep, new: UserCreate) -> User:
    if state.settings.registration == "closed":
        raise Forbidden("Registration is closed here.")
    return await auth.register_user(state.auth, device, new)


@router.post("/token", response_model=TokenPublic, responses=problems(401, 422, 429, 503))
async def sign_in(
    state: AppStateDep,
    device: DeviceDep,
    response: Response,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
) -> TokenPublic:
    """The OAuth2 password form: `username` is the email."""
    response.headers.update(NO_STORE)
    return await auth.sign_in(state.auth, device, form.username, form.password)


@router.post("/refresh", response_model=TokenPublic, responses=problems(401, 422, 429))
async def refresh(state: AppStateDep, response: Response, request: RefreshRequest) -> TokenPublic:
    """Returns a new pair and invalidates the old token. Reuse ends the sign-in, except once within 30 seconds."""
    response.headers.update(NO_STORE)
    return await auth.refresh_session(state.auth, request.refresh_token)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT, responses=problems(401))
async def sign_out(state: AppStateDep, caller: CallerDep) -> None:
    """Ends the session of the access token."""
    await state.db.write(sessions.revoke_session, caller, caller.session_id)
    state.session_cache.forget(caller.session_id)
