# dates/calendar_days.py -- days that are counted: in months, by weekday, from Easter
import datetime as dt
from calendar import monthrange

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip


def add_months(day: dt.date, months: int) -> dt.date:
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise OverflowError("the calendar ends with the year 9999")
    return dt.date(year, month, min(day.day, monthrange(year, month)[1]))


def next_weekday(day: dt.date, index: int) -> dt.date:
    """The first such weekday from `day` on, which counts."""
    return day + dt.timedelta((index - day.weekday()) % 7)


def find_nth_weekday(year: int, month: int, index: int, n: int) -> dt.date | None:
    """The n-th such weekday of a month, from the end if n is negative; None if the month has too few."""
    length = monthrange(year, month)[1]
    if n < 0:
        last = dt.date(year, month, length)
        day = length - (last.weekday() - index) % 7 + 7 * (n + 1)
    else:
        day = 1 + (index - dt.date(year, month, 1).weekday()) % 7 + 7 * (n - 1)
    return dt.date(year, month, day) if 1 <= day <= length else None


def make_date(year: int, month: int, day: int) -> dt.date | None:
    if dt.MINYEAR <= year <= dt.MAXYEAR and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        return dt.date(year, month, day)
    return None


def find_easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm that Butcher published in 1876."""
    golden, century, of_century = year % 19, year // 100, year % 100
    shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - shift + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)
