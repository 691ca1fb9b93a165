# dates/mention.py -- a date that a text mentions, in whichever language
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

DAY_PARTS = ("morning", "afternoon", "evening", "night")


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date that `text[start:end]` mentions.

    `part` ("morning") is set only without a `time`. `has_day` is false for a clock time alone. `last_date` is the
    last day of a period such as "next week", or of a range, whose first day to come is `date`. `repeats` is an
    RRULE of RFC 5545 whose first day is `date`. `remark`: words in the span that the other fields do not say
    ("3-5pm"), for the description of a task.
    """

    start: int
    end: int
    date: dt.date
    time: dt.time | None = None
    part: str | None = None
    has_day: bool = True
    last_date: dt.date | None = None
    repeats: str | None = None
    remark: str = ""


DateFinder = Callable[[str], DateMention | None]
