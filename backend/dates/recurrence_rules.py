# dates/recurrence_rules.py -- rules of repetition as RFC 5545 has them, and their days
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dates.calendar_days import add_months, find_nth_weekday, make_date
from due_dates.rules import WEEKDAYS

Occurrences = Callable[[dt.date], Iterator[dt.date]]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule up to the token `end`; `list_from(day)` gives its days from that one on. `needs_end` as for days."""

    end: int
    rule: str
    list_from: Occurrences
    part: str | None = None
    needs_end: bool = False

    def change_interval(self, interval: int) -> "Recurrence":
        """The same every so many years, for a rule of every year."""
        return replace(self, rule=self.rule.replace("FREQ=YEARLY", _count("YEARLY", interval)))


def make_daily(end: int, frequency: str, interval: int, part: str | None = None) -> Recurrence:
    """A rule that only counts: it begins on the first day that one asks for."""

    def begin(day: dt.date) -> Iterator[dt.date]:
        yield day
        yield day + dt.timedelta(1)

    return Recurrence(end, _count(frequency, interval), begin, part)


def _count(frequency: str, interval: int) -> str:
    return f"FREQ={frequency};INTERVAL={interval}" if interval > 1 else f"FREQ={frequency}"


def make_weekly(end: int, interval: int, days: tuple[int, ...], part: str | None = None) -> Recurrence:
    codes = ",".join(WEEKDAYS[day] for day in sorted(set(days)))

    def begin(day: dt.date) -> Iterator[dt.date]:
        for n in range(8):
            if (day + dt.timedelta(n)).weekday() in days:
                yield day + dt.timedelta(n)

    return Recurrence(end, f"{_count('WEEKLY', interval)};BYDAY={codes}", begin, part)


def make_monthly(end: int, interval: int, numbers: tuple[int, ...]) -> Recurrence:
    """On these days of the month; the 31st, or -1, is the last one where a month is shorter."""
    numbers = tuple(sorted({-1 if number == 31 else number for number in numbers}, key=lambda n: n % 32))
    days = ",".join(map(str, numbers))
    rule = f"{_count('MONTHLY', interval)};BYMONTHDAY={days}"
    if len(numbers) == 1 and numbers[0] in (29, 30):
        days = ",".join(map(str, range(28, numbers[0] + 1)))
        rule = f"{_count('MONTHLY', interval)};BYMONTHDAY={days};BYSETPOS=-1"

    def begin(day: dt.date) -> Iterator[dt.date]:
        first = day.replace(day=1)
        for n in range(3):
            month = add_months(first, n)
            last = (add_months(month, 1) - dt.timedelta(1)).day
            for found in sorted({min(number, last) if number > 0 else last for number in numbers}):
                if month.replace(day=found) >= day:
                    yield month.replace(day=found)

    return Recurrence(end, rule, begin)


def make_nth_weekday(end: int, interval: int, n: int, index: int, month: int | None = None) -> Recurrence:
    """ "the first Monday of the month", or of one month of the year."""
    frequency = f"{_count('YEARLY', interval)};BYMONTH={month}" if month else _count("MONTHLY", interval)

    def begin(day: dt.date) -> Iterator[dt.date]:
        for later in range(30):
            first = add_months(day.replace(day=1), later)
            found = find_nth_weekday(first.year, first.month, index, n)
            if found and found >= day and month in (None, found.month):
                yield found

    return Recurrence(end, f"{frequency};BYDAY={n}{WEEKDAYS[index]}", begin)


def make_yearly(end: int, interval: int, month: int, day_number: int) -> Recurrence:
    def begin(day: dt.date) -> Iterator[dt.date]:
        for year in range(day.year, day.year + 9):
            if (found := make_date(year, month, day_number)) and found >= day:
                yield found

    return Recurrence(end, f"{_count('YEARLY', interval)};BYMONTH={month};BYMONTHDAY={day_number}", begin)
