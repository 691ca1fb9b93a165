# routes/identity/me.py -- the caller's own profile and sessions.
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status

from errors import Invalid
from identity import auth, confirmation, sessions, users
from models import User
from models.identity.session import SessionPublic
from models.run import UsagePublic
from models.shapes import GivenDate, ItemPage
from models.user import Confirmation, UserPublic, UserUpdate
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, name_page, problems
from routes.route import Route
from services.accounts import members
from services.audit import usage
from services.participation import departures

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)
# The rest of what a user had very much of is deleted after the answer.
MAX_SLICES = 10
NO_CONFIRMATION = Confirmation()


@router.get("", response_model=UserPublic, responses=problems(401))
async def get_me(db: DatabaseDep, caller: CallerDep) -> User:
    return await db.read(users.get_me, caller)


@router.patch("", response_model=UserPublic, responses={**SIGNED_IN, **problems(403, 409, 429, 503)})
async def update_me(state: AppStateDep, caller: CallerDep, change: UserUpdate) -> User:
    """Changes the fields that are sent. A `new_password` needs `current_password`, and ends all other sessions
    and API tokens. A new `email`, and `never` for `approval`, need it too, unless you signed in within the
    last 5 minutes.
    """
    sent = change.model_fields_set
    if "new_password" in sent and "current_password" not in sent:
        raise Invalid("A new password comes together with the current one.", ("body", "current_password"))
    if "current_password" in sent and not sent & {"new_password", "email", "approval"}:
        raise Invalid("A new password comes together with the current one.", ("body", "new_password"))
    if "email" in sent:
        await confirmation.limit_email_changes(state.auth, caller)
    if "new_password" in sent:
        user = await auth.change_password(state.auth, caller, change)
    else:
        if "current_password" in sent or await state.db.read(users.needs_confirmation, caller, change):
            await confirmation.require_confirmation(state.auth, caller, change.current_password)
        user = await state.db.write(users.update_me, caller, change)
    state.api_token_cache.forget()
    state.session_cache.forget(None)  # other sessions are revoked, and a cached caller has the old time zone
    return user


@router.delete(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**SIGNED_IN, **problems(400, 403, 409, 413, 429, 503)},
)
async def delete_me(
    state: AppStateDep,
    caller: CallerDep,
    body: Confirmation = NO_CONFIRMATION,
    messages: Annotated[
        Literal["keep", "retract"], Query(description="What becomes of what you have said to people.")
    ] = "keep",
) -> None:
    """Deletes you and everything that is yours, at once and for good. Needs `current_password`, unless you signed
    in within the last 5 minutes. A team of which you are the last owner has to get another one, or go, first. What you
    have said to people stays, without your name.
    """
    await confirmation.require_confirmation(state.auth, caller, body.current_password)
    if messages == "retract":
        await state.db.write(members.lock_own_teams, caller)  # or nothing is taken back
        while await state.db.write(departures.retract_slice, caller):
            pass
    agent_ids = await state.run_control.delete_user(caller)
    state.api_token_cache.forget()
    state.session_cache.forget(None)
    for user_id in (*agent_ids, caller.user_id):
        await state.worker.housekeeping.delete_user(user_id, MAX_SLICES)


@router.get("/usage", response_model=UsagePublic, responses=SIGNED_IN)
async def sum_usage(
    db: DatabaseDep,
    caller: CallerDep,
    first: Annotated[GivenDate | None, Query(alias="from", description="The first day.")] = None,
    last: Annotated[
        GivenDate | None, Query(alias="to", description="The last day; today by default.")
    ] = None,
) -> UsagePublic:
    """The runs and tokens of each day of your time zone and each model, oldest first: of the last 30 days, or of at
    most 366 that you name. Days without any are left out.
    """
    return UsagePublic(data=await db.read(usage.sum_usage, caller, first, last))


@router.get("/sessions", response_model=name_page(SessionPublic), responses=problems(401))
async def list_sessions(db: DatabaseDep, caller: CallerDep) -> ItemPage[SessionPublic]:
    """Where you are signed in, last used first."""
    return ItemPage(data=await db.read(sessions.list_sessions, caller))


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def end_session(state: AppStateDep, caller: CallerDep, session_id: UUID) -> None:
    await state.db.write(sessions.revoke_session, caller, session_id)
    state.session_cache.forget(session_id)
