# llm/offline/narrowing.py -- which tasks are on a list, and how the tool is asked for those that are due
from collections.abc import Iterable
from datetime import timedelta

from dates import DateMention
from llm.offline.parsing.task_references import TaskView
from models.shapes import JsonObject


def plan_dates(when: DateMention | None, overdue: bool) -> JsonObject:
    """The arguments of list_tasks for what is due on a day or in a period, or is overdue."""
    query: JsonObject = {"overdue": True} if overdue else {}
    if when is not None:
        last = when.last_date or when.date
        query |= {"due_after": when.date.isoformat(), "due_before": (last + timedelta(1)).isoformat()}
    return query


def is_on_list(task: TaskView, name: str | None) -> bool:
    """Whether the task is on the list of this name, in any case; every task is where no list or the main one is meant.

    The main list is what people mean by "my list", and that is all they have to do.
    """
    return not name or task.list_name.lower() == name.lower()


def narrow_tasks(tasks: Iterable[TaskView], name: str | None) -> tuple[TaskView, ...]:
    return tuple(task for task in tasks if is_on_list(task, name))


def name_list(name: str | None) -> str | None:
    """The name of a list as it is stored where the person writes it small; None for the main list."""
    return (name[:1].upper() + name[1:] if name.islower() else name) if name else None
