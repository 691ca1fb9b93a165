# services/agents/agent_tokens.py -- the keys of agents: API tokens of an agent's user, which managers make and revoke.
from uuid import UUID

from access import Caller
from db import Transaction
from identity import api_tokens
from models.identity.api_token import AccessTokenCreate, AccessTokenCreated, AccessTokenPublic
from security import DerivedToken
from services.agents.agents import act_as, find_managed_agent


async def list_tokens(
    tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID
) -> list[AccessTokenPublic]:
    """Newest first."""
    agent = await find_managed_agent(tx, caller, account_id, agent_id)
    return await api_tokens.list_tokens(tx, act_as(agent))


async def create_token(
    tx: Transaction,
    caller: Caller,
    account_id: UUID,
    agent_id: UUID,
    new: AccessTokenCreate,
    derived: DerivedToken | None = None,
) -> AccessTokenCreated:
    agent = await find_managed_agent(tx, caller, account_id, agent_id)
    return await api_tokens.create_token(tx, act_as(agent), new, derived)


async def revoke_token(
    tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID, token_id: UUID
) -> None:
    agent = await find_managed_agent(tx, caller, account_id, agent_id)
    await api_tokens.revoke_token(tx, act_as(agent), token_id)
