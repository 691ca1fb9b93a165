# dates/english/days.py -- phrases that name a day; here those that count from another
import datetime as dt

from dates.calendar_days import next_weekday
from dates.english.day_phrase import DayPhrase, parse_part
from dates.english.holidays import parse_holiday
from dates.english.month_days import (
    parse_month_day,
    parse_named_month,
    parse_part_of_month,
)
from dates.english.names import WEEKDAY_INDEX
from dates.english.numbers import Span, parse_cardinal, parse_span
from dates.english.periods import parse_period
from dates.english.weekdays import (
    parse_day_of_month,
    parse_ordinal_day,
    parse_weekday,
    parse_weekday_beside,
)
from dates.english.words import Words

TOMORROW = frozenset(
    "tomorrow tomorow tommorow tommorrow tomorrrow tommorw tmrw tmr tmrow tmw tomoro".split()
)
TONIGHT = frozenset(["tonight", "tonite"])
_TODAY = frozenset(["today", "tday"])
_FROM = frozenset(["from", "after", "past", "following"])
_BEFORE = frozenset(["before", "prior", "ahead"])
_DIGITS = frozenset(["ymd", "dmy", "pair", "number", "decimal", "clock"])
_MAX_NESTING = 2
# By when a part of this day is over.
_PART_ENDS = {"morning": 12, "afternoon": 18, "evening": 24, "night": 24}


def parse_day(words: Words, i: int, nested: int = 0) -> DayPhrase | None:
    """The phrase that names a day and begins here. Without days in it the phrase is past, or is not clear."""
    try:
        if words.kind(i) in _DIGITS:
            return _parse_distance(words, i, nested) or parse_month_day(words, i)
        return (
            _parse_near(words, i, nested)
            or _parse_distance(words, i, nested)
            or _parse_end_of_that_day(words, i, nested)
            or parse_part_of_month(words, i)
            or parse_named_month(words, i)
            or parse_month_day_but_months(words, i)
            or (parse_weekday_beside(words, i, _parse_further_day) if nested < 1 else None)
            or parse_ordinal_day(words, i)
            or parse_weekday(words, i)
            or parse_period(words, i)
            or parse_holiday(words, i)
            or parse_day_of_month(words, i)
            or parse_month_day(words, i)
        )
    except OverflowError:  # beyond the year 9999
        return None


def _parse_further_day(words: Words, i: int) -> DayPhrase | None:
    return parse_day(words, i, 1)


def parse_month_day_but_months(words: Words, i: int) -> DayPhrase | None:
    """Not "May" of "May Day"."""
    found = parse_month_day(words, i)
    return None if found and found.needs == "preposition" and words.kind(i) == "word" else found


def _parse_near(words: Words, i: int, nested: int) -> DayPhrase | None:
    """ "today", "late tonight", "tomorrow morning", "the day after tomorrow", "this evening"."""
    j = words.skip(i, ("early", "late", "later"))
    j = words.read(i, "first", "thing") or j
    today, word = words.today, words.word(j)
    if word in TOMORROW:
        part = parse_part(words, j + 1)
        first = "morning" if words.word(i) == "first" else None
        return DayPhrase(
            part[1] if part else j + 1, (today + dt.timedelta(1),), part=part[0] if part else first
        )
    if word in TONIGHT:
        return DayPhrase(j + 1, (today,), part="evening")
    if word in _TODAY:
        part = parse_part(words, j + 1)
        return DayPhrase(part[1] if part else j + 1, (today,), part=part[0] if part else None)
    if word == "this" and (part := parse_part(words, j + 1)) and words.word(j + 1) not in ("at", "in", ","):
        is_over = words.now.hour >= _PART_ENDS[part[0]]
        return DayPhrase(part[1], (today - dt.timedelta(1 if is_over else 0),), part=part[0])
    if word == "yesterday" or words.read(j, "last", "night"):
        end = words.read(j, "last", "night") or j + 1
        return DayPhrase(end, (today - dt.timedelta(1),))
    k = words.skip(i, ("the",))
    if words.word(k) == "day" and words.word(k + 1) in ("after", "before") and nested < _MAX_NESTING:
        base = parse_day(words, k + 2, nested + 1)
        if base is None:
            return None
        step = dt.timedelta(1 if words.word(k + 1) == "after" else -1)
        part = parse_part(words, base.end)
        end = part[1] if part else base.end
        return DayPhrase(end, tuple(day + step for day in base.days), part=part[0] if part else base.part)
    return None


def _parse_end_of_that_day(words: Words, i: int, nested: int) -> DayPhrase | None:
    """ "end of day Friday", "eod tomorrow"."""
    j = (
        words.read(i, "end", "of", "day")
        or words.read(i, "the", "end", "of", "day")
        or words.read(i, "close", "of", "business")
        or words.skip(i, ("eod", "cob"))
    )
    if j == i or not j or nested:
        return None
    found = parse_day(words, words.skip(words.skip(j, (",",)), ("on", "of")), nested + 1)
    if found is None or not found.days:
        return None
    return DayPhrase(found.end, found.days, today_needs_time=found.today_needs_time)


def _parse_distance(words: Words, i: int, nested: int) -> DayPhrase | None:
    """ "in 3 days", "2 weeks from now", "a week after Friday", "3 Fridays from now", "+3 days"."""
    lead = words.word(i)
    if lead in ("in", "within", "after", "over", "+"):
        j = words.skip(i + 1, ("about", "around", "approximately", "roughly", "exactly", "just", "the"))
        j = words.skip(j, ("next",)) if words.word(j - 1) == "the" else j
        found = parse_span(words, j) if words.word(j - 1) != "the" else None
        if found is None:
            return None
        span, end = found
        if words.word(end) in _FROM | _BEFORE and lead != "+":
            return _count_from(words, span, end, nested)
        if lead == "over" or words.word(end) == "ago":
            return None
        end = (
            words.skip(end, ("time",))
            if words.word(end) == "time"
            else words.skip(words.skip(end, ("'",)), ("time",))
        )
        return _make_distance(words, span, end)
    if weekdays := _parse_weekdays_from_now(words, i):
        return weekdays
    found = parse_span(words, i)
    if found is None:
        return None
    span, end = found
    word = words.word(end)
    if word in ("later", "hence"):
        return _make_distance(words, span, end + 1)
    if word == "ago":
        return DayPhrase(end + 1, (words.today - dt.timedelta(1),))
    if (
        word == "on"
        and span == Span(days=7)
        and (index := WEEKDAY_INDEX.get(words.word(end + 1))) is not None
    ):
        return DayPhrase(end + 2, (next_weekday(words.today + dt.timedelta(1), index) + dt.timedelta(7),))
    return _count_from(words, span, end, nested) if word in _FROM | _BEFORE else None


def _make_distance(words: Words, span: Span, end: int) -> DayPhrase:
    if not span.minutes:
        part = parse_part(words, end)
        return DayPhrase(
            part[1] if part else end, (span.add_to(words.today),), part=part[0] if part else None
        )
    # Minutes are added in UTC: local clock times skip or repeat an hour when the clocks change.
    then = words.now
    if span.days or span.months:
        then = dt.datetime.combine(span.add_to(words.today), then.timetz())
    moved = then.astimezone(dt.UTC) + dt.timedelta(minutes=span.minutes, seconds=0)
    then = moved.astimezone(words.now.tzinfo)
    return DayPhrase(end, (then.date(),), time=then.time().replace(second=0, microsecond=0))


def _count_from(words: Words, span: Span, end: int, nested: int) -> DayPhrase | None:
    """The rest after "2 days from" or "2 days before"."""
    relation = words.word(end)
    j = words.skip(end + 1, ("to", "of")) if relation in ("prior", "ahead") else end + 1
    j = words.skip(j, ("right", "about"))
    if relation == "from" and words.word(j) in ("now", "today", "tday"):
        return _make_distance(words, span, j + 1)
    if span.minutes or nested >= _MAX_NESTING:
        return DayPhrase(j, ())
    base = parse_day(words, j, nested + 1)
    if base is None or not base.days:
        return DayPhrase(base.end if base else j, ())
    sign = -1 if relation in _BEFORE else 1
    days = [
        day for day in base.days if day >= words.today and not (base.today_needs_time and day == words.today)
    ]
    return DayPhrase(base.end, tuple(span.add_to(day, sign) for day in days))


def _parse_weekdays_from_now(words: Words, i: int) -> DayPhrase | None:
    number = parse_cardinal(words, i)
    if number is None or not 1 <= number[0] <= 99:
        return None
    count, j = number
    name = words.word(j)
    index = WEEKDAY_INDEX.get(name.removesuffix("s") if name not in WEEKDAY_INDEX else name)
    end = words.read(j + 1, "from", "now") or words.read(j + 1, "from", "today") or words.read(j + 1, "later")
    if index is None or not end:
        return None
    first = next_weekday(words.today + dt.timedelta(1), index)
    return DayPhrase(end, (first + dt.timedelta(7 * (count - 1)),))
