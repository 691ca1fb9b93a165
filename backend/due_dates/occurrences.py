# due_dates/occurrences.py -- when a rule comes next, found in bounded time.
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from due_dates.rules import LAST_YEAR, Rule
from due_dates.times import Due, is_shown, start_of_day, to_local, to_moment

# Days and periods that are looked at for one answer: enough for the 53rd Monday of a year. A rule that matches nothing,
# such as 30 February, ends here; the generators of common libraries go on to the year 9999.
MAX_LOOKS = 5_000
# The same by the hour, where each look takes the time zone in.
MAX_HOURS = 1_000
LAST_DAY = date(LAST_YEAR, 12, 31)
ONE_DAY = timedelta(1)
# A day whose time is past, or which a clock put forward leaves out, is followed by another one.
MAX_DAYS_TRIED = 5


def find_next(rule: Rule, due: Due, now: datetime) -> Due | None:
    """When it is due again after `due`, on the same clock, and not before `now`; None where the rule ends.

    Its periods are counted from `due`. A day counts as past when it is over. COUNT is not looked at.
    """
    found = find_next_hour(rule, due, now) if rule.frequency == "HOURLY" else find_next_date(rule, due, now)
    return None if found is None or is_after_end(rule, found) else found


def comes_again(rule: Rule, due: Due) -> bool:
    """Whether there is another time at all, unless the rule itself says when it ends."""
    return rule.until is not None or find_next(rule, due, due.by) is not None


def is_after_end(rule: Rule, due: Due) -> bool:
    end = rule.until
    if not isinstance(end, datetime):
        return end is not None and due.local.date() > end
    if due.at is None:
        return due.local.date() > (to_local(end, due.zone) if end.tzinfo else end).date()
    return due.at > (end if end.tzinfo else to_moment(end, due.zone))


def find_next_date(rule: Rule, due: Due, now: datetime) -> Due | None:
    start = due.local
    after = max(start.date(), to_local(now, due.zone).date() - ONE_DAY)
    for _ in range(MAX_DAYS_TRIED):
        day = find_next_day(rule, start.date(), after)
        if day is None:
            return None
        if due.at is None:
            return Due(day, None, due.zone)
        local = datetime.combine(day, start.time())
        # RFC 5545 leaves out a time that no clock shows.
        if is_shown(local, due.zone) and (moment := to_moment(local, due.zone)) >= now and moment > due.at:
            return Due(None, moment, due.zone)
        after = day
    return None


def find_next_hour(rule: Rule, due: Due, now: datetime) -> Due | None:
    """Every so many hours, on the days that the rule names."""
    assert due.at is not None
    step = timedelta(hours=rule.interval)
    earliest = max(now, due.at + step)
    for _ in range(MAX_HOURS):
        moment = due.at - (due.at - earliest) // step * step
        day = to_local(moment, due.zone).date()
        if day > LAST_DAY:
            return None
        if rule.months and day.month not in rule.months:
            earliest = start_of_day(date(day.year, day.month, count_days(day)) + ONE_DAY, due.zone)
        elif matches(rule, day, day, day):
            return Due(None, moment, due.zone)
        else:
            earliest = start_of_day(day + ONE_DAY, due.zone)
        earliest = max(earliest, moment + timedelta(microseconds=1))
    return None


def find_next_day(rule: Rule, start: date, after: date) -> date | None:
    """The first day after `after` of a rule whose periods are counted from `start`, which is not later."""
    looks = 0
    for period in list_periods(rule, start, after):
        named = list(period)
        days = [day for day in named if day is not None]
        if rule.positions:
            days = pick_positions(days, rule.positions)
        if found := next((day for day in days if day > after), None):
            return found if found <= LAST_DAY else None
        looks += max(1, len(named))
        if looks > MAX_LOOKS:
            break
    return None


def pick_positions(days: list[date], positions: tuple[int, ...]) -> list[date]:
    indexes = {n - 1 if n > 0 else len(days) + n for n in positions}
    return [days[index] for index in sorted(indexes) if 0 <= index < len(days)]


def list_periods(rule: Rule, start: date, after: date) -> Iterator[Iterator[date | None]]:
    """The days of each period from that of `after` on, in order; None for one that was looked at and does not match."""
    if rule.frequency == "DAILY":
        number = (after - start).days // rule.interval
        while (day := start + timedelta(number * rule.interval)) <= LAST_DAY:
            yield match_days(rule, [day], day, day)
            number += 1
    elif rule.frequency == "WEEKLY":
        first = start - timedelta((start.weekday() - rule.week_start) % 7)
        number = (after - first).days // 7 // rule.interval
        while (week := first + timedelta(7 * number * rule.interval)) <= LAST_DAY:
            yield list_week(rule, start, week)
            number += 1
    elif rule.frequency == "MONTHLY":
        first_month = 12 * start.year + start.month - 1
        number = (12 * after.year + after.month - 1 - first_month) // rule.interval
        while (month := first_month + number * rule.interval) < 12 * (LAST_YEAR + 1):
            yield list_month(rule, start, month // 12, month % 12 + 1)
            number += 1
    else:
        number = (after.year - start.year) // rule.interval
        while (year := start.year + number * rule.interval) <= LAST_YEAR:
            yield list_year(rule, start, year)
            number += 1


def list_week(rule: Rule, start: date, first: date) -> Iterator[date | None]:
    weekdays = {weekday for _, weekday in rule.days} or {start.weekday()}
    for n in range(7):
        day = first + timedelta(n)
        is_named = day.weekday() in weekdays and (not rule.months or day.month in rule.months)
        yield day if is_named else None


def list_month(rule: Rule, start: date, year: int, month: int) -> Iterator[date | None]:
    if rule.months and month not in rule.months:
        return
    first = date(year, month, 1)
    if rule.month_days or rule.days:
        days = name_days(rule, first)
    else:
        days = [first.replace(day=start.day)] if start.day <= count_days(first) else []
    yield from match_days(rule, days, first, first.replace(day=count_days(first)))


def list_year(rule: Rule, start: date, year: int) -> Iterator[date | None]:
    """The n-th weekday is counted in the months that the rule names, or else in the year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    length = (last - first).days + 1
    if rule.year_days:
        numbers = sorted({n if n > 0 else length + 1 + n for n in rule.year_days})
        days = [first + timedelta(n - 1) for n in numbers if 1 <= n <= length]
        if not rule.months:
            yield from match_days(rule, days, first, last)
            return
        for day in days:
            yield from match_days(rule, [day], day.replace(day=1), day.replace(day=count_days(day)))
    elif rule.months or not any(n for n, _ in rule.days):
        is_bare = not (rule.days or rule.month_days)
        for month in rule.months or ((start.month,) if is_bare else range(1, 13)):
            yield from list_month(rule, start, year, month)
    else:
        for month in range(1, 13):
            yield from match_days(rule, name_days(rule, date(year, month, 1)), first, last)


def name_days(rule: Rule, first: date) -> list[date]:
    """The days of a month that may match: those that BYMONTHDAY names, or all."""
    length = count_days(first)
    if rule.month_days:
        numbers = sorted({n if n > 0 else length + 1 + n for n in rule.month_days})
    else:
        numbers = list(range(1, length + 1))
    return [first.replace(day=n) for n in numbers if 1 <= n <= length]


def match_days(rule: Rule, days: list[date], first: date, last: date) -> Iterator[date | None]:
    for day in days:
        yield day if matches(rule, day, first, last) else None


def matches(rule: Rule, day: date, first: date, last: date) -> bool:
    """Whether the rule names the day; the n-th weekday is counted between `first` and `last`."""
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days and not (
        day.day in rule.month_days or day.day - count_days(day) - 1 in rule.month_days
    ):
        return False
    if not rule.days:
        return True
    weekday = day.weekday()
    places = (0, (day - first).days // 7 + 1, -((last - day).days // 7 + 1))
    return any(weekday == named and n in places for n, named in rule.days)


def count_days(day: date) -> int:
    """The length of its month."""
    return monthrange(day.year, day.month)[1]
