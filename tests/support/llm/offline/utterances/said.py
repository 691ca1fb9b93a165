# support/llm/offline/utterances/said.py -- the words in which the rows of the tables are written.
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

Call = tuple[str, dict[str, Any]]
DUE = re.compile(r"\bDue (?P<day>\w+ \d+ \w+ \d{4})(?:, (?P<clock>\d\d:\d\d))?$")


@dataclass(frozen=True, slots=True)
class Said:
    """One row: with `tasks` on the list and after `before`, `text` leads to `calls`, and to `words`.

    A task is written "title", "title | note. Due ...", "[x] title" or "title @ list"; its id is t1, t2, ... in the
    order given, and the newest is the last. It is Sunday 22 November 2026, 09:43 in UTC.
    """

    text: str
    calls: tuple[Call, ...] = ()
    words: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


def plan(words: str) -> dict[str, Any]:
    """The arguments for "a note. Due Friday 27 November 2026, 17:00", of which each part may be missing."""
    m = DUE.search(words)
    if m is None:
        return {"description": words} if words else {}
    note = words[: m.start()].rstrip()
    day = dt.datetime.strptime(m["day"], "%A %d %B %Y").date().isoformat()
    due = {"due_at": f"{day}T{m['clock']}:00"} if m["clock"] else {"due_on": day}
    return ({"description": note} if note else {}) | due


def add(title: str, description: str = "", place: str | None = None, **more: str) -> Call:
    return "add_task", {"title": title} | plan(description) | ({"list": place} if place else {}) | more


def reminded(title: str, due: str = "", place: str | None = None, **more: str) -> Call:
    """Added with a reminder when it is due; of what is due on a day in the morning, or today at the next usual hour."""
    fields = plan(due)
    at = fields.get("due_at") or f"{fields['due_on']}T{'12' if due == TODAY else '09'}:00:00"
    return add(title, due, place, **more, reminder_at=at)


def sought(q: str) -> list[Call]:
    """What is looked at for a task that may be there, where none is like it."""
    return [look(q, completed=False), EVERYTHING]


def look(
    q: str | None = None,
    completed: bool | None = None,
    limit: int | None = None,
    day: str = "",
    overdue: bool | None = None,
    place: str | None = None,
    done: tuple[str, str] | None = None,
    **more: str,
) -> Call:
    """`done`: the first and the last day on which it was completed."""
    given: dict[str, Any] = {
        "q": q,
        "completed": completed,
        "limit": limit,
        "overdue": overdue,
        "list": place,
    }
    if day:
        first = dt.date.fromisoformat(plan(day)["due_on"])
        given |= {"due_after": first.isoformat(), "due_before": (first + dt.timedelta(1)).isoformat()}
    if done:
        after = dt.date.fromisoformat(done[1]) + dt.timedelta(1)
        given |= {"completed_after": done[0], "completed_before": after.isoformat()}
    return "list_tasks", {name: value for name, value in (given | more).items() if value is not None}


def done(task: int) -> Call:
    return "complete_task", {"task_id": f"t{task}"}


def reopened(task: int) -> Call:
    return "complete_task", {"task_id": f"t{task}", "completed": False}


def deleted(task: int) -> Call:
    return "delete_task", {"task_id": f"t{task}"}


def updated(task: int, **fields: str | None) -> Call:
    return "update_task", {"task_id": f"t{task}", **fields}


def moved(task: int, due: str) -> Call:
    return "update_task", {"task_id": f"t{task}", **(plan(due) or {"due_on": None, "due_at": None})}


EVERYTHING = look(limit=200)
MONDAY, TUESDAY, FRIDAY = (
    "Due Monday 23 November 2026",
    "Due Tuesday 24 November 2026",
    "Due Friday 27 November 2026",
)
TODAY = "Due Sunday 22 November 2026"

HOME = ("Buy milk", "Call mom", "Write report | 20 pages. " + FRIDAY, "[x] Water plants", "Salt and pepper")
MILKS = ("Buy milk", "Buy oat milk", "Call mom")
