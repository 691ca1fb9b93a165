# protocols/openai/agents.py -- each agent that the caller may talk to is a model of its own.
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from db import Transaction
from errors import NotFound
from models import Account, Agent
from models.agent import BUILT_IN_ID, BUILT_IN_NAME
from models.shapes import JsonObject
from protocols.openai.failures import RequestRefused
from services.agents.lookup import find_agent

BUILT_IN_MODEL = "parley"
MAX_MODELS = 1_000


def describe_model(model: str, name: str, created_at: datetime) -> JsonObject:
    created = int(created_at.timestamp())
    return {"id": model, "object": "model", "created": created, "owned_by": "parley", "name": name}


async def list_models(tx: Transaction, caller: Caller) -> Sequence[JsonObject]:
    """The built-in agent, then those of the caller's accounts, the oldest first: an agent's id is the model's name."""
    home = await access.get_row(tx, caller, Account, caller.home_account_id)
    theirs = access.select(caller, Agent).order_by(col(Agent.created_at), col(Agent.id)).limit(MAX_MODELS)
    return [
        describe_model(BUILT_IN_MODEL, BUILT_IN_NAME, home.created_at),
        *(
            describe_model(str(agent.id), agent.name, agent.created_at)
            for agent in (await tx.execute(theirs)).scalars()
        ),
    ]


async def get_model(tx: Transaction, caller: Caller, model: str) -> JsonObject:
    if (agent_id := read_agent_id(model)) == BUILT_IN_ID:
        home = await access.get_row(tx, caller, Account, caller.home_account_id)
        return describe_model(BUILT_IN_MODEL, BUILT_IN_NAME, home.created_at)
    try:
        agent = await find_agent(tx, caller, col(Agent.id) == agent_id)
    except NotFound:
        raise refuse_model(model) from None
    return describe_model(str(agent.id), agent.name, agent.created_at)


def read_agent_id(model: str) -> UUID:
    """The agent that the name of a model stands for, which may not be there."""
    if model == BUILT_IN_MODEL:
        return BUILT_IN_ID
    try:
        return UUID(model)
    except ValueError:
        raise refuse_model(model) from None


def refuse_model(model: str) -> RequestRefused:
    return RequestRefused(f"The model '{model}' does not exist.", "model", "model_not_found", 404)
