# routes/tasks.py -- tasks over HTTP.
from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, status

from llm.offline.draft_reader import read_drafts
from models import Task
from models.shapes import DayOrMoment
from models.task import (
    DonePublic,
    ListName,
    Priority,
    TaskCounts,
    TaskCreate,
    TaskDraftsPublic,
    TaskLines,
    TaskListsPublic,
    TaskPublic,
    TaskUpdate,
)
from routes.dependencies import (
    AppStateDep,
    ChangeIdHeader,
    DatabaseDep,
    IfMatchHeader,
    JsonBytes,
    PageDep,
    SearchText,
    TasksReadDep,
    TasksWriteDep,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, list_of, problems
from services import task_lists, tasks
from services.planning import task_counts

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=IdempotentRoute)
# To read lines takes the processor for some milliseconds: a few at a time, in threads.
READERS = CapacityLimiter(2)

BEFORE = "Only those due before this moment, or before this day begins where you are."
AFTER = "Only those due after this moment, or on this day or later where you are."
DONE_BEFORE = "Only those that were done before this moment, or before this day began where you are."
DONE_AFTER = "Only those that were done at this moment or later, or on this day or later where you are."
OF_LIST = "Those of one list, whose name is meant in upper or lower case; empty: the main list."
SORT = "`due` and `position` ascend, what is done behind what is open; what has no date comes last by `due`."


@router.get("", response_class=JsonBytes, responses={**list_of(TaskPublic), **SIGNED_IN, **problems(429)})
async def list_tasks(
    state: AppStateDep,
    caller: TasksReadDep,
    page: PageDep,
    completed: Annotated[bool | None, Query(description="Only done or only open ones.")] = None,
    q: SearchText = None,
    due_before: Annotated[DayOrMoment | None, Query(description=BEFORE)] = None,
    due_after: Annotated[DayOrMoment | None, Query(description=AFTER)] = None,
    overdue: Annotated[
        bool | None, Query(description="Only open ones whose due date is past, or all others.")
    ] = None,
    list: Annotated[ListName | None, Query(description=OF_LIST)] = None,
    priority: Annotated[Priority | None, Query()] = None,
    completed_before: Annotated[DayOrMoment | None, Query(description=DONE_BEFORE)] = None,
    completed_after: Annotated[DayOrMoment | None, Query(description=DONE_AFTER)] = None,
    dated: Annotated[bool | None, Query(description="Only those with a due date, or without one.")] = None,
    sort: Annotated[tasks.Sort, Query(description=SORT)] = "created",
) -> JsonBytes:
    """Newest first, or what is due soonest first, or by position."""
    wanted = tasks.TaskFilter(
        completed, q, due_before, due_after, overdue, list, priority, completed_before, completed_after, dated
    )
    async with state.search_slots.hold(caller) if q else nullcontext():
        return JsonBytes(await tasks.list_tasks(state.db, caller, wanted, page, sort))


@router.get("/lists", response_model=TaskListsPublic, responses=SIGNED_IN)
async def count_lists(db: DatabaseDep, caller: TasksReadDep) -> TaskListsPublic:
    """Your lists that have open tasks, by name, and how many each has; the main list, whose name is null, first."""
    return TaskListsPublic(data=await db.read(task_lists.count_lists, caller))


@router.get("/counts", response_model=TaskCounts, responses={**SIGNED_IN, **problems(429)})
async def count_open(state: AppStateDep, caller: TasksReadDep, q: SearchText = None) -> TaskCounts:
    """How many open tasks are overdue, due later today where you are, due after that, and without a date."""
    async with state.search_slots.hold(caller) if q else nullcontext():
        return await state.db.read(task_counts.count_open, caller, q)


@router.post("/parse", response_model=TaskDraftsPublic, responses=SIGNED_IN)
async def parse_lines(caller: TasksReadDep, sent: TaskLines) -> TaskDraftsPublic:
    """What a person means who types tasks in lines: nothing is stored. `!high` is a priority, `#home` a list, and a
    date may stand in words of English, German, French or Spanish.
    """
    return TaskDraftsPublic(data=await to_thread.run_sync(read_drafts, caller, sent.lines, limiter=READERS))


@router.get("/done", response_model=DonePublic, responses=SIGNED_IN)
async def count_done(
    db: DatabaseDep,
    caller: TasksReadDep,
    days: Annotated[int, Query(ge=1, le=92, description="How many days, today included.")] = 28,
) -> DonePublic:
    """How many tasks were done on each of the last days, in your time zone; oldest first, zeros included."""
    return DonePublic(data=await db.read(tasks.count_done, caller, days))


@router.post("", status_code=status.HTTP_201_CREATED, response_model=TaskPublic, responses=SIGNED_IN)
async def create_task(
    db: DatabaseDep,
    caller: TasksWriteDep,
    new: TaskCreate,
    new_id: NewIdDep,
    change_id: ChangeIdHeader = None,
) -> Task | TaskPublic:
    caller = caller.in_change(change_id)
    if new_id is not None:
        return await db.write(tasks.create_task, caller, new, new_id)
    return await tasks.add_task(db, caller, new)


@router.get("/{task_id}", response_model=TaskPublic, responses=SIGNED_IN_ONE)
async def get_task(db: DatabaseDep, caller: TasksReadDep, task_id: UUID) -> Task:
    return await db.read(tasks.get_task, caller, task_id)


@router.patch("/{task_id}", response_model=TaskPublic, responses={**SIGNED_IN_ONE, **problems(412)})
async def update_task(
    db: DatabaseDep,
    caller: TasksWriteDep,
    task_id: UUID,
    change: TaskUpdate,
    change_id: ChangeIdHeader = None,
    if_match: IfMatchHeader = None,
) -> Task:
    """Changes the fields that are sent; the rest stays."""
    return await db.write(tasks.update_task, caller.in_change(change_id), task_id, change, if_match)


@router.delete(
    "/{task_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(412)}
)
async def delete_task(
    db: DatabaseDep,
    caller: TasksWriteDep,
    task_id: UUID,
    change_id: ChangeIdHeader = None,
    if_match: IfMatchHeader = None,
) -> None:
    await db.write(tasks.delete_task, caller.in_change(change_id), task_id, if_match)
