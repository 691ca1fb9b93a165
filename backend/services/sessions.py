# services/sessions.py -- where a person is signed in, and whether a sign-in still counts.
import time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlmodel import col

import access
from access import Caller
from db import Database, Transaction
from errors import NotFound, Unauthorized
from models import AuthSession, User
from models.columns import now
from models.session import SessionPublic
from security import AccessClaims

# A revoked session stops working within 1 s on every worker: what a worker remembers is never older than this.
REMEMBERED_SECONDS = 0.5
REMEMBERED_SESSIONS = 10_000


def live(moment: Any = None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(AuthSession.revoked_at).is_(None), col(AuthSession.expires_at) > (
        now() if moment is None else moment
    )


TIMEZONE = (
    select(col(User.timezone))
    .join(AuthSession, col(AuthSession.user_id) == col(User.id))
    .where(col(AuthSession.id) == bindparam("session_id"), col(User.id) == bindparam("user_id"))
    .where(*live(bindparam("moment")))
)


class SessionGuard:
    """Turns the claims of a token into a Caller, asking the database at most every REMEMBERED_SECONDS."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seen: dict[UUID, tuple[float, Caller]] = {}

    async def caller(self, claims: AccessClaims) -> Caller:
        """Raises Unauthorized where the session was revoked, has expired or is not this user's."""
        asked_at = time.monotonic()
        seen = self._seen.get(claims.session_id)
        if seen and asked_at - seen[0] < REMEMBERED_SECONDS and seen[1].user_id == claims.user_id:
            return seen[1]
        values = {"session_id": claims.session_id, "user_id": claims.user_id, "moment": now()}
        rows = await self._db.fetch(TIMEZONE, values)
        if not rows:
            self.forget(claims.session_id)
            raise Unauthorized
        if len(self._seen) >= REMEMBERED_SESSIONS:
            self._seen.clear()
        caller = Caller(claims.user_id, claims.session_id, rows[0][0])
        self._seen[claims.session_id] = (asked_at, caller)
        return caller

    async def is_live(self, caller: Caller) -> bool:
        """For streams, which outlast a revocation unless they ask."""
        assert caller.session_id is not None
        try:
            await self.caller(AccessClaims(caller.user_id, caller.session_id))
        except Unauthorized:
            return False
        return True

    def forget(self, session_id: UUID | None) -> None:
        if session_id is None:
            self._seen.clear()
        else:
            self._seen.pop(session_id, None)


async def list_sessions(tx: Transaction, caller: Caller) -> list[SessionPublic]:
    """The live ones, last used first."""
    statement = access.select(caller, AuthSession).where(*live())
    rows = (await tx.execute(statement.order_by(col(AuthSession.last_used_at).desc()).limit(200))).scalars()
    names = [name for name in SessionPublic.model_fields if name != "current"]
    return [
        SessionPublic(**{name: getattr(row, name) for name in names}, current=row.id == caller.session_id)
        for row in rows
    ]


async def revoke_session(tx: Transaction, caller: Caller, session_id: UUID) -> None:
    session = await access.find(
        tx, caller, AuthSession, col(AuthSession.id) == session_id, *live(), lock=True
    )
    if session is None:
        raise NotFound("session")
    session.revoked_at = now()
    await tx.flush()


async def revoke_other_sessions(tx: Transaction, caller: Caller) -> None:
    """All sessions of the caller but the one at hand; all of them where there is none."""
    others = [access.visible(caller, AuthSession), col(AuthSession.revoked_at).is_(None)]
    if caller.session_id is not None:
        others.append(col(AuthSession.id) != caller.session_id)
    await tx.execute(update(AuthSession).where(*others).values(revoked_at=now()))
