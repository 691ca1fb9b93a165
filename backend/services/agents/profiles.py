# services/agents/profiles.py -- what has to be known of an agent to answer in its place.
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import access
from access import CallerOrSystem
from db import Transaction
from models import Agent


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """An agent with a row. `is_external`: a program elsewhere answers. Without `tools` it has all common ones."""

    id: UUID
    account_id: UUID
    name: str
    is_external: bool
    instructions: str | None = None
    model: str | None = None
    tools: Collection[str] | None = None

    def may_use(self, tool: str) -> bool:
        return self.tools is None or tool in self.tools


async def find_profile(tx: Transaction, caller: CallerOrSystem, agent_id: UUID | None) -> AgentProfile | None:
    """The agent of a conversation or a run; None for the built-in one, which has no id there, and for a deleted one."""
    if agent_id is None:
        return None
    agent = await access.find_by_id(tx, caller, Agent, agent_id)
    if agent is None:
        return None
    return AgentProfile(
        id=agent.id,
        account_id=agent.account_id,
        name=agent.name,
        is_external=agent.kind == "external",
        instructions=agent.instructions,
        model=agent.model,
        tools=None if agent.tools is None else tuple(agent.tools),
    )
