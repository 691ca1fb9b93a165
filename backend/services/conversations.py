# services/conversations.py -- verbs on conversations.
from uuid import UUID

from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from db import Database, Transaction
from models import Conversation
from models.conversation import ConversationCreate, ConversationPublic, ConversationUpdate
from pagination import ListSpec, Page, fetch_list
from services import events, idempotency
from storage.text_search import search_parameters, text_contains

CONVERSATIONS = ListSpec(
    name="conversations",
    keys=(col(Conversation.updated_at), col(Conversation.id)),
    fields={name: getattr(Conversation, name) for name in ConversationPublic.model_fields},
    public=lambda row: ConversationPublic.model_validate(row.Conversation),
)


MINE = access.select(ANY_CALLER, Conversation)
TITLED = MINE.where(text_contains(col(Conversation.title)))


async def list_conversations(db: Database, caller: Caller, page: Page, q: str | None = None) -> bytes:
    """Newest activity first, as JSON. `q` is a piece of the title, in any case."""
    values = access.caller_params(caller)
    if not q:
        return await fetch_list(db, CONVERSATIONS, MINE, values, page)
    return await fetch_list(db, CONVERSATIONS, TITLED, {**values, **search_parameters(q)}, page)


async def create_conversation(
    tx: Transaction, caller: Caller, new: ConversationCreate, new_id: UUID | None = None
) -> Conversation:
    """With the id that is given, if one is; where such a conversation is already there, it is the one."""
    conversation = Conversation.model_validate(new.model_dump(), update={"user_id": caller.user_id})
    if new_id is not None:
        if made := await access.find_row(tx, caller, Conversation, col(Conversation.id) == new_id):
            return made
        conversation.id = new_id
    return await add_conversation(tx, caller, conversation)


async def add_conversation(tx: Transaction, caller: Caller, conversation: Conversation) -> Conversation:
    tx.add(conversation)
    await tx.flush()
    await events.record(tx, caller, "conversation.created", told(conversation))
    return conversation


def told(conversation: Conversation) -> dict[str, ConversationPublic]:
    """What the caller's stream says of it."""
    return {"conversation": ConversationPublic.model_validate(conversation)}


async def get_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation:
    return await access.get_row(tx, caller, Conversation, conversation_id)


async def update_conversation(
    tx: Transaction, caller: Caller, conversation_id: UUID, change: ConversationUpdate
) -> Conversation:
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    conversation.sqlmodel_update(change.model_dump(exclude_unset=True))
    await tx.flush()
    await events.record(tx, caller, "conversation.updated", told(conversation))
    return conversation


async def delete_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> None:
    """Takes its messages, runs and their logs along."""
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    await tx.delete(conversation)
    await tx.flush()
    await idempotency.forget_answers(tx, caller, conversation_id)
    await events.record(tx, caller, "conversation.deleted", {"conversation_id": conversation_id})
