# services/agents/profiles.py -- what has to be known of the agent of a conversation to answer in its place.
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

import access
from access import CallerOrSystem
from db import Transaction
from models import Agent, Conversation


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """An agent with a row. `is_external`: a program elsewhere answers. Without `tools` it has them all."""

    id: UUID
    name: str
    is_external: bool
    instructions: str | None = None
    model: str | None = None
    tools: Collection[str] | None = None

    def may_use(self, tool: str) -> bool:
        return self.tools is None or tool in self.tools


async def find_profile(tx: Transaction, caller: CallerOrSystem, conversation_id: UUID) -> AgentProfile | None:
    """The agent of the conversation; None for the built-in one. One statement."""
    statement = access.select(caller, Agent, Agent).join(
        Conversation, col(Conversation.agent_id) == col(Agent.id)
    )
    seen = (access.visible_condition(caller, Conversation), col(Conversation.id) == conversation_id)
    agent: Agent | None = (await tx.execute(statement.where(*seen))).scalar_one_or_none()
    if agent is None:
        return None
    return AgentProfile(
        id=agent.id,
        name=agent.name,
        is_external=agent.kind == "external",
        instructions=agent.instructions,
        model=agent.model,
        tools=None if agent.tools is None else tuple(agent.tools),
    )
