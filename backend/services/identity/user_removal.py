# services/identity/user_removal.py -- deletes a user: the row is marked at once, and what they own goes in slices.
"""A user may own millions of rows. Their deletion in one transaction would block other users, on SQLite every writer.
So the user is marked first: after that commit nobody can sign in as them, and their email is free. The workers then
delete what they own, a slice at a time, and the row of the user last, with the personal account.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from clock import utc_now
from db import Transaction
from models import (
    Account,
    Agent,
    ApiToken,
    AuthSession,
    Conversation,
    Event,
    EventRead,
    IdempotencyKey,
    Message,
    RefreshToken,
    Run,
    RunEvent,
    Task,
    User,
)
from models.run import ACTIVE_STATUSES
from services.accounts.members import end_all_memberships
from services.agents.agent_removal import mark_agents_deleted
from services.batch_deletion import ROW_BATCH, OwnedTable, delete_owned_rows, list_conversation_tables
from services.identity.api_tokens import revoke_tokens
from services.identity.sessions import revoke_all_sessions

USER_BATCH = 100
# No password verifies against it.
NO_PASSWORD = "!"  # noqa: S105


# In this order no row is deleted before those that refer to it. What is in the chats of an agent is others'.
OWNED_TABLES = [
    *list_conversation_tables(Conversation.user_id),
    *list_conversation_tables(Conversation.agent_id),
    OwnedTable(Message, col(Message.user_id)),
    OwnedTable(Run, col(Run.user_id), RunEvent, col(RunEvent.run_id)),
    OwnedTable(EventRead, col(EventRead.user_id)),
    OwnedTable(Event, col(Event.audience_id), condition=col(Event.audience).in_(("user", "account"))),
    OwnedTable(Task, col(Task.user_id)),
    OwnedTable(IdempotencyKey, col(IdempotencyKey.user_id)),
    OwnedTable(AuthSession, col(AuthSession.user_id), RefreshToken, col(RefreshToken.session_id)),
    OwnedTable(ApiToken, col(ApiToken.user_id)),
]


@dataclass(frozen=True, slots=True)
class UserEnd:
    """What ended with a user: runs that were cancelled, and agents of the personal account, which are users too."""

    run_ids: list[UUID]
    agent_ids: list[UUID]


async def mark_user_deleted(tx: Transaction, caller: Caller) -> UserEnd:
    """End all that the user may come in by and free their email.

    Conflict while a team would lose its last owner.
    """
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    await access.get_row(tx, caller, Account, user.id, lock=True)  # nobody adds an agent meanwhile
    agent_ids = await mark_agents_deleted(tx, col(Agent.account_id) == user.id)
    await end_all_memberships(tx, caller)
    runs = access.select(caller, Run, col(Run.id)).where(
        col(Run.user_id) == user.id, col(Run.status).in_(ACTIVE_STATUSES)
    )
    cancelled = list((await tx.execute(runs)).scalars())
    change = {
        "status": "cancelled",
        "epoch": Run.epoch + 1,  # a worker of an older epoch writes nothing more
        "lease_expires_at": None,
        "finished_at": utc_now(),
    }
    chosen = (access.own_condition(caller, Run), col(Run.id).in_(cancelled))
    await tx.execute(update(Run).where(*chosen).values(change))
    await revoke_all_sessions(tx, caller)
    await revoke_tokens(tx, caller)
    user.email, user.password_hash, user.display_name = f"{user.id}@deleted.invalid", NO_PASSWORD, None
    user.deleted_at = utc_now()
    await tx.flush()
    return UserEnd(cancelled, agent_ids)


async def find_deleted_users(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """The users who are marked and not yet deleted, oldest mark first."""
    marked = access.select(caller, User, col(User.id)).where(col(User.deleted_at).is_not(None))
    found = await tx.execute(marked.order_by(col(User.deleted_at)).limit(USER_BATCH))
    return list(found.scalars())


async def delete_user_slice(
    tx: Transaction, caller: CallerOrSystem, user_id: UUID, limit: int = ROW_BATCH
) -> bool:
    """Delete about `limit` rows of a marked user, their own row last; True if rows are left.

    The lock on the user makes two workers at one user follow each other.
    """
    is_marked = (col(User.id) == user_id, col(User.deleted_at).is_not(None))
    user = await access.find_row(tx, caller, User, *is_marked, lock=True)
    if user is None:
        return False
    if await delete_owned_rows(tx, caller, OWNED_TABLES, user_id, limit) >= limit:
        return True
    await tx.delete(user)
    await tx.flush()
    return False
