# dates/english/recurrence.py -- phrases of what repeats: "every other Tuesday", "daily"
from dataclasses import replace

from dates.english.day_phrase import parse_part
from dates.english.holidays import find_holiday
from dates.english.month_days import parse_month
from dates.english.names import PLURAL_PARTS, PLURAL_WEEKDAYS, WEEKDAY_INDEX
from dates.english.numbers import parse_cardinal, parse_ordinal
from dates.english.words import Words
from dates.recurrence_rules import (
    Recurrence,
    make_daily,
    make_monthly,
    make_nth_weekday,
    make_weekly,
    make_yearly,
)

EVERY = frozenset(["every", "each", "ev"])
_JOINTS = frozenset([",", "and", "&", "/", "+"])
_UNITS = {"day": "DAILY", "days": "DAILY", "week": "WEEKLY", "weeks": "WEEKLY", "wk": "WEEKLY", "wks": "WEEKLY",
          "month": "MONTHLY", "months": "MONTHLY", "mo": "MONTHLY", "year": "YEARLY", "years": "YEARLY",
          "yr": "YEARLY", "yrs": "YEARLY", "hour": "HOURLY", "hours": "HOURLY", "hr": "HOURLY",
          "hrs": "HOURLY"}  # fmt: skip
_ADVERBS = {"daily": ("DAILY", 1), "everyday": ("DAILY", 1), "weekly": ("WEEKLY", 1), "biweekly": ("WEEKLY", 2),
            "fortnightly": ("WEEKLY", 2), "monthly": ("MONTHLY", 1), "bimonthly": ("MONTHLY", 2),
            "quarterly": ("MONTHLY", 3), "yearly": ("YEARLY", 1), "annually": ("YEARLY", 1),
            "hourly": ("HOURLY", 1)}  # fmt: skip
ADVERBS = frozenset(_ADVERBS) | {"nightly"}
_WORKWEEK, _WEEKEND = (0, 1, 2, 3, 4), (5, 6)
_GROUPS = {"weekday": _WORKWEEK, "weekdays": _WORKWEEK, "workday": _WORKWEEK, "workdays": _WORKWEEK,
           "weekend": _WEEKEND, "weekends": _WEEKEND}  # fmt: skip
GROUPS = frozenset(["weekdays", "workdays", "weekends"])
WORK = frozenset(["work", "working", "business"])  # before "day"
_SHORT_GROUPS = {"mwf": (0, 2, 4), "tth": (1, 3)}
_PARTS = frozenset(["morning", "afternoon", "evening", "night"])
_MAX_INTERVAL = 999


def parse_recurrence(words: Words, i: int) -> Recurrence | None:
    word = words.word(i)
    if word in EVERY:
        return _parse_every(words, i + 1)
    if word == "once" and words.word(i + 1) in ("a", "an", "per", "every", "each"):
        return _parse_every(words, i + 2)
    if word == "bi" and words.word(i + 1) == "-" and words.word(i + 2) in ("weekly", "monthly"):
        return _parse_adverb(words, i + 2, 2)
    if word in ADVERBS:
        return _parse_adverb(words, i, 1)
    if word in PLURAL_WEEKDAYS or word in GROUPS or word in _SHORT_GROUPS:
        return _parse_plural_days(words, i)
    if word in WEEKDAY_INDEX or word in _GROUPS or word in PLURAL_PARTS:
        return _parse_plural_parts(words, i)
    return _parse_of_every_month(words, i)


def _parse_adverb(words: Words, i: int, factor: int) -> Recurrence | None:
    """ "daily", "weekly on Friday", "monthly on the 4th"; before a noun ("the weekly report") it is none."""
    if words.word(i) == "nightly":
        return Recurrence(i + 1, "FREQ=DAILY", make_daily(0, "DAILY", 1).list_from, "evening", needs_end=True)
    frequency, interval = _ADVERBS[words.word(i)]
    if on := _parse_on(words, i + 1, frequency, interval * factor):
        return on
    plain = make_daily(i + 1, frequency, interval * factor)
    return Recurrence(plain.end, plain.rule, plain.list_from, needs_end=True)


def _parse_every(words: Words, i: int) -> Recurrence | None:
    word = words.word(i)
    if word in ("other", "alternate", "second", "2nd"):
        return _parse_other(words, i)
    if (ordinal := parse_ordinal(words, i)) and (unit := _UNITS.get(words.word(ordinal[1]))):
        return _parse_interval(words, ordinal[1] + 1, unit, ordinal[0])  # "every third day"
    if word == "single":
        return _parse_every(words, i + 1)
    if (number := parse_cardinal(words, i)) and (unit := _UNITS.get(words.word(number[1]))):
        return _parse_interval(words, number[1] + 1, unit, number[0])
    if number and words.word(number[1]) in ("quarters", "fortnights"):
        return None
    return _parse_each_day(words, i, 1) or _parse_each_of_month(words, i) or _parse_each_of_year(words, i)


def _parse_interval(words: Words, end: int, unit: str, interval: int) -> Recurrence | None:
    if not 1 <= interval <= _MAX_INTERVAL:
        return None
    return _parse_on(words, end, unit, interval) or make_daily(end, unit, interval)


def _parse_other(words: Words, i: int) -> Recurrence | None:
    """ "every other week", "every second Tuesday"; with "of the month" the second one of each month is meant."""
    if words.word(i) in ("second", "2nd") and (found := _parse_each_of_month(words, i)):
        return found
    unit = _UNITS.get(words.word(i + 1))
    return _parse_interval(words, i + 2, unit, 2) if unit else _parse_each_day(words, i + 1, 2)


def _parse_each_day(words: Words, i: int, interval: int) -> Recurrence | None:
    """ "every week", "every Monday and Friday", "every morning", "every weekday"; after "every other" with 2."""
    word = words.word(i)
    if unit := _UNITS.get(word):
        if word.endswith("s") and interval == 1:
            return None
        return _parse_interval(words, i + 1, unit, interval)
    if word in ("quarter", "fortnight"):
        return make_daily(
            i + 1, *(("MONTHLY", 3 * interval) if word == "quarter" else ("WEEKLY", 2 * interval))
        )
    if word in _PARTS:
        return make_daily(i + 1, "DAILY", interval, part=word)
    if word in WORK and words.word(i + 1) == "day":
        return _add_part(words, i + 2, interval, _WORKWEEK)
    days, end = (_GROUPS[word], i + 1) if word in _GROUPS else _read_weekdays(words, i)
    return _add_part(words, end, interval, days) if days else None


def _add_part(words: Words, end: int, interval: int, days: tuple[int, ...]) -> Recurrence:
    """The days with the part of the day that follows, if one does."""
    if plural := PLURAL_PARTS.get(words.word(end)):
        return make_weekly(end + 1, interval, days, plural)
    part = parse_part(words, end)
    return make_weekly(part[1] if part else end, interval, days, part[0] if part else None)


def _read_weekdays(words: Words, i: int) -> tuple[tuple[int, ...], int]:
    """The days of "mon, wed and friday" or "mon-fri", and the index after them; no days and `i` without any."""
    days: list[int] = []
    end = j = i
    while len(days) < 8:
        name = words.word(j)
        index = WEEKDAY_INDEX.get(name, PLURAL_WEEKDAYS.get(name))
        if index is None:
            break
        days.append(index)
        end = words.skip(j + 1, (".",)) if len(name) < 6 and words.kind(j + 2) else j + 1
        if words.word(end) in ("-", "–", "to", "through", "thru"):
            until = WEEKDAY_INDEX.get(words.word(end + 1), PLURAL_WEEKDAYS.get(words.word(end + 1)))
            if until is not None:
                days += [(index + n) % 7 for n in range(1, (until - index) % 7 + 1)]
                end += 2
        j = words.skip(words.skip(end, _JOINTS), ("and", "every", "on"))
        if j == end:
            break
    return tuple(days), end


def _read_ordinals(words: Words, i: int) -> tuple[tuple[int, ...], int]:
    """The days of "1st and 15th", "last day", and the index after them."""
    numbers: list[int] = []
    end = j = i
    while len(numbers) < 5:
        k = words.skip(j, ("the",))
        if words.read(k, "last", "day"):
            number, k = -1, k + 2
        elif found := parse_ordinal(words, k):
            number, k = found
            k = words.skip(k, ("day",)) if words.word(k + 1) in ("of", "in") else k
        else:
            break
        numbers.append(number)
        end = k
        j = words.skip(words.skip(k, _JOINTS), ("and",))
        if j == end:
            break
    return tuple(numbers), end


def _skip_of_month(words: Words, i: int) -> int:
    """The index after "of the month", "of every month", "every month"; 0 if nothing like it stands there."""
    j = words.skip(i, ("of", "in"))
    k = words.skip(j, ("the", "a", "every", "each"))
    return k + 1 if words.word(k) == "month" and k > i else 0


def _parse_each_of_month(words: Words, i: int) -> Recurrence | None:
    """After "every": "3rd", "1st and 15th of the month", "last Friday", "first Monday of May"."""
    found = (-1, i + 1) if words.word(i) == "last" else parse_ordinal(words, i)
    if found is None:
        return None
    number, j = found
    index = WEEKDAY_INDEX.get(words.word(j))
    if index is not None and number <= 5:
        return _parse_nth_each(words, j + 1, number, index)
    numbers, end = _read_ordinals(words, i)
    if not numbers or any(number > 31 for number in numbers) or words.word(end) in WORK | _GROUPS.keys():
        return None
    k = words.skip(end, ("of",))
    if month := parse_month(words, k):
        one = len(numbers) == 1 and numbers[0] > 0
        return make_yearly(month[1], 1, month[0], numbers[0]) if one else None
    named = words.kind(i) == "ordinal" or numbers == (-1,)
    of_month = _skip_of_month(words, end)
    return make_monthly(of_month or end, 1, numbers) if of_month or named else None


def _parse_nth_each(words: Words, j: int, number: int, index: int) -> Recurrence | None:
    k = words.skip(j, ("of", "in"))
    if month := parse_month(words, k):
        return make_nth_weekday(month[1], 1, number, index, month[0])
    if end := _skip_of_month(words, j):
        return make_nth_weekday(end, 1, number, index)
    # "every third Monday" may be every three weeks; the first and the last can only be those of a month.
    return make_nth_weekday(j, 1, number, index) if number in (1, -1) else None


def _parse_each_of_year(words: Words, i: int) -> Recurrence | None:
    """After "every": "December 25", "25 December", "Christmas", "January"."""
    number = parse_ordinal(words, i) or parse_cardinal(words, i)
    if number and (month := parse_month(words, words.skip(number[1], ("of",)))):
        return make_yearly(month[1], 1, month[0], number[0]) if number[0] <= 31 else None
    if month := parse_month(words, i):
        j = words.skip(month[1], ("the",))
        if day := parse_ordinal(words, j) or (
            parse_cardinal(words, j) if words.kind(j) == "number" else None
        ):
            is_day = words.kind(day[1]) != "word" or not words.is_glued(day[1])  # not "May 5pm"
            return make_yearly(day[1], 1, month[0], day[0]) if is_day and 1 <= day[0] <= 31 else None
        return make_yearly(month[1], 1, month[0], 1)
    if holiday := find_holiday(words, i):
        rule, end = holiday
        days = {(found.month, found.day) for year in range(2026, 2034) if (found := rule(year))}
        return make_yearly(end, 1, *days.pop()) if len(days) == 1 else None
    return None


def _parse_plural_days(words: Words, i: int) -> Recurrence | None:
    """ "Mondays and Fridays", "weekdays", "on weekends"."""
    word = words.word(i)
    if word in GROUPS or word in _SHORT_GROUPS:
        days, end = _GROUPS.get(word) or _SHORT_GROUPS[word], i + 1
    else:
        days, end = _read_weekdays(words, i)
    return replace(_add_part(words, end, 1, days), needs_end=True)


def _parse_plural_parts(words: Words, i: int) -> Recurrence | None:
    """ "Sunday evenings", "weekday mornings", "mornings"."""
    word = words.word(i)
    if word in PLURAL_PARTS:
        return replace(make_daily(i + 1, "DAILY", 1, PLURAL_PARTS[word]), needs_end=True)
    days, end = (_GROUPS[word], i + 1) if word in _GROUPS else _read_weekdays(words, i)
    if words.word(end) not in PLURAL_PARTS:
        return None
    return replace(_add_part(words, end, 1, days), needs_end=True)


def _parse_of_every_month(words: Words, i: int) -> Recurrence | None:
    """ "the 2nd Friday of each month", "the 1st and 15th of every month", "last day of every month"."""
    j = words.skip(i, ("the",))
    found = (-1, j + 1) if words.word(j) == "last" else parse_ordinal(words, j)
    if found is None:
        return None
    number, k = found
    index = WEEKDAY_INDEX.get(words.word(k))
    if index is not None and number <= 5:
        of = words.skip(k + 1, ("of", "in"))
        is_each = words.word(of) in EVERY and words.word(of + 1) == "month"
        return make_nth_weekday(of + 2, 1, number, index) if is_each else None
    numbers, end = _read_ordinals(words, j)
    of = words.skip(end, ("of", "in"))
    if numbers and words.word(of) in EVERY and words.word(of + 1) == "month" and max(numbers) <= 31:
        return make_monthly(of + 2, 1, numbers)
    return None


def _parse_on(words: Words, i: int, frequency: str, interval: int) -> Recurrence | None:
    """The rest of "every 3 weeks on mon and fri", "monthly on the 4th", "every year on May 3"."""
    j = words.skip(words.skip(i, (",",)), ("on",))
    if frequency == "WEEKLY":
        days, end = _read_weekdays(words, j)
        if days:
            return _add_part(words, end, interval, days)
    if frequency == "MONTHLY":
        k = words.skip(j, ("the",))
        found = (-1, k + 1) if words.word(k) == "last" else parse_ordinal(words, k)
        index = WEEKDAY_INDEX.get(words.word(found[1])) if found else None
        if found and index is not None and found[0] <= 5:
            return make_nth_weekday(found[1] + 1, interval, found[0], index)
        numbers, end = _read_ordinals(words, j)
        if numbers and max(numbers) <= 31:
            return make_monthly(end, interval, numbers)
    if frequency == "YEARLY" and j > i:
        yearly = _parse_each_of_year(words, j) or _parse_each_of_month(words, words.skip(j, ("the",)))
        return yearly.change_interval(interval) if yearly and "YEARLY" in yearly.rule else None
    return None


FIRST_WORDS = (
    EVERY
    | ADVERBS
    | _GROUPS.keys()
    | PLURAL_WEEKDAYS.keys()
    | PLURAL_PARTS.keys()
    | _SHORT_GROUPS.keys()
    | {"once", "bi"}
)
