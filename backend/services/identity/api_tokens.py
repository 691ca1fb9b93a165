# services/identity/api_tokens.py -- access tokens: make, list and revoke them, and find out who asks with one.
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from db import Database, Transaction
from errors import Conflict, Gone, NotFound, Unauthorized
from models import AccessToken, User
from models.api_token import AccessTokenCreate, AccessTokenCreated, AccessTokenPublic
from models.columns import now
from security import hash_token, new_token

# In front of every token, so that people and secret scanners know one when they see it.
MARK = "parley_"
PREFIX_LENGTH = 12
TOKENS_PER_USER = 100
# A revoked token stops working within 1 s on every worker, as a revoked session does.
REMEMBERED_SECONDS = 0.5
REMEMBERED_TOKENS = 10_000
USE_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Grant:
    """Who asks through a program, and in which conversation that is on record.

    `title` names that conversation; its id is None before the first call of an access token.
    """

    caller: Caller
    title: str
    conversation_id: UUID | None

    @property
    def counted_id(self) -> UUID:
        """What its calls are counted by: the access token or, where it came in with a sign-in's, the person.

        To sign in once more is easy.
        """
        return self.caller.token_id or self.caller.user_id


COLUMNS: list[Any] = [
    AccessToken.id,
    AccessToken.user_id,
    AccessToken.name,
    AccessToken.scopes,
    AccessToken.conversation_id,
    AccessToken.last_used_at,
    User.timezone,
]
KNOWN = (
    select(*COLUMNS)
    .join(User, col(User.id) == col(AccessToken.user_id))
    .where(col(AccessToken.token_hash) == bindparam("token_hash"), col(AccessToken.revoked_at).is_(None))
    .where(or_(col(AccessToken.expires_at).is_(None), col(AccessToken.expires_at) > bindparam("moment")))
)


class TokenGuard:
    """Turns a token into who asks, asking the database at most every REMEMBERED_SECONDS."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seen: dict[str, tuple[float, Grant]] = {}

    async def grant(self, token: str) -> Grant:
        """Raises Unauthorized where the token is unknown, revoked or has expired."""
        token_hash = hash_token(token)
        asked_at = time.monotonic()
        seen = self._seen.get(token_hash)
        if seen and asked_at - seen[0] < REMEMBERED_SECONDS:
            return seen[1]
        moment = now()
        rows = await self._db.fetch_rows(KNOWN, {"token_hash": token_hash, "moment": moment})
        if not rows:
            self._seen.pop(token_hash, None)
            raise Unauthorized
        token_id, user_id, name, scopes, conversation_id, last_used_at, timezone = rows[0]
        caller = Caller(user_id, None, timezone, token_id, "write" in scopes.split())
        if last_used_at is None or moment - last_used_at >= USE_NOTED:
            await self._db.write(note_use, caller)
        if len(self._seen) >= REMEMBERED_TOKENS:
            self._seen.clear()
        grant = Grant(caller, name, conversation_id)
        self._seen[token_hash] = (asked_at, grant)
        return grant

    def forget(self) -> None:
        self._seen.clear()


async def note_use(tx: Transaction, caller: Caller) -> None:
    moment = now()
    mine = (access.visible_condition(caller, AccessToken), col(AccessToken.id) == caller.token_id)
    stale = or_(col(AccessToken.last_used_at).is_(None), col(AccessToken.last_used_at) < moment - USE_NOTED)
    await tx.execute(update(AccessToken).where(*mine, stale).values(last_used_at=moment))


async def find_live(tx: Transaction, caller: CallerOrSystem, token_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these tokens still count."""
    expires = col(AccessToken.expires_at)
    statement = access.select(caller, AccessToken, col(AccessToken.id)).where(
        col(AccessToken.id).in_(token_ids),
        col(AccessToken.revoked_at).is_(None),
        or_(expires.is_(None), expires > now()),
    )
    return set((await tx.execute(statement)).scalars())


async def list_tokens(tx: Transaction, caller: Caller) -> list[AccessTokenPublic]:
    """Those that were not revoked, newest first; one that has expired says so itself."""
    statement = access.select(caller, AccessToken).where(col(AccessToken.revoked_at).is_(None))
    newest = statement.order_by(col(AccessToken.created_at).desc(), col(AccessToken.id).desc())
    return [public(token) for token in (await tx.execute(newest)).scalars()]


def public(token: AccessToken) -> AccessTokenPublic:
    columns = {name: getattr(token, name) for name in AccessTokenPublic.model_fields if name != "scopes"}
    return AccessTokenPublic(scopes=token.scopes.split(), **columns)


@dataclass(frozen=True, slots=True)
class Derived:
    """The id and the secret of a token that comes from the key of its request: made twice, it is the same."""

    id: UUID
    secret: str


async def create_token(
    tx: Transaction, caller: Caller, new: AccessTokenCreate, derived: Derived | None = None
) -> AccessTokenCreated:
    """The answer holds the token itself, which is not to be had again but by the key of its request."""
    await access.get_row(
        tx, caller, User, caller.user_id, lock=True
    )  # two at once must not both be the last one
    if derived is not None:
        made = await access.find_row(tx, caller, AccessToken, col(AccessToken.id) == derived.id)
        if made is not None and made.revoked_at is not None:
            raise Gone("The token that this request made was revoked since.")
        if made is not None:
            return AccessTokenCreated(token=MARK + derived.secret, **public(made).model_dump())
    if len(await list_tokens(tx, caller)) >= TOKENS_PER_USER:
        raise Conflict(f"You have {TOKENS_PER_USER} access tokens. Revoke one first.")
    secret = MARK + (derived.secret if derived else new_token())
    days = new.expires_in_days
    token = AccessToken(
        user_id=caller.user_id,
        name=new.name,
        prefix=secret[:PREFIX_LENGTH],
        token_hash=hash_token(secret),
        scopes=" ".join(new.scopes),
        expires_at=None if days is None else now() + timedelta(days=days),
    )
    if derived is not None:
        token.id = derived.id
    tx.add(token)
    await tx.flush()
    return AccessTokenCreated(token=secret, **public(token).model_dump())


async def revoke_token(tx: Transaction, caller: Caller, token_id: UUID) -> None:
    """The row stays, so that the conversation of its calls still has a name behind it."""
    is_it: Any = (col(AccessToken.id) == token_id, col(AccessToken.revoked_at).is_(None))
    token = await access.find_row(tx, caller, AccessToken, *is_it, lock=True)
    if token is None:
        raise NotFound("token")
    token.revoked_at = now()
    await tx.flush()


async def revoke_tokens(tx: Transaction, caller: Caller) -> None:
    """All of the caller's."""
    mine = (access.visible_condition(caller, AccessToken), col(AccessToken.revoked_at).is_(None))
    await tx.execute(update(AccessToken).where(*mine).values(revoked_at=now()))
