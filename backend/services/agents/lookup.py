# services/agents/lookup.py -- finds an agent that the caller may talk to.
from sqlalchemy import ColumnElement

import access
from access import CallerOrSystem
from db import Transaction
from errors import NotFound
from models import Agent


async def find_agent(tx: Transaction, caller: CallerOrSystem, *conditions: ColumnElement[bool]) -> Agent:
    """The one agent that meets the conditions; NotFound unless the caller is a member of its account."""
    agent = await access.find_row(tx, caller, Agent, *conditions)
    if agent is None:
        raise NotFound("agent")
    return agent
