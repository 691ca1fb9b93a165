# services/tasks.py -- verbs on tasks: plain functions, (tx, caller, ...), no HTTP, no commit.
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, case, func, or_
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from clock import utc_now
from db import Database, Transaction, get_columns
from events import changes
from models import Task
from models.task import DayDone, TaskCreate, TaskPublic, TaskUpdate
from pagination import ListSpec, Page, fetch_list
from services import idempotency
from storage.text_search import search_parameters, text_contains


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """`q` is a part of the title or the description, in upper or lower case."""

    completed: bool | None = None
    q: str | None = None


COLUMNS = get_columns(Task)
TASKS = ListSpec(
    name="tasks",
    keys=(COLUMNS["created_at"], COLUMNS["id"]),
    fields={name: COLUMNS[name] for name in TaskPublic.model_fields},
    public=lambda row: TaskPublic.model_validate(row.Task),
)


@cache
def select_tasks(by_completed: bool, by_words: bool) -> Select[Task]:
    """A cached statement for any caller's tasks with these filters, whose values are bind parameters."""
    statement = access.select(ANY_CALLER, Task)
    if by_completed:
        statement = statement.where(col(Task.completed) == bindparam("completed"))
    if by_words:
        statement = statement.where(or_(text_contains(col(Task.title)), text_contains(col(Task.description))))
    return statement


def bind_task_filter(caller: Caller, wanted: TaskFilter) -> tuple[Select[Task], dict[str, object]]:
    """The statement for the wanted tasks, and the values of its bind parameters."""
    values = access.caller_params(caller)
    if wanted.completed is not None:
        values["completed"] = wanted.completed
    if wanted.q:
        values |= search_parameters(wanted.q)
    return select_tasks("completed" in values, "words" in values), values


async def list_tasks(db: Database, caller: Caller, wanted: TaskFilter, page: Page) -> bytes:
    """Newest first, as JSON."""
    return await fetch_list(db, TASKS, *bind_task_filter(caller, wanted), page)


async def count_done(tx: Transaction, caller: Caller, days: int) -> list[DayDone]:
    """How many tasks were completed on each of the last `days` days of the caller's time zone, oldest first."""
    zone = ZoneInfo(caller.timezone)
    today = utc_now().astimezone(zone).date()
    dates = [today - timedelta(days=days - 1 - n) for n in range(days)]
    # The midnights around each day; a day may have 23 or 25 hours.
    bounds = [datetime.combine(day, time(), zone) for day in [*dates, today + timedelta(days=1)]]
    done_at = col(Task.completed_at)
    counts = [
        func.count(case((and_(done_at >= start, done_at < end), 1))).label(f"day_{n}")
        for n, (start, end) in enumerate(pairwise(bounds))
    ]
    statement = access.select(caller, Task, *counts).where(done_at >= bounds[0])
    row = (await tx.execute(statement)).one()
    return [DayDone(date=day, count=count) for day, count in zip(dates, row, strict=True)]


def new_task(caller: Caller, new: TaskCreate) -> Task:
    done = {"completed_at": utc_now()} if new.completed else {}
    return Task.model_validate(new.model_dump(), update={"user_id": caller.user_id, **done})


def describe_task_event(task: Task) -> dict[str, TaskPublic]:
    """The data of an event about the task."""
    return {"task": TaskPublic.model_validate(task)}


async def add_task(db: Database, caller: Caller, new: TaskCreate) -> Task:
    """As create_task, in a transaction of its own: on PostgreSQL one statement writes the task and its event."""
    task = access.admit_new_row(caller, new_task(caller, new))
    await db.insert_with_event(task, changes.new_event(caller, "task.created", describe_task_event(task)))
    return task


async def create_task(tx: Transaction, caller: Caller, new: TaskCreate, new_id: UUID | None = None) -> Task:
    """With `new_id` as its id, if given: a task that has this id already is returned instead."""
    task = new_task(caller, new)
    if new_id is not None:
        if existing := await access.find_by_id(tx, caller, Task, new_id):
            return existing
        task.id = new_id
    access.add_row(tx, caller, task)
    await tx.flush()
    await changes.record_event(tx, caller, "task.created", describe_task_event(task))
    return task


async def get_task(tx: Transaction, caller: Caller, task_id: UUID) -> Task:
    return await access.get_row(tx, caller, Task, task_id)


async def update_task(tx: Transaction, caller: Caller, task_id: UUID, change: TaskUpdate) -> Task:
    """Change the fields that were sent; the rest stays."""
    task = await access.get_row(tx, caller, Task, task_id, lock=True)
    task.sqlmodel_update(change.model_dump(exclude_unset=True))
    if task.completed != (task.completed_at is not None):
        task.completed_at = utc_now() if task.completed else None
    await tx.flush()
    await changes.record_event(tx, caller, "task.updated", describe_task_event(task))
    return task


async def delete_task(tx: Transaction, caller: Caller, task_id: UUID) -> Task:
    """Delete the task; returns it as it was."""
    task = await access.get_row(tx, caller, Task, task_id, lock=True)
    await tx.delete(task)
    await tx.flush()
    await idempotency.forget_answers(tx, caller, task_id)
    await changes.record_event(tx, caller, "task.deleted", {"task_id": task_id})
    return task
