# llm/offline/dialogue_state.py -- what a conversation has led to: the list last shown, what "it" is, what was asked
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from llm.offline.budget import Budget, Eyes
from llm.offline.parsing.intents import Command, Finder
from llm.offline.parsing.task_references import Task
from llm.protocol import ToolCall

CHANGES = frozenset({"add_task", "complete_task", "update_task", "delete_task"})


@dataclass(frozen=True, slots=True)
class Question:
    """Something the person was asked, and the command that waits for the answer.

    With `options` it is which of them are meant, all `together` if a yes is enough; without, it is
    the text, the date or the items of the command. `rest` are the commands after it in the message.
    """

    command: Command
    options: tuple[Task, ...] = ()
    together: bool = False
    rest: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A call that changed a task: how the task was, where that was seen, and how it is."""

    name: str
    before: Task | None
    after: Task


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said, with what it shows as a numbered list, mentions as "it", and asks."""

    text: str
    shown: tuple[Task, ...] = ()
    touched: tuple[Task, ...] = ()
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """`eyes` see which words are alike while one message is answered, and `budget` is what that may cost."""

    find: Finder
    today: date
    tools: frozenset[str]
    reader: Callable[[str, Budget], list[Command]]
    budget: Budget
    eyes: Eyes = field(default_factory=Eyes)
    shown: tuple[Task, ...] = ()
    touched: tuple[Task, ...] = ()
    question: Question | None = None
    changes: tuple[Change, ...] = ()
    seen: Mapping[str, Task] = field(default_factory=dict)

    def read(self, message: str) -> list[Command]:
        """The commands of a message; TooMuch past the budget."""
        return self.reader(message, self.budget)

    def after(self, reply: Reply) -> "Scene":
        return replace(
            self,
            shown=reply.shown or self.shown,
            touched=reply.touched or self.touched,
            question=reply.question,
        )

    def with_calls(self, calls: Iterable[ToolCall]) -> "Scene":
        """The scene once `calls` have been made: what undoing would undo, and how tasks looked."""
        seen, changes = dict(self.seen), []
        for call in calls:
            tasks = tasks_of(call)
            if call.name in CHANGES and tasks:
                changes.append(Change(call.name, seen.get(tasks[0].id), tasks[0]))
            seen.update((task.id, task) for task in tasks)
        return replace(self, seen=seen, changes=tuple(changes) or self.changes)


def tasks_of(call: ToolCall) -> tuple[Task, ...]:
    """The tasks in the result of a call; none where it failed."""
    if call.error is not None or not isinstance(call.result, dict):
        return ()
    listed = call.result.get("tasks")
    values = listed if isinstance(listed, list) else [call.result]
    return tuple(task for value in values if (task := Task.read(value)))


def has_more(call: ToolCall) -> bool:
    return call.error is None and isinstance(call.result, dict) and bool(call.result.get("more"))
