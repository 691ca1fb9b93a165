# llm/offline/parsing/date_phrases.py -- phrases that name a day, each with a function that resolves it
import datetime as dt
import re
from calendar import monthrange
from collections.abc import Callable, Iterator

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip

# Yields the days that a match may mean, best first; the first one that is not past is the meaning.
DayResolver = Callable[[re.Match[str], dt.datetime, dt.time | None], Iterator[dt.date]]

NUMBER_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
            "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "half an": 0}  # fmt: skip
COUNT_PATTERN = r"(?P<count>\d{1,3}|half an|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_PART = r"(?: (?:in the )?(?P<part>morning|afternoon|evening|night))?"
_BY = r"(?:due )?"
_STRONG = (rf"(?P<strong>{_BY}(?:on|by|before|until|till|no later than|this|next|coming|due)"
           r"(?: the| this| coming| next)? )")  # fmt: skip
_WEAK = r"(?P<weak>(?:for|from|starting|starting on|around) )"
_NAMED = rf"(?:{_STRONG}|{_WEAK})?"
_DAY_NAME = (r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?"
             r"|sat(?:urday)?|sun(?:day)?)\b\.?(?!['’-]\w)")  # fmt: skip
_MONTH_NAME = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_MONTH_REST = (r"(?:(?<=jan)uary|(?<=feb)ruary|(?<=mar)ch|(?<=apr)il|(?<=jun)e|(?<=jul)y|(?<=aug)ust"
               r"|(?<=sep)t(?:ember)?|(?<=oct)ober|(?<=nov)ember|(?<=dec)ember)?\b\.?")  # fmt: skip
_MONTH = _MONTH_NAME + _MONTH_REST
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?P<year>20\d\d)\b)?"


def add_months(day: dt.date, months: int) -> dt.date:
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    if year > dt.MAXYEAR:
        raise OverflowError("the calendar ends with the year 9999")
    return dt.date(year, month, min(day.day, monthrange(year, month)[1]))


def _make_date(year: int, month: int, day: int) -> Iterator[dt.date]:
    if year <= dt.MAXYEAR and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        yield dt.date(year, month, day)


def _resolve_near_day(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    word = m["near"].lower()
    if word.startswith("this") and now.hour >= {"morning": 12, "afternoon": 18}.get(word[5:], 24):
        return
    days = 2 if word.startswith(("day", "the day")) else 1 if word.startswith(("tom", "tm")) else 0
    yield now.date() + dt.timedelta(days)
    if days == 0 and clock == dt.time(0):  # "tonight at midnight" is the beginning of the next day
        yield now.date() + dt.timedelta(1)


def _resolve_distance(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    count = int(m["count"]) if m["count"].isdigit() else NUMBER_WORDS[m["count"].lower()]
    unit = m["unit"].lower()
    if unit.startswith(("month", "year")):
        yield add_months(now.date(), count * (12 if unit.startswith("year") else 1))
    else:
        weeks = {"w": 7, "f": 14}.get(unit[0], 1)
        yield now.date() + dt.timedelta(count * weeks)


def _resolve_period(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    today, which, period = now.date(), (m["which"] or "").lower(), m["period"].lower()
    later = 1 if which == "next" else 0
    if period == "weekend":
        monday = today - dt.timedelta(today.weekday()) + dt.timedelta(7 * later)
        yield max(monday + dt.timedelta(5), today)
    elif period == "week":
        yield today - dt.timedelta(today.weekday()) + dt.timedelta(7)
    elif period == "month":
        yield add_months(today.replace(day=1), 1)
    else:
        yield add_months(today.replace(month=1, day=1), 12)


def _resolve_period_end(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    today, period = now.date(), (m["period"] or m["short"]).lower()
    later = 1 if (m["which"] or "").lower() == "next" else 0
    if period.startswith("d"):
        yield today
    elif period.startswith("w"):
        friday = today - dt.timedelta(today.weekday()) + dt.timedelta(4 + 7 * later)
        yield friday
        yield friday + dt.timedelta(7)
    elif period.startswith("m"):
        yield add_months(today.replace(day=1), 1 + later) - dt.timedelta(1)
    else:
        yield add_months(today.replace(month=12, day=31), 12 * later)


def _resolve_weekday(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    """A bare weekday means today only with a clock time that is not past; "next" means the next week."""
    today, lead = now.date(), (m["strong"] or "").lower()
    index = next(i for i, name in enumerate(WEEKDAYS) if name.lower().startswith(m["weekday"].lower()[:3]))
    if "next" in lead:
        yield today + dt.timedelta(7 - today.weekday() + index)
        return
    ahead = (index - today.weekday()) % 7
    if ahead or clock or "this" in lead:
        yield today + dt.timedelta(ahead)
    yield today + dt.timedelta(ahead + 7)


def _resolve_month_day(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    month = next(i for i, name in enumerate(MONTHS, 1) if name.lower().startswith(m["month"].lower()))
    years = [int(m["year"])] if m["year"] else range(now.year, now.year + 9)  # 29 February: within 8 years
    for year in years:
        yield from _make_date(year, month, int(m["day"]))


def _resolve_iso_date(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    yield from _make_date(int(m["year"]), int(m["month"]), int(m["day"]))


def _resolve_day_of_month(m: re.Match[str], now: dt.datetime, clock: dt.time | None) -> Iterator[dt.date]:
    for later in range(4):
        month = add_months(now.date().replace(day=1), later)
        yield from _make_date(month.year, month.month, int(m["day"]))


def compile_phrase(pattern: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w'’/.-])(?:" + pattern + r")(?![\w/]|['’]\w)", re.IGNORECASE)


_TABLE: tuple[tuple[str, DayResolver], ...] = (
    (rf"(?P<strong>{_BY}(?:by |for |until |before |on |from )?)(?P<near>today|tonight"
     r"|this (?:morning|afternoon|evening)|(?:the )?day after tomorrow|tomorrow|tmrw|tmr)"
             rf"{_PART}", _resolve_near_day),
    (rf"(?P<strong>{_BY}(?:with)?in ){COUNT_PATTERN} (?P<unit>days?|weeks?|fortnights?|months?|years?)",
     _resolve_distance),
    (rf"(?P<strong>){COUNT_PATTERN} (?P<unit>days?|weeks?|months?) from (?:now|today)", _resolve_distance),
    (rf"(?P<strong>{_BY}(?:by |before |at |until |at the |by the |before the |the )?(?:end of )"
     r"(?:(?P<which>the|this|next) )?)(?:the )?(?P<period>day|week|month|year)(?P<short>)",
     _resolve_period_end),
    (rf"(?P<strong>{_BY}by )(?P<which>)(?P<period>)(?:eo(?P<short>[dwmy]))", _resolve_period_end),
    (rf"(?P<strong>{_BY}(?:by |before |for |on |over |until |from )?(?:the )?)"
     r"(?P<which>this|next) (?P<period>weekend)", _resolve_period),
    (rf"(?P<strong>{_BY}(?:by |before |for |until |from )?)"
     r"(?P<which>next) (?P<period>week|month|year)", _resolve_period),
    (rf"{_NAMED}(?:{_DAY_NAME},? )?(?:the )?{_DAY} (?:of )?{_MONTH}{_YEAR}", _resolve_month_day),
    (rf"{_NAMED}(?:{_DAY_NAME},? )?{_MONTH} (?:the )?{_DAY}{_YEAR}", _resolve_month_day),
    (rf"{_NAMED}(?P<year>20\d\d)(?P<dash>[-/])(?P<month>\d\d?)(?P=dash)(?P<day>\d\d?)", _resolve_iso_date),
    (rf"(?P<weak>(?:on|by|before|until|due) the )(?P<strong>){_DAY}(?<=[a-z])", _resolve_day_of_month),
    (rf"{_NAMED}{_DAY_NAME}{_PART}", _resolve_weekday),
)  # fmt: skip
DAY_PHRASES = tuple((compile_phrase(text), resolve) for text, resolve in _TABLE)
