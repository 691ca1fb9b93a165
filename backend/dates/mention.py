# dates/mention.py -- a date that a text mentions, in whichever language
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

MAX_LEAD_DAYS = 366  # nobody is reminded of something longer before


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date that `text[start:end]` mentions.

    `time` is that of PART_TIMES for a part of the day, and missing where it is past ("this morning", at ten).
    `has_day` is false for a clock time alone, and for what repeats unless it is said when it begins. `last_date` is
    the last day of a period such as "next week", or of a range, whose first day to come is `date`. `repeats` is an
    RRULE of RFC 5545 whose first day is `date`. `remark`: words in the span that the other fields do not say
    ("3-5pm"), for the description of a task.
    """

    start: int
    end: int
    date: dt.date
    time: dt.time | None = None
    has_day: bool = True
    last_date: dt.date | None = None
    repeats: str | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How long before something a person wants to be reminded, as `text[start:end]` says: "an hour before"."""

    start: int
    end: int
    before: dt.timedelta


DateFinder = Callable[[str], DateMention | None]

LeadTimeFinder = Callable[[str], LeadTime | None]


def find_day(text: str, find_date: DateFinder) -> DateMention | None:
    """The date in a text that asks for what is due then: what repeats is on no day alone."""
    found = find_date(text)
    return None if found and found.repeats else found
