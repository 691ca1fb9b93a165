# dates/calendars/limits.py -- from when and until when something repeats, by the calendar of a language
import datetime as dt
import re
from dataclasses import dataclass, replace

from dates.calendar_days import add_months
from dates.calendars.days import DAYS, Found

_GAP = re.compile(r"[, ]*")


@dataclass(frozen=True, slots=True)
class Limits:
    """What stands up to `end`: the day on which it begins, and the last one."""

    end: int
    first: dt.date | None = None
    last: dt.date | None = None


def read_limits(found: Found, end: int) -> Limits | None:
    """The limits behind a repetition that ends there; None if one stands there that is not understood."""
    limits, text = Limits(end), found.m.string
    for kind, pattern in 2 * found.calendar.limits:  # in either order
        m = pattern.match(text, limits.end)
        if m is None:
            continue
        here = Found(m, found.calendar, found.now)
        if kind == "month":
            return replace(limits, end=m.end(), last=_find_end_of_month(here))
        day = _read_day(here, _GAP.match(text, limits.end)) or _read_day(here, _GAP.match(text, m.end()))
        if day is None and kind == "until":
            return None
        if day:
            name = "last" if kind == "until" else "first"
            limits = replace(limits, end=day[1], **{name: day[0]})
    return limits


def _read_day(found: Found, gap: re.Match[str] | None) -> tuple[dt.date, int] | None:
    """The day whose words begin behind the gap, and where they end."""
    start = gap.end() if gap else 0
    for kind, pattern in found.calendar.days:
        m = pattern.match(found.m.string, start)
        if m and m.end() > found.m.end() and kind in DAYS:
            days = DAYS[kind](Found(m, found.calendar, found.now))
            return next(((day, m.end()) for day in days if day >= found.today), None)
    return None


def _find_end_of_month(found: Found) -> dt.date:
    """Of the next such month, the current one among them, or of that of the year that is named."""
    year, month = found.read("year", found.today.year), found.read("month")
    first = dt.date(year, month, 1)
    if not found.has("year") and month < found.today.month:
        first = add_months(first, 12)
    return add_months(first, 1) - dt.timedelta(1)
