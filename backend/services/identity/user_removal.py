# services/identity/account_removal.py -- deletes an account: the user is marked at once, the rows go in slices.
"""An account may have millions of rows. Their deletion in one transaction would block other users, on SQLite every
writer. So the account is marked first: after that commit nobody can sign in to it, and its email is free. The workers
then delete what it owns, a slice at a time, and the row of the user last.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, true, update
from sqlmodel import SQLModel, col

import access
from access import Caller, CallerOrSystem
from clock import utc_now
from db import Transaction
from models import (
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
from services.batch_deletion import ROW_BATCH, delete_batch, delete_batch_with_children
from services.identity.api_tokens import revoke_tokens
from services.identity.sessions import revoke_all_sessions

ACCOUNT_BATCH = 100
# No password verifies against it.
NO_PASSWORD = "!"  # noqa: S105


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table with rows of a user. Where one of them may have very many children, these are deleted first."""

    table: type[SQLModel]
    owner_id: SQLColumnExpression[UUID]
    child: type[SQLModel] | None = None
    parent_id: SQLColumnExpression[UUID] | None = None
    condition: ColumnElement[bool] = field(default_factory=true)


# In this order no row is deleted before those that refer to it.
OWNED_TABLES = [
    OwnedTable(Message, col(Message.user_id)),
    OwnedTable(Run, col(Run.user_id), RunEvent, col(RunEvent.run_id)),
    OwnedTable(EventRead, col(EventRead.user_id)),
    OwnedTable(Event, col(Event.audience_id), condition=col(Event.audience) == "user"),
    OwnedTable(Task, col(Task.user_id)),
    OwnedTable(Conversation, col(Conversation.user_id)),
    OwnedTable(IdempotencyKey, col(IdempotencyKey.user_id)),
    OwnedTable(AuthSession, col(AuthSession.user_id), RefreshToken, col(RefreshToken.session_id)),
    OwnedTable(ApiToken, col(ApiToken.user_id)),
]


async def mark_account_deleted(tx: Transaction, caller: Caller) -> list[UUID]:
    """Close the account and free its email; returns the runs that were cancelled for it."""
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
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
    return cancelled


async def find_deleted_accounts(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """The accounts that are marked and not yet deleted, oldest mark first."""
    marked = access.select(caller, User, col(User.id)).where(col(User.deleted_at).is_not(None))
    found = await tx.execute(marked.order_by(col(User.deleted_at)).limit(ACCOUNT_BATCH))
    return list(found.scalars())


async def delete_account_slice(
    tx: Transaction, caller: CallerOrSystem, user_id: UUID, limit: int = ROW_BATCH
) -> bool:
    """Delete about `limit` rows of a marked account, the user last; True if rows are left.

    The lock on the user makes two workers at one account follow each other.
    """
    is_marked = (col(User.id) == user_id, col(User.deleted_at).is_not(None))
    user = await access.find_row(tx, caller, User, *is_marked, lock=True)
    if user is None:
        return False
    left = limit
    for owned in OWNED_TABLES:
        deleted = -1
        while deleted and left > 0:
            deleted = await delete_owned(tx, caller, owned, user_id, left)
            left -= deleted
    if left <= 0:
        return True
    await tx.delete(user)
    await tx.flush()
    return False


async def delete_owned(
    tx: Transaction, caller: CallerOrSystem, owned: OwnedTable, user_id: UUID, limit: int
) -> int:
    is_owned = and_(owned.owner_id == user_id, owned.condition)
    if owned.child is None or owned.parent_id is None:
        return await delete_batch(tx, caller, owned.table, is_owned, limit=limit)
    return await delete_batch_with_children(
        tx, caller, owned.table, owned.child, owned.parent_id, is_owned, limit=limit
    )
