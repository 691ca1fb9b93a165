# routes/accounts/agents.py -- the agents of an account over HTTP.
from uuid import UUID

from fastapi import APIRouter, status

from app_state import AppState
from models.agent import AgentCreate, AgentPublic, AgentUpdate
from models.shapes import ItemPage
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep
from routes.idempotency import NewIdDep, RereadRoute
from routes.openapi import SIGNED_IN_ONE, name_page, problems
from services.agents import agents
from services.agents.agents import AgentOptions
from tools.registry import list_choosable

router = APIRouter(prefix="/v1/accounts/{account_id}/agents", tags=["agents"], route_class=RereadRoute)
# The rest of what a busy agent leaves is deleted after the answer.
MAX_SLICES = 10


def find_options(state: AppState) -> AgentOptions:
    tools = list_choosable(with_data=state.settings.has_query_databases)
    return AgentOptions(models=state.settings.offered_models, tools=tools)


@router.get("", response_model=name_page(AgentPublic), responses=SIGNED_IN_ONE)
async def list_agents(db: DatabaseDep, caller: CallerDep, account_id: UUID) -> ItemPage[AgentPublic]:
    """The built-in one first, then the oldest."""
    return ItemPage(data=await db.read(agents.list_agents, caller, account_id))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=AgentPublic,
    responses={**SIGNED_IN_ONE, **problems(403, 409, 410)},
)
async def create_agent(
    state: AppStateDep, caller: CallerDep, account_id: UUID, new: AgentCreate, new_id: NewIdDep
) -> AgentPublic:
    """For owners and admins. A hosted one answers with the operator's models; an external one needs a key."""
    return await state.db.write(agents.create_agent, caller, account_id, new, find_options(state), new_id)


@router.get("/{agent_id}", response_model=AgentPublic, responses=SIGNED_IN_ONE)
async def get_agent(db: DatabaseDep, caller: CallerDep, account_id: UUID, agent_id: UUID) -> AgentPublic:
    return await db.read(agents.get_agent, caller, account_id, agent_id)


@router.patch("/{agent_id}", response_model=AgentPublic, responses={**SIGNED_IN_ONE, **problems(403)})
async def update_agent(
    state: AppStateDep, caller: CallerDep, account_id: UUID, agent_id: UUID, change: AgentUpdate
) -> AgentPublic:
    """Changes the fields that are sent; for owners and admins."""
    return await state.db.write(
        agents.update_agent, caller, account_id, agent_id, change, find_options(state)
    )


@router.delete(
    "/{agent_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(403)}
)
async def delete_agent(state: AppStateDep, caller: CallerDep, account_id: UUID, agent_id: UUID) -> None:
    """Deletes the agent with its keys and its chats, at once and for good; for owners and admins."""
    await state.run_control.delete_agent(caller, account_id, agent_id)
    state.api_token_cache.forget()
    await state.worker.housekeeping.delete_user(agent_id, MAX_SLICES)
