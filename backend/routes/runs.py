# routes/runs.py -- runs over HTTP: look at one, follow it, resume following.
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header

from access import Caller
from assistant import ending
from models.run import RunPublic
from routes.dependencies import SIGNED_IN_ONE, CallerDep, DatabaseDep, Parts, PartsDep
from routes.idempotency import IdempotentRoute, NewIdDep
from services import runs
from streams import EventStream, follow_run, last_event_id, stream_events

router = APIRouter(prefix="/v1/runs", tags=["chat"], route_class=IdempotentRoute)


@router.get("/{run_id}", response_model=RunPublic, responses=SIGNED_IN_ONE)
async def get_run(db: DatabaseDep, caller: CallerDep, run_id: UUID) -> RunPublic:
    return await db.read(runs.get_run, caller, run_id)


@router.get("/{run_id}/events", response_class=EventStream, responses=SIGNED_IN_ONE)
async def follow_events(
    parts: PartsDep,
    caller: CallerDep,
    run_id: UUID,
    resume: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID", max_length=20, description="The last `id:` that was seen; go on after it."
        ),
    ] = None,
) -> EventStream:
    """The run's log as server-sent events, past and to come, until its last one."""
    after = last_event_id(resume)
    await parts.db.read(runs.get_run, caller, run_id)
    return stream_run(parts, caller, run_id, after)


@router.post("/{run_id}/cancel", response_model=RunPublic, responses=SIGNED_IN_ONE)
async def cancel_run(parts: PartsDep, caller: CallerDep, run_id: UUID, new_id: NewIdDep) -> RunPublic:
    """Ends the run at once, whichever worker holds it; what it said and did so far stays. Twice is as once."""
    run = await parts.db.write(ending.cancel_run, caller, run_id)
    parts.worker.drop(run_id)
    parts.bells.ring(run_id)
    await parts.worker.wake_next(run_id)
    return run


def stream_run(parts: Parts, caller: Caller, run_id: UUID, after: int) -> EventStream:
    async def is_live() -> bool:
        return await parts.guard.is_live(caller)

    log = follow_run(parts.db, parts.bells, caller, run_id, after, is_live)
    return stream_events(log, {"X-Run-ID": str(run_id)})
