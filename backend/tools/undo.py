# tools/undo.py -- the tool that takes changes of tasks back.
from uuid import UUID

from pydantic import Field as ShapeField

from access import Caller
from db import Transaction
from models import Task
from models.shapes import ApiModel, JsonObject
from models.undo.undo_step import UndoAction, UndoCreate, UndoNoun
from services.undo.undo import Undone, find_undoable, undo_change
from tools.registry import register_tool
from tools.tasks import TaskFound, dump_task, shorten_descriptions

# The newest change of these is meant.
NOUNS: tuple[UndoNoun, ...] = ("task",)
# Tasks in the result, however many were changed.
MAX_SHOWN = 50


class TaskUndone(TaskFound):
    action: UndoAction = ShapeField(
        description="What the undo did: created (the task is back), updated, or deleted (it is gone)."
    )


class TasksUndone(ApiModel):
    change_id: UUID = ShapeField(description="The undo, which can be undone by this id.")
    tasks: list[TaskUndone] = ShapeField(description=f"The first {MAX_SHOWN}.")
    count: int = ShapeField(description="How many tasks were put back as they were.")


def show_tasks_undone(undone: Undone) -> JsonObject:
    shown = [dump_task(row) for row in undone.rows[:MAX_SHOWN] if isinstance(row, Task)]
    tasks = [
        {**task, "action": step.action}
        for task, step in zip(shorten_descriptions(shown), undone.steps, strict=False)
    ]
    return {"change_id": str(undone.change_id), "tasks": tasks, "count": len(undone.steps)}


@register_tool("write", "tasks:write", UndoCreate, TasksUndone, idempotent=False)
async def undo(tx: Transaction, caller: Caller, wanted: UndoCreate) -> JsonObject:
    """Undo the newest change of the person's tasks, with all that was changed in the same answer."""
    return show_tasks_undone(await undo_change(tx, caller, wanted, nouns=NOUNS, whole_run=True))


async def read_undoable(
    tx: Transaction, caller: Caller, wanted: UndoCreate, *, lock: bool
) -> JsonObject | None:
    """What a call of `undo` would take back, for the person who is asked; None where there is nothing."""
    steps = await find_undoable(tx, caller, wanted, nouns=NOUNS, whole_run=True, lock=lock)
    if not steps:
        return None
    shown = [{"change_id": str(step.change_id), "action": step.action, "title": step.title} for step in steps]
    return {"steps": shown[:MAX_SHOWN], "count": len(shown)}
