# routes/health.py -- for whoever operates Parley: is it up, can it work.
from fastapi import APIRouter
from sqlalchemy import text

from db import Transaction
from errors import Unavailable
from routes.dependencies import DatabaseDep, problems

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def is_up() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def ping(tx: Transaction) -> None:
    await tx.execute(text("SELECT 1"))


@router.get("/readyz", responses=problems(503))
async def is_ready(db: DatabaseDep) -> dict[str, str]:
    """The database answers too."""
    try:
        await db.read(ping)
    except Exception as error:
        raise Unavailable("The database does not answer.") from error
    return {"status": "ok"}
