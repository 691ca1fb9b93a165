# routes/chats.py -- the paths of document 001: the conversations that one has with one agent in one account.
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response, status

from models import Conversation
from models.conversation import ChatOpen, ConversationCreate
from models.message import MessageCreate, MessagePublic
from models.participation.conversation import ConversationPublic
from models.run import ChatPublic
from routes import messages
from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    ChangeIdHeader,
    ChatReadDep,
    ChatWriteDep,
    DatabaseDep,
    JsonBytes,
    PageDep,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.messages import ACCEPTED, ANSWERS, AfterMessage, BeforeMessage, WhichBranch
from routes.openapi import SIGNED_IN_ONE, list_of, problems
from services import conversations
from services.agents import chats

NO_TITLE = ChatOpen()
PATH = "/chats/{account_id}/{agent_id}"
router = APIRouter(prefix=PATH, tags=["chats"], route_class=IdempotentRoute)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ConversationPublic,
    responses={**SIGNED_IN_ONE, **problems(403)},
)
async def create_chat(
    db: DatabaseDep,
    caller: ChatWriteDep,
    account_id: UUID,
    agent_id: UUID,
    new_id: NewIdDep,
    new: Annotated[ChatOpen, Body()] = NO_TITLE,
) -> Conversation:
    """A conversation with this agent, in an account of yours."""
    title = new.title or chats.DEFAULT_TITLE
    wanted = ConversationCreate(title=title, account_id=account_id, agent_id=agent_id)
    return await db.write(chats.create_chat, caller, wanted, new_id)


@router.get("", response_class=JsonBytes, responses={**list_of(ConversationPublic), **SIGNED_IN_ONE})
async def list_chats(
    db: DatabaseDep, caller: ChatReadDep, account_id: UUID, agent_id: UUID, page: PageDep
) -> JsonBytes:
    """Newest activity first."""
    await db.read(chats.require_agent, caller, account_id, agent_id)
    found = await conversations.list_conversations(db, caller, page, account_id=account_id, agent_id=agent_id)
    return JsonBytes(found)


@router.get("/{chat_id}", response_model=ConversationPublic, responses=SIGNED_IN_ONE)
async def get_chat(
    db: DatabaseDep, caller: ChatReadDep, account_id: UUID, agent_id: UUID, chat_id: UUID
) -> Conversation:
    return await db.read(chats.get_chat, caller, account_id, agent_id, chat_id)


@router.delete(
    "/{chat_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(403, 409)}
)
async def delete_chat(
    state: AppStateDep,
    caller: ChatWriteDep,
    account_id: UUID,
    agent_id: UUID,
    chat_id: UUID,
    change_id: ChangeIdHeader = None,
) -> None:
    """Deletes it with its messages and runs."""
    await state.db.read(chats.get_chat, caller, account_id, agent_id, chat_id)
    await state.run_control.delete_conversation(caller.in_change(change_id), chat_id)


@router.get(
    "/{chat_id}/messages",
    response_class=JsonBytes,
    responses={**list_of(MessagePublic), **SIGNED_IN_ONE},
)
async def list_chat_messages(
    db: DatabaseDep,
    caller: ChatReadDep,
    account_id: UUID,
    agent_id: UUID,
    chat_id: UUID,
    page: PageDep,
    before: BeforeMessage = None,
    after: AfterMessage = None,
    branch: WhichBranch = "all",
) -> JsonBytes:
    """As the messages of any conversation."""
    await db.read(chats.get_chat, caller, account_id, agent_id, chat_id)
    return await messages.list_messages(db, caller, chat_id, page, before, after, branch)


@router.post(
    "/{chat_id}/messages",
    status_code=status.HTTP_201_CREATED,
    response_model=ChatPublic,
    responses={**ACCEPTED, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def post_chat_message(
    state: AppStateDep,
    caller: ChatWriteDep,
    request: Request,
    account_id: UUID,
    agent_id: UUID,
    chat_id: UUID,
    new: MessageCreate,
    new_id: NewIdDep,
) -> Response | ChatPublic:
    """As a message to any conversation: the answer comes as JSON, or as a stream."""
    await state.db.read(chats.get_chat, caller, account_id, agent_id, chat_id)
    return await messages.post_to_agent(state, caller, request, chat_id, new, new_id)


# Document 001 has its paths without a version. They do the same, and the description has them once.
versioned = APIRouter(prefix="/v1")
versioned.include_router(router)
unversioned = APIRouter(include_in_schema=False)
unversioned.include_router(router)
