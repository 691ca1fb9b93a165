# tools/registry.py -- the tool registry that chat, MCP and the API share.
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from pydantic import BaseModel, StringConstraints, ValidationError
from pydantic import Field as ShapeField
from sqlmodel import col

import access
from access import Caller
from db import Transaction, is_retryable
from errors import ParleyError
from models import Task
from models.approval import ApprovalPolicy
from models.columns import STORABLE, Shape, unset
from models.task import TaskCreate, TaskDescription, TaskPublic, TaskTitle, TaskUpdate
from pagination import read_items
from services import tasks

log = structlog.get_logger()

# What a call may do: `safe` only reads, `write` changes or adds, `destructive` cannot be undone.
Effect = Literal["safe", "write", "destructive"]
# Characters of descriptions in one result. It is kept with the message and in two logs, and models read it again
# with each further step.
MOST_DESCRIBED = 20_000
LEAST_DESCRIBED = 100
# As much of the end is always there: it may be a due date.
END_DESCRIBED = 60
# Of a task that was changed: who changed it has read it.
DESCRIBED_ONCE_MORE = 1_000
# So many rows a run may change without asking, and so many a program in an hour.
MOST_UNASKED = 10
# So many wrong arguments are named in an answer.
MOST_EXPLAINED = 5
Verb = Callable[[Transaction, Caller, Any], Awaitable[dict[str, Any]]]


class ToolError(Exception):
    """A call did not work; the text is a sentence that a model can act on."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    effect: Effect
    arguments: type[BaseModel]
    result: type[BaseModel]
    verb: Verb
    idempotent: bool

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    def parameters(self) -> dict[str, Any]:
        """The JSON Schema of the arguments."""
        return untitled(self.arguments.model_json_schema())

    def output(self) -> dict[str, Any]:
        """The JSON Schema of the result."""
        return untitled(self.result.model_json_schema(mode="serialization"))


def untitled(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


TOOLS: dict[str, Tool] = {}


def tool(
    effect: Effect, arguments: type[BaseModel], result: type[BaseModel], *, idempotent: bool = True
) -> Callable[[Verb], Verb]:
    """Registers a verb; its name and docstring are what models and people see.

    `idempotent` says that the same call once more changes nothing.
    """

    def register(verb: Verb) -> Verb:
        name, description = verb.__name__, " ".join((verb.__doc__ or "").split())
        TOOLS[name] = Tool(name, description, effect, arguments, result, verb, idempotent)
        return verb

    return register


def parse_call(name: str, arguments: object) -> tuple[Tool, BaseModel]:
    """The tool and its arguments; ToolError where there is no such tool or they do not fit."""
    found = TOOLS.get(name)
    if found is None:
        raise ToolError(f"There is no tool named {name[:100]}. The tools are: {', '.join(TOOLS)}.")
    if not isinstance(arguments, dict):
        raise ToolError("The arguments are not a JSON object.")
    unknown = len(arguments) - len(found.arguments.model_fields)
    if unknown > MOST_EXPLAINED:  # an error of each would hold up everybody
        raise ToolError(f"Wrong arguments for {name}: at least {unknown} of them are not known.")
    try:
        return found, found.arguments.model_validate(arguments)
    except ValidationError as error:
        raise ToolError(f"Wrong arguments for {name}: {explained(error)}.") from error


def changes(name: str, arguments: object) -> bool:
    """Whether the call can be made and would change something: each such call changes one row."""
    try:
        return parse_call(name, arguments)[0].effect != "safe"
    except ToolError:
        return False


def must_ask(policy: ApprovalPolicy, name: str, arguments: object, unasked: int) -> bool:
    """Whether the call waits for its person's yes.

    `unasked` is how many rows the run, or the program within the hour, changes without asking, this call and those
    beside it included: what is harmless once is not when it happens to everything.
    """
    if policy == "never" or not changes(name, arguments):
        return False
    return policy == "always" or TOOLS[name].effect == "destructive" or unasked > MOST_UNASKED


async def read_shown(
    tx: Transaction, caller: Caller, name: str, arguments: object, *, lock: bool = False
) -> dict[str, Any]:
    """The rows that the call would touch, by their noun and as REST shows them; None stands for one that is not there.

    `lock` keeps them as they are until the commit. A call that cannot be made touches none.
    """
    try:
        task_id = getattr(parse_call(name, arguments)[1], "task_id", None)
    except ToolError:
        return {}
    if task_id is None:
        return {}
    task = await access.find_row(tx, caller, Task, col(Task.id) == task_id, lock=lock)
    return {"task": shown(task) if task else None}


async def call_tool(
    tx: Transaction, caller: Caller, name: str, arguments: object, *, alone: bool = False
) -> dict[str, Any]:
    """Run a tool; its effect is part of `tx`, or there is none when it raises ToolError.

    `alone` says that nothing else happens in `tx`: then a tool that only reads needs no savepoint.
    """
    found, parsed = parse_call(name, arguments)
    if found.effect != "safe" and not caller.may_write:
        raise ToolError(f"{name} changes something, and this access token may only read.")
    try:
        async with nullcontext() if alone and found.effect == "safe" else tx.begin_nested():
            return await found.verb(tx, caller, parsed)
    except ParleyError as error:
        raise ToolError(error.detail) from error
    except Exception as error:
        if is_retryable(error):
            raise
        log.error("tool failed", tool=name, exc_info=error)
        raise ToolError(f"{name} failed on our side; nothing was changed.") from error


def explained(error: ValidationError) -> str:
    places = [
        (".".join(map(str, e["loc"])) or "arguments", e["msg"]) for e in error.errors()[:MOST_EXPLAINED]
    ]
    return "; ".join(f"{place[:100]}: {message[:200]}" for place, message in places)


def shown(task: Task) -> dict[str, Any]:
    return TaskPublic.model_validate(task).model_dump(mode="json")


def shortened(task: dict[str, Any], most: int) -> dict[str, Any]:
    """The task without the middle of its description where that is longer."""
    text = task["description"] or ""
    if len(text) <= most:
        return task
    cut = f"{text[: most - END_DESCRIBED]} … {text[-END_DESCRIBED:]}"
    return {**task, "description": cut, "shortened": True}


def shortened_alike(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tasks with their descriptions whole, or with equal shares where they are too much together."""
    if sum(len(task["description"] or "") for task in found) <= MOST_DESCRIBED:
        return found
    share = max(LEAST_DESCRIBED, MOST_DESCRIBED // len(found))
    return [shortened(task, share) for task in found]


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


class TaskFound(TaskPublic):
    shortened: bool = ShapeField(
        False,
        exclude_if=lambda shortened: not shortened,
        description="The middle of the description is left out (…): list this task alone to read it whole.",
    )


class TasksFound(Shape):
    tasks: list[TaskFound]
    more: bool = ShapeField(description="Whether there are more than `limit`.")


@tool("write", AddTask, TaskPublic, idempotent=False)
async def add_task(tx: Transaction, caller: Caller, new: AddTask) -> dict[str, Any]:
    """Add one task to the person's list. Call it once for each task."""
    return shown(
        await tasks.create_task(tx, caller, TaskCreate(title=new.title, description=new.description))
    )


@tool("safe", ListTasks, TasksFound)
async def list_tasks(tx: Transaction, caller: Caller, wanted: ListTasks) -> dict[str, Any]:
    """List the person's tasks, newest first. Use it to find the id of a task."""
    asked = tasks.asked(caller, tasks.TaskFilter(wanted.completed, wanted.q))
    found, more = await read_items(tx, tasks.TASKS, *asked, wanted.limit)
    return {"tasks": shortened_alike(found), "more": more}


@tool("write", CompleteTask, TaskFound)
async def complete_task(tx: Transaction, caller: Caller, change: CompleteTask) -> dict[str, Any]:
    """Mark a task as done, or open it again."""
    task = await tasks.update_task(tx, caller, change.task_id, TaskUpdate(completed=change.completed))
    return shortened(shown(task), DESCRIBED_ONCE_MORE)


@tool("write", ChangeTask, TaskFound)
async def update_task(tx: Transaction, caller: Caller, change: ChangeTask) -> dict[str, Any]:
    """Change the title, the description or the state of a task; what is left out stays."""
    fields = change.model_dump(exclude_unset=True, exclude={"task_id"})
    task = await tasks.update_task(tx, caller, change.task_id, TaskUpdate(**fields))
    return shortened(shown(task), DESCRIBED_ONCE_MORE)


@tool("destructive", TaskReference, TaskPublic)
async def delete_task(tx: Transaction, caller: Caller, wanted: TaskReference) -> dict[str, Any]:
    """Delete a task for good. Returns the task as it was."""
    return shown(await tasks.delete_task(tx, caller, wanted.task_id))
