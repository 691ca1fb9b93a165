# dates/calendars/days.py -- the days that a match of a calendar's pattern may mean, best first
import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dates.calendar_days import add_months, make_date
from dates.calendars.calendar_tables import Calendar
from dates.calendars.folding import fold_word


@dataclass(frozen=True, slots=True)
class Found:
    """A match of a pattern of a calendar, with the values of its groups; `timed` where a clock time goes with it."""

    m: re.Match[str]
    calendar: Calendar
    now: dt.datetime
    timed: bool = False

    def has(self, group: str) -> bool:
        return self._find(group) is not None

    def _find(self, group: str) -> str | None:
        """What a group matched, or a second one of its kind, which has the same name with a 2."""
        groups = self.m.groupdict()
        first = groups.get(group)
        return groups.get(f"{group}2") if first is None else first

    def read(self, group: str, default: int = 0) -> int:
        """The number that a group names, in digits or in a word."""
        text = self._find(group)
        if text is None:
            return default
        return int(text) if text.isdecimal() else self.calendar.values[group.rstrip("2")][fold_word(text)]

    @property
    def today(self) -> dt.date:
        return self.now.date()


DayResolver = Callable[[Found], Iterator[dt.date]]


def _resolve_near(found: Found) -> Iterator[dt.date]:
    yield found.today + dt.timedelta(found.read("near"))


def _resolve_weekday(found: Found) -> Iterator[dt.date]:
    """The next such day; of the week after where that is said. Today only with a time to come."""
    ahead = (found.read("weekday") - found.today.weekday()) % 7
    if found.has("week"):
        yield found.today + dt.timedelta(7 - found.today.weekday() + found.read("weekday"))
        return
    if ahead or found.timed:
        yield found.today + dt.timedelta(ahead)
    yield found.today + dt.timedelta(ahead + 7)


def _resolve_distance(found: Found) -> Iterator[dt.date]:
    """`unit`: days, or from 100 a hundred for each month."""
    count, unit = found.read("count", 1), found.read("unit")
    yield (
        add_months(found.today, count * unit // 100)
        if unit >= 100
        else found.today + dt.timedelta(count * unit)
    )


def _resolve_month_day(found: Found) -> Iterator[dt.date]:
    year = found.read("year")
    year += 2000 if 0 < year < 100 else 0
    for candidate in [year] if year else range(found.now.year, found.now.year + 9):
        if day := make_date(candidate, found.read("month"), found.read("day", 1)):
            yield day


def _resolve_day_of_month(found: Found) -> Iterator[dt.date]:
    for later in range(4):
        month = add_months(found.today.replace(day=1), later)
        if day := make_date(month.year, month.month, found.read("day")):
            yield day


def _resolve_next_week(found: Found) -> Iterator[dt.date]:
    yield found.today + dt.timedelta(7 - found.today.weekday())


def _resolve_next_month(found: Found) -> Iterator[dt.date]:
    yield add_months(found.today.replace(day=1), 1)


def _resolve_next_year(found: Found) -> Iterator[dt.date]:
    yield dt.date(found.today.year + 1, 1, 1)


def _resolve_weekend(found: Found) -> Iterator[dt.date]:
    saturday = found.today + dt.timedelta(5 - found.today.weekday() + (7 if found.has("next") else 0))
    yield max(saturday, found.today)


def _resolve_end_of_week(found: Found) -> Iterator[dt.date]:
    friday = found.today + dt.timedelta(4 - found.today.weekday() + (7 if found.has("next") else 0))
    yield friday
    yield friday + dt.timedelta(7)


def _resolve_end_of_month(found: Found) -> Iterator[dt.date]:
    yield add_months(found.today.replace(day=1), 2 if found.has("next") else 1) - dt.timedelta(1)


def _resolve_end_of_year(found: Found) -> Iterator[dt.date]:
    yield dt.date(found.today.year, 12, 31)


DAYS: dict[str, DayResolver] = {
    "near": _resolve_near,
    "weekday": _resolve_weekday,
    "distance": _resolve_distance,
    "month_day": _resolve_month_day,
    "day_of_month": _resolve_day_of_month,
    "next_week": _resolve_next_week,
    "next_month": _resolve_next_month,
    "next_year": _resolve_next_year,
    "weekend": _resolve_weekend,
    "end_of_week": _resolve_end_of_week,
    "end_of_month": _resolve_end_of_month,
    "end_of_year": _resolve_end_of_year,
}
