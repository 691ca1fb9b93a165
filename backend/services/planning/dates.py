# services/planning/dates.py -- turns the dates of a new or changed task into its columns.
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from access import Caller
from due_dates.occurrences import comes_again
from due_dates.rules import Rule, parse_rule
from due_dates.times import NEVER, Due, to_moment
from errors import Invalid
from models import Task

# A reminder of longer ago is not given any more when it is set: who brings old tasks along is not reminded of each.
LATE = timedelta(minutes=1)
DATE_FIELDS = frozenset({"due_on", "due_at", "due_timezone", "repeats", "reminder_at"})


def apply_changes(caller: Caller, task: Task, fields: Mapping[str, object], now: datetime) -> None:
    """Put the fields that were sent into the task; Invalid where they do not go together with what it has.

    A due date takes the place of the one before. Without one there is no time zone and no repetition.
    """
    was_completed = task.completed
    task.sqlmodel_update(dict(fields))
    settle_changes(caller, task, fields, now, was_completed=was_completed)


def settle_changes(
    caller: Caller, task: Task, fields: Mapping[str, object], now: datetime, *, was_completed: bool
) -> None:
    """Make the rest of a task fit the fields that were put into it."""
    if fields.get("due_on") is not None:
        task.due_at = None
    elif fields.get("due_at") is not None:
        task.due_on = None
    if DATE_FIELDS & fields.keys():
        settle_dates(caller, task, fields)
    if task.completed != (task.completed_at is not None):
        task.completed_at = now if task.completed else None
    if was_completed and task.completed and fields.get("repeats") is not None:
        raise Invalid("A task that is done does not repeat.", ("body", "repeats"))
    if "reminder_at" in fields or task.completed != was_completed:
        is_to_come = task.reminder_at is not None and task.reminder_at >= now - LATE
        task.remind_at = task.reminder_at if is_to_come and not task.completed else None


def settle_dates(caller: Caller, task: Task, fields: Mapping[str, object]) -> None:
    zone = task.due_timezone or caller.timezone
    if task.due_at is not None:
        task.due_at = to_utc(task.due_at, zone)
    if task.reminder_at is not None:
        task.reminder_at = to_utc(task.reminder_at, zone)
    if task.due_on is not None or task.due_at is not None:
        task.due_timezone = zone
    else:
        for name in ("due_timezone", "repeats"):
            if fields.get(name) is not None:
                raise Invalid(f"A task without a due date has no {name}.", ("body", name))
        task.due_timezone = task.repeats = None
    task.due_by = read_due(task).by
    if task.repeats is not None:
        check_repetition(task)


def to_utc(moment: datetime, zone: str) -> datetime:
    """A time without a zone is one of the clock there."""
    return to_moment(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def read_due(task: Task) -> Due:
    return Due(task.due_on, task.due_at, task.due_timezone or "UTC")


def read_rule(task: Task) -> Rule:
    """Invalid for one that was written into the database by other means than ours; whoever clears it can go on."""
    assert task.repeats is not None
    try:
        return parse_rule(task.repeats)
    except ValueError as error:
        raise Invalid(
            "The task repeats by a rule that is not understood: give it another one, or null for none.",
            ("body", "repeats"),
        ) from error


def check_repetition(task: Task) -> None:
    """Invalid for a rule that does not fit the date, or that never comes: 30 February is found out in bounded time."""
    rule = read_rule(task)
    if rule.frequency == "HOURLY" and task.due_at is None:
        raise Invalid("What repeats by the hour needs a due_at.", ("body", "repeats"))
    if task.due_by < NEVER and not comes_again(rule, read_due(task)):
        raise Invalid("The rule names no further day.", ("body", "repeats"))
