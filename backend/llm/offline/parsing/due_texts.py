# llm/offline/parsing/due_texts.py -- due dates as words at the end of a description: "Due Wednesday 3 June 2026, 17:00"
"""So the model has them in mind, since one text has note and date; the tools have fields for the date."""

import datetime as dt
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dates import DateMention
from dates.calendar_days import MONTHS, WEEKDAYS
from dates.mention import DAY_PARTS
from models.shapes import JsonObject

NO_DUE: JsonObject = {"due_on": None, "due_at": None}

_DUE = re.compile(
    rf"(?:^|(?<=\s))Due (?P<day>(?:{'|'.join(WEEKDAYS)}) \d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}})"
    rf"(?P<time>, (?:\d\d:\d\d|{'|'.join(DAY_PARTS)}))?$"
)
_PART = re.compile(rf"(?:^|(?<=\s))In the (?:{'|'.join(DAY_PARTS)})\.?$")


def format_due(when: DateMention, earlier: str = "") -> str:
    """`Due Wednesday 3 June 2026, 17:00`: the form of a date in a description.

    A clock time alone keeps the day of an `earlier` due text, and a day alone its time.
    """
    before = _DUE.fullmatch(earlier)
    clock = f", {when.time:%H:%M}" if when.time else f", {when.part}" if when.part else ""
    if before and not clock:
        clock = before["time"] or ""
    return f"Due {before['day'] if before and not when.has_day else format_day(when.date)}{clock}"


def format_day(day: dt.date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def parse_due_day(description: str) -> dt.date | None:
    """The day of a due text that `format_due` wrote, if the description ends with one."""
    m = _DUE.search(description)
    _, day, month, year = m["day"].split(" ") if m else ("", "", "", "")
    return dt.date(int(year), MONTHS.index(month) + 1, int(day)) if m else None


def split_due(description: str | None) -> tuple[str, str]:
    """A description as (note, due text); either may be empty."""
    text = (description or "").rstrip()
    m = _DUE.search(text)
    return (text[: m.start()].rstrip(), m[0]) if m else (text, "")


def join_due(note: str, due: str) -> str:
    note = note.strip()
    if note and due and note[-1] not in ".!?…":
        note += "."
    return f"{note} {due}".strip()


def plan_task(note: str, due: str) -> JsonObject:
    """The arguments of a tool for a new task with this note and this due text, either of which may be empty."""
    note = write_part(note, due)
    return ({"description": note} if note else {}) | plan_due(due)


def write_part(note: str, due: str) -> str:
    """The note with the part of the day in the due text, for which tools have no field, and with no other one."""
    kept = _PART.sub("", note).rstrip()
    part = due.partition(", ")[2]
    return join_due(kept, f"In the {part}") if part in DAY_PARTS else kept if due else note


def plan_due(due: str) -> JsonObject:
    """The arguments for a due text: a day, or a time of the clock where the task is."""
    day = parse_due_day(due)
    if day is None:
        return {}
    time = due.partition(", ")[2]
    if ":" in time:
        return {"due_at": f"{day.isoformat()}T{time}:00"}
    return {"due_on": day.isoformat()}


def read_due(task: Mapping[str, object]) -> str:
    """The due text for the fields of a task as tools return it; empty without a date."""
    due_on, due_at = task.get("due_on"), task.get("due_at")
    try:
        if due_on:
            return f"Due {format_day(dt.date.fromisoformat(str(due_on)))}"
        if due_at:
            zone = ZoneInfo(str(task.get("due_timezone") or "UTC"))
            moment = dt.datetime.fromisoformat(str(due_at)).astimezone(zone)
            return f"Due {format_day(moment.date())}, {moment:%H:%M}"
    except (ValueError, ZoneInfoNotFoundError):  # another program's tool may write times in another way
        return ""
    return ""
