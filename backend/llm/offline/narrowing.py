# llm/offline/narrowing.py -- which tasks are on a list, and which are due on a day or were before it
import datetime as dt
from collections.abc import Iterable

from llm.offline.parsing.due_texts import parse_due_day
from llm.offline.parsing.task_references import TaskView


def find_due_day(task: TaskView) -> dt.date | None:
    """The day on which the task is due, by its date or else by the words in its description."""
    return task.due_day or parse_due_day(task.description)


def is_on_list(task: TaskView, name: str | None) -> bool:
    """Whether the task is on the list of this name, in any case; every task is where no list or the main one is meant.

    The main list is what people mean by "my list", and that is all they have to do.
    """
    return not name or task.list_name.lower() == name.lower()


def narrow_tasks(
    tasks: Iterable[TaskView],
    name: str | None = None,
    day: dt.date | None = None,
    before: dt.date | None = None,
) -> tuple[TaskView, ...]:
    """The tasks that are on the list, due on `day`, and due before `before`."""
    return tuple(
        task
        for task in tasks
        if is_on_list(task, name)
        and (day is None or find_due_day(task) == day)
        and (before is None or ((due := find_due_day(task)) is not None and due < before))
    )


def name_list(name: str | None) -> str | None:
    """The name of a list as it is stored where the person writes it small; None for the main list."""
    return (name[:1].upper() + name[1:] if name.islower() else name) if name else None
