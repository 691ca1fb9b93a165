# services/agents/agent_removal.py -- ends agents, one or all of an account: from the commit on nobody sees them.
"""Their rows of users are marked, too. So housekeeping finds them among the users who go, and deletes a slice at a time
what they own, their chats included.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import col

import access
from access import SYSTEM
from clock import utc_now
from db import Transaction
from models import AccountMember, Agent, ApiToken, User


@dataclass(frozen=True, slots=True)
class Removal:
    """What ended with a user, an account or an agent: runs that were cancelled, and agents, which are users too."""

    run_ids: list[UUID]
    agent_ids: list[UUID]


async def mark_agents_deleted(tx: Transaction, *conditions: ColumnElement[bool]) -> list[UUID]:
    """Those that meet the conditions, whose accounts are locked; their ids. They are other users, for whom nobody else
    acts.
    """
    moment = utc_now()
    chosen = access.select(SYSTEM, Agent, col(Agent.id)).where(col(Agent.deleted_at).is_(None), *conditions)
    ids = list((await tx.execute(chosen)).scalars())
    if not ids:
        return []
    agents = (access.visible_condition(SYSTEM, Agent), col(Agent.id).in_(ids))
    await tx.execute(update(Agent).where(*agents).values(deleted_at=moment))
    users = (access.visible_condition(SYSTEM, User), col(User.id).in_(ids))
    await tx.execute(update(User).where(*users).values(deleted_at=moment, display_name=None))
    keys = (access.visible_condition(SYSTEM, ApiToken), col(ApiToken.user_id).in_(ids))
    await tx.execute(
        update(ApiToken).where(*keys, col(ApiToken.revoked_at).is_(None)).values(revoked_at=moment)
    )
    seats = (access.visible_condition(SYSTEM, AccountMember), col(AccountMember.user_id).in_(ids))
    await tx.execute(delete(AccountMember).where(*seats))
    return ids
