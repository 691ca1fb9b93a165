# dates/calendars/finder.py -- finds days and times by the calendar of a language
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dates.calendars.calendar_tables import Calendar
from dates.calendars.days import DAYS, Found
from dates.calendars.folding import fold_text
from dates.calendars.limits import read_limits
from dates.calendars.repeats import read_recurrence
from dates.day_parts import PART_TIMES, choose_usual_time
from dates.mention import DateMention

_MAX_CHARACTERS = 1000  # a date further on in a text is ignored; no title is as long
_PARTS = ("morning", "afternoon", "evening", "night", "noon")  # by their number in the tables
_MORNING_BEGINS = 7  # an hour before it, said without a part of the day, is one of the afternoon


@dataclass(frozen=True, slots=True)
class _Clock:
    start: int
    end: int
    hour: int
    minute: int
    literal: bool  # no other hour is meant
    strong: bool  # a time wherever it stands
    part: int | None


def find_local_date(text: str, calendar: Calendar, now: dt.datetime, tz: dt.tzinfo) -> DateMention | None:
    """The first date or time in the text, in the words of a calendar; one that is past is none."""
    folded, local = fold_text(text[:_MAX_CHARACTERS]), now.astimezone(tz)
    try:
        if duration := _find_duration(folded, calendar, now, tz):
            return duration
        clocks = [
            clock
            for kind, words in calendar.clocks
            for m in words.finditer(folded)
            if (clock := _read_clock(kind, Found(m, calendar, local)))
        ]
        for repeating in _find_repeating(folded, calendar, local, clocks):
            return repeating
        mentions: list[DateMention] = []
        taken: list[tuple[int, int]] = []
        for kind, m in [(kind, m) for kind, day in calendar.days for m in day.finditer(folded)]:
            if kind == "duration" or any(m.start() < end and start < m.end() for start, end in taken):
                continue
            taken.append(m.span())
            if kind == "none":
                continue
            clock = next((c for c in clocks if _is_adjacent(folded, m.span(), c, calendar)), None)
            found = Found(m, calendar, local, timed=clock is not None)
            if clock:
                taken.append((clock.start, clock.end))
            if mention := _choose_day(found, DAYS[kind](found), clock):
                mentions.append(mention)
        if mentions:
            return min(mentions, key=lambda mention: (mention.start, -mention.end))
        free = [c for c in clocks if not any(c.start < end and start < c.end for start, end in taken)]
        return next(
            (_resolve_clock(c, local) for c in free if c.strong or c.end == len(folded.rstrip(" .!?"))), None
        )
    except OverflowError:  # beyond the year 9999: a number, but no date
        return None


def _find_repeating(
    text: str, calendar: Calendar, now: dt.datetime, clocks: list[_Clock]
) -> Iterator[DateMention | None]:
    """What repeats, if anything does; None where its beginning or its end is not understood."""
    for kind, repeat in calendar.repeats:
        if m := repeat.search(text):
            found = Found(m, calendar, now)
            recurrence = read_recurrence(kind, found)
            clock = next((c for c in clocks if _is_adjacent(text, m.span(), c, calendar)), None)
            limits = read_limits(found, max(m.end(), clock.end if clock else 0))
            if limits is None:
                yield None
                return
            days = recurrence.list_from(limits.first or now.date())
            until = f";UNTIL={limits.last:%Y%m%d}" if limits.last else ""
            mention = _choose_day(found, days, clock, recurrence.rule + until)
            is_over = mention is not None and limits.last is not None and limits.last < mention.date
            if mention is None or is_over:
                yield None
                return
            yield replace(mention, end=max(mention.end, limits.end), has_day=limits.first is not None)
            return


def _find_duration(text: str, calendar: Calendar, now: dt.datetime, tz: dt.tzinfo) -> DateMention | None:
    """ "in 2 hours": `minutes` of the unit's word, times the count."""
    for kind, day in calendar.days:
        if kind == "duration" and (m := day.search(text)):
            found = Found(m, calendar, now)
            minutes = found.read("minutes") * found.read("count", 1)
            # Add in UTC: local clock times skip or repeat an hour when the clocks change.
            then = (now.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(tz)
            time = then.time().replace(second=0, microsecond=0)
            return DateMention(m.start(), m.end(), then.date(), time)
    return None


def _read_clock(kind: str, found: Found) -> _Clock | None:
    hour, minute = found.read("hour"), found.read("minute")
    part = found.read("part") if found.has("part") else None
    literal = found.has("exact") or found.has("half") or kind in ("noon", "now")
    if kind == "noon":
        hour = 12
    elif kind == "now":
        hour, minute = found.now.hour, found.now.minute
    elif kind == "half_to":
        hour, minute = hour - 1, 30
    elif kind == "half_past":
        minute = 30
    elif kind == "quarter_to":
        hour, minute = hour - 1, 45
    elif kind == "quarter_past":
        minute = 15
    if found.has("half") and 1 <= hour <= 12:
        hour = hour % 12 + (12 if found.m["half"].lower() == "p" else 0)
    if not (0 <= hour < 24 and minute < 60):
        return None
    return _Clock(found.m.start(), found.m.end(), hour, minute, literal, found.has("at") or literal, part)


def _time_of(clock: _Clock, part: int | None) -> dt.time:
    """The time of day: "at 5" is in the part of the day that is named, or else in the waking hours."""
    part = clock.part if clock.part is not None else part
    hour = clock.hour
    if part is not None:
        hour += 12 if part > 0 and hour < 12 and not (part == 3 and hour < 5) else 0
    elif not clock.literal and 0 < hour < _MORNING_BEGINS:
        hour += 12
    return dt.time(hour, clock.minute)


def _is_adjacent(text: str, day: tuple[int, int], clock: _Clock, calendar: Calendar) -> bool:
    first, second = sorted([day, (clock.start, clock.end)])
    gap = text[first[1] : second[0]].strip(" ,").lower()
    return first[1] <= second[0] and (not gap or gap in calendar.between)


def _choose_day(
    found: Found, days: Iterator[dt.date], clock: _Clock | None, rule: str | None = None
) -> DateMention | None:
    part = found.read("part") if found.has("part") else None
    name, now = None if part is None else _PARTS[part], found.now
    at = _time_of(clock, part) if clock else PART_TIMES.get(name or "") if rule else None
    for day in days:
        if day > now.date() or (day == now.date() and (at is None or at > now.time())):
            spans = [found.m.span(), *([(clock.start, clock.end)] if clock else [])]
            start, end = min(span[0] for span in spans), max(span[1] for span in spans)
            time = at or choose_usual_time(name, day, now)
            return DateMention(start, end, day, time, has_day=rule is None, repeats=rule)
    return None


def _resolve_clock(clock: _Clock, now: dt.datetime) -> DateMention:
    """A clock time without a day means its next occurrence."""
    at = _time_of(clock, None)
    day = now.date() + dt.timedelta(0 if at > now.time() else 1)
    return DateMention(clock.start, clock.end, day, at, has_day=False)
