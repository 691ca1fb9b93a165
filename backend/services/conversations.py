# services/conversations.py -- verbs on conversations.
from uuid import UUID

from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from db import Database, Transaction, get_columns
from models import Conversation
from models.conversation import ConversationCreate, ConversationPublic, ConversationUpdate
from pagination import ListSpec, Page, fetch_list
from services import idempotency
from services.events import changes
from storage.text_search import search_parameters, text_contains

COLUMNS = get_columns(Conversation)
CONVERSATIONS = ListSpec(
    name="conversations",
    keys=(COLUMNS["updated_at"], COLUMNS["id"]),
    fields={name: COLUMNS[name] for name in ConversationPublic.model_fields},
    public=lambda row: ConversationPublic.model_validate(row.Conversation),
)


OWN_CONVERSATIONS = access.select(ANY_CALLER, Conversation)
CONVERSATIONS_BY_TITLE = OWN_CONVERSATIONS.where(text_contains(col(Conversation.title)))


async def list_conversations(db: Database, caller: Caller, page: Page, q: str | None = None) -> bytes:
    """Newest activity first, as JSON. `q` is a part of the title, in upper or lower case."""
    values = access.caller_params(caller)
    if not q:
        return await fetch_list(db, CONVERSATIONS, OWN_CONVERSATIONS, values, page)
    return await fetch_list(
        db, CONVERSATIONS, CONVERSATIONS_BY_TITLE, {**values, **search_parameters(q)}, page
    )


async def create_conversation(
    tx: Transaction, caller: Caller, new: ConversationCreate, new_id: UUID | None = None
) -> Conversation:
    """Create a conversation, with the id `new_id` if given; returns an existing conversation with this id instead."""
    conversation = Conversation.model_validate(new.model_dump(), update={"user_id": caller.user_id})
    if new_id is not None:
        if existing := await access.find_row(tx, caller, Conversation, col(Conversation.id) == new_id):
            return existing
        conversation.id = new_id
    return await add_conversation(tx, caller, conversation)


async def add_conversation(tx: Transaction, caller: Caller, conversation: Conversation) -> Conversation:
    access.add_row(tx, caller, conversation)
    await tx.flush()
    await changes.record_event(tx, caller, "conversation.created", describe_conversation_event(conversation))
    return conversation


def describe_conversation_event(conversation: Conversation) -> dict[str, ConversationPublic]:
    """The data of an event about the conversation."""
    return {"conversation": ConversationPublic.model_validate(conversation)}


async def get_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation:
    return await access.get_row(tx, caller, Conversation, conversation_id)


async def update_conversation(
    tx: Transaction, caller: Caller, conversation_id: UUID, change: ConversationUpdate
) -> Conversation:
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    conversation.sqlmodel_update(change.model_dump(exclude_unset=True))
    await tx.flush()
    await changes.record_event(tx, caller, "conversation.updated", describe_conversation_event(conversation))
    return conversation


async def delete_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> None:
    """Delete it with its messages, runs and their logs."""
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    await tx.delete(conversation)
    await tx.flush()
    await idempotency.forget_answers(tx, caller, conversation_id)
    await changes.record_event(tx, caller, "conversation.deleted", {"conversation_id": conversation_id})
