# dates/english/month_days.py -- days by month: "June 3rd", "3 June 2027", "in May", 2027-06-03, 6/3
import datetime as dt

from dates.calendar_days import add_months, make_date
from dates.english.day_phrase import (
    DayPhrase,
    Needs,
    list_days,
    parse_determiner,
    parse_year,
)
from dates.english.names import MONTH_INDEX
from dates.english.numbers import parse_ordinal
from dates.english.words import Words

_DASHES = frozenset("-–—")
_TO = _DASHES | {"to", "till", "until", "thru", "through"}
# Words of other meanings too.
_AMBIGUOUS_MONTHS = frozenset(["may", "march", "mar", "dec", "jan"])
_THIRDS = {"early": 1, "mid": 15, "middle": 15, "late": 21}


def parse_month(words: Words, i: int) -> tuple[int, int] | None:
    """(the month, the index after it), with the full stop of "Aug."."""
    month = MONTH_INDEX.get(words.word(i))
    if month is None:
        return None
    dotted = len(words.word(i)) < 5 and words.word(i + 1) == "." and words.is_glued(i + 1)
    return month, i + 2 if dotted and words.kind(i + 2) else i + 1


def parse_month_day(words: Words, i: int) -> DayPhrase | None:
    if words.kind(i) in ("ymd", "dmy", "pair"):
        return _parse_numeric(words, i)
    if words.word(i) in MONTH_INDEX:
        return _parse_month_first(words, i)
    return _parse_day_first(words, i)


def _parse_day_number(words: Words, i: int) -> tuple[int, int] | None:
    """A number that can be a day of a month, not "5pm", "5%" or "5 km"."""
    if ordinal := parse_ordinal(words, i):
        return ordinal if 1 <= ordinal[0] <= 31 else None
    if words.kind(i) == "number" and len(words.word(i)) <= 2 and 1 <= int(words.word(i)) <= 31:
        after = words.word(i + 1)
        if words.is_glued(i + 1) and (words.kind(i + 1) == "word" or after in ("%", "°")):
            return None
        return None if after in ("am", "pm") else (int(words.word(i)), i + 1)
    return None


def _parse_month_first(words: Words, i: int) -> DayPhrase | None:
    found = parse_month(words, i)
    if found is None:
        return None
    month, j = found
    j = words.skip(j, _DASHES) if words.is_glued(j) else j
    name = words.word(i)
    needs: Needs = "end" if name in _AMBIGUOUS_MONTHS and not words.is_capital(i) else "nothing"
    if day := _parse_day_number(words, words.skip(j, ("the",))):
        k = day[1]
        # "July 13-15", but not "July 13 - 9am"
        until = _parse_day_number(words, k + 1) if words.word(k) in _TO else None
        year, end = parse_year(words, until[1] if until else k)
        if words.word(end) in _DASHES and until is None and words.kind(end + 1) in ("number", "ordinal"):
            return (
                None
                if words.is_glued(end + 1) and words.is_glued(end)
                else _make(words, month, day[0], year, end, needs)
            )
        return _make(words, month, day[0], year, end, needs, until[0] if until else None)
    year, end = parse_year(words, j)
    return make_month(words, end, month, year, "nothing" if year else "preposition")


def _parse_day_first(words: Words, i: int) -> DayPhrase | None:
    j = words.skip(i, ("the",))
    day = parse_ordinal(words, j)
    if day is None:
        if words.kind(j) != "number" or len(words.word(j)) > 2:
            return None
        day = int(words.word(j)), j + 1
    k = day[1]
    until = None
    if words.word(k) in _TO and (until := parse_ordinal(words, k + 1) or _read_number(words, k + 1)):
        k = until[1]
    k = words.skip(k, ("day",)) if words.word(k + 1) in ("of", "in") else k
    k = words.skip(words.skip(k, _DASHES), ("of", "in"))
    found = parse_month(words, k)
    if found is None or not 1 <= day[0] <= 31:
        return None
    month, end = found
    year, after = parse_year(words, words.skip(end, _DASHES) if words.is_glued(end) else end)
    if year is None and (short := _read_short_year(words, end)):
        year, after = short
    plain = words.word(k) in _AMBIGUOUS_MONTHS and words.kind(i) == "number" and not words.is_capital(k)
    return _make(
        words, month, day[0], year, after if year else end, "end" if plain else "nothing", until and until[0]
    )


def _read_number(words: Words, i: int) -> tuple[int, int] | None:
    is_number = words.kind(i) == "number" and len(words.word(i)) <= 2
    return (int(words.word(i)), i + 1) if is_number else None


def _read_short_year(words: Words, i: int) -> tuple[int, int] | None:
    """The 29 of "14th April 29": two digits from this year on that are no clock time."""
    j = words.skip(i, _DASHES) if words.is_glued(i) else i
    if words.kind(j) != "number" or len(words.word(j)) != 2 or words.kind(j + 1) not in ("", "other"):
        return None
    year = words.now.year // 100 * 100 + int(words.word(j))
    return (year, j + 1) if words.now.year <= year <= words.now.year + 30 else None


def _make(
    words: Words, month: int, day: int, year: int | None, end: int, needs: Needs, until: int | None = None
) -> DayPhrase:
    days = list_days(words, month, day, year)
    last = None
    if until is not None:
        days = tuple(each for each in days if make_date(each.year, month, until) and until > day)
        last = next((make_date(each.year, month, until) for each in days if each >= words.today), None)
    return DayPhrase(end, days, last=last, needs=needs, is_range=until is not None)


def make_month(words: Words, end: int, month: int, year: int | None, needs: Needs) -> DayPhrase:
    """The first day of a month, or the last one of the month that it is now."""
    now = words.now
    if year is None:
        year = now.year + (month < now.month)
    if not dt.MINYEAR < year < dt.MAXYEAR:
        return DayPhrase(end, ())
    first = dt.date(year, month, 1)
    last = add_months(first, 1) - dt.timedelta(1)
    return DayPhrase(
        end, (last if (year, month) == (now.year, now.month) else first,), last=last, needs=needs
    )


def parse_named_month(words: Words, i: int) -> DayPhrase | None:
    """ "next March", "this May". "Next December" may be the one of this year or of the next, so it is not clear."""
    which, j = parse_determiner(words, i)
    found = parse_month(words, j) if which else None
    if found is None or _parse_day_number(words, found[1]):
        return None
    month, end = found
    if which == "last":
        return DayPhrase(end, (words.today - dt.timedelta(1),))
    if which == "next" and month > words.now.month:
        return DayPhrase(end, ())
    return make_month(words, end, month, None, "nothing")


def parse_part_of_month(words: Words, i: int) -> DayPhrase | None:
    """ "early March", "mid-May", "the middle of June"."""
    j = words.skip(i, ("the",))
    day = _THIRDS.get(words.word(j))
    if day is None:
        return None
    k = words.skip(words.skip(j + 1, _DASHES), ("of", "in"))
    found = parse_month(words, k)
    if found is None:
        return None
    year, end = parse_year(words, found[1])
    return DayPhrase(end, list_days(words, found[0], day, year))


def _parse_numeric(words: Words, i: int) -> DayPhrase:
    """A date in digits. Where day and month could be either, the order of the time zone decides, if it has one."""
    kind, text = words.kind(i), words.word(i)
    dash = next(c for c in text if not c.isdigit())
    numbers = [int(part) for part in text.split(dash)]
    if kind == "ymd":
        day = make_date(*numbers)
        return DayPhrase(i + 1, (day,) if day else ())
    first, second = numbers[:2]
    year = None
    if kind == "dmy":
        year = numbers[2] if numbers[2] > 99 else 2000 + numbers[2]
    readings = {
        (month, day)
        for month, day in ((first, second), (second, first))
        if list_days(words, month, day, year)
    }
    order = words.order
    if dash == "." and order is None:
        order = "day first"  # dots are the writing of countries that begin with the day
    elif dash == "." and order == "month first":
        order = None
    if len(readings) > 1:
        readings &= {(first, second)} if order == "month first" else {(second, first)} if order else set()
    needs: Needs = "nothing" if kind == "dmy" and numbers[2] > 99 else "end"
    if kind == "pair" and (max(first, second) < 13 or text == "24/7"):
        needs = "preposition"
    if not readings:
        return DayPhrase(i + 1, (), needs=needs)
    [(month, day_of_month)] = readings
    return DayPhrase(i + 1, list_days(words, month, day_of_month, year), needs=needs)
