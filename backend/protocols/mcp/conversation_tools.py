# protocols/mcp/conversation_tools.py -- tools for programs alone: talk to the agent, read conversations, search.
"""An agent of Parley is in a conversation already. A program outside of it has none but these, since many clients show
resources to nobody."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from access import Caller
from app_state import AppState
from errors import Forbidden
from models.identity.api_token import Permission
from models.message import ChatCreate, Content
from models.run import ChatPublic
from models.search.search_hit import SearchPage
from models.shapes import STORABLE, ApiModel, JsonObject, WrittenTime
from pagination import Page
from protocols.pending_approvals import build_approval_url
from search import hits
from services import runs
from services.messages import Span
from services.participation import kinds
from services.participation.kinds import ConversationFilter
from tools.registry import AnyTool, Arguments, Effect

# How long a call waits for the agent: shorter than most clients wait for an answer.
ANSWER_SECONDS = 50
DEFAULT_ITEMS, MAX_ITEMS = 20, 50
# Of all messages of one result.
MAX_CHARACTERS = 20_000
Cursor = Annotated[str, StringConstraints(max_length=500)]
CURSOR: Cursor | None = Field(None, description="`next_cursor` of the result before.")
LIMIT: int = Field(DEFAULT_ITEMS, ge=1, le=MAX_ITEMS)


class AskAgent(ApiModel):
    message: Content
    conversation_id: UUID | None = Field(None, description="Go on in this one; without it a new one begins.")
    agent_id: UUID | None = Field(
        None, description="Of a new conversation: which agent; else the built-in one."
    )


class AgentAnswer(ApiModel):
    """`answer` is null while the agent is at work, or waits for the person."""

    conversation_id: UUID
    run_id: UUID | None
    status: str | None
    answer: str | None
    error: str | None
    approve_at: list[str] = Field(description="Where the person decides on what the agent waits for.")


class ListConversations(ApiModel):
    q: Annotated[str, StringConstraints(max_length=200), STORABLE] | None = Field(
        None, description="A piece of the title, in any case."
    )
    limit: int = LIMIT
    cursor: Cursor | None = CURSOR


class ConversationFound(ApiModel):
    id: UUID
    kind: Literal["assistant", "direct", "group"]
    title: str | None
    updated_at: WrittenTime


class ConversationsFound(ApiModel):
    conversations: list[ConversationFound]
    next_cursor: str | None


class ReadConversation(ApiModel):
    conversation_id: UUID
    limit: int = LIMIT
    cursor: Cursor | None = CURSOR


class MessageFound(ApiModel):
    id: UUID
    role: Literal["user", "agent"]
    sender: str | None
    content: str
    created_at: WrittenTime
    shortened: bool = Field(description="The end of the content is left out.")


class MessagesFound(ApiModel):
    messages: list[MessageFound] = Field(description="In the order in which they were said.")
    next_cursor: str | None = Field(description="Leads to those before.")


class SearchEverything(ApiModel):
    q: Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE] = Field(
        description='Words and "quoted phrases", in any case: all of them have to be there.'
    )
    limit: int = LIMIT
    cursor: Cursor | None = CURSOR


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a call works with: `client_id` is its idempotency key as one of a message, `base_url` this server's."""

    state: AppState
    caller: Caller
    base_url: str
    client_id: str | None


ConversationFunction = Callable[[Conversation, Arguments], Awaitable[JsonObject]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationTool(AnyTool):
    """It takes no part in a transaction: an answer takes as long as a model takes."""

    effect: Effect
    permission: Permission
    idempotent: bool
    function: ConversationFunction


async def ask_agent(at: Conversation, asked: AskAgent) -> JsonObject:
    """Say something to the person's agent in Parley and get its answer. It sees their tasks and what was said before in
    the conversation. Where the answer is null, look with read_conversation again later.
    """
    if at.caller.is_agent:
        raise Forbidden("An agent is asked; it does not ask.", problem="not-for-agents")
    new = ChatCreate(**asked.model_dump(), client_id=at.client_id)
    posted = await at.state.run_control.post(at.caller, new)
    run_id = posted.run.id
    with at.state.stream_slots.hold(at.caller), suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            await at.state.open_streams.wait_for_end(at.caller, run_id)
    chat = await at.state.db.read(runs.read_chat_answer, at.caller, run_id)
    return describe_answer(chat, at.base_url)


def describe_answer(chat: ChatPublic, base_url: str) -> JsonObject:
    pending = chat.pending_approvals
    answer = AgentAnswer(
        conversation_id=chat.conversation_id,
        run_id=chat.run_id,
        status=chat.status,
        answer=chat.message.content if chat.message else None,
        error=chat.error,
        approve_at=[
            build_approval_url(base_url, chat.run_id, one.tool_call_id) for one in pending if chat.run_id
        ],
    )
    return answer.model_dump(mode="json")


async def list_conversations(at: Conversation, wanted: ListConversations) -> JsonObject:
    """List the person's conversations, those with the latest activity first."""
    page = Page(wanted.limit, wanted.cursor)
    found = json.loads(
        await kinds.list_conversations(at.state.db, at.caller, page, ConversationFilter(q=wanted.q))
    )
    shown = [{name: item[name] for name in ConversationFound.model_fields} for item in found["data"]]
    return {"conversations": shown, "next_cursor": found["next_cursor"]}


async def read_conversation(at: Conversation, wanted: ReadConversation) -> JsonObject:
    """Read the newest messages of a conversation, and with `cursor` those before."""
    page, span = Page(wanted.limit, wanted.cursor), Span(before="end")
    listed = await kinds.list_messages(at.state.db, at.caller, wanted.conversation_id, page, span)
    found = json.loads(listed)
    share = MAX_CHARACTERS // max(1, len(found["data"]))
    shown = [
        {
            **{name: item[name] for name in ("id", "role", "created_at")},
            "sender": item["sender"]["name"],
            "content": item["content"][:share],
            "shortened": len(item["content"]) > share,
        }
        for item in found["data"]
    ]
    return {"messages": shown, "next_cursor": found["next_cursor"]}


async def search_everything(at: Conversation, wanted: SearchEverything) -> JsonObject:
    """Search what was said in the person's conversations, and their tasks, newest first."""
    page = Page(wanted.limit, wanted.cursor)
    async with at.state.search_slots.hold(at.caller):
        found: JsonObject = json.loads(await hits.find_hits(at.state.db, at.caller, wanted.q, page))
    return found


def describe_tool(
    function: ConversationFunction,
    arguments: type[ApiModel],
    result: type[ApiModel],
    permission: Permission,
    effect: Effect = "read",
) -> ConversationTool:
    return ConversationTool(
        name=function.__name__,
        description=" ".join((function.__doc__ or "").split()),
        arguments=arguments,
        result=result,
        effect=effect,
        permission=permission,
        idempotent=effect == "read",
        function=function,
    )


CONVERSATION_TOOLS: dict[str, ConversationTool] = {
    tool.name: tool
    for tool in (
        describe_tool(ask_agent, AskAgent, AgentAnswer, "chat:write", "write"),
        describe_tool(list_conversations, ListConversations, ConversationsFound, "chat:read"),
        describe_tool(read_conversation, ReadConversation, MessagesFound, "chat:read"),
        describe_tool(search_everything, SearchEverything, SearchPage, "search"),
    )
}
