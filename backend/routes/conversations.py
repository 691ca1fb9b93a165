# routes/conversations.py -- conversations over HTTP.
from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from models.conversation import ConversationCreate, ConversationKind, ConversationUpdate
from models.participation.conversation import ConversationPublic
from routes.dependencies import (
    AppStateDep,
    ChangeIdHeader,
    ChatReadDep,
    ChatWriteDep,
    DatabaseDep,
    IfMatchHeader,
    JsonBytes,
    PageDep,
    SearchText,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, list_of, problems
from services.participation import kinds
from services.participation.kinds import ConversationFilter
from services.participation.views import show_conversation

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=IdempotentRoute)


@router.get(
    "", response_class=JsonBytes, responses={**list_of(ConversationPublic), **SIGNED_IN, **problems(429)}
)
async def list_conversations(
    state: AppStateDep,
    caller: ChatReadDep,
    page: PageDep,
    q: SearchText = None,
    kind: Annotated[ConversationKind | None, Query(description="Only those of this kind.")] = None,
    account_id: Annotated[UUID | None, Query(description="Only those in this account.")] = None,
    agent_id: Annotated[UUID | None, Query(description="Only those with this agent.")] = None,
) -> JsonBytes:
    """Newest activity first: those with agents and those of people. `q` searches the titles."""
    wanted = ConversationFilter(q, kind, account_id, agent_id)
    async with state.search_slots.hold(caller) if q else nullcontext():
        return JsonBytes(await kinds.list_conversations(state.db, caller, page, wanted))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ConversationPublic,
    responses={200: {"model": ConversationPublic}, **SIGNED_IN_ONE, **problems(403)},
)
async def create_conversation(
    db: DatabaseDep, caller: ChatWriteDep, new: ConversationCreate, new_id: NewIdDep, response: Response
) -> ConversationPublic:
    """With an agent, with another member of an account, or with many. A direct one that is there already is given
    with 200.
    """
    conversation, was_there = await db.write(kinds.create_conversation, caller, new, new_id)
    if was_there and new_id is None:
        response.status_code = status.HTTP_200_OK
    return conversation


@router.get("/{conversation_id}", response_model=ConversationPublic, responses=SIGNED_IN_ONE)
async def get_conversation(db: DatabaseDep, caller: ChatReadDep, conversation_id: UUID) -> ConversationPublic:
    return await db.read(show_conversation, caller, conversation_id)


@router.patch(
    "/{conversation_id}",
    response_model=ConversationPublic,
    responses={**SIGNED_IN_ONE, **problems(403, 412)},
)
async def update_conversation(
    db: DatabaseDep,
    caller: ChatWriteDep,
    conversation_id: UUID,
    change: ConversationUpdate,
    change_id: ChangeIdHeader = None,
    if_match: IfMatchHeader = None,
) -> ConversationPublic:
    caller = caller.in_change(change_id)
    return await db.write(kinds.update_conversation, caller, conversation_id, change, if_match)


@router.delete(
    "/{conversation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**SIGNED_IN_ONE, **problems(403, 409, 412)},
)
async def delete_conversation(
    state: AppStateDep,
    caller: ChatWriteDep,
    conversation_id: UUID,
    change_id: ChangeIdHeader = None,
    if_match: IfMatchHeader = None,
) -> None:
    """Deletes it with its messages and runs."""
    await state.run_control.delete_conversation(caller.in_change(change_id), conversation_id, if_match)
