# tools/tasks.py -- the tools on tasks, and how much of a task a model is shown.
from typing import Annotated
from uuid import UUID

from pydantic import Field as ShapeField
from pydantic import StringConstraints

from access import Caller
from db import Transaction
from models import Task
from models.shapes import STORABLE, ApiModel, DayOrMoment, JsonObject
from models.task import (
    ListName,
    PlanChange,
    Priority,
    TaskCreate,
    TaskPlan,
    TaskPublic,
    TaskUpdate,
    TaskWords,
    WordsChange,
)
from pagination import DEFAULT_LIMIT, MAX_LIMIT, Page, read_items
from services import tasks
from tools.registry import register_tool

# Characters of all descriptions in one result: it is stored with the message and in two logs, and models read it
# again with each further step.
MAX_LIST_CHARACTERS = 20_000
MIN_SHARE_CHARACTERS = 100
# The end of a description is always shown, and the middle left out.
END_CHARACTERS = 60
# Characters of the description of a task that was changed: the model that changed it has read it.
MAX_CHANGED_CHARACTERS = 1_000


def dump_task(task: Task) -> JsonObject:
    return TaskPublic.model_validate(task).model_dump(mode="json")


def shorten_description(task: JsonObject, most: int) -> JsonObject:
    """The task without the middle of its description where that is longer."""
    text = task["description"] or ""
    if len(text) <= most:
        return task
    cut = f"{text[: most - END_CHARACTERS]} … {text[-END_CHARACTERS:]}"
    return {**task, "description": cut, "shortened": True}


def shorten_descriptions(found: list[JsonObject]) -> list[JsonObject]:
    """The tasks with their descriptions whole, or with equal shares where they are too much together."""
    if sum(len(task["description"] or "") for task in found) <= MAX_LIST_CHARACTERS:
        return found
    share = max(MIN_SHARE_CHARACTERS, MAX_LIST_CHARACTERS // len(found))
    return [shorten_description(task, share) for task in found]


class AddTask(TaskPlan, TaskWords):
    pass


class ListTasks(ApiModel):
    completed: bool | None = ShapeField(None, description="Only done (true) or only open (false) tasks.")
    q: Annotated[str, StringConstraints(max_length=200), STORABLE] | None = ShapeField(
        None, description="A piece of the title or description, in any case."
    )
    due_before: DayOrMoment | None = ShapeField(None, description="Due before this time, or before this day.")
    due_after: DayOrMoment | None = ShapeField(
        None, description="Due after this time, or on this day or later."
    )
    overdue: bool | None = ShapeField(None, description="Only open tasks whose due date is past (true).")
    list: ListName | None = ShapeField(
        None, description="Only those of this list, in any case; empty: the main list."
    )
    priority: Priority | None = None
    completed_before: DayOrMoment | None = ShapeField(
        None, description="Done before this time, or before this day."
    )
    completed_after: DayOrMoment | None = ShapeField(
        None, description="Done at this time or later, or on this day or later."
    )
    sort: tasks.Sort = ShapeField("created", description="Newest first, due soonest first, or by position.")
    limit: int = ShapeField(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = ShapeField(
        None, description="`next_cursor` of the result before, with the same filters and order."
    )


class CompleteTask(ApiModel):
    task_id: UUID
    completed: bool = ShapeField(True, description="false opens the task again.")


class TaskReference(ApiModel):
    task_id: UUID


class ChangeTask(PlanChange, WordsChange, TaskReference):
    pass


class TaskFound(TaskPublic):
    shortened: bool = ShapeField(
        False,
        exclude_if=lambda shortened: not shortened,
        description="The middle of the description is left out (…): list this task alone to read it whole.",
    )


class TaskChanged(TaskFound):
    next: TaskFound | None = ShapeField(
        None,
        exclude_if=lambda task: task is None,
        description="Of a repeating task that is done: the one that comes next.",
    )


class TasksFound(ApiModel):
    tasks: list[TaskFound]
    more: bool = ShapeField(description="Whether there are more than `limit`.")
    next_cursor: str | None = ShapeField(
        None, exclude_if=lambda cursor: cursor is None, description="Leads to the next ones."
    )


@register_tool("write", "tasks:write", AddTask, TaskPublic, idempotent=False)
async def add_task(tx: Transaction, caller: Caller, new: AddTask) -> JsonObject:
    """Add one task to the person's list. Call it once for each task."""
    return dump_task(await tasks.create_task(tx, caller, TaskCreate(**new.model_dump())))


@register_tool("read", "tasks:read", ListTasks, TasksFound)
async def list_tasks(tx: Transaction, caller: Caller, wanted: ListTasks) -> JsonObject:
    """List the person's tasks, newest first or in another order. Use it to find the id of a task."""
    filters = wanted.model_dump(exclude={"sort", "limit", "cursor"})
    asked = await tasks.plan_list(tx, caller, tasks.TaskFilter(**filters))
    page = Page(wanted.limit, wanted.cursor)
    found, cursor = await read_items(tx, tasks.LISTS[wanted.sort], *asked, page)
    more = {"more": cursor is not None, **({"next_cursor": cursor} if cursor else {})}
    return {"tasks": shorten_descriptions(found), **more}


@register_tool("write", "tasks:write", CompleteTask, TaskChanged)
async def complete_task(tx: Transaction, caller: Caller, change: CompleteTask) -> JsonObject:
    """Mark a task as done, or open it again. One that repeats is followed by the next one."""
    return await change_task(tx, caller, change.task_id, TaskUpdate(completed=change.completed))


@register_tool("write", "tasks:write", ChangeTask, TaskChanged)
async def update_task(tx: Transaction, caller: Caller, change: ChangeTask) -> JsonObject:
    """Change a task: its texts, dates, list, place or state; what is left out stays, null clears."""
    fields = change.model_dump(exclude_unset=True, exclude={"task_id"})
    return await change_task(tx, caller, change.task_id, TaskUpdate(**fields))


async def change_task(tx: Transaction, caller: Caller, task_id: UUID, change: TaskUpdate) -> JsonObject:
    task, following = await tasks.change_task(tx, caller, task_id, change)
    shown = shorten_description(dump_task(task), MAX_CHANGED_CHARACTERS)
    if following is None:
        return shown
    return {**shown, "next": shorten_description(dump_task(following), MAX_CHANGED_CHARACTERS)}


@register_tool("destructive", "tasks:write", TaskReference, TaskPublic)
async def delete_task(tx: Transaction, caller: Caller, wanted: TaskReference) -> JsonObject:
    """Delete a task. Returns the task as it was; undo brings it back for 30 days."""
    return dump_task(await tasks.delete_task(tx, caller, wanted.task_id))
