# dates/calendars/calendar_tables.py -- what a language is to the finder of dates: its tables
from collections.abc import Mapping
from dataclasses import dataclass

from dates.calendars.folding import Rules


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a language names days and times.

    `days`, `clocks` and `repeats`: patterns by the name of what resolves them, tried from the top. `values`: by the
    name of a group what its words mean: weekdays from 0 for Monday, months from 1, numbers, days from today, units.
    `between`: what may stand between a day and a clock time. `limits`: how what repeats says "from" a day and
    "until" a day, and in which "month" it ends. `lead_times`: patterns of how long before something a
    reminder is wanted, in "minutes", in "days", or on the "day" before.
    """

    days: Rules
    clocks: Rules
    repeats: Rules
    values: Mapping[str, Mapping[str, int]]
    between: frozenset[str]
    limits: Rules
    lead_times: Rules
