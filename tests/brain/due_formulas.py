# due_formulas.py -- when a sentence means: formulas that hold on every day, however late the sentence is said.
"""A formula has alternatives, joined by a bar, each a DAY or DAY@TIME; TIME is HH:MM, or morning, afternoon, evening,
night. DAY is one of these:

- `+3d` `+2m` `+1y` `+90min` `+5h`: from now; the last two have a time
- `wd:fri`: the next Friday, never today; `wd0:fri`: it may be today; `nwd:fri`: of next week; `wd:fri+2`: 2 days later
- `md:12-24`: the next 24 December; `ymd:2027-03-01`: a day of one year
- `dom:5`: the next 5th of a month; `domn:5`: that of next month
- `nth:2:fri:05`: the second Friday of May; `last:mon:05`: the last Monday of May; `nthn:1:mon`: the first of next month
- `easter+1`: so many days from Easter Sunday
- `eom` `eoy` `som:1`: the end of the month, of the year; the beginning of the next quarter
- `we` `we+1` `week+1` `month+1` `year+1`: any day of this weekend, the next one, next week, next month, next year
- `clock`: the next time that it is TIME
- `none`: no date at all; `rec`: it repeats
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta
from dateutil.rrule import DAILY, MONTHLY, YEARLY, rrule, weekday

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NO_DAY = frozenset(["none", "rec"])
YEARS = 30  # in which a day comes again, at the latest


class Option(NamedTuple):
    """The days that are right, and the time, if it matters: of the clock, or a part of the day."""

    days: set[dt.date]
    time: str | None


def read_formula(formula: str, now: dt.datetime) -> list[Option]:
    """The alternatives at `now`; ValueError for what is no formula."""
    return [read_option(part, now) for part in formula.split("|") if part not in NO_DAY]


def read_option(text: str, now: dt.datetime) -> Option:
    day, _, time = text.partition("@")
    if day == "clock":
        later = dt.time.fromisoformat(time) > now.time()
        return Option({now.date() + dt.timedelta(0 if later else 1)}, time)
    if m := re.fullmatch(r"\+(\d+)(min|h)", day):
        moment = now + dt.timedelta(minutes=int(m[1]) * (60 if m[2] == "h" else 1))
        return Option({moment.date()}, f"{moment:%H:%M}")
    days = find_days(day, now.date())
    if re.fullmatch(r"wd:\w{3}", day) and ":" in time and WEEKDAYS[now.weekday()] == day[3:]:
        days |= {now.date()}  # on a Friday "Friday at 5" may be today
    return Option(days, time or None)


def find_days(day: str, today: dt.date) -> set[dt.date]:
    for pattern, find in KINDS.items():
        if m := re.fullmatch(pattern, day):
            found = find(today, *m.groups(default="0"))
            return {found} if isinstance(found, dt.date) else set(found)
    raise ValueError(f"no formula for a date: {day}")


def add_time(today: dt.date, number: str, unit: str) -> dt.date:
    return today + relativedelta(**{{"d": "days", "m": "months", "y": "years"}[unit]: int(number)})  # type: ignore[arg-type]


def find_weekday(today: dt.date, kind: str, name: str, more: str) -> dt.date:
    index = WEEKDAYS.index(name)
    if kind == "nwd":
        found = monday_of(today) + dt.timedelta(7 + index)
    else:
        found = today + relativedelta(days=0 if kind == "wd0" else 1, weekday=weekday(index))
    return found + dt.timedelta(int(more))


def monday_of(day: dt.date) -> dt.date:
    return day - dt.timedelta(day.weekday())


def find_first(days: Iterable[dt.date], today: dt.date) -> dt.date:
    return next(day for day in days if day >= today)


def list_days(
    frequency: int, today: dt.date, start: dt.date | None = None, **rule: object
) -> Iterable[dt.date]:
    """The days of a rule of RFC 5545, from the beginning of the year."""
    begin = start or today.replace(month=1, day=1)
    until = dt.datetime.combine(begin.replace(year=begin.year + YEARS, day=1), dt.time())
    days = rrule(frequency, dtstart=dt.datetime.combine(begin, dt.time()), until=until, **rule)  # type: ignore[arg-type]
    return (moment.date() for moment in days)


def find_in_year(today: dt.date, **rule: object) -> dt.date:
    return find_first(list_days(YEARLY, today, **rule), today)


def find_in_next_month(today: dt.date, **rule: object) -> dt.date:
    start = today.replace(day=1) + relativedelta(months=1)
    return next(iter(list_days(MONTHLY, today, start, **rule)))


def find_nth(today: dt.date, number: str, name: str, month: str, more: str) -> dt.date:
    late = dt.timedelta(int(more))
    days = list_days(YEARLY, today, bymonth=int(month), byweekday=weekday(WEEKDAYS.index(name), int(number)))
    return find_first((day + late for day in days), today)


def find_easter(today: dt.date, more: str) -> dt.date:
    return find_first((easter(today.year + n) + dt.timedelta(int(more)) for n in range(3)), today)


def find_weekend(today: dt.date, more: str) -> set[dt.date]:
    saturday = monday_of(today) + dt.timedelta(5 + 7 * int(more))
    return {today} if saturday < today else {saturday, saturday + dt.timedelta(1)}


def list_period(start: dt.date, period: relativedelta, today: dt.date) -> set[dt.date]:
    end = dt.datetime.combine(start + period, dt.time()) - dt.timedelta(days=1)
    days = rrule(DAILY, dtstart=dt.datetime.combine(start, dt.time()), until=end)
    return {day.date() for day in days if day.date() >= today}


# Each finds a day or several from today and the parts of its pattern.
KINDS: dict[str, Callable[..., dt.date | set[dt.date]]] = {
    r"\+(\d+)(d|m|y)": add_time,
    r"(wd|wd0|nwd):(\w{3})(?:\+(\d+))?": find_weekday,
    r"md:(\d\d)-(\d\d)": lambda today, month, day: find_in_year(
        today, bymonth=int(month), bymonthday=int(day)
    ),
    r"ymd:(\d{4})-(\d\d)-(\d\d)": lambda today, year, month, day: dt.date(int(year), int(month), int(day)),
    r"dom:(\d+)": lambda today, day: find_first(list_days(MONTHLY, today, bymonthday=int(day)), today),
    r"domn:(\d+)": lambda today, day: find_in_next_month(today, bymonthday=int(day)),
    r"nth:(\d):(\w{3}):(\d\d)(?:\+(\d+))?": find_nth,
    r"nthn:(\d):(\w{3})": lambda today, number, name: find_in_next_month(
        today, byweekday=weekday(WEEKDAYS.index(name), int(number))
    ),
    r"last:(\w{3}):(\d\d)": lambda today, name, month: find_in_year(
        today, bymonth=int(month), byweekday=weekday(WEEKDAYS.index(name), -1)
    ),
    r"easter([+-]\d+)": find_easter,
    r"eom": lambda today: today + relativedelta(day=31),
    r"eoy": lambda today: today.replace(month=12, day=31),
    r"som:1": lambda today: today + relativedelta(months=3 - (today.month - 1) % 3, day=1),
    r"we(?:\+(\d))?": find_weekend,
    r"week\+(\d)": lambda today, n: list_period(
        monday_of(today) + dt.timedelta(7 * int(n)), relativedelta(days=7), today
    ),
    r"month\+(\d)": lambda today, n: list_period(
        today.replace(day=1) + relativedelta(months=int(n)), relativedelta(months=1), today
    ),
    r"year\+(\d)": lambda today, n: list_period(
        dt.date(today.year + int(n), 1, 1), relativedelta(years=1), today
    ),
}
