# services/planning/repetition.py -- the next task of one that repeats and is done.
from datetime import datetime

from due_dates.occurrences import find_next
from due_dates.rules import count_down
from due_dates.times import Due, to_local, to_moment
from models import Task
from services.planning.dates import LATE, read_due, read_rule

COPIED = ("user_id", "title", "description", "due_timezone", "priority", "position", "list")


def build_next(task: Task, now: datetime) -> Task | None:
    """The same task, due at the next time of its rule that is not past; None where the rule has ended.

    COUNT is how many are still to be done: times that were missed do not count.
    """
    assert task.repeats is not None
    rule, due = read_rule(task), read_due(task)
    found = None if rule.count == 1 else find_next(rule, due, now)
    if found is None:
        return None
    reminder_at = move_reminder(task.reminder_at, due, found)
    return Task(
        **{name: getattr(task, name) for name in COPIED},
        due_on=found.on,
        due_at=found.at,
        due_by=found.by,
        repeats=count_down(task.repeats),
        reminder_at=reminder_at,
        remind_at=reminder_at if reminder_at is not None and reminder_at >= now - LATE else None,
    )


def move_reminder(reminder_at: datetime | None, due: Due, found: Due) -> datetime | None:
    """As far before the new due date as it was before the old one, on the clock."""
    if reminder_at is None:
        return None
    return to_moment(to_local(reminder_at, due.zone) + (found.local - due.local), due.zone)
