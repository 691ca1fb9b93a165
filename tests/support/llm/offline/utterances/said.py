# support/llm/offline/utterances/said.py -- the words in which the rows of the tables are written.
from dataclasses import dataclass
from typing import Any

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Said:
    """One row: with `tasks` on the list and after `before`, `text` leads to `calls`, and to `words`.

    A task is written "title", "title | description" or "[x] title"; its id is t1, t2, ... in the
    order given, and the newest is the last. It is Sunday 22 November 2026, 09:43 in UTC.
    """

    text: str
    calls: tuple[Call, ...] = ()
    words: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


def add(title: str, description: str | None = None) -> Call:
    return "add_task", {"title": title} | ({"description": description} if description else {})


def look(q: str | None = None, completed: bool | None = None, limit: int | None = None) -> Call:
    given = {"q": q, "completed": completed, "limit": limit}
    return "list_tasks", {name: value for name, value in given.items() if value is not None}


def done(task: int) -> Call:
    return "complete_task", {"task_id": f"t{task}"}


def reopened(task: int) -> Call:
    return "complete_task", {"task_id": f"t{task}", "completed": False}


def deleted(task: int) -> Call:
    return "delete_task", {"task_id": f"t{task}"}


def updated(task: int, **fields: str) -> Call:
    return "update_task", {"task_id": f"t{task}", **fields}


EVERYTHING = look(limit=200)
MONDAY, TUESDAY, FRIDAY = (
    "Due Monday 23 November 2026",
    "Due Tuesday 24 November 2026",
    "Due Friday 27 November 2026",
)
TODAY = "Due Sunday 22 November 2026"

HOME = ("Buy milk", "Call mom", "Write report | 20 pages. " + FRIDAY, "[x] Water plants", "Salt and pepper")
MILKS = ("Buy milk", "Buy oat milk", "Call mom")
