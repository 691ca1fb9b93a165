# tools.py -- the tool registry that chat, MCP and the API share.
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from pydantic import BaseModel, StringConstraints, ValidationError
from pydantic import Field as ShapeField

from access import Caller
from db import Transaction, is_retryable
from errors import ParleyError
from models import Task
from models.columns import STORABLE, Shape, unset
from models.task import TaskCreate, TaskDescription, TaskPublic, TaskTitle, TaskUpdate
from services import tasks

log = structlog.get_logger()

# What a call may do: `safe` only reads, `write` changes or adds, `destructive` cannot be undone.
Effect = Literal["safe", "write", "destructive"]
Verb = Callable[[Transaction, Caller, Any], Awaitable[dict[str, Any]]]


class ToolError(Exception):
    """A call did not work; the text is a sentence that a model can act on."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    effect: Effect
    arguments: type[BaseModel]
    verb: Verb

    def parameters(self) -> dict[str, Any]:
        """The JSON Schema of the arguments."""
        schema = self.arguments.model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        return schema


TOOLS: dict[str, Tool] = {}


def tool(effect: Effect, arguments: type[BaseModel]) -> Callable[[Verb], Verb]:
    """Registers a verb; its name and docstring are what models and people see."""

    def register(verb: Verb) -> Verb:
        name = verb.__name__
        TOOLS[name] = Tool(name, " ".join((verb.__doc__ or "").split()), effect, arguments, verb)
        return verb

    return register


async def call_tool(tx: Transaction, caller: Caller, name: str, arguments: object) -> dict[str, Any]:
    """Run a tool; its effect is part of `tx`, or there is none when it raises ToolError."""
    found = TOOLS.get(name)
    if found is None:
        raise ToolError(f"There is no tool named {name[:100]}. The tools are: {', '.join(TOOLS)}.")
    if not isinstance(arguments, dict):
        raise ToolError("The arguments are not a JSON object.")
    try:
        parsed = found.arguments.model_validate(arguments)
    except ValidationError as error:
        raise ToolError(f"Wrong arguments for {name}: {explained(error)}.") from error
    try:
        async with tx.begin_nested():
            return await found.verb(tx, caller, parsed)
    except ParleyError as error:
        raise ToolError(error.detail) from error
    except Exception as error:
        if is_retryable(error):
            raise
        log.error("tool failed", tool=name, exc_info=error)
        raise ToolError(f"{name} failed on our side; nothing was changed.") from error


def explained(error: ValidationError) -> str:
    places = [(".".join(map(str, e["loc"])) or "arguments", e["msg"]) for e in error.errors()[:5]]
    return "; ".join(f"{place[:100]}: {message[:200]}" for place, message in places)


def shown(task: Task) -> dict[str, Any]:
    return TaskPublic.model_validate(task).model_dump(mode="json")


class AddTask(Shape):
    title: TaskTitle = ShapeField(description="What is to be done, in a few words.")
    description: TaskDescription | None = ShapeField(None, description="Details; a due date in words.")


class ListTasks(Shape):
    completed: bool | None = ShapeField(None, description="Only done (true) or only open (false) tasks.")
    q: Annotated[str, StringConstraints(max_length=200), STORABLE] | None = ShapeField(
        None, description="A piece of the title or description, in any case."
    )
    limit: int = ShapeField(50, ge=1, le=200)


class CompleteTask(Shape):
    task_id: UUID
    completed: bool = ShapeField(True, description="false opens the task again.")


class ChangeTask(Shape):
    task_id: UUID
    title: TaskTitle = unset()
    description: TaskDescription | None = unset()
    completed: bool = unset()


class TaskReference(Shape):
    task_id: UUID


@tool("write", AddTask)
async def add_task(tx: Transaction, caller: Caller, new: AddTask) -> dict[str, Any]:
    """Add one task to the person's list. Call it once for each task."""
    return shown(
        await tasks.create_task(tx, caller, TaskCreate(title=new.title, description=new.description))
    )


@tool("safe", ListTasks)
async def list_tasks(tx: Transaction, caller: Caller, wanted: ListTasks) -> dict[str, Any]:
    """List the person's tasks, newest first. Use it to find the id of a task."""
    found = await tasks.find_tasks(tx, caller, tasks.TaskFilter(wanted.completed, wanted.q), wanted.limit + 1)
    return {"tasks": [shown(task) for task in found[: wanted.limit]], "more": len(found) > wanted.limit}


@tool("write", CompleteTask)
async def complete_task(tx: Transaction, caller: Caller, change: CompleteTask) -> dict[str, Any]:
    """Mark a task as done, or open it again."""
    return shown(await tasks.update_task(tx, caller, change.task_id, TaskUpdate(completed=change.completed)))


@tool("write", ChangeTask)
async def update_task(tx: Transaction, caller: Caller, change: ChangeTask) -> dict[str, Any]:
    """Change the title, the description or the state of a task; what is left out stays."""
    fields = change.model_dump(exclude_unset=True, exclude={"task_id"})
    return shown(await tasks.update_task(tx, caller, change.task_id, TaskUpdate(**fields)))


@tool("destructive", TaskReference)
async def delete_task(tx: Transaction, caller: Caller, wanted: TaskReference) -> dict[str, Any]:
    """Delete a task for good. Returns the task as it was."""
    return shown(await tasks.delete_task(tx, caller, wanted.task_id))
