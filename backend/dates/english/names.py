# dates/english/names.py -- how weekdays, months and parts of the day are written
from dates.calendar_days import WEEKDAYS

_WEEKDAY_SPELLINGS = (
    "monday mon",
    "tuesday tue tues teusday tuseday",
    "wednesday wed weds wednsday wendesday wensday",
    "thursday thu thur thurs thursay",
    "friday fri",
    "saturday sat saterday",
    "sunday sun",
)
WEEKDAY_INDEX = {word: n for n, spellings in enumerate(_WEEKDAY_SPELLINGS) for word in spellings.split()}
PLURAL_WEEKDAYS = {f"{name.lower()}s": n for n, name in enumerate(WEEKDAYS)}
# Words of other meanings too: they need a preposition, a clock time or a capital.
AMBIGUOUS_WEEKDAYS = frozenset(["sat", "sun"])

_MONTH_SPELLINGS = ("january jan", "february feb febuary", "march mar", "april apr", "may", "june jun",
                    "july jul", "august aug", "september sep sept", "october oct", "november nov",
                    "december dec")  # fmt: skip
MONTH_INDEX = {word: n for n, spellings in enumerate(_MONTH_SPELLINGS, 1) for word in spellings.split()}
PARTS = {"morning": "morning", "mornin": "morning", "afternoon": "afternoon", "evening": "evening",
         "night": "night", "nite": "night"}  # fmt: skip
PLURAL_PARTS = {f"{part}s": part for part in ("morning", "afternoon", "evening", "night")}
