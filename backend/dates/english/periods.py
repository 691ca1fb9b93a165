# dates/english/periods.py -- weeks, weekends, months, quarters and years, their beginnings and ends
import datetime as dt

from dates.calendar_days import add_months
from dates.english.day_phrase import DayPhrase, Needs, parse_determiner, parse_year
from dates.english.month_days import parse_month
from dates.english.numbers import parse_cardinal
from dates.english.words import Words

_UNITS = {"week": "week", "wk": "week", "weekend": "weekend", "month": "month", "quarter": "quarter",
          "qtr": "quarter", "year": "year", "yr": "year"}  # fmt: skip
_ENDS = frozenset(["end", "close"])
_STARTS = frozenset(["beginning", "start", "begin", "top"])
_MIDDLES = frozenset(["middle", "mid"])
_SHORT_ENDS = {"eod": "day", "cob": "day", "eob": "day", "eow": "week", "eom": "month", "eoq": "quarter",
               "eoy": "year"}  # fmt: skip
_WORKING_DAY = frozenset(["day", "business", "today", "play"])


def parse_period(words: Words, i: int) -> DayPhrase | None:
    return _parse_edge(words, i) or _parse_whole(words, i) or _parse_coming(words, i)


def _find_period(words: Words, unit: str, ahead: int) -> tuple[dt.date, dt.date]:
    """The first and last day of a period; 0 is the one that it is now."""
    today = words.today
    if unit in ("week", "weekend"):
        monday = today + dt.timedelta(7 * ahead - today.weekday())
        return monday + dt.timedelta(5 if unit == "weekend" else 0), monday + dt.timedelta(6)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    first = add_months(today.replace(day=1), months * ahead - (today.month - 1) % months)
    return first, add_months(first, months) - dt.timedelta(1)


def _parse_unit(words: Words, i: int) -> tuple[str, int] | None:
    if words.word(i) == "week" and words.word(i + 1) == "-" and words.word(i + 2) == "end":
        return "weekend", i + 3
    unit = _UNITS.get(words.word(i))
    return (unit, i + 1) if unit else None


def _parse_whole(words: Words, i: int) -> DayPhrase | None:
    """ "this week", "next month", "the week after next", "the weekend"."""
    which, j = parse_determiner(words, i)
    k = words.skip(j, ("the",))
    found = _parse_unit(words, k)
    if found is None:
        return None
    unit, end = found
    if after := words.read(end, "after", "next"):
        first, last = _find_period(words, unit, 2)
        return DayPhrase(after, (first,), last=last)
    if which == "":
        return _make_weekend(words, end, 0, "preposition") if unit == "weekend" else None
    ahead = {"this": 0, "next": 1, "coming": 1, "last": -1}[which]
    if unit == "weekend":
        return _make_weekend(words, end, 0 if which == "coming" else ahead, "nothing")
    first, last = _find_period(words, unit, ahead)
    if ahead:
        return DayPhrase(end, (first,), last=last)
    friday = first + dt.timedelta(4)
    days = (friday, last) if unit == "week" else (last,)
    return DayPhrase(end, days, last=last, needs="end")


def _make_weekend(words: Words, end: int, ahead: int, needs: Needs) -> DayPhrase:
    saturday, sunday = _find_period(words, "weekend", ahead)
    return DayPhrase(end, (saturday, sunday), last=sunday, needs=needs)


def _parse_coming(words: Words, i: int) -> DayPhrase | None:
    """ "the next 3 days": until then."""
    j = words.skip(i, ("the",))
    if words.word(j) not in ("next", "coming", "following"):
        return None
    number = (3, words.skip(j + 1, ("few",))) if words.word(j + 1) == "few" else parse_cardinal(words, j + 1)
    if number is None or number[0] > 400:
        return None
    unit, k = words.word(number[1]), number[1] + 1
    days = {"day": 1, "days": 1, "week": 7, "weeks": 7}.get(unit)
    if days:
        then = words.today + dt.timedelta(days * number[0])
    elif unit in ("month", "months", "year", "years"):
        then = add_months(words.today, number[0] * (12 if unit.startswith("year") else 1))
    else:
        return None
    return DayPhrase(
        k, (then,), last=then, needs="preposition" if j == i and words.word(i) != "next" else "end"
    )


def _parse_edge(words: Words, i: int) -> DayPhrase | None:
    """ "the end of the month", "eom", "month end", "beginning of next week", "end of May"."""
    word = words.word(i)
    if word in _SHORT_ENDS:
        return _make_edge(words, i + 1, "end", _SHORT_ENDS[word], 0, "nothing" if word != "cob" else "end")
    j = words.skip(i, ("the",))
    if named := _parse_month_end(words, j):
        return named
    word = words.word(j)
    edge = "end" if word in _ENDS else "start" if word in _STARTS else "middle" if word in _MIDDLES else ""
    if not edge:
        return None
    k = words.skip(words.skip(j + 1, ("-",)), ("of",))
    if found := parse_month(words, k):
        return _make_month_edge(words, edge, *found)
    if words.kind(k) == "number" and len(words.word(k)) == 4 and words.word(k).startswith("20"):
        year = int(words.word(k))
        return DayPhrase(k + 1, (dt.date(year, *((12, 31) if edge == "end" else (1, 1))),))
    which, m = parse_determiner(words, k)
    m = words.skip(m, ("the",))
    if edge == "end" and words.word(m) in _WORKING_DAY and which in ("", "this"):
        end = words.skip(m + 1, ("day",)) if words.word(m) == "business" else m + 1
        return DayPhrase(end, (words.today,))
    unit = _parse_unit(words, m)
    if unit is None or unit[0] == "weekend":
        return None
    ahead = {"": 0, "this": 0, "next": 1, "coming": 1, "last": -1}[which]
    if edge == "end" and unit[0] == "week" and which == "this":
        days = _find_period(words, "week", 0)
        return DayPhrase(unit[1], (days[0] + dt.timedelta(4), days[1]))
    return _make_edge(words, unit[1], edge, unit[0], ahead, "nothing")


def _parse_month_end(words: Words, j: int) -> DayPhrase | None:
    """ "month end", "month's end"."""
    unit = {"month's": "month", "year's": "year", "week's": "week"}.get(words.word(j)) or (
        words.word(j) if words.word(j) in ("month", "year", "quarter") else ""
    )
    k = words.skip(j + 1, ("-",))
    return _make_edge(words, k + 1, "end", unit, 0, "end") if unit and words.word(k) == "end" else None


def _make_edge(words: Words, end: int, edge: str, unit: str, ahead: int, needs: Needs) -> DayPhrase:
    if unit == "day":
        return DayPhrase(end, (words.today,), needs=needs)
    first, last = _find_period(words, unit, ahead)
    further, _ = _find_period(words, unit, ahead + 1)
    if edge == "end" and unit == "week":
        friday = first + dt.timedelta(4)
        return DayPhrase(end, (friday, friday + dt.timedelta(7)), needs=needs)
    if edge == "end":
        return DayPhrase(end, (last,), needs=needs)
    if edge == "start":
        return DayPhrase(end, (first, further) if ahead == 0 else (first,), needs=needs)
    middle = {"week": 2, "month": 14, "quarter": 45, "year": 181}[unit]
    days = (first + dt.timedelta(middle), further + dt.timedelta(middle))
    return DayPhrase(end, days if ahead == 0 else days[:1], needs=needs)


def _make_month_edge(words: Words, edge: str, month: int, j: int) -> DayPhrase:
    year, end = parse_year(words, j)
    years = [year] if year else [words.now.year, words.now.year + 1]
    firsts = [dt.date(each, month, 1) for each in years]
    if edge == "end":
        return DayPhrase(end, tuple(add_months(first, 1) - dt.timedelta(1) for first in firsts))
    return DayPhrase(end, tuple(first if edge == "start" else first.replace(day=15) for first in firsts))
