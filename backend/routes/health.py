# routes/health.py -- liveness (/healthz) and readiness (/readyz), for the operator's monitoring.
from fastapi import APIRouter

from errors import Unavailable
from routes.dependencies import AppStateDep
from routes.openapi import problems

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def is_up() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses=problems(503))
async def is_ready(state: AppStateDep) -> dict[str, str]:
    """The database answers too, or did a second ago."""
    if not await state.database_probe.is_reachable():
        raise Unavailable("The database does not answer.")
    return {"status": "ok"}
