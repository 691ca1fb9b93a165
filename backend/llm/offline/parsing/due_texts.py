# llm/offline/parsing/due_texts.py -- due dates as words at the end of a description: "Due Wednesday 3 June 2026, 17:00"
import datetime as dt
import re

from dates import DateMention
from dates.calendar_days import MONTHS, WEEKDAYS

_DUE = re.compile(
    rf"(?:^|(?<=\s))Due (?P<day>(?:{'|'.join(WEEKDAYS)}) \d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}})"
    r"(?P<time>, (?:\d\d:\d\d|morning|afternoon|evening|night))?$"
)


def format_due(when: DateMention, earlier: str = "") -> str:
    """`Due Wednesday 3 June 2026, 17:00`: the form of a date in a description.

    A clock time alone keeps the day of an `earlier` due text.
    """
    kept = None if when.has_day else _DUE.fullmatch(earlier)
    clock = f", {when.time:%H:%M}" if when.time else f", {when.part}" if when.part else ""
    return f"Due {kept['day'] if kept else format_day(when.date)}{clock}"


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
