# identity/credentials.py -- what a caller came by, a session or an API token: which of them still count.
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col

import access
from access import CallerOrSystem
from clock import utc_now
from db import Transaction
from identity.api_tokens import select_active_tokens
from identity.sessions import active_session_conditions
from models import ApiToken, AuthSession


async def find_active_credentials(tx: Transaction, caller: CallerOrSystem, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these sessions and API tokens are active; one statement."""
    moment = utc_now()
    sessions = access.select(caller, AuthSession, col(AuthSession.id)).where(
        col(AuthSession.id).in_(ids), *active_session_conditions(moment)
    )
    tokens = select_active_tokens(moment, [col(ApiToken.id)]).where(col(ApiToken.id).in_(ids))
    return set((await tx.execute(sessions.union_all(tokens))).scalars())
