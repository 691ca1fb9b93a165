# services/identity/account_removal.py -- how an account goes: marked at once, taken away in slices.
"""An account may have millions of rows. In one transaction their deletion would hold up everybody else, on SQLite
every writer. So the account is marked: from the commit on nobody comes in by it and its email is free. What is its
own then goes a slice at a time, by whichever worker looks next, until the row of the user goes itself.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import SQLModel, col

import access
from access import Caller, CallerOrSystem
from db import Transaction
from models import (
    AccessToken,
    AuthSession,
    Conversation,
    Event,
    IdempotencyKey,
    Message,
    RefreshToken,
    Run,
    RunEvent,
    Task,
    User,
)
from models.columns import now
from models.run import ACTIVE
from services.batch_deletion import ROWS_AT_ONCE, delete_some, delete_some_with_parts
from services.identity.api_tokens import revoke_tokens
from services.identity.sessions import revoke_all_sessions

ACCOUNTS_AT_ONCE = 100
# No password verifies against it.
NO_PASSWORD = "!"  # noqa: S105

# Whose rows go, in this order: a row after those that refer to it. With a second column, the rows of that table
# which are part of it go first, since one run or session alone may have very many.
OWNED: list[tuple[type[SQLModel], Any, Any]] = [
    (Message, Message.user_id, None),
    (Run, Run.user_id, RunEvent.run_id),
    (Event, Event.user_id, None),
    (Task, Task.user_id, None),
    (Conversation, Conversation.user_id, None),
    (IdempotencyKey, IdempotencyKey.user_id, None),
    (AuthSession, AuthSession.user_id, RefreshToken.session_id),
    (AccessToken, AccessToken.user_id, None),
]


async def mark_deleted(tx: Transaction, caller: Caller) -> list[UUID]:
    """From the commit on nobody comes in by the account, and its email is free; the runs that had to end for it."""
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    runs = access.select(caller, Run, col(Run.id)).where(
        col(Run.user_id) == user.id, col(Run.status).in_(ACTIVE)
    )
    ended = list((await tx.execute(runs)).scalars())
    # The new epoch shuts out whoever works on one.
    change = {"status": "cancelled", "epoch": Run.epoch + 1, "lease_expires_at": None, "finished_at": now()}
    await tx.execute(update(Run).where(col(Run.id).in_(ended)).values(change))
    await revoke_all_sessions(tx, caller)
    await revoke_tokens(tx, caller)
    user.email, user.password_hash, user.display_name = f"{user.id}@deleted.invalid", NO_PASSWORD, None
    user.deleted_at = now()
    await tx.flush()
    return ended


async def find_marked(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """The accounts that are to be taken away."""
    marked = access.select(caller, User, col(User.id)).where(col(User.deleted_at).is_not(None))
    found = await tx.execute(marked.order_by(col(User.deleted_at)).limit(ACCOUNTS_AT_ONCE))
    return list(found.scalars())


async def take_slice(
    tx: Transaction, caller: CallerOrSystem, user_id: UUID, most: int = ROWS_AT_ONCE
) -> bool:
    """Delete the next rows of a marked account, about `most`, at last the user; whether more are left.

    Two workers at one account follow each other: whoever holds its row is alone.
    """
    is_marked = (col(User.id) == user_id, col(User.deleted_at).is_not(None))
    user = await access.find_row(tx, caller, User, *is_marked, lock=True)
    if user is None:
        return False
    left = most
    for table, owner, part_of in OWNED:
        gone = -1
        while gone and left > 0:
            is_theirs = col(owner) == user_id
            if part_of is None:
                gone = await delete_some(tx, caller, table, is_theirs, most=left)
            else:
                gone = await delete_some_with_parts(tx, caller, table, part_of, is_theirs, most=left)
            left -= gone
    if left <= 0:
        return True
    await tx.delete(user)
    await tx.flush()
    return False
