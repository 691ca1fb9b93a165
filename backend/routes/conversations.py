# routes/conversations.py -- conversations over HTTP.
from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from models import Conversation
from models.conversation import ConversationCreate, ConversationPublic, ConversationUpdate
from routes.dependencies import (
    AppStateDep,
    ChatReadDep,
    ChatWriteDep,
    DatabaseDep,
    JsonBytes,
    PageDep,
    SearchText,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, list_of, problems
from services import conversations

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=IdempotentRoute)


@router.get(
    "", response_class=JsonBytes, responses={**list_of(ConversationPublic), **SIGNED_IN, **problems(429)}
)
async def list_conversations(
    state: AppStateDep,
    caller: ChatReadDep,
    page: PageDep,
    q: SearchText = None,
    account_id: Annotated[UUID | None, Query(description="Only those in this account.")] = None,
    agent_id: Annotated[UUID | None, Query(description="Only those with this agent.")] = None,
) -> JsonBytes:
    """Newest activity first; `q` searches the titles."""
    async with state.search_slots.hold(caller) if q else nullcontext():
        found = await conversations.list_conversations(state.db, caller, page, q, account_id, agent_id)
    return JsonBytes(found)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ConversationPublic,
    responses={**SIGNED_IN_ONE, **problems(403)},
)
async def create_conversation(
    db: DatabaseDep, caller: ChatWriteDep, new: ConversationCreate, new_id: NewIdDep
) -> Conversation:
    return await db.write(conversations.create_conversation, caller, new, new_id)


@router.get("/{conversation_id}", response_model=ConversationPublic, responses=SIGNED_IN_ONE)
async def get_conversation(db: DatabaseDep, caller: ChatReadDep, conversation_id: UUID) -> Conversation:
    return await db.read(conversations.get_conversation, caller, conversation_id)


@router.patch("/{conversation_id}", response_model=ConversationPublic, responses=SIGNED_IN_ONE)
async def update_conversation(
    db: DatabaseDep, caller: ChatWriteDep, conversation_id: UUID, change: ConversationUpdate
) -> Conversation:
    return await db.write(conversations.update_conversation, caller, conversation_id, change)


@router.delete("/{conversation_id}", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def delete_conversation(db: DatabaseDep, caller: ChatWriteDep, conversation_id: UUID) -> None:
    """Deletes it with its messages and runs."""
    await db.write(conversations.delete_conversation, caller, conversation_id)
