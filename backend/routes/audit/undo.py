# routes/audit/undo.py -- what of the caller's changes can be undone, and undoing it.
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from models.undo.undo_step import UNDO_NOUNS, UndoCreate, UndoPublic, UndoStepPublic
from routes.dependencies import DatabaseDep, JsonBytes, PageDep, TasksReadDep, TasksWriteDep
from routes.idempotency import NewIdDep, RereadRoute
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, list_of, problems
from services.undo import undo_imports, undo_steps

router = APIRouter(prefix="/v1/undo", tags=["undo"], route_class=RereadRoute)

# What is meant where nothing is sent.
NEWEST = UndoCreate()


@router.get("", response_class=JsonBytes, responses={**list_of(UndoStepPublic), **SIGNED_IN})
async def list_undo_steps(
    db: DatabaseDep,
    caller: TasksReadDep,
    page: PageDep,
    run_id: Annotated[UUID | None, Query(description="Only what was done in this run.")] = None,
    deleted: Annotated[bool, Query(description="Only what was deleted and can be brought back.")] = False,
) -> JsonBytes:
    """What was done to your tasks and conversations in the last 30 days, by you, your agents and your programs.

    Newest first. Each item is one row; rows that changed together have the same `change_id`.
    """
    wanted = undo_steps.StepFilter(run_id, deleted)
    return JsonBytes(await undo_steps.list_steps(db, caller, page, wanted))


@router.post("", response_model=UndoPublic, responses={**SIGNED_IN_ONE, **problems(403, 409)})
async def undo_change(
    db: DatabaseDep, caller: TasksWriteDep, new_id: NewIdDep, wanted: UndoCreate = NEWEST
) -> UndoPublic:
    """Undoes a change, all changes of a run, or the newest change: wholly, or not at all. Of an import what is still as
    it was made; `left` says what is not.

    409 says why not: it was undone already, or a later change stands in the way. An undo is a change itself, so the
    next undo of the newest change undoes the undo.
    """
    nouns = UNDO_NOUNS if caller.is_allowed("chat:write") else ("task",)
    return await undo_imports.undo_anything(db, caller, wanted, new_id, nouns)
