# due_dates/rules.py -- how something repeats: an RRULE of RFC 5545, parsed within bounds, and written.
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, get_args

Frequency = Literal["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
MAX_RULE = 200
MAX_INTERVAL = 1_000
MAX_COUNT = 1_000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PREFIX = "RRULE:"
# The number parts: the largest value, and whether it may be counted from the end.
NUMBERS = {
    "BYMONTH": (12, False),
    "BYMONTHDAY": (31, True),
    "BYYEARDAY": (366, True),
    "BYSETPOS": (366, True),
}
SINGLE = {"INTERVAL": MAX_INTERVAL, "COUNT": MAX_COUNT}
PARTS = frozenset({"FREQ", "UNTIL", "BYDAY", "WKST", *NUMBERS, *SINGLE})
# RFC 5545 has these too. A clock time is that of the due date, and nobody plans by the number of a week.
UNSUPPORTED = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR", "BYWEEKNO"})
NUMBER = re.compile(r"[+-]?[0-9]{1,4}", re.ASCII)
DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?", re.ASCII)
COUNT_PART = re.compile(r"(?<=COUNT=)\+?[0-9]+", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1970, 2999


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed RRULE. `days` are (n, weekday), weekday 0 for Monday: the n-th of its month or year, or each if n is 0.

    `until` is a day, a time of the clock of where one is, or a moment with its zone.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    days: tuple[tuple[int, int], ...] = ()
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def normalize_rule(text: str) -> str:
    """The rule in capital letters, without the name of the property; ValueError for one that is not within bounds."""
    rule = text.strip().upper().removeprefix(PREFIX)
    parse_rule(rule)
    return rule


def parse_rule(text: str) -> Rule:
    """ValueError, whose text is for people, for anything but a rule within our bounds."""
    if len(text) > MAX_RULE:
        raise ValueError(f"must have at most {MAX_RULE} characters")
    parts = split_parts(text)
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        raise ValueError(f"must be an RRULE whose FREQ is one of {', '.join(FREQUENCIES)}")
    numbers = {name: parse_numbers(name, parts[name]) for name in NUMBERS if name in parts}
    single = {name: parse_single(name, parts[name]) for name in SINGLE if name in parts}
    week_start = parts.get("WKST", "MO")
    if week_start not in WEEKDAYS:
        raise ValueError("must have a weekday such as MO as WKST")
    rule = Rule(
        frequency,
        interval=single.get("INTERVAL", 1),
        count=single.get("COUNT"),
        until=parse_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        days=parse_days(parts["BYDAY"]) if "BYDAY" in parts else (),
        months=numbers.get("BYMONTH", ()),
        month_days=numbers.get("BYMONTHDAY", ()),
        year_days=numbers.get("BYYEARDAY", ()),
        positions=numbers.get("BYSETPOS", ()),
        week_start=WEEKDAYS.index(week_start),
    )
    check_combination(rule)
    return rule


def split_parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, separator, value = part.partition("=")
        if name in UNSUPPORTED:
            raise ValueError(f"must do without {name}")
        if name not in PARTS or not separator or name in parts:
            raise ValueError("must be an RRULE of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO")
        parts[name] = value
    return parts


def parse_numbers(name: str, text: str) -> tuple[int, ...]:
    largest, from_end = NUMBERS[name]
    least = -largest if from_end else 1
    found = [int(value) if NUMBER.fullmatch(value) else 0 for value in text.split(",")]
    if any(number == 0 or not least <= number <= largest for number in found):
        raise ValueError(f"must have numbers from {least} to {largest} and not 0 as {name}")
    return tuple(sorted(set(found)))


def parse_single(name: str, text: str) -> int:
    number = int(text) if NUMBER.fullmatch(text) else 0
    if not 1 <= number <= SINGLE[name]:
        raise ValueError(f"must have a number from 1 to {SINGLE[name]} as {name}")
    return number


def parse_days(text: str) -> tuple[tuple[int, int], ...]:
    found = [DAY.fullmatch(value) for value in text.split(",")]
    days = [(int(m[1] or 0), WEEKDAYS.index(m[2])) for m in found if m and (m[1] is None or int(m[1]) != 0)]
    if len(days) < len(found) or any(abs(n) > 53 for n, _ in days):
        raise ValueError("must have weekdays such as MO, 1MO or -1FR as BYDAY")
    return tuple(sorted(set(days)))


def parse_until(text: str) -> date | datetime:
    if not UNTIL.fullmatch(text):
        raise ValueError("must have a day such as 20270630 or a time such as 20270630T120000Z as UNTIL")
    try:
        day = datetime.strptime(text[:8], "%Y%m%d").date()
        clock = datetime.strptime(text[9:15], "%H%M%S").time() if len(text) > 8 else None
    except ValueError as error:
        raise ValueError("must have a day that there is as UNTIL") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"must have an UNTIL within the years {FIRST_YEAR} to {LAST_YEAR}")
    if clock is None:
        return day
    return datetime.combine(day, clock, UTC if text.endswith("Z") else None)


def check_combination(rule: Rule) -> None:
    """What RFC 5545 says of parts that do not go together; and by the hour we have neither BYYEARDAY nor BYSETPOS."""
    is_wide = rule.frequency in ("MONTHLY", "YEARLY")
    if rule.count is not None and rule.until is not None:
        raise ValueError("must not have COUNT beside UNTIL")
    if any(n for n, _ in rule.days) and not is_wide:
        raise ValueError("must have weekdays without a number, unless FREQ is MONTHLY or YEARLY")
    if rule.frequency == "MONTHLY" and any(abs(n) > 5 for n, _ in rule.days):
        raise ValueError("must not ask for more than the fifth weekday of a month")
    if rule.month_days and rule.frequency == "WEEKLY":
        raise ValueError("must not have BYMONTHDAY where FREQ is WEEKLY")
    if rule.year_days and rule.frequency != "YEARLY":
        raise ValueError("must not have BYYEARDAY unless FREQ is YEARLY")
    others = rule.days or rule.months or rule.month_days or rule.year_days
    if rule.positions and (not others or rule.frequency == "HOURLY"):
        raise ValueError("must have BYSETPOS only beside another BY... part, and not where FREQ is HOURLY")


def count_down(text: str) -> str:
    """The rule after one of its times: the same, with a COUNT that is one less."""
    return COUNT_PART.sub(lambda m: str(int(m[0]) - 1), text)
