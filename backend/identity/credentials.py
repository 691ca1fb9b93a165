# identity/credentials.py -- what a caller came by, a session or an API token: which of them still count.
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col

import access
from access import Caller, CallerOrSystem, OperatedCaller
from clock import utc_now
from db import Transaction
from errors import InvalidCredential
from identity.api_tokens import select_active_tokens
from identity.sessions import active_session_conditions
from models import ApiToken, AuthSession, User


async def require_active(tx: Transaction, caller: Caller) -> None:
    """InvalidCredential if what the caller came by does not count any more, or the operator's user is gone."""
    if isinstance(caller, OperatedCaller):
        is_active = await access.find_by_id(tx, caller, User, caller.user_id) is not None
    else:
        assert caller.credential_id is not None
        is_active = bool(await find_active_credentials(tx, caller, [caller.credential_id]))
    if not is_active:
        raise InvalidCredential


async def find_active_credentials(tx: Transaction, caller: CallerOrSystem, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these sessions and API tokens are active; one statement."""
    moment = utc_now()
    sessions = access.select(caller, AuthSession, col(AuthSession.id)).where(
        col(AuthSession.id).in_(ids), *active_session_conditions(moment)
    )
    tokens = select_active_tokens(moment, [col(ApiToken.id)]).where(col(ApiToken.id).in_(ids))
    return set((await tx.execute(sessions.union_all(tokens))).scalars())
