# llm/offline/parsing/dates.py -- dates and times in English: finding them in a sentence, writing them as "Due ..."
import datetime as dt
import re
from dataclasses import dataclass

from llm.offline.parsing.date_phrases import COUNT, DAY_PHRASES, MONTHS, NUMBERS, WEEKDAYS, Days, phrase


@dataclass(frozen=True, slots=True)
class When:
    """A moment that `text[start:end]` names.

    `part` ("morning") stands where no clock time was said; `day_said` is false for a clock time alone.
    """

    start: int
    end: int
    date: dt.date
    time: dt.time | None = None
    part: str | None = None
    day_said: bool = True


_AMOUNT = phrase(rf"in {COUNT} (?P<unit>hours?|hrs?|minutes?|mins?)(?: from now)?")
_CLOCK = phrase(
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
_HARD_TO_TELL = frozenset(["mon", "wed", "sat", "sun"])
_FAR = 2000  # a title is not that long; what comes later in a text is not searched for dates


def find_when(text: str, now: dt.datetime, tz: dt.tzinfo) -> When | None:
    """The first date or time in `text`, seen from `now` (aware) in `tz`; always ahead of `now`, or None.

    Only what clearly is a date counts: a weekday or month name needs a preposition, a day number or
    the end of the sentence; "3/6", "Sunday newspaper", "every day at 5" and past dates are left alone.
    """
    text, local = text[:_FAR], now.astimezone(tz)
    if _REPEATED.search(text):
        return None
    try:
        return _amount(text, now, tz) or _day_and_clock(text, local)
    except OverflowError:  # beyond the year 9999: a number, but no date
        return None


def _amount(text: str, now: dt.datetime, tz: dt.tzinfo) -> When | None:
    m = _AMOUNT.search(text)
    if m is None:
        return None
    count = int(m["count"]) if m["count"].isdigit() else NUMBERS[m["count"].lower()] or 0.5
    hours = count if m["unit"].lower().startswith("h") else count / 60
    # On UTC, so that the hours are real ones when the clocks change in between.
    then = (now.astimezone(dt.UTC) + dt.timedelta(hours=hours)).astimezone(tz)
    return When(m.start(), m.end(), then.date(), then.time().replace(second=0, microsecond=0))


def _day_and_clock(text: str, now: dt.datetime) -> When | None:
    clocks = [m for m in _CLOCK.finditer(text) if _clock_time(m, None) and not _RANGE.match(text, m.end())]
    found: list[When] = []
    past: list[tuple[int, int]] = []  # no part of a date that has gone by may be read as another date
    for pattern, days in DAY_PHRASES:
        for m in pattern.finditer(text):
            clock = next((c for c in clocks if _adjacent(text, m, c)), None)
            if not _is_date(text, m, clock) or _overlaps(m.span(), past):
                continue
            if when := _read_day(m, clock, days, now):
                found.append(when)
            else:
                past += [m.span(), clock.span()] if clock else [m.span()]
    if found:
        return min(found, key=lambda when: (when.start, -when.end))
    return next(
        (w for c in clocks if not _overlaps(c.span(), past) and (w := _read_clock(text, c, now))), None
    )


def _overlaps(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _is_date(text: str, m: re.Match[str], clock: re.Match[str] | None) -> bool:
    """Whether what looks like a day is meant as one, judged by the words around it."""
    groups = m.groupdict()
    before = _BEFORE.search(text, max(0, m.start() - 20), m.start())
    if before and before[1].lower() in _NOT_DATES:
        return False
    if groups.get("strong") is not None and not (groups.get("weak") and "day" in groups):
        return True
    ends = clock is not None or _END.match(text, m.end()) is not None
    if groups.get("weekday") and "day" not in groups and not groups.get("weak") and not groups.get("part"):
        hard = groups["weekday"].lower() in _HARD_TO_TELL and clock is None
        leading = clock is None and m.start() == 0 and m.end() < len(text) and text[m.end()] not in ":,"
        return ends and not hard and not leading
    return ends or bool(groups.get("part"))


def _adjacent(text: str, day: re.Match[str], clock: re.Match[str]) -> bool:
    first, second = sorted((day, clock), key=lambda m: m.start())
    gap = text[first.end() : second.start()]
    return first.end() <= second.start() and gap.strip(" ,").lower() in ("", "at", "on", "in the")


def _clock_time(m: re.Match[str], part: str | None) -> dt.time | None:
    """The time of day; "at 5" without am or pm is in the waking hours, or in the part of the day said."""
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


def _read_day(m: re.Match[str], clock: re.Match[str] | None, days: Days, now: dt.datetime) -> When | None:
    part = _part(m)
    at = _clock_time(clock, part) if clock else None
    for day in days(m, now, at):
        if day > now.date() or (day == now.date() and (at is None or at > now.time())):
            start, end = (min(m.start(), clock.start()), max(m.end(), clock.end())) if clock else m.span()
            return When(start, end, day, at, None if at else part)
    return None


def _part(m: re.Match[str]) -> str | None:
    groups = m.groupdict()
    near = (groups.get("near") or "").lower()
    part = near[5:] if near.startswith("this ") else "evening" if near == "tonight" else groups.get("part")
    return part.lower() if part else None


def _read_clock(text: str, m: re.Match[str], now: dt.datetime) -> When | None:
    """A time without a day is the next such time; it needs its "at", or the end of the sentence."""
    at = _clock_time(m, None)
    if at is None or not (_END.match(text, m.end()) or (m["strong"] and not m["bare"])):
        return None
    return When(
        m.start(), m.end(), now.date() + dt.timedelta(0 if at > now.time() else 1), at, day_said=False
    )


_DUE = re.compile(
    rf"(?:^|(?<=\s))Due (?P<day>(?:{'|'.join(WEEKDAYS)}) \d{{1,2}} (?:{'|'.join(MONTHS)}) \d{{4}})"
    r"(?P<time>, (?:\d\d:\d\d|morning|afternoon|evening|night))?$"
)


def due_text(when: When, earlier: str = "") -> str:
    """`Due Wednesday 3 June 2026, 17:00`: how a date is kept in a description.

    A clock time alone leaves the day of an `earlier` due text.
    """
    kept = None if when.day_said else _DUE.fullmatch(earlier)
    clock = f", {when.time:%H:%M}" if when.time else f", {when.part}" if when.part else ""
    return f"Due {kept['day'] if kept else day_text(when.date)}{clock}"


def day_text(day: dt.date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def due_day(description: str) -> dt.date | None:
    """The day of a due part that `due_text` wrote."""
    m = _DUE.search(description)
    _, day, month, year = m["day"].split(" ") if m else ("", "", "", "")
    return dt.date(int(year), MONTHS.index(month) + 1, int(day)) if m else None


def split_due(description: str | None) -> tuple[str, str]:
    """A description as (note, due part), either of them possibly empty."""
    text = (description or "").rstrip()
    m = _DUE.search(text)
    return (text[: m.start()].rstrip(), m[0]) if m else (text, "")


def join_due(note: str, due: str) -> str:
    note = note.strip()
    if note and due and note[-1] not in ".!?…":
        note += "."
    return f"{note} {due}".strip()
