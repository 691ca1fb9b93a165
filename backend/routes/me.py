# routes/me.py -- the caller's own profile and sessions.
from uuid import UUID

from fastapi import APIRouter, status

from errors import Invalid
from models import User
from models.session import SessionPublic
from models.user import Confirmation, UserPublic, UserUpdate
from routes.dependencies import SIGNED_IN, SIGNED_IN_ONE, CallerDep, DatabaseDep, PartsDep, Route, problems
from services.identity import account_removal, auth, confirmation, sessions, users

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)
# What a larger account has besides is taken away after the answer.
SLICES_AT_ONCE = 10
NO_PASSWORD = Confirmation()


@router.get("", response_model=UserPublic, responses=problems(401))
async def get_me(db: DatabaseDep, caller: CallerDep) -> User:
    return await db.read(users.get_me, caller)


@router.patch("", response_model=UserPublic, responses={**SIGNED_IN, **problems(403, 409, 429, 503)})
async def update_me(parts: PartsDep, caller: CallerDep, change: UserUpdate) -> User:
    """Changes the fields that are sent. A `new_password` needs `current_password`, and ends all other sessions
    and access tokens. A new `email`, and `never` for `approval`, need it too, unless you signed in within the
    last 5 minutes.
    """
    sent = change.model_fields_set
    if "new_password" in sent and "current_password" not in sent:
        raise Invalid("A new password comes together with the current one.", ("body", "current_password"))
    if "current_password" in sent and not sent & {"new_password", "email", "approval"}:
        raise Invalid("A new password comes together with the current one.", ("body", "new_password"))
    if "email" in sent:
        await confirmation.limit_emails(parts.auth, caller)
    if "new_password" in sent:
        user = await auth.change_password(parts.auth, caller, change)
    else:
        if "current_password" in sent or await parts.db.read(users.is_guarded, caller, change):
            await confirmation.confirm(parts.auth, caller, change.current_password)
        user = await parts.db.write(users.update_me, caller, change)
    parts.token_guard.forget()
    parts.guard.forget(None)  # other sessions are revoked, and every caller carries the time zone
    return user


@router.delete(
    "", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN, **problems(400, 403, 413, 429, 503)}
)
async def delete_me(parts: PartsDep, caller: CallerDep, body: Confirmation = NO_PASSWORD) -> None:
    """Deletes the account and everything in it, at once and for good. Needs `current_password`, unless you signed
    in within the last 5 minutes.
    """
    await confirmation.confirm(parts.auth, caller, body.current_password)
    for run_id in await parts.db.write(account_removal.mark_deleted, caller):
        parts.worker.stop_local(run_id)
    parts.token_guard.forget()
    parts.guard.forget(None)
    await parts.worker.housekeeping.delete_account(caller.user_id, SLICES_AT_ONCE)


@router.get("/sessions", responses=problems(401))
async def list_sessions(db: DatabaseDep, caller: CallerDep) -> dict[str, list[SessionPublic] | None]:
    """Where you are signed in, last used first."""
    return {"data": await db.read(sessions.list_sessions, caller), "next_cursor": None}


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def end_session(parts: PartsDep, caller: CallerDep, session_id: UUID) -> None:
    await parts.db.write(sessions.revoke_session, caller, session_id)
    parts.guard.forget(session_id)
