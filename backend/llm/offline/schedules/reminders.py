# llm/offline/schedules/reminders.py -- when a person is to be reminded of a task
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from dates import DateMention
from dates.day_parts import PART_TIMES
from llm.offline.parsing.task_titles import TaskDraft
from llm.offline.schedules.schedule import Schedule
from llm.offline.sentences import schedules
from llm.offline.sentences.sentence import Sentence

# When, on the clock of the task; or why not.
Reminder = dt.datetime | Sentence


def choose_time(day: dt.date, now: dt.datetime) -> dt.datetime | None:
    """When one is reminded of what has only a day: in the morning, or today at the next usual hour."""
    moments = [dt.datetime.combine(day, time) for time in sorted(PART_TIMES.values())]
    return next((moment for moment in moments if moment > now), None)


def count_back(schedule: Schedule, before: dt.timedelta, now: dt.datetime) -> Reminder:
    """So long before the due date; `now` is on its clock."""
    if schedule.day is None:
        return schedules.NO_DATE_TO_COUNT_FROM
    if schedule.time is None and before % dt.timedelta(1):
        return schedules.NO_TIME_TO_COUNT_FROM
    if schedule.time is None:
        at = choose_time(schedule.day - before, now)
    else:
        at = dt.datetime.combine(schedule.day, schedule.time) - before
    return at if at and at > now else schedules.REMINDER_PAST


def set_reminders(
    drafts: Sequence[TaskDraft], now: dt.datetime
) -> tuple[list[TaskDraft], dict[str, Sentence]]:
    """The drafts with the reminders that are wanted; and why some cannot have one, by their titles.

    "Remind me to buy milk" is a task without a date, of which nobody is reminded.
    """
    done: list[TaskDraft] = []
    reasons: dict[str, Sentence] = {}
    for draft in drafts:
        schedule, before = draft.schedule, draft.remind
        if before is not None and (schedule.day or before):
            reminder = count_back(schedule, before, now.replace(tzinfo=None))
            if isinstance(reminder, Sentence):
                reasons[draft.title] = reminder
            else:
                schedule = replace(schedule, reminder=reminder)
        done.append(replace(draft, schedule=schedule))
    return done, reasons


def place_reminder(schedule: Schedule, when: DateMention, now: dt.datetime) -> Reminder:
    """At the time that was said; a time of the clock alone is on the day on which the task is due, where it fits."""
    if when.time is None:
        return choose_time(when.date, now) or schedules.REMINDER_PAST
    if not when.has_day and schedule.day:
        due = dt.datetime.combine(schedule.day, schedule.time or dt.time.max)
        at = dt.datetime.combine(schedule.day, when.time)
        if now < at <= due:
            return at
    return dt.datetime.combine(when.date, when.time)
