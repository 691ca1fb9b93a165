# dates/calendars/repeats.py -- the rule that a match of a calendar's pattern for what repeats stands for
from dates.calendars.days import Found
from dates.recurrence_rules import Recurrence, make_daily, make_monthly, make_weekly

_FREQUENCIES = {1: "DAILY", 7: "WEEKLY", 100: "MONTHLY", 1200: "YEARLY"}  # by the unit's value
_WORKDAYS = (0, 1, 2, 3, 4)


def read_recurrence(kind: str, found: Found) -> Recurrence:
    end, interval = found.m.end(), found.read("count", 1)
    if kind == "workdays":
        return make_weekly(end, 1, _WORKDAYS)
    if kind == "weekly":
        days = [found.read(group) for group in ("weekday", "weekday2") if found.has(group)]
        return make_weekly(end, interval, tuple(days))
    if kind == "monthly":
        return make_monthly(end, interval, (found.read("day"),))
    return make_daily(end, _FREQUENCIES[found.read("unit", 1)], interval)
