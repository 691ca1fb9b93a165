# dates/english/weekdays.py -- days by weekday or by number: "next Tuesday", "the 15th"
import datetime as dt
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import replace

from dates.calendar_days import add_months, find_nth_weekday, make_date, next_weekday
from dates.english.day_phrase import (
    NEXT,
    THIS,
    DayParser,
    DayPhrase,
    list_years,
    parse_determiner,
    parse_part,
    parse_year,
)
from dates.english.month_days import parse_month, parse_month_day
from dates.english.names import AMBIGUOUS_WEEKDAYS, WEEKDAY_INDEX
from dates.english.numbers import parse_ordinal
from dates.english.words import Words

Month = tuple[int, int]  # year and month


def parse_weekday(words: Words, i: int) -> DayPhrase | None:
    which, j = parse_determiner(words, i)
    index = WEEKDAY_INDEX.get(words.word(j))
    if index is None:
        return None
    name = words.word(j)
    j += 1
    if words.word(j) == "." and words.is_glued(j) and words.kind(j + 1) and len(name) < 6:
        j += 1
    is_joined = words.word(j) in ("-", "'") and words.is_glued(j) and words.kind(j + 1) == "word"
    if is_joined and words.word(j + 1) not in WEEKDAY_INDEX:  # "Sun-dried"
        return None
    if dated := _parse_date_after(words, j):
        # A weekday that does not fit the next such date is a slip of which nobody knows what was meant.
        close = [day for day in dated.days if day >= words.today][: 4 if dated.needs == "end" else 1]
        days = tuple(day for day in close if day.weekday() == index)
        return replace(dated, days=days or dated.days if not close else days, needs="nothing")
    monday = words.today - dt.timedelta(words.today.weekday())
    if week := _parse_week_after(words, j):
        return DayPhrase(week[1], (monday + dt.timedelta(7 * week[0] + index),))
    if which == "last":
        return DayPhrase(j, (next_weekday(words.today - dt.timedelta(7), index),), is_weekday=True)
    coming = next_weekday(words.today, index)
    if later := _count_weeks_later(words, j):
        first = next_weekday(words.today + dt.timedelta(1), index)
        return DayPhrase(later[1], (first + dt.timedelta(7 * later[0]),))
    part = parse_part(words, j)
    days = (monday + dt.timedelta(7 + index),) if which == "next" else (coming, coming + dt.timedelta(7))
    hard = name in AMBIGUOUS_WEEKDAYS and not words.is_capital(j - 1)
    return DayPhrase(
        part[1] if part else j,
        days,
        part=part[0] if part else None,
        needs="nothing" if which else "preposition" if hard and not part else "end",
        today_needs_time=which == "",
        is_weekday=True,
    )


def _parse_date_after(words: Words, j: int) -> DayPhrase | None:
    """The date of "Tuesday, June 3rd", "Tuesday the 8th", "Sun 30.12.30"."""
    k = words.skip(words.skip(j, (",",)), ("on",))
    if (
        words.kind(k) in ("ymd", "dmy", "pair")
        or words.word(k) == "the"
        or words.kind(k) in ("ordinal", "number")
    ):
        found = parse_month_day(words, k) or parse_day_of_month(words, k)
    else:
        found = parse_month_day(words, k)
        found = None if found and found.needs == "preposition" else found
    loose = words.kind(k) not in ("pair", "ordinal") and words.word(k) != "the"
    if found is None or (found.needs == "preposition" and loose):
        return None
    is_of_any_month = words.kind(found.end - 1) == "ordinal"
    return DayPhrase(found.end, found.days, last=found.last, needs="end" if is_of_any_month else "nothing")


def _parse_week_after(words: Words, j: int) -> tuple[int, int] | None:
    """(1, the index after it) for "of next week", "next week"; 0 for this one, 2 for the one after the next."""
    k = words.skip(words.skip(j, ("of", "in", "on")), ("the",))
    if end := words.read(k, "week", "after", "next"):
        return 2, end
    if words.word(k + 1) in ("week", "wk"):
        if words.word(k) in NEXT:
            return 1, k + 2
        if words.word(k) in THIS:
            return 0, k + 2
        if words.word(k) in ("last", "past", "previous"):
            return -1, k + 2
    return None


def _count_weeks_later(words: Words, j: int) -> tuple[int, int] | None:
    """The weeks after the next such day: 1 for "Friday after next" and the British "Friday week"."""
    if end := words.read(j, "after", "next"):
        return 1, end
    weeks = {"week": 1, "fortnight": 2}.get(words.word(j))
    return (weeks, j + 1) if weeks and words.kind(j + 1) in ("", "other") else None


def parse_months(words: Words, i: int) -> tuple[list[Month], int] | None:
    """The months that "March", "March 2027", "next month", "the month" may mean, and the index after it."""
    now = (words.now.year, words.now.month)
    if found := parse_month(words, i):
        year, end = parse_year(words, found[1])
        return [(each, found[0]) for each in list_years(words, year)], end
    which, j = parse_determiner(words, i)
    j = words.skip(j, ("the",))
    if words.word(j) not in ("month", "mo") or (j == i and words.word(i - 1) != "of"):
        return None
    ahead = {"": 0, "this": 0, "next": 1, "coming": 1, "last": -1}[which]
    first = add_months(dt.date(*now, 1), ahead)
    further = add_months(first, 1)
    months = [(first.year, first.month)]
    return (months if which else [*months, (further.year, further.month)]), j + 1


def parse_ordinal_day(words: Words, i: int) -> DayPhrase | None:
    """ "the first Monday of May", "last day of the month", "first week of October", "20th of next month"."""
    j = words.skip(i, ("the",))
    if words.word(j) == "last":
        number, j = -1, j + 1
    elif found := parse_ordinal(words, j):
        number, j = found
    else:
        return None
    index = WEEKDAY_INDEX.get(words.word(j))
    if index is not None:
        return _parse_nth_weekday(words, j + 1, index, number)
    unit = words.word(j) if words.word(j) in ("day", "week", "weekend") else ""
    k = words.skip(j, ("day", "week", "weekend"))
    of = words.skip(k, ("of", "in"))
    year_end = words.read(of, "the", "year") or words.read(of, "this", "year")
    if unit == "day" and year_end and number in (1, -1):
        year = words.now.year + (number == 1)
        return DayPhrase(year_end, (dt.date(year, 1, 1) if number == 1 else dt.date(year, 12, 31),))
    months = parse_months(words, of) if of > k or words.word(of + 1) in ("month", "mo") else None
    if months is None or (number < 0 and not unit):
        return None
    return _make_in_months(words, months[0], months[1], unit, number)


def _make_in_months(words: Words, months: list[Month], end: int, unit: str, number: int) -> DayPhrase:
    if unit == "weekend":
        found = (find_nth_weekday(year, month, 5, number) for year, month in months)
        days = tuple(day for day in found if day)
        return DayPhrase(end, days)
    if unit == "week":
        start = 7 * number - 6
        weeks = (make_date(y, m, start if number > 0 else monthrange(y, m)[1] - 6) for y, m in months)
        days = tuple(day for day in weeks if day)
        first = next((day for day in days if day >= words.today), None)
        return DayPhrase(end, days, last=first + dt.timedelta(6) if first else None)
    each = (make_date(y, m, number if number > 0 else monthrange(y, m)[1]) for y, m in months)
    return DayPhrase(end, tuple(day for day in each if day))


def _parse_nth_weekday(words: Words, j: int, index: int, number: int) -> DayPhrase | None:
    months = parse_months(words, words.skip(j, ("of", "in"))) if words.word(j) in ("of", "in") else None
    if months is None and parse_month(words, j):
        months = parse_months(words, j)
    if months is None:
        # "last Monday" is past; "the second Monday" alone is not clear.
        return None if number < 0 else DayPhrase(j, (), needs="end")
    found = (find_nth_weekday(year, month, index, number) for year, month in months[0])
    return DayPhrase(months[1], tuple(day for day in found if day))


def parse_day_of_month(words: Words, i: int) -> DayPhrase | None:
    """ "the 15th": the next one. Alone it may as well be a floor, so a preposition or the end has to follow."""
    j = words.skip(i, ("the",))
    if words.kind(j) != "ordinal" and not (j > i and words.kind(j) == "word"):
        return None
    found = parse_ordinal(words, j)
    if found is None or not 1 <= found[0] <= 31:
        return None
    first = words.today.replace(day=1)
    months: Iterable[dt.date] = (add_months(first, n) for n in range(4))
    days = tuple(day for month in months if (day := make_date(month.year, month.month, found[0])))
    end = (
        words.read(found[1], "of", "the", "month") or words.read(found[1], "of", "this", "month") or found[1]
    )
    certain = end > found[1]
    late = found[0] > 3 and words.kind(j) == "ordinal" and j > i
    return DayPhrase(end, days, needs="nothing" if certain else "only end" if late else "both")


def parse_weekday_beside(words: Words, i: int, parse_day: DayParser) -> DayPhrase | None:
    """ "the Friday before Christmas", "third Tuesday after Easter"."""
    j = words.skip(i, ("the",))
    number = 1
    if (found := parse_ordinal(words, j)) and found[1] > j:
        number, j = found
    index = WEEKDAY_INDEX.get(words.word(j))
    relation = words.word(j + 1)
    if index is None or relation not in ("after", "before", "following") or number > 5:
        return None
    base = parse_day(words, j + 2)
    if base is None or base.is_weekday or not base.days:
        return None
    if relation == "before":
        step = -7 * (number - 1)
        days = (next_weekday(day - dt.timedelta(7), index) + dt.timedelta(step) for day in base.days)
    else:
        step = 7 * (number - 1)
        days = (next_weekday(day + dt.timedelta(1), index) + dt.timedelta(step) for day in base.days)
    return DayPhrase(base.end, tuple(days))
