# llm/offline/schedules/schedule_words.py -- says in words when a task is due, how it repeats, and its reminder
import datetime as dt

from llm.offline.schedules.repetition_words import describe_repetition
from llm.offline.schedules.schedule import Schedule
from llm.offline.sentences import schedules
from llm.offline.sentences.speaker import Speaker


def describe_due(schedule: Schedule, speaker: Speaker) -> str:
    """ "Monday 23 November, 17:00"; empty without a date."""
    return _format_time(schedule.day, schedule.time, speaker) if schedule.day else ""


def describe_further(schedule: Schedule, speaker: Speaker) -> list[str]:
    """How it repeats, and the reminder that is to come."""
    told = [describe_repetition(schedule.repeats, speaker)] if schedule.repeats else []
    if schedule.reminder and schedule.reminder > speaker.now:
        told.append(describe_reminder(schedule, schedule.reminder, speaker))
    return told


def describe_reminder(schedule: Schedule, reminder: dt.datetime, speaker: Speaker) -> str:
    """No more than differs from the due date."""
    local = schedule.read_clock(reminder, speaker.now)
    day, time = local.date(), local.time().replace(second=0, microsecond=0)
    if (day, time) == (schedule.day, schedule.time):
        return speaker.say(schedules.REMINDER_THEN)
    if day == schedule.day:
        return speaker.say(schedules.REMINDER_AT, time=f"{time:%H:%M}")
    return speaker.say(schedules.REMINDER_ON, day=_format_time(day, time, speaker))


def describe_moment(schedule: Schedule, moment: dt.datetime, speaker: Speaker) -> str:
    """ "Monday 23 November, 17:00", on the clock of the task."""
    local = schedule.read_clock(moment, speaker.now)
    return _format_time(local.date(), local.time(), speaker)


def _format_time(day: dt.date, time: dt.time | None, speaker: Speaker) -> str:
    return ", ".join([speaker.format_day(day), *([f"{time:%H:%M}"] if time else [])])
