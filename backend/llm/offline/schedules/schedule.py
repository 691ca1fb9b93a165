# llm/offline/schedules/schedule.py -- when a task is due, repeats and is told of: from words, and to and from tools
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dates import DateMention
from dates.calendar_days import MONTHS, WEEKDAYS
from dates.day_parts import PART_TIMES
from due_dates.occurrences import ONE_DAY, find_next_day
from due_dates.rules import parse_rule
from models.shapes import JsonObject

NO_DUE: JsonObject = {"due_on": None, "due_at": None}
_DUE = re.compile(
    rf"(?:^|(?<=\s))Due (?:{'|'.join(WEEKDAYS)}) (?P<day>\d{{1,2}}) (?P<month>{'|'.join(MONTHS)}) (?P<year>\d{{4}})"
    rf"(?:, (?:(?P<clock>[01]\d:[0-5]\d|2[0-3]:[0-5]\d)|(?P<part>{'|'.join(PART_TIMES)})))?$"
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Due on a day, or then at a time of the clock; without a day it is not due at all.

    `repeats` is an RRULE. `reminder` is aware, or a time of the same clock as long as no tool has told it. `zone` is
    where the clock is; None for the person's own.
    """

    day: dt.date | None = None
    time: dt.time | None = None
    repeats: str | None = None
    reminder: dt.datetime | None = None
    zone: str | None = None

    @property
    def start(self) -> dt.datetime | None:
        """What the clock shows when it is due; at midnight for a day."""
        return dt.datetime.combine(self.day, self.time or dt.time()) if self.day else None

    def read_clock(self, moment: dt.datetime, now: dt.datetime) -> dt.datetime:
        """What its clock shows at this moment; `now` is on the clock of the person."""
        zone = ZoneInfo(self.zone) if self.zone else now.tzinfo
        return moment.astimezone(zone).replace(tzinfo=None)


UNPLANNED = Schedule()


def read_mention(when: DateMention | None) -> Schedule:
    return Schedule(when.date, when.time, when.repeats) if when else UNPLANNED


def read_schedule(task: Mapping[str, object]) -> Schedule:
    """That of a task as tools return it; empty where another program's tool writes times in another way."""
    due_on, due_at, zone = task.get("due_on"), task.get("due_at"), task.get("due_timezone")
    try:
        local = (
            dt.datetime.fromisoformat(str(due_at)).astimezone(ZoneInfo(str(zone or "UTC")))
            if due_at
            else None
        )
        reminder = task.get("reminder_at")
        return Schedule(
            local.date() if local else dt.date.fromisoformat(str(due_on)) if due_on else None,
            local.time() if local else None,
            str(task.get("repeats") or "") or None,
            dt.datetime.fromisoformat(str(reminder)) if reminder else None,
            str(zone) if zone else None,
        )
    except (ValueError, ZoneInfoNotFoundError):
        return UNPLANNED


def split_due(description: str) -> tuple[str, Schedule]:
    """The note and the due date of a description that ends with one: "2 litres. Due Friday 4 December 2026, 17:00".

    People and other programs write so; earlier versions did where tasks had no field for it.
    """
    text = description.rstrip()
    m = _DUE.search(text)
    if m is None:
        return text, UNPLANNED
    try:
        day = dt.date(int(m["year"]), MONTHS.index(m["month"]) + 1, int(m["day"]))
    except ValueError:
        return text, UNPLANNED
    time = dt.time.fromisoformat(m["clock"]) if m["clock"] else PART_TIMES.get(m["part"] or "")
    return text[: m.start()].rstrip(), Schedule(day, time)


def move_schedule(before: Schedule, when: DateMention) -> Schedule:
    """Another day keeps the time of the clock and how it repeats, and another time the day."""
    time = when.time or before.time
    if before.day is None:
        return replace(before, day=when.date, time=time, repeats=when.repeats)
    if when.repeats is None:
        return replace(before, day=when.date if when.has_day else before.day, time=time)
    keeps_day = not when.has_day and _names_day(when.repeats, before.day)
    return replace(before, day=before.day if keeps_day else when.date, time=time, repeats=when.repeats)


def _names_day(repeats: str, day: dt.date) -> bool:
    """Whether a rule that begins on this day has it among its days."""
    return find_next_day(parse_rule(repeats), day, day - ONE_DAY) == day


def plan_due(schedule: Schedule) -> JsonObject:
    """The arguments of a tool for the due date: a day, or a time of the clock where the task is."""
    if schedule.day is None:
        return NO_DUE
    if schedule.time is None:
        return {"due_on": schedule.day.isoformat()}
    return {"due_at": dt.datetime.combine(schedule.day, schedule.time).isoformat()}


def restore_schedule(before: Schedule) -> JsonObject:
    """The arguments that give a task back what it had."""
    return plan_due(before) | {
        "repeats": before.repeats,
        "reminder_at": before.reminder and before.reminder.isoformat(),
    }


def plan_schedule(schedule: Schedule) -> JsonObject:
    """The arguments for a new task."""
    given: JsonObject = {"repeats": schedule.repeats, "due_timezone": schedule.zone}
    given["reminder_at"] = schedule.reminder and schedule.reminder.isoformat()
    due = plan_due(schedule) if schedule.day else {}
    return due | {name: value for name, value in given.items() if value}


def plan_change(before: Schedule, after: Schedule, now: dt.datetime) -> JsonObject:
    """The arguments for a task that is there: its new due date, what else is new, and its reminder as far before."""
    changed = plan_due(after)
    if after.day and after.repeats != before.repeats:
        changed["repeats"] = after.repeats
    if before.reminder and after.day is None:
        changed["reminder_at"] = None
    elif before.reminder and before.day and after.day:
        moved = after.day - before.day
        if before.time and after.time:
            moved = dt.datetime.combine(after.day, after.time) - dt.datetime.combine(before.day, before.time)
        reminder = before.read_clock(before.reminder, now) + moved
        changed |= {"reminder_at": reminder.isoformat()} if moved else {}
    return changed
