# llm/offline/parsing/dates.py -- finds dates and times in English, and writes them as "Due ..."
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from llm.offline.parsing.date_phrases import (
    COUNT_PATTERN,
    DAY_PHRASES,
    MONTHS,
    NUMBER_WORDS,
    WEEKDAYS,
    DayResolver,
    compile_phrase,
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date that `text[start:end]` mentions.

    `part` ("morning") is set only without a `time`. `has_day` is false for a clock time alone.
    """

    start: int
    end: int
    date: dt.date
    time: dt.time | None = None
    part: str | None = None
    has_day: bool = True


DateFinder = Callable[[str], DateMention | None]


_DURATION = compile_phrase(rf"in {COUNT_PATTERN} (?P<unit>hours?|hrs?|minutes?|mins?)(?: from now)?")
_CLOCK = compile_phrase(
    r"(?P<strong>(?:at |by |before |until |till |from |around |about |@ ?|due ){1,3})?"
    r"(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))? ?(?P<half>[ap])\.?m\b\.?"
    r"|(?P<hour24>\d{1,2}):(?P<minute24>\d\d)"
    r"|(?P<word>noon|midday|midnight)|(?<=at )(?P<bare>\d{1,2})(?: o['’]?clock)?)"
    r"(?: (?:in the|at) (?P<part>morning|afternoon|evening|night))?"
)
_REPEATED = re.compile(
    r"\b(?:(?:every|each) (?:other |second )?(?:\w*day|week|month|year|morning|evening|night|hour)"
    r"|daily|weekly|monthly)\b",
    re.IGNORECASE,
)
_END = re.compile(r" ?(?:$|[.,;:!?)\n-]| and\b| then\b)", re.IGNORECASE)
_RANGE = re.compile(r" ?(?:[-–—]|to|until|till) ?\d", re.IGNORECASE)
_BEFORE = re.compile(r"(?:^|\W)([\w]+)\W?$")
_NOT_DATES = frozenset(
    """
        every each last past since weekly black good easter cyber ash shrove pancake palm whit super
    """.split()
)
_AMBIGUOUS_WEEKDAYS = frozenset(["mon", "wed", "sat", "sun"])
_MAX_CHARACTERS = 2000  # a date further on in a text is ignored; no title is as long


def find_date(text: str, now: dt.datetime, tz: dt.tzinfo) -> DateMention | None:
    """The first date or time in `text` that is after `now` (aware), in the time zone `tz`.

    An ambiguous phrase is no date: the name of a weekday or month needs a preposition, a day number or the end of
    the sentence. "3/6", "Sunday newspaper", "every day at 5" and past dates are ignored.
    """
    text, local = text[:_MAX_CHARACTERS], now.astimezone(tz)
    if _REPEATED.search(text):
        return None
    try:
        return _find_duration(text, now, tz) or _find_day_and_clock(text, local)
    except OverflowError:  # beyond the year 9999: a number, but no date
        return None


def _find_duration(text: str, now: dt.datetime, tz: dt.tzinfo) -> DateMention | None:
    m = _DURATION.search(text)
    if m is None:
        return None
    count = int(m["count"]) if m["count"].isdigit() else NUMBER_WORDS[m["count"].lower()] or 0.5
    hours = count if m["unit"].lower().startswith("h") else count / 60
    # Add in UTC: local clock times skip or repeat an hour when the clocks change.
    then = (now.astimezone(dt.UTC) + dt.timedelta(hours=hours)).astimezone(tz)
    return DateMention(m.start(), m.end(), then.date(), then.time().replace(second=0, microsecond=0))


def _find_day_and_clock(text: str, now: dt.datetime) -> DateMention | None:
    clocks = [m for m in _CLOCK.finditer(text) if _parse_clock(m, None) and not _RANGE.match(text, m.end())]
    mentions: list[DateMention] = []
    past: list[tuple[int, int]] = []  # no part of a past date may be taken for another date
    for pattern, days in DAY_PHRASES:
        for m in pattern.finditer(text):
            clock = next((c for c in clocks if _is_adjacent(text, m, c)), None)
            if not _is_meant_as_date(text, m, clock) or _overlaps_any(m.span(), past):
                continue
            if when := _resolve_day(m, clock, days, now):
                mentions.append(when)
            else:
                past += [m.span(), clock.span()] if clock else [m.span()]
    if mentions:
        return min(mentions, key=lambda when: (when.start, -when.end))
    return next(
        (w for c in clocks if not _overlaps_any(c.span(), past) and (w := _resolve_clock(text, c, now))), None
    )


def _overlaps_any(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _is_meant_as_date(text: str, m: re.Match[str], clock: re.Match[str] | None) -> bool:
    """Whether the words around the match confirm that it is meant as a day."""
    groups = m.groupdict()
    before = _BEFORE.search(text, max(0, m.start() - 20), m.start())
    if before and before[1].lower() in _NOT_DATES:
        return False
    if groups.get("strong") is not None and not (groups.get("weak") and "day" in groups):
        return True
    ends = clock is not None or _END.match(text, m.end()) is not None
    if groups.get("weekday") and "day" not in groups and not groups.get("weak") and not groups.get("part"):
        hard = groups["weekday"].lower() in _AMBIGUOUS_WEEKDAYS and clock is None
        leading = clock is None and m.start() == 0 and m.end() < len(text) and text[m.end()] not in ":,"
        return ends and not hard and not leading
    return ends or bool(groups.get("part"))


def _is_adjacent(text: str, day: re.Match[str], clock: re.Match[str]) -> bool:
    first, second = sorted((day, clock), key=lambda m: m.start())
    gap = text[first.end() : second.start()]
    return first.end() <= second.start() and gap.strip(" ,").lower() in ("", "at", "on", "in the")


def _parse_clock(m: re.Match[str], part: str | None) -> dt.time | None:
    """The time of day; "at 5" without am or pm is in the given part of the day, or else in the waking hours."""
    part = (m["part"] or part or "").lower()
    if m["word"]:
        return dt.time(0) if m["word"].lower() == "midnight" else dt.time(12)
    hour, minute = int(m["hour"] or m["hour24"] or m["bare"]), int(m["minute"] or m["minute24"] or 0)
    if m["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if m["half"].lower() == "p" else 0)
    elif m["bare"] and hour < 12:
        afternoon = part in ("afternoon", "evening", "night") or (not part and hour < 7)
        hour += 12 if afternoon else 0
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None


def _resolve_day(
    m: re.Match[str], clock: re.Match[str] | None, days: DayResolver, now: dt.datetime
) -> DateMention | None:
    part = _parse_day_part(m)
    at = _parse_clock(clock, part) if clock else None
    for day in days(m, now, at):
        if day > now.date() or (day == now.date() and (at is None or at > now.time())):
            start, end = (min(m.start(), clock.start()), max(m.end(), clock.end())) if clock else m.span()
            return DateMention(start, end, day, at, None if at else part)
    return None


def _parse_day_part(m: re.Match[str]) -> str | None:
    groups = m.groupdict()
    near = (groups.get("near") or "").lower()
    part = near[5:] if near.startswith("this ") else "evening" if near == "tonight" else groups.get("part")
    return part.lower() if part else None


def _resolve_clock(text: str, m: re.Match[str], now: dt.datetime) -> DateMention | None:
    """A clock time without a day means its next occurrence; it needs an "at", or the end of the sentence."""
    at = _parse_clock(m, None)
    if at is None or not (_END.match(text, m.end()) or (m["strong"] and not m["bare"])):
        return None
    return DateMention(
        m.start(), m.end(), now.date() + dt.timedelta(0 if at > now.time() else 1), at, has_day=False
    )


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
