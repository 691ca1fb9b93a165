# identity/sessions.py -- the sessions of a user: find the active ones, fork, revoke and delete them.
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, update
from sqlmodel import col

import access
from access import SYSTEM, Caller, CallerOrSystem, SignedInCaller
from access.batch_deletion import ROW_BATCH, delete_batch_with_children
from clock import utc_now
from db import Database, Transaction
from errors import InvalidCredential, NotFound
from identity.fresh_cache import FreshCache
from models import AuthSession, RefreshToken, User
from models.identity.session import SessionPublic
from security import JwtClaims

# Another sign-in ends the session that was used longest ago.
SESSIONS_PER_USER = 50
FORKS_PER_FAMILY = 4
# How long the rows of ended sessions stay: the operator may have to find out who was signed in where.
ENDED_RETENTION = timedelta(days=7)


def active_session_conditions(
    moment: datetime | BindParameter[datetime] | None = None,
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """A session is active until it is revoked or expires; `moment` is now by default."""
    return col(AuthSession.revoked_at).is_(None), col(AuthSession.expires_at) > (
        utc_now() if moment is None else moment
    )


# There is no caller yet: what it finds makes one.
SESSION_QUERY = (
    access.select(SYSTEM, User, col(User.timezone), col(User.language))
    .join(AuthSession, col(AuthSession.user_id) == col(User.id))
    .where(access.visible_condition(SYSTEM, AuthSession))
    .where(col(AuthSession.id) == bindparam("session_id"), col(User.id) == bindparam("user_id"))
    .where(*active_session_conditions(bindparam("moment")))
)


class SessionCache:
    """Finds the caller of an access token, asking the database at most every CACHE_TTL_SECONDS."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._callers = FreshCache[UUID, SignedInCaller]()

    async def get_caller(self, claims: JwtClaims) -> SignedInCaller:
        """Raises InvalidCredential if the session is revoked, expired or not this user's."""
        known = self._callers.find(claims.session_id)
        if known is not None and known.user_id == claims.user_id:
            return known
        asked_at = time.monotonic()
        values = {"session_id": claims.session_id, "user_id": claims.user_id, "moment": utc_now()}
        rows = await self._db.fetch_rows(SESSION_QUERY, values)
        if not rows:
            self._callers.forget(claims.session_id)
            raise InvalidCredential
        timezone, language = rows[0]
        caller = SignedInCaller(claims.user_id, claims.session_id, timezone, language=language)
        self._callers.store(claims.session_id, caller, asked_at)
        return caller

    def forget(self, session_id: UUID | None) -> None:
        """Ask the database again for this session, or for every one."""
        if session_id is None:
            self._callers.forget_all()
        else:
            self._callers.forget(session_id)


async def list_sessions(tx: Transaction, caller: Caller) -> list[SessionPublic]:
    """The active ones, last used first. A session and its forks are one sign-in, and listed once."""
    statement = access.select(caller, AuthSession).where(*active_session_conditions())
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
    """The session, first, and the other sessions of its family; none if there is no such session.

    The lock is that of the user's row, which sign-ins and changes of the password take as well: no fork and no new
    sign-in escapes a transaction that ends them all.
    """
    known = await access.find_by_id(tx, caller, AuthSession, session_id)
    if known is None:
        return []
    await access.find_by_id(tx, caller, User, known.user_id, lock=True)
    family = or_(col(AuthSession.id) == known.family, col(AuthSession.family_id) == known.family)
    statement = access.select(caller, AuthSession).where(col(AuthSession.user_id) == known.user_id, family)
    rows = (await tx.execute(statement.execution_options(populate_existing=True))).scalars()
    return sorted(rows, key=lambda row: row.id != session_id)


async def end_family(tx: Transaction, family: Sequence[AuthSession], moment: datetime) -> None:
    for session in family:
        session.revoked_at = session.revoked_at or moment
    await tx.flush()


async def revoke_session(tx: Transaction, caller: Caller, session_id: UUID) -> None:
    """End a sign-in: the session, and with it its forks."""
    family, moment = await lock_family(tx, caller, session_id), utc_now()
    if not family or family[0].revoked_at is not None or family[0].expires_at <= moment:
        raise NotFound("session")
    await end_family(tx, family, moment)


async def revoke_all_sessions(tx: Transaction, caller: Caller, *conditions: ColumnElement[bool]) -> None:
    """Revoke the caller's sessions that meet the conditions."""
    own = [access.visible_condition(caller, AuthSession), col(AuthSession.revoked_at).is_(None), *conditions]
    await tx.execute(update(AuthSession).where(*own).values(revoked_at=utc_now()))


async def revoke_other_sessions(tx: Transaction, caller: Caller) -> None:
    """Revoke all but the caller's session, which becomes a family of its own; all of them if the caller has none."""
    if caller.session_id is None:
        await revoke_all_sessions(tx, caller)
        return
    await revoke_all_sessions(tx, caller, col(AuthSession.id) != caller.session_id)
    this = (access.visible_condition(caller, AuthSession), col(AuthSession.id) == caller.session_id)
    await tx.execute(update(AuthSession).where(*this).values(family_id=None))


async def revoke_surplus_sessions(tx: Transaction, caller: CallerOrSystem, user_id: UUID) -> None:
    """Revoke all but the SESSIONS_PER_USER that were used last. The user must be locked."""
    statement = access.select(caller, AuthSession, col(AuthSession.id)).where(
        col(AuthSession.user_id) == user_id, *active_session_conditions()
    )
    oldest = statement.order_by(col(AuthSession.last_used_at).desc()).offset(SESSIONS_PER_USER).limit(1_000)
    if surplus := list((await tx.execute(oldest)).scalars()):
        chosen = (access.visible_condition(caller, AuthSession), col(AuthSession.id).in_(surplus))
        await tx.execute(update(AuthSession).where(*chosen).values(revoked_at=utc_now()))


async def fork_session(
    tx: Transaction, session: AuthSession, family: Sequence[AuthSession], moment: datetime
) -> AuthSession:
    """A session beside the given one, for the client that did not receive the tokens of the last refresh.

    A family has at most FORKS_PER_FAMILY sessions: the one that was used longest ago ends. The user must be locked.
    """
    active = [member for member in family if member.revoked_at is None and member.expires_at > moment]
    active.sort(key=lambda member: member.last_used_at, reverse=True)
    for surplus in active[FORKS_PER_FAMILY - 1 :]:
        surplus.revoked_at = moment
    kept = ("user_id", "user_agent", "address", "created_at", "expires_at")
    fork = AuthSession(family_id=session.family, **{name: getattr(session, name) for name in kept})
    access.add_row(tx, SYSTEM, fork)
    await tx.flush()
    return fork


async def delete_ended_sessions(tx: Transaction, caller: CallerOrSystem, limit: int = ROW_BATCH) -> int:
    """Delete one batch of sessions that ended before ENDED_RETENTION, with their tokens; the number of rows."""
    before = utc_now() - ENDED_RETENTION
    ended = or_(col(AuthSession.expires_at) < before, col(AuthSession.revoked_at) < before)
    parent_id = col(RefreshToken.session_id)
    return await delete_batch_with_children(
        tx, caller, AuthSession, RefreshToken, parent_id, ended, limit=limit
    )
