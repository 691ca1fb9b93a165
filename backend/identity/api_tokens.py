# identity/api_tokens.py -- API tokens: create, list and revoke them, and find the caller behind one.
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, SQLColumnExpression, and_, bindparam, or_, update
from sqlmodel import col

import access
from access import SYSTEM, Caller
from clock import utc_now
from db import AnySelect, Database, Transaction
from errors import Conflict, Gone, InvalidCredential, NotFound
from identity.fresh_cache import FreshCache
from models import Account, Agent, ApiToken, OAuthToken, User
from models.identity.api_token import AccessTokenCreate, AccessTokenCreated, AccessTokenPublic, parse_scopes
from security import DerivedToken, hash_token, new_token

# Every token begins so: people and secret scanners recognise it.
TOKEN_PREFIX = "parley_"  # noqa: S105 -- of a secret, not one
PREFIX_LENGTH = 12
# The same of the access tokens that apps get by OAuth: they have rows of their own.
OAUTH_PREFIX = "parley_oauth_"
TOKENS_PER_USER = 100
# `last_used_at` is written at most this often.
LAST_USED_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiGrant:
    """The caller behind a program, and the conversation that records its calls.

    `title` names that conversation; its id is None before the first call of an API token. `resource` is the only
    address at which a token of OAuth counts; None for one that counts everywhere.
    """

    caller: Caller
    title: str
    conversation_id: UUID | None
    resource: str | None = None

    @property
    def rate_limit_id(self) -> UUID:
        """What the calls are counted by: the API token or, for a program with an access token, the user.

        Counting by session would be no limit: signing in again is easy.
        """
        return self.caller.token_id or self.caller.user_id


class TokenRow(NamedTuple):
    """What TOKEN_QUERY reads of a token and its user; the fields are in the order of TOKEN_COLUMNS."""

    token_id: UUID
    user_id: UUID
    name: str
    scopes: str
    conversation_id: UUID | None
    last_used_at: datetime | None
    timezone: str
    agent_account_id: UUID | None
    language: str | None
    resource: str | None


# Any: the columns have several types; TokenRow gives them back.
TokenColumns = Sequence[SQLColumnExpression[Any]]
TOKEN_COLUMNS: TokenColumns = [
    col(ApiToken.id),
    col(ApiToken.user_id),
    col(ApiToken.name),
    col(ApiToken.scopes),
    col(ApiToken.conversation_id),
    col(ApiToken.last_used_at),
    col(User.timezone),
    col(Account.id),
    col(User.language),
    col(ApiToken.resource),
]


def select_active_tokens(moment: datetime | BindParameter[datetime], columns: TokenColumns) -> AnySelect:
    """API tokens are active until they are revoked or expire, or their user goes.

    There is no caller yet: what it finds makes one. An agent without its row, or without its account, cannot come in.
    """
    is_seen, expires = partial(access.visible_condition, SYSTEM), col(ApiToken.expires_at)
    user = and_(col(User.id) == col(ApiToken.user_id), col(User.deleted_at).is_(None), is_seen(User))
    agent = and_(col(Agent.id) == col(User.id), col(Agent.deleted_at).is_(None), is_seen(Agent))
    account = and_(
        col(Account.id) == col(Agent.account_id), col(Account.deleted_at).is_(None), is_seen(Account)
    )
    tokens = access.select(SYSTEM, ApiToken, *columns).join(User, user)
    return (
        tokens.outerjoin(Agent, agent)
        .outerjoin(Account, account)
        .where(or_(col(User.kind) == "person", col(Account.id).is_not(None)))
        .where(col(ApiToken.revoked_at).is_(None), or_(expires.is_(None), expires > moment))
    )


TOKEN_QUERY = select_active_tokens(bindparam("moment"), TOKEN_COLUMNS).where(
    col(ApiToken.token_hash) == bindparam("token_hash")
)
OAUTH_TOKEN_QUERY = (
    select_active_tokens(bindparam("moment"), TOKEN_COLUMNS)
    .join(OAuthToken, and_(col(OAuthToken.grant_id) == col(ApiToken.id), col(OAuthToken.kind) == "access"))
    .where(access.visible_condition(SYSTEM, OAuthToken), col(OAuthToken.expires_at) > bindparam("moment"))
    .where(col(OAuthToken.token_hash) == bindparam("token_hash"))
)


class ApiTokenCache:
    """Finds the grant of an API token, asking the database at most every CACHE_TTL_SECONDS."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._grants = FreshCache[str, ApiGrant]()

    async def get_grant(self, token: str) -> ApiGrant:
        """Raises InvalidCredential if the token is unknown, revoked or expired."""
        token_hash = hash_token(token)
        if (known := self._grants.find(token_hash)) is not None:
            return known
        asked_at, moment = time.monotonic(), utc_now()
        query = OAUTH_TOKEN_QUERY if token.startswith(OAUTH_PREFIX) else TOKEN_QUERY
        rows = await self._db.fetch_rows(query, {"token_hash": token_hash, "moment": moment})
        if not rows:
            self._grants.forget(token_hash)
            raise InvalidCredential
        row = TokenRow(*rows[0])
        scopes = frozenset(parse_scopes(row.scopes))
        caller = Caller(
            row.user_id,
            None,
            row.timezone,
            row.token_id,
            scopes,
            row.agent_account_id,
            language=row.language,
        )
        if row.last_used_at is None or moment - row.last_used_at >= LAST_USED_RESOLUTION:
            await self._db.write(record_use, caller)
        grant = ApiGrant(caller, row.name, row.conversation_id, row.resource)
        self._grants.store(token_hash, grant, asked_at)
        return grant

    def forget(self) -> None:
        self._grants.forget_all()


async def record_use(tx: Transaction, caller: Caller) -> None:
    moment = utc_now()
    mine = (access.visible_condition(caller, ApiToken), col(ApiToken.id) == caller.token_id)
    stale = or_(
        col(ApiToken.last_used_at).is_(None), col(ApiToken.last_used_at) < moment - LAST_USED_RESOLUTION
    )
    await tx.execute(update(ApiToken).where(*mine, stale).values(last_used_at=moment))


async def list_tokens(tx: Transaction, caller: Caller) -> list[AccessTokenPublic]:
    """The tokens that were not revoked, newest first. An expired one is listed, with its `expires_at`."""
    statement = access.select(caller, ApiToken).where(col(ApiToken.revoked_at).is_(None))
    newest = statement.order_by(col(ApiToken.created_at).desc(), col(ApiToken.id).desc())
    return [to_public_token(token) for token in (await tx.execute(newest)).scalars()]


def to_public_token(token: ApiToken) -> AccessTokenPublic:
    columns = {name: getattr(token, name) for name in AccessTokenPublic.model_fields}
    return AccessTokenPublic.model_validate({**columns, "scopes": parse_scopes(token.scopes)})


async def create_token(
    tx: Transaction, caller: Caller, new: AccessTokenCreate, derived: DerivedToken | None = None
) -> AccessTokenCreated:
    """The answer shows the secret, which only a repeat of the request under its idempotency key shows again."""
    # The lock keeps two requests at once from both creating the last token that is allowed.
    await access.get_row(tx, caller, User, caller.user_id, lock=True)
    if derived is not None:
        made = await access.find_by_id(tx, caller, ApiToken, derived.id)
        if made is not None and made.revoked_at is not None:
            raise Gone("The token that this request made was revoked since.", problem="gone")
        if made is not None:
            return AccessTokenCreated(
                token=TOKEN_PREFIX + derived.secret, **to_public_token(made).model_dump()
            )
    if len(await list_tokens(tx, caller)) >= TOKENS_PER_USER:
        raise Conflict(
            f"There are {TOKENS_PER_USER} API tokens already. Revoke one first.", problem="limit-reached"
        )
    secret = TOKEN_PREFIX + (derived.secret if derived else new_token())
    days = new.expires_in_days
    token = ApiToken(
        user_id=caller.user_id,
        name=new.name,
        prefix=secret[:PREFIX_LENGTH],
        token_hash=hash_token(secret),
        scopes=" ".join(new.scopes),
        expires_at=None if days is None else utc_now() + timedelta(days=days),
    )
    if derived is not None:
        token.id = derived.id
    access.add_row(tx, caller, token)
    await tx.flush()
    return AccessTokenCreated(token=secret, **to_public_token(token).model_dump())


async def revoke_token(tx: Transaction, caller: Caller, token_id: UUID) -> None:
    """The row stays, so that the conversation of its calls keeps its name."""
    conditions = (col(ApiToken.id) == token_id, col(ApiToken.revoked_at).is_(None))
    token = await access.find_row(tx, caller, ApiToken, *conditions, lock=True)
    if token is None:
        raise NotFound("token")
    token.revoked_at = utc_now()
    await tx.flush()


async def revoke_tokens(tx: Transaction, caller: Caller) -> None:
    """Revoke all API tokens of the caller."""
    mine = (access.visible_condition(caller, ApiToken), col(ApiToken.revoked_at).is_(None))
    await tx.execute(update(ApiToken).where(*mine).values(revoked_at=utc_now()))
