# llm/offline/finding/narrowing.py -- which tasks are on a list, and how the tool is asked for what is wanted
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from dates import DateMention
from llm.offline.parsing.task_references import TaskView
from models.shapes import JsonObject

Days = tuple[date, date]  # the first and the last one


def read_days(when: DateMention | None) -> Days | None:
    return (when.date, when.last_date or when.date) if when else None


def plan_filter(
    list_name: str | None, days: Days | None, overdue: bool, done: bool | None = None
) -> JsonObject:
    """The arguments of list_tasks for what is on a list, is due or was done on some days, or is overdue.

    What was done is asked for by when that was: "what did I finish yesterday".
    """
    query: JsonObject = {"list": list_name} if list_name else {}
    if overdue:
        query["overdue"] = True
    if days is not None:
        kind = "completed" if done else "due"
        end = days[1] + timedelta(1)
        query |= {f"{kind}_after": days[0].isoformat(), f"{kind}_before": end.isoformat()}
    return query


def is_on_list(task: TaskView, name: str | None) -> bool:
    """Whether the task is on the list of this name, in any case; every task is where no list or the main one is meant.

    The main list is what people mean by "my list", and that is all they have to do.
    """
    return not name or task.list_name.casefold() == name.casefold()


def spell_list(tasks: Sequence[TaskView], name: str | None) -> str | None:
    """The name of a list as it is spelled where it has tasks, else as it was said."""
    return next((task.list_name for task in tasks if name and is_on_list(task, name)), name)


def narrow_tasks(tasks: Iterable[TaskView], name: str | None) -> tuple[TaskView, ...]:
    return tuple(task for task in tasks if is_on_list(task, name))


def name_list(name: str | None) -> str | None:
    """The name of a list as it is stored where the person writes it small; None for the main list."""
    return (name[:1].upper() + name[1:] if name.islower() else name) if name else None
