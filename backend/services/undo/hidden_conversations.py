# services/undo/hidden_conversations.py -- conversations that are deleted and stay for a while, because they are of
# several people or too long to copy: hides them, shows them again, and deletes them for good.
"""Whose they are and who takes part is left as it is, but for `deleted_at` and the `left_at` of those who took part to
the end. No rule sees such a row but the one of those who may bring it back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from access.batch_deletion import ROW_BATCH, delete_owned_rows, list_conversation_tables
from access.participation import deleted_conversation, participants_of
from clock import utc_now
from db import Transaction
from models import ApiToken, Conversation, ConversationParticipant
from services.undo.undo_steps import RETENTION

# Nobody may bring one back when it begins to go: its step, which may be a little younger, is as old by then.
EXPIRY = RETENTION + timedelta(hours=1)
EXPIRED_AT_ONCE = 100
TABLES = list_conversation_tables(Conversation.id)
UNSYNCHRONIZED = {"synchronize_session": False}


async def hide_conversation(tx: Transaction, caller: Caller, conversation: Conversation) -> list[UUID]:
    """Let nobody see the locked row from the commit on; who took part."""
    conversation.deleted_at = utc_now()
    await tx.flush()
    if conversation.kind == "assistant":
        # A program's calls are recorded in a new one.
        tokens = (
            access.visible_condition(caller, ApiToken),
            col(ApiToken.conversation_id) == conversation.id,
        )
        await tx.execute(update(ApiToken).where(*tokens).values(conversation_id=None))
        return []
    return await move_places(tx, conversation, None, conversation.deleted_at)


async def show_conversation(tx: Transaction, conversation: Conversation, updated_at: datetime) -> list[UUID]:
    """Let those see the locked row again who did, as far as they are members still; who takes part again."""
    user_ids = await move_places(tx, conversation, conversation.deleted_at, None)
    conversation.deleted_at, conversation.updated_at = None, updated_at
    await tx.flush()
    return user_ids


async def move_places(
    tx: Transaction, conversation: Conversation, before: datetime | None, after: datetime | None
) -> list[UUID]:
    """Give those who have left at one moment another one, where None is who takes part; who they are."""
    left_at = col(ConversationParticipant.left_at)
    moved = (participants_of(conversation), left_at.is_(None) if before is None else left_at == before)
    theirs = select(col(ConversationParticipant.user_id)).where(*moved)
    user_ids = list((await tx.execute(theirs.order_by(col(ConversationParticipant.user_id)))).scalars())
    change = update(ConversationParticipant).where(*moved).values(left_at=after)
    await tx.execute(change, execution_options=UNSYNCHRONIZED)
    return user_ids


async def find_hidden(tx: Transaction, caller: Caller, ids: Sequence[UUID]) -> list[Conversation]:
    """Those of the ids that the caller may bring back, locked in the order of their ids."""
    found = select(Conversation).where(deleted_conversation(caller), col(Conversation.id).in_(ids))
    locked = found.order_by(col(Conversation.id)).with_for_update(of=Conversation)
    return list((await tx.execute(locked.execution_options(populate_existing=True))).scalars())


async def find_expired(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """Those that nobody can bring back any more."""
    expired = access.select(caller, Conversation, col(Conversation.id)).where(is_expired())
    return list((await tx.execute(expired.limit(EXPIRED_AT_ONCE))).scalars())


async def delete_slice(
    tx: Transaction, caller: CallerOrSystem, conversation_id: UUID, limit: int = ROW_BATCH
) -> bool:
    """Delete about `limit` rows of one that has expired, its own row last; True if rows are left."""
    chosen = (col(Conversation.id) == conversation_id, is_expired())
    if await access.find_row(tx, caller, Conversation, *chosen, lock=True) is None:
        return False
    return await delete_owned_rows(tx, caller, TABLES, conversation_id, limit) >= limit


def has_expired(conversation: Conversation) -> bool:
    return conversation.deleted_at is not None and conversation.deleted_at < utc_now() - RETENTION


def is_expired() -> ColumnElement[bool]:
    return col(Conversation.deleted_at) < utc_now() - EXPIRY
