# support/dates/phrases/ -- phrases of dates, and what they mean on Wednesday 25 November 2026 at 10:00.
from support.dates.phrases import calendar, days, repeating, times

PHRASES = (
    days.NEAR
    | days.DISTANCES
    | days.WEEKDAYS
    | days.WEEKS
    | calendar.NUMBERED_DAYS
    | calendar.MONTHS_AND_DAYS
    | calendar.NUMBERS
    | calendar.PERIODS
    | calendar.HOLIDAYS
    | times.PARTS_OF_TIME
    | times.RANGES
    | repeating.REPEATING
)
