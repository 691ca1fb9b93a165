# services/tasks.py -- verbs on tasks: plain functions, (tx, caller, ...), no HTTP, no commit.
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_
from sqlmodel import col

import access
from access import Caller
from db import Database, Listing, Page, Transaction, fetch_list
from models import Task
from models.task import TaskCreate, TaskPublic, TaskUpdate


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """`q` is a piece of the title or the description, in any case."""

    completed: bool | None = None
    q: str | None = None


TASKS = Listing(
    name="tasks",
    keys=(col(Task.created_at), col(Task.id)),
    fields={name: getattr(Task, name) for name in TaskPublic.model_fields},
    public=lambda row: TaskPublic.model_validate(row.Task),
)


def matching(caller: Caller, wanted: TaskFilter) -> Select[Any]:
    statement = access.select(caller, Task)
    if wanted.completed is not None:
        statement = statement.where(col(Task.completed) == wanted.completed)
    if wanted.q:
        hit = or_(
            col(Task.title).icontains(wanted.q, autoescape=True),
            col(Task.description).icontains(wanted.q, autoescape=True),
        )
        statement = statement.where(hit)
    return statement


async def list_tasks(db: Database, caller: Caller, wanted: TaskFilter, page: Page) -> bytes:
    """Newest first, as JSON."""
    return await fetch_list(db, TASKS, matching(caller, wanted), page)


async def find_tasks(tx: Transaction, caller: Caller, wanted: TaskFilter, limit: int) -> list[Task]:
    """Newest first, at most `limit`."""
    statement = (
        matching(caller, wanted).order_by(col(Task.created_at).desc(), col(Task.id).desc()).limit(limit)
    )
    return list((await tx.execute(statement)).scalars())


async def create_task(tx: Transaction, caller: Caller, new: TaskCreate) -> Task:
    task = Task.model_validate(new.model_dump(), update={"user_id": caller.user_id})
    tx.add(task)
    await tx.flush()
    return task


async def get_task(tx: Transaction, caller: Caller, task_id: UUID) -> Task:
    return await access.get(tx, caller, Task, task_id)


async def update_task(tx: Transaction, caller: Caller, task_id: UUID, change: TaskUpdate) -> Task:
    """Change the fields that were sent; the rest stays."""
    task = await access.get(tx, caller, Task, task_id, lock=True)
    task.sqlmodel_update(change.model_dump(exclude_unset=True))
    await tx.flush()
    return task


async def delete_task(tx: Transaction, caller: Caller, task_id: UUID) -> Task:
    """The task as it was."""
    task = await access.get(tx, caller, Task, task_id, lock=True)
    await tx.delete(task)
    await tx.flush()
    return task
