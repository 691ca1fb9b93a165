# routes/operation/health.py -- liveness (/healthz) and readiness (/readyz), for the operator's monitoring.
from fastapi import APIRouter

from errors import Unavailable
from routes.dependencies import FOR_ANYONE, AppStateDep
from routes.openapi import problems
from routes.route import Route

router = APIRouter(tags=["operation"], dependencies=[FOR_ANYONE], route_class=Route)


@router.get("/healthz")
async def is_up() -> dict[str, str]:
    """200 while the process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses=problems(503))
async def is_ready(state: AppStateDep) -> dict[str, str]:
    """200 while the database answers too; the result is cached for a second."""
    if not await state.database_probe.is_reachable():
        raise Unavailable("The database does not answer.")
    return {"status": "ok"}
