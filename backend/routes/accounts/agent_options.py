# routes/accounts/agent_options.py -- what hosted agents may be given, over HTTP: a model of the operator's, and tools.
from fastapi import APIRouter

from models.agent import ModelPublic, ToolPublic
from models.shapes import ItemPage
from routes.dependencies import AppStateDep, CallerDep
from routes.openapi import SIGNED_IN, name_page
from routes.route import Route
from tools.registry import list_choosable

router = APIRouter(prefix="/v1", tags=["agents"], route_class=Route)


@router.get("/models", response_model=name_page(ModelPublic), responses=SIGNED_IN)
async def list_models(state: AppStateDep, caller: CallerDep) -> ItemPage[ModelPublic]:
    """The operator's own first, with which agents answer that choose none."""
    return ItemPage(data=[ModelPublic(name=name) for name in state.settings.offered_models])


@router.get("/tools", response_model=name_page(ToolPublic), responses=SIGNED_IN)
async def list_tools(state: AppStateDep, caller: CallerDep) -> ItemPage[ToolPublic]:
    """What an agent can do for a person, in the order in which a model is told of it.

    Those that query data stand there if the operator has named a database; an agent has them that names them, where
    its account may use one.
    """
    tools = list_choosable(with_data=state.settings.has_query_databases)
    return ItemPage(data=[ToolPublic.model_validate(tool) for tool in tools.values()])
