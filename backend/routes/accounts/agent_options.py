# routes/accounts/agent_options.py -- what hosted agents may be given, over HTTP: a model of the operator's, and tools.
from fastapi import APIRouter

from models.agent import ModelPublic, ToolPublic
from routes.dependencies import AppStateDep, CallerDep, Route
from routes.openapi import SIGNED_IN
from tools.registry import TOOLS

router = APIRouter(prefix="/v1", tags=["agents"], route_class=Route)


@router.get("/models", responses=SIGNED_IN)
async def list_models(state: AppStateDep, caller: CallerDep) -> dict[str, list[ModelPublic] | None]:
    """The operator's own first, with which agents answer that choose none."""
    return {"data": [ModelPublic(name=name) for name in state.settings.offered_models], "next_cursor": None}


@router.get("/tools", responses=SIGNED_IN)
async def list_tools(caller: CallerDep) -> dict[str, list[ToolPublic] | None]:
    """What an agent can do for a person, in the order in which a model is told of it."""
    return {"data": [ToolPublic.model_validate(tool) for tool in TOOLS.values()], "next_cursor": None}
