# services/identity/sessions.py -- where a person is signed in, and whether a sign-in still counts.
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from db import Database, Transaction
from errors import NotFound, Unauthorized
from models import AuthSession, RefreshToken, User
from models.columns import now
from models.session import SessionPublic
from security import AccessClaims
from services.batch_deletion import ROWS_AT_ONCE, delete_some_with_parts

# A revoked session stops working within 1 s on every worker: what a worker remembers is never older than this.
REMEMBERED_SECONDS = 0.5
REMEMBERED_SESSIONS = 10_000
# Whoever signs in once more ends the one that was used longest ago.
SESSIONS_PER_USER = 50
FORKS_PER_FAMILY = 4
# What has ended is kept so long for the operator, who may have to find out who was where.
ENDED_KEPT = timedelta(days=7)


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
        rows = await self._db.fetch_rows(TIMEZONE, values)
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
    """The live ones, last used first; a session and its forks are one sign-in, and shown once."""
    statement = access.select(caller, AuthSession).where(*live())
    newest = statement.order_by(col(AuthSession.last_used_at).desc()).limit(200)
    rows = list((await tx.execute(newest)).scalars())
    families: dict[UUID, AuthSession] = {}
    for row in rows:
        families.setdefault(row.family, row)
    current = next((row.family for row in rows if row.id == caller.session_id), None)
    names = [name for name in SessionPublic.model_fields if name != "current"]
    return [
        SessionPublic(**{name: getattr(row, name) for name in names}, current=family == current)
        for family, row in families.items()
    ]


async def lock_family(tx: Transaction, caller: CallerOrSystem, session_id: UUID) -> list[AuthSession]:
    """The session, first, and what was forked from it or from the same; none where there is no such session.

    The lock is that of the user's row, which sign-ins and changes of the password take as well: so no fork and no
    new sign-in slips past whoever ends them all.
    """
    known = await access.find_row(tx, caller, AuthSession, col(AuthSession.id) == session_id)
    if known is None:
        return []
    await access.find_row(tx, caller, User, col(User.id) == known.user_id, lock=True)
    family = or_(col(AuthSession.id) == known.family, col(AuthSession.family_id) == known.family)
    statement = access.select(caller, AuthSession).where(col(AuthSession.user_id) == known.user_id, family)
    rows = (await tx.execute(statement.execution_options(populate_existing=True))).scalars()
    return sorted(rows, key=lambda row: row.id != session_id)


async def end_family(tx: Transaction, family: Sequence[AuthSession], moment: datetime) -> None:
    for session in family:
        session.revoked_at = session.revoked_at or moment
    await tx.flush()


async def revoke_session(tx: Transaction, caller: Caller, session_id: UUID) -> None:
    """Its forks end with it."""
    family, moment = await lock_family(tx, caller, session_id), now()
    if not family or family[0].revoked_at is not None or family[0].expires_at <= moment:
        raise NotFound("session")
    await end_family(tx, family, moment)


async def revoke_all_sessions(tx: Transaction, caller: Caller, *but: ColumnElement[bool]) -> None:
    """Those of the caller that meet the further conditions."""
    theirs = [access.visible_condition(caller, AuthSession), col(AuthSession.revoked_at).is_(None), *but]
    await tx.execute(update(AuthSession).where(*theirs).values(revoked_at=now()))


async def revoke_other_sessions(tx: Transaction, caller: Caller) -> None:
    """All but the one at hand, which is a family of its own from here on; all of them where there is none."""
    if caller.session_id is None:
        await revoke_all_sessions(tx, caller)
        return
    await revoke_all_sessions(tx, caller, col(AuthSession.id) != caller.session_id)
    this = (access.visible_condition(caller, AuthSession), col(AuthSession.id) == caller.session_id)
    await tx.execute(update(AuthSession).where(*this).values(family_id=None))


async def revoke_surplus(tx: Transaction, caller: CallerOrSystem, user_id: UUID) -> None:
    """Leaves the SESSIONS_PER_USER that were used last; the user is locked."""
    statement = access.select(caller, AuthSession, col(AuthSession.id)).where(
        col(AuthSession.user_id) == user_id, *live()
    )
    oldest = statement.order_by(col(AuthSession.last_used_at).desc()).offset(SESSIONS_PER_USER).limit(1_000)
    if found := list((await tx.execute(oldest)).scalars()):
        await tx.execute(update(AuthSession).where(col(AuthSession.id).in_(found)).values(revoked_at=now()))


async def fork_session(
    tx: Transaction, session: AuthSession, family: Sequence[AuthSession], moment: datetime
) -> AuthSession:
    """A session beside the given one, for whoever did not get the tokens that it went on with.

    A family has FORKS_PER_FAMILY at most: the one that was used longest ago ends. The user is locked.
    """
    living = [member for member in family if member.revoked_at is None and member.expires_at > moment]
    living.sort(key=lambda member: member.last_used_at, reverse=True)
    for surplus in living[FORKS_PER_FAMILY - 1 :]:
        surplus.revoked_at = moment
    kept = ("user_id", "user_agent", "address", "created_at", "expires_at")
    fork = AuthSession(family_id=session.family, **{name: getattr(session, name) for name in kept})
    tx.add(fork)
    await tx.flush()
    return fork


async def delete_ended(tx: Transaction, caller: CallerOrSystem, most: int = ROWS_AT_ONCE) -> int:
    """Delete sessions that ended long ago with their tokens, a few at a time; how many rows there were."""
    before = now() - ENDED_KEPT
    ended = or_(col(AuthSession.expires_at) < before, col(AuthSession.revoked_at) < before)
    return await delete_some_with_parts(tx, caller, AuthSession, RefreshToken.session_id, ended, most=most)
