# services/tasks.py -- verbs on tasks: plain functions, (tx, caller, ...), no HTTP, no commit.
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, bindparam, or_
from sqlmodel import col

import access
from access import ANYONE, Caller
from db import Database, Transaction
from lists import Listing, Page, fetch_list
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


@cache
def matching(by_completed: bool, by_words: bool) -> Select[Any]:
    """Anyone's tasks, filtered where asked: the values are bind parameters."""
    statement = access.select(ANYONE, Task)
    if by_completed:
        statement = statement.where(col(Task.completed) == bindparam("completed"))
    if by_words:
        words = bindparam("words", type_=String())
        hit = or_(
            col(Task.title).icontains(words, escape="/"), col(Task.description).icontains(words, escape="/")
        )
        statement = statement.where(hit)
    return statement


def asked(caller: Caller, wanted: TaskFilter) -> tuple[Select[Any], dict[str, Any]]:
    """The statement for what is wanted, and its values."""
    values = access.values(caller)
    if wanted.completed is not None:
        values["completed"] = wanted.completed
    if wanted.q:
        values["words"] = re.sub("[/%_]", r"/\g<0>", wanted.q)
    return matching("completed" in values, "words" in values), values


async def list_tasks(db: Database, caller: Caller, wanted: TaskFilter, page: Page) -> bytes:
    """Newest first, as JSON."""
    return await fetch_list(db, TASKS, *asked(caller, wanted), page)


async def find_tasks(tx: Transaction, caller: Caller, wanted: TaskFilter, limit: int) -> list[Task]:
    """Newest first, at most `limit`."""
    statement, values = asked(caller, wanted)
    statement = statement.order_by(col(Task.created_at).desc(), col(Task.id).desc()).limit(limit)
    return list((await tx.execute(statement, values)).scalars())


def new_task(caller: Caller, new: TaskCreate) -> Task:
    return Task.model_validate(new.model_dump(), update={"user_id": caller.user_id})


async def add_task(db: Database, caller: Caller, new: TaskCreate) -> Task:
    """`create_task` where nothing else is written with it."""
    task = new_task(caller, new)
    await db.insert(task)
    return task


async def create_task(tx: Transaction, caller: Caller, new: TaskCreate, new_id: UUID | None = None) -> Task:
    """With the id that is given, if one is; where such a task is already there, it is the one."""
    task = new_task(caller, new)
    if new_id is not None:
        if made := await access.find(tx, caller, Task, col(Task.id) == new_id):
            return made
        task.id = new_id
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
