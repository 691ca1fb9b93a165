# services/agents/chats.py -- document 001's chats: the conversations with one agent in one account.
from uuid import UUID

import access
from access import Caller
from db import Transaction
from errors import NotFound
from models import Conversation
from models.agent import BUILT_IN_ID
from models.conversation import ConversationCreate
from services import conversations
from services.agents.agents import get_agent

DEFAULT_TITLE = "New Chat"


async def require_agent(tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID) -> None:
    """NotFound for a wrong account or agent. An agent has chats of its own alone."""
    if caller.is_agent and caller.user_id != agent_id:
        raise NotFound("agent")
    await get_agent(tx, caller, account_id, agent_id)


async def create_chat(
    tx: Transaction, caller: Caller, new: ConversationCreate, new_id: UUID | None = None
) -> Conversation:
    assert new.account_id is not None
    assert new.agent_id is not None
    await require_agent(tx, caller, new.account_id, new.agent_id)
    return await conversations.create_conversation(tx, caller, new, new_id)


async def get_chat(
    tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID, chat_id: UUID
) -> Conversation:
    """NotFound unless it is in this account, with this agent."""
    chat = await access.get_row(tx, caller, Conversation, chat_id)
    if (chat.account_id, chat.agent_id or BUILT_IN_ID) != (account_id, agent_id):
        raise NotFound("conversation")
    return chat
