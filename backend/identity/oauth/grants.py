# identity/oauth/grants.py -- what a consent becomes: a code, for which the client gets tokens, which it renews.
import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_
from sqlmodel import col

import access
from access import SYSTEM, Caller, SignedInCaller
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import utc_now
from db import Transaction
from errors import Conflict
from identity.api_tokens import OAUTH_PREFIX, TOKENS_PER_USER
from identity.oauth.clients import prolong_registration
from identity.oauth.refusals import OAuthRefusal
from identity.oauth.requests import AppRequest
from models import ApiToken, OAuthCode, OAuthToken, User
from models.identity.api_token import Scope
from models.identity.oauth import OAuthTokenKind
from security import hash_token, new_token

CODE_LIFETIME = timedelta(seconds=60)
# How long a used code stays, so that a second use is noticed: longer than its access token lasts.
CODE_RETENTION = timedelta(days=2)
REFRESH_PREFIX = "parley_refresh_"
# As of the refresh tokens of a sign-in: an answer may be lost, and a client may refresh twice at the same moment.
REUSE_GRACE = timedelta(seconds=30)
# Of one client, such as an app on several devices of a person: another consent ends the one that was used longest ago.
GRANTS_PER_CLIENT = 10


@dataclass(frozen=True, slots=True)
class Lifetimes:
    access: timedelta
    refresh: timedelta


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a client sends for tokens beside its code or its refresh token."""

    client_id: str
    resource: str | None
    redirect_uri: str | None = None
    code_verifier: str = ""


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_in: int
    scope: str


async def issue_code(
    tx: Transaction, caller: SignedInCaller, request: AppRequest, scopes: list[Scope]
) -> str:
    """The code of a consent. Conflict where the person has as many API tokens as they may have."""
    await access.get_row(tx, caller, User, caller.user_id, lock=True)
    if len(await list_current(tx, caller)) >= TOKENS_PER_USER:
        raise Conflict(
            f"There are {TOKENS_PER_USER} API tokens and apps already. Revoke one first.",
            problem="limit-reached",
        )
    code = new_token()
    row = OAuthCode(
        code_hash=hash_token(code),
        user_id=caller.user_id,
        client_id=request.client.client_id,
        client_name=request.client.name,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        resource=request.resource,
        scopes=" ".join(scopes),
        expires_at=utc_now() + CODE_LIFETIME,
    )
    access.add_row(tx, caller, row)
    await tx.flush()
    return code


async def list_current(tx: Transaction, caller: Caller) -> list[ApiToken]:
    """The API tokens that count, apps among them, last used first."""
    moment = utc_now()
    counts = or_(col(ApiToken.expires_at).is_(None), col(ApiToken.expires_at) > moment)
    found = access.select(caller, ApiToken).where(col(ApiToken.revoked_at).is_(None), counts)
    rows = list((await tx.execute(found)).scalars())
    return sorted(rows, key=lambda row: row.last_used_at or row.created_at, reverse=True)


async def exchange_code(tx: Transaction, code: str, sent: Exchange, lifetimes: Lifetimes) -> TokenPair | None:
    """The tokens for a code. None for one that does not count, after what that leads to: the transaction is to commit.

    A code that comes twice has been read by somebody else, so what it gave ends (OAuth 2.1, section 4.1.3). One with a
    wrong proof is used up.
    """
    has_hash = col(OAuthCode.code_hash) == hash_token(code)
    known = await access.find_row(tx, SYSTEM, OAuthCode, has_hash)
    if known is None:
        return None
    # The user first, as whoever changes a password does, who then deletes codes.
    user = await access.find_by_id(tx, SYSTEM, User, known.user_id, lock=True)
    row, moment = await access.find_row(tx, SYSTEM, OAuthCode, has_hash, lock=True), utc_now()
    if row is None:
        return None
    if row.used_at is not None:
        await revoke_grant(tx, row.grant_id, moment)
        return None
    row.used_at = moment
    if row.expires_at <= moment or user is None or user.deleted_at is not None or not proves(row, sent):
        await tx.flush()
        return None
    grant = await open_grant(tx, Caller(row.user_id, None), row, moment + lifetimes.refresh)
    row.grant_id = grant.id
    await prolong_registration(tx, row.client_id)
    return await issue_pair(tx, grant, lifetimes, moment)


def proves(row: OAuthCode, sent: Exchange) -> bool:
    """Whether it is the client that asked, at the address that it named, with the verifier of its challenge."""
    digest = hashlib.sha256(sent.code_verifier.encode("utf-8", "surrogatepass")).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return (
        sent.client_id == row.client_id
        and sent.redirect_uri == row.redirect_uri
        and sent.resource in (None, row.resource)
        and hmac.compare_digest(challenge, row.code_challenge)
    )


async def open_grant(tx: Transaction, caller: Caller, row: OAuthCode, expires_at: datetime) -> ApiToken:
    """The API token that the consent is from now on. Older ones of the same client end beyond GRANTS_PER_CLIENT."""
    moment = utc_now()
    earlier = [grant for grant in await list_current(tx, caller) if grant.client_id == row.client_id]
    for surplus in earlier[GRANTS_PER_CLIENT - 1 :]:
        surplus.revoked_at = moment
    grant = ApiToken(
        user_id=caller.user_id,
        name=row.client_name,
        prefix=OAUTH_PREFIX[:-1],
        token_hash=hash_token(new_token()),  # of nothing that anybody has
        scopes=row.scopes,
        expires_at=expires_at,
        client_id=row.client_id,
        resource=row.resource,
    )
    access.add_row(tx, caller, grant)
    await tx.flush()
    return grant


async def issue_pair(tx: Transaction, grant: ApiToken, lifetimes: Lifetimes, moment: datetime) -> TokenPair:
    grant.expires_at = moment + lifetimes.refresh
    access_token, refresh_token = OAUTH_PREFIX + new_token(), REFRESH_PREFIX + new_token()
    ends: dict[OAuthTokenKind, tuple[str, timedelta]] = {
        "access": (access_token, lifetimes.access),
        "refresh": (refresh_token, lifetimes.refresh),
    }
    for kind, (text, lifetime) in ends.items():
        token = OAuthToken(
            token_hash=hash_token(text), grant_id=grant.id, kind=kind, expires_at=moment + lifetime
        )
        access.add_row(tx, SYSTEM, token)
    await tx.flush()
    return TokenPair(access_token, refresh_token, int(lifetimes.access.total_seconds()), grant.scopes)


async def find_token(tx: Transaction, text: str, *, lock: bool = False) -> OAuthToken | None:
    return await access.find_row(
        tx, SYSTEM, OAuthToken, col(OAuthToken.token_hash) == hash_token(text), lock=lock
    )


async def rotate_tokens(
    tx: Transaction, refresh_token: str, sent: Exchange, scope: str, lifetimes: Lifetimes
) -> TokenPair | None:
    """The next tokens, and this one is used up. None as in `exchange_code`: reuse ends the grant (OAuth 2.1, section
    4.3.1), except once within REUSE_GRACE, as of a sign-in.
    """
    known = await find_token(tx, refresh_token)
    if known is None or known.kind != "refresh":
        return None
    # The lock makes concurrent refreshes follow each other.
    grant = await access.find_by_id(tx, SYSTEM, ApiToken, known.grant_id, lock=True)
    token, moment = await find_token(tx, refresh_token, lock=True), utc_now()
    if grant is None or token is None or grant.revoked_at is not None or token.expires_at <= moment:
        return None
    if sent.client_id != grant.client_id or sent.resource not in (None, grant.resource):
        return None
    user = await access.find_by_id(tx, SYSTEM, User, grant.user_id)
    if user is None or user.deleted_at is not None:
        return None
    if not set(scope.split()) <= set(grant.scopes.split()):
        raise OAuthRefusal("invalid_scope", "The scope is wider than what the person has granted.")
    if token.rotated_at is None:
        token.rotated_at = moment
    elif token.reused_at is not None or moment - token.rotated_at >= REUSE_GRACE:
        await revoke_grant(tx, grant.id, moment)
        return None
    else:
        token.reused_at = moment
    await delete_tokens(tx, grant.id, moment)
    await prolong_registration(tx, sent.client_id)
    return await issue_pair(tx, grant, lifetimes, moment)


async def delete_tokens(tx: Transaction, grant_id: UUID, moment: datetime) -> None:
    """Those of the grant that have expired. As SYSTEM: no caller sees them, not even their own."""
    every = access.visible_condition(SYSTEM, OAuthToken)
    own = (col(OAuthToken.grant_id) == grant_id, col(OAuthToken.expires_at) <= moment)
    await tx.execute(delete(OAuthToken).where(every, *own))


async def revoke_grant(tx: Transaction, grant_id: UUID | None, moment: datetime) -> None:
    """With all its tokens, of both kinds; None is that of a code that gave none."""
    grant = await access.find_by_id(tx, SYSTEM, ApiToken, grant_id, lock=True) if grant_id else None
    if grant is not None:
        grant.revoked_at = grant.revoked_at or moment
    await tx.flush()


async def revoke_by_token(tx: Transaction, text: str, client_id: str) -> None:
    """A client gives back what it was granted (RFC 7009). Nothing happens for a token of another client, or of none."""
    token = await find_token(tx, text)
    if token is None:
        return
    grant = await access.find_by_id(tx, SYSTEM, ApiToken, token.grant_id, lock=True)
    if grant is not None and grant.client_id == client_id:
        await revoke_grant(tx, grant.id, utc_now())


async def delete_codes(tx: Transaction, caller: Caller) -> None:
    """The caller's codes that are not used: somebody who knew the old password may have asked for one."""
    every = access.visible_condition(SYSTEM, OAuthCode)
    own = (col(OAuthCode.user_id) == caller.user_id, col(OAuthCode.used_at).is_(None))
    await tx.execute(delete(OAuthCode).where(every, *own))


async def delete_old_codes(tx: Transaction, limit: int = ROW_BATCH) -> int:
    """Delete one batch; the number of rows."""
    old = col(OAuthCode.expires_at) <= utc_now() - CODE_RETENTION
    return await delete_batch(tx, SYSTEM, OAuthCode, old, limit=limit)


async def delete_old_tokens(tx: Transaction, limit: int = ROW_BATCH) -> int:
    """The same of tokens that have expired."""
    return await delete_batch(tx, SYSTEM, OAuthToken, col(OAuthToken.expires_at) <= utc_now(), limit=limit)
