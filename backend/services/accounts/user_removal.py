# services/accounts/user_removal.py -- deletes a user: the row is marked at once, and what they own goes in slices.
"""A user may own millions of rows. Their deletion in one transaction would block other users, on SQLite every writer.
So the user is marked first: after that commit nobody can sign in as them, and their email is free. The workers then
delete what they own, a slice at a time, and the row of the user last, with the personal account. Who has said something
among people, or made a group, leaves that, and the row that it names: without an email, a password and a name.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlmodel import col

import access
from access import SYSTEM, Caller, CallerOrSystem
from access.batch_deletion import ROW_BATCH, OwnedTable, delete_owned_rows, list_conversation_tables
from clock import utc_now
from db import Transaction
from identity.api_tokens import revoke_tokens
from identity.sessions import revoke_all_sessions
from models import (
    Account,
    Agent,
    ApiToken,
    Approval,
    AuthSession,
    Conversation,
    Event,
    EventRead,
    IdempotencyKey,
    ImportRow,
    KeptPart,
    Message,
    MessageDelivery,
    RefreshToken,
    Run,
    RunEvent,
    Task,
    UndoStep,
    User,
)
from models.user import NO_PASSWORD
from services.accounts.members import end_all_memberships
from services.agents.agent_removal import Removal, mark_agents_deleted
from services.agents.run_removal import cancel_unseen_runs
from services.participation.agent_runs import cancel_shared_runs
from services.participation.participants import NOT_HERE

USER_BATCH = 100
IS_LEAVING = (col(User.departed_at).is_(None), col(User.deleted_at).is_not(None))


IS_WITH_AGENT = col(Conversation.kind) == "assistant"
SAID_TO_AGENT = and_(
    col(Conversation.id) == col(Message.conversation_id),
    access.visible_condition(SYSTEM, Conversation),
    IS_WITH_AGENT,
)
IS_UNNAMED = ~exists(
    select(1).where(access.visible_condition(SYSTEM, Message), col(Message.run_id) == col(Run.id))
)


def is_of_run(run_id: UUID) -> ColumnElement[bool]:
    return and_(col(Run.id) == col(run_id), access.visible_condition(SYSTEM, Run))


# In this order no row is deleted before those that refer to it. What is in the chats of an agent is others'. The
# personal account has the id of its user.
OWNED_TABLES = [
    *list_conversation_tables(Conversation.account_id),
    *list_conversation_tables(Conversation.user_id, IS_WITH_AGENT),
    *list_conversation_tables(Conversation.agent_id),
    OwnedTable(Message, col(Message.user_id), condition=SAID_TO_AGENT),
    # What an agent has answered among people stays, and names its run: the calls in its log go.
    OwnedTable(RunEvent, col(Run.user_id), condition=is_of_run(RunEvent.run_id)),
    OwnedTable(Approval, col(Run.user_id), condition=is_of_run(Approval.run_id)),
    OwnedTable(Run, col(Run.user_id), condition=IS_UNNAMED),
    OwnedTable(MessageDelivery, col(MessageDelivery.user_id)),
    OwnedTable(EventRead, col(EventRead.user_id)),
    OwnedTable(Event, col(Event.audience_id), condition=col(Event.audience).in_(("user", "account"))),
    OwnedTable(Task, col(Task.user_id)),
    OwnedTable(UndoStep, col(UndoStep.user_id)),
    OwnedTable(KeptPart, col(KeptPart.user_id)),
    OwnedTable(ImportRow, col(ImportRow.user_id)),
    OwnedTable(IdempotencyKey, col(IdempotencyKey.user_id)),
    OwnedTable(AuthSession, col(AuthSession.user_id), RefreshToken, col(RefreshToken.session_id)),
    OwnedTable(ApiToken, col(ApiToken.user_id)),
]


async def mark_user_deleted(tx: Transaction, caller: Caller) -> Removal:
    """End all that the user may come in by and free their email.

    Conflict while a team would lose its last owner.
    """
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    await access.get_row(tx, caller, Account, user.id, lock=True)  # nobody adds an agent meanwhile
    agent_ids = await mark_agents_deleted(tx, col(Agent.account_id) == user.id)
    await end_all_memberships(tx, caller)
    ended = await cancel_shared_runs(tx, 0, NOT_HERE, col(Run.user_id) == user.id, most_kept=0)
    run_ids = [*ended, *await cancel_unseen_runs(tx, col(Run.user_id) == user.id)]
    await revoke_all_sessions(tx, caller)
    await revoke_tokens(tx, caller)
    user.email, user.password_hash = f"{user.id}@deleted.invalid", NO_PASSWORD
    user.display_name = user.language = None
    user.deleted_at = utc_now()
    await tx.flush()
    return Removal(run_ids, agent_ids)


async def find_deleted_users(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """The users who are marked and of whom something is left to delete, oldest mark first."""
    marked = access.select(caller, User, col(User.id)).where(*IS_LEAVING)
    found = await tx.execute(marked.order_by(col(User.deleted_at)).limit(USER_BATCH))
    return list(found.scalars())


async def delete_user_slice(
    tx: Transaction, caller: CallerOrSystem, user_id: UUID, limit: int = ROW_BATCH
) -> bool:
    """Delete about `limit` rows of a marked user, their own row last; True if rows are left.

    The lock on the user makes two workers at one user follow each other.
    """
    user = await access.find_row(tx, caller, User, col(User.id) == user_id, *IS_LEAVING, lock=True)
    if user is None:
        return False
    if await delete_owned_rows(tx, caller, OWNED_TABLES, user_id, limit) >= limit:
        return True
    if await is_named(tx, caller, user_id):
        await keep_bare_row(tx, caller, user)
    else:
        await tx.delete(user)
        await tx.flush()
    return False


async def is_named(tx: Transaction, caller: CallerOrSystem, user_id: UUID) -> bool:
    """Whether a message among people, or a conversation of them, names the user."""
    for table, owner_id in ((Message, col(Message.user_id)), (Conversation, col(Conversation.user_id))):
        found = access.select(caller, table, owner_id).where(owner_id == user_id).limit(1)
        if (await tx.execute(found)).first() is not None:
            return True
    return False


async def keep_bare_row(tx: Transaction, caller: CallerOrSystem, user: User) -> None:
    """The row alone stays; what would have gone with it by a foreign key or a trigger is deleted here."""
    for table, row_id in ((Account, col(Account.id)), (Agent, col(Agent.id))):
        chosen = (access.visible_condition(caller, table), row_id == user.id)
        await tx.execute(delete(table).where(*chosen))
    user.departed_at = utc_now()
    await tx.flush()
