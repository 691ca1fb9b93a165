# services/agents/agents.py -- verbs on agents. Members see them; owners and admins of the account manage them.
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Transaction
from errors import Conflict, Forbidden, Gone, Invalid
from events import changes
from models import Account, AccountMember, Agent, Conversation, Run, User
from models.agent import BUILT_IN_ID, BUILT_IN_NAME, AgentCreate, AgentPublic, AgentUpdate
from models.event import Audience
from models.user import NO_PASSWORD
from services.accounts import rights
from services.agents.agent_removal import Removal, mark_agents_deleted
from services.agents.lookup import find_agent
from services.agents.run_removal import cancel_unseen_runs
from services.participation.agent_runs import cancel_shared_runs
from services.participation.departures import describe_departures

AGENTS_PER_ACCOUNT = 100
BUILT_IN_DESCRIPTION = "Works with your task list, with the operator's model."
AGENT_DELETED = "The agent was deleted before this was done."
OF_HOSTED = ("instructions", "model", "tools")


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What hosted agents may be given: the operator's models, and the tools that there are."""

    models: Collection[str]
    tools: Collection[str]

    def check(self, changes: Mapping[str, object]) -> None:
        """Invalid for a model or a tool that there is not."""
        model, tools = changes.get("model"), changes.get("tools")
        if model is not None and model not in self.models:
            named = ", ".join(sorted(self.models))
            raise Invalid(
                f"There is no such model to choose. The models are: {named}.",
                ("body", "model"),
                problem="unknown-model",
            )
        unknown = [name for name in tools or () if name not in self.tools] if isinstance(tools, list) else []
        if unknown:
            named = ", ".join(sorted(self.tools))
            raise Invalid(
                f"There is no tool named {unknown[0]}. The tools are: {named}.",
                ("body", "tools"),
                problem="unknown-tool",
            )


def describe_built_in(account_id: UUID, created_at: datetime) -> AgentPublic:
    """The built-in agent, as it stands in the account."""
    return AgentPublic(
        id=BUILT_IN_ID,
        account_id=account_id,
        name=BUILT_IN_NAME,
        kind="hosted",
        description=BUILT_IN_DESCRIPTION,
        instructions=None,
        model=None,
        tools=None,
        created_at=created_at,
        updated_at=created_at,
    )


async def list_agents(tx: Transaction, caller: Caller, account_id: UUID) -> list[AgentPublic]:
    """The built-in one, then those of the account, the oldest first; AGENTS_PER_ACCOUNT + 1 at most."""
    account = await access.get_row(tx, caller, Account, account_id)
    theirs = access.select(caller, Agent).where(col(Agent.account_id) == account_id)
    found = await tx.execute(theirs.order_by(col(Agent.created_at), col(Agent.id)))
    shown = [AgentPublic.model_validate(agent) for agent in found.scalars()]
    return [describe_built_in(account_id, account.created_at), *shown]


async def get_agent(tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID) -> AgentPublic:
    if agent_id == BUILT_IN_ID:
        account = await access.get_row(tx, caller, Account, account_id)
        return describe_built_in(account_id, account.created_at)
    of_account = (col(Agent.account_id) == account_id, col(Agent.id) == agent_id)
    return AgentPublic.model_validate(await find_agent(tx, caller, *of_account))


async def find_managed_agent(tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID) -> Agent:
    """The agent, its account locked. Forbidden for the built-in one, and for members who may only see it."""
    own = await rights.lock_account(tx, caller, account_id)
    if agent_id == BUILT_IN_ID:
        raise Forbidden(
            "The built-in agent belongs to the operator: create one of your own.", problem="built-in-agent"
        )
    agent = await find_agent(tx, caller, col(Agent.account_id) == account_id, col(Agent.id) == agent_id)
    rights.require_manager(own.role)
    return agent


def require_fit(kind: str, given: Mapping[str, object]) -> None:
    """Invalid where an external agent, which thinks for itself, is given what only hosted ones have."""
    for name in OF_HOSTED:
        if kind == "external" and given.get(name) is not None:
            raise Invalid(f"Only a hosted agent has {name}.", ("body", name))


async def create_agent(
    tx: Transaction,
    caller: Caller,
    account_id: UUID,
    new: AgentCreate,
    options: AgentOptions,
    new_id: UUID | None = None,
) -> AgentPublic:
    """With `new_id` as its id, if given: an agent of the account that has it is returned. Gone if it was deleted."""
    given = new.model_dump()
    require_fit(new.kind, given)
    options.check(given)
    own = await rights.lock_account(tx, caller, account_id)
    rights.require_manager(own.role)
    agent_id = new_id or uuid4()
    made = await access.find_by_id(tx, caller, Agent, agent_id)
    if made is not None:
        return AgentPublic.model_validate(made)
    theirs = access.select(caller, Agent, col(Agent.id)).where(col(Agent.account_id) == account_id)
    if len((await tx.execute(theirs)).all()) >= AGENTS_PER_ACCOUNT:
        raise Conflict(
            f"The account has {AGENTS_PER_ACCOUNT} agents. Delete one first.", problem="limit-reached"
        )
    if await access.find_by_id(tx, SYSTEM, User, agent_id) is not None:
        raise Gone("The agent that this request made was deleted since.", problem="gone")
    agent = await add_agent(tx, caller, Agent(id=agent_id, account_id=account_id, **given))
    shown = AgentPublic.model_validate(agent)
    everyone = Audience("account", account_id)
    await changes.record_event(tx, everyone, "agent.created", {"agent": shown})
    return shown


async def add_agent(tx: Transaction, caller: Caller, agent: Agent) -> Agent:
    """Store the agent with its row of users, which nobody can sign in as, and its membership."""
    user = User(
        id=agent.id,
        email=f"{agent.id}@agents.invalid",
        password_hash=NO_PASSWORD,
        display_name=agent.name,
        kind="agent",
    )
    access.add_row(tx, SYSTEM, user)
    await tx.flush()
    access.add_row(tx, SYSTEM, AccountMember(account_id=agent.account_id, user_id=agent.id, role="agent"))
    access.add_row(tx, caller, agent)
    await tx.flush()
    return agent


async def update_agent(
    tx: Transaction,
    caller: Caller,
    account_id: UUID,
    agent_id: UUID,
    change: AgentUpdate,
    options: AgentOptions,
) -> AgentPublic:
    given = change.model_dump(exclude_unset=True)
    agent = await find_managed_agent(tx, caller, account_id, agent_id)
    require_fit(agent.kind, given)
    options.check(given)
    agent.sqlmodel_update(given)
    if "name" in given:
        user = await access.get_row(tx, act_as(agent), User, agent.id, lock=True)
        user.display_name = agent.name
    await tx.flush()
    shown = AgentPublic.model_validate(agent)
    everyone = Audience("account", account_id)
    await changes.record_event(tx, everyone, "agent.updated", {"agent": shown})
    return shown


def act_as(agent: Agent) -> Caller:
    """For what belongs to the agent, once somebody was found to manage it."""
    return Caller(agent.id, None, agent_account_id=agent.account_id)


async def mark_agent_deleted(
    tx: Transaction, caller: Caller, account_id: UUID, agent_id: UUID, size: int = 0
) -> Removal:
    """From the commit on nobody sees the agent, or comes in as it; user_removal.py deletes its chats and its rows.

    Its runs among people end; of `size` is what is kept of these, as in `cancel_run`.
    """
    agent = await find_managed_agent(tx, caller, account_id, agent_id)
    await access.get_row(tx, caller, Agent, agent.id, lock=True)  # nobody asks it meanwhile
    ended = await cancel_shared_runs(tx, size, AGENT_DELETED, col(Run.agent_id) == agent.id)
    payload = {"account_id": account_id, "agent_id": agent.id}
    departures = await describe_departures(tx, [account_id], agent.id)
    run_ids = await cancel_unseen_runs(tx, col(Conversation.agent_id) == agent.id)
    agent_ids = await mark_agents_deleted(tx, col(Agent.id) == agent.id)
    # First to the agent itself, whose streams end with it.
    audiences = (agent.id, Audience("account", account_id))
    told = [changes.new_event(to, "agent.deleted", payload) for to in audiences]
    await changes.record_events(tx, [*told, *departures])
    return Removal([*ended, *run_ids], agent_ids)
