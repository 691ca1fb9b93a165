# routes/me.py -- the caller's own profile and sessions.
from uuid import UUID

from fastapi import APIRouter, status

from errors import Invalid
from models import User
from models.session import SessionPublic
from models.user import UserPublic, UserUpdate
from routes.dependencies import SIGNED_IN, SIGNED_IN_ONE, CallerDep, DatabaseDep, PartsDep, Route, problems
from services import auth, sessions, users

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)


@router.get("", response_model=UserPublic, responses=problems(401))
async def get_me(db: DatabaseDep, caller: CallerDep) -> User:
    return await db.read(users.get_me, caller)


@router.patch("", response_model=UserPublic, responses={**SIGNED_IN, **problems(429, 503)})
async def update_me(parts: PartsDep, caller: CallerDep, change: UserUpdate) -> User:
    """Changes the fields that are sent. A `new_password` needs `current_password`, and ends all other sessions
    and access tokens.
    """
    sent = change.model_fields_set
    if ("new_password" in sent) != ("current_password" in sent):
        missing = "current_password" if "new_password" in sent else "new_password"
        raise Invalid("A new password comes together with the current one.", ("body", missing))
    if "new_password" in sent:
        await auth.change_password(parts.auth, caller, change.current_password, change.new_password)
    user = await parts.db.write(users.update_me, caller, change)
    parts.token_guard.forget()
    parts.guard.forget(None)  # other sessions are revoked, and every caller carries the time zone
    return user


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=problems(401))
async def delete_me(parts: PartsDep, caller: CallerDep) -> None:
    """Deletes the account and everything in it, at once and for good."""
    await parts.db.write_unhurried(users.delete_me, caller)
    parts.token_guard.forget()
    parts.guard.forget(None)


@router.get("/sessions", responses=problems(401))
async def list_sessions(db: DatabaseDep, caller: CallerDep) -> dict[str, list[SessionPublic] | None]:
    """Where you are signed in, last used first."""
    return {"data": await db.read(sessions.list_sessions, caller), "next_cursor": None}


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def end_session(parts: PartsDep, caller: CallerDep, session_id: UUID) -> None:
    await parts.db.write(sessions.revoke_session, caller, session_id)
    parts.guard.forget(session_id)
