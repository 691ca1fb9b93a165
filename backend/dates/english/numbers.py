# dates/english/numbers.py -- numbers in words: amounts, ordinals, lengths of time
import datetime as dt
from dataclasses import dataclass

from dates.calendar_days import add_months
from dates.english.words import Words

_ONES = ("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
         "seventeen eighteen nineteen twenty").split()  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
CARDINALS = {word: n for n, word in enumerate(_ONES, 1)} | _TENS
_ORDINAL_ONES = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
                 "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth").split()  # fmt: skip
ORDINALS = {word: n for n, word in enumerate(_ORDINAL_ONES, 1)} | {"thirtieth": 30}
_HYPHENS = frozenset("-–")

# How many minutes, days or months a unit has.
_MINUTES = dict.fromkeys(["minute", "minutes", "min", "mins"], 1) | dict.fromkeys(
    ["hour", "hours", "hr", "hrs"], 60
)
_DAYS = (dict.fromkeys(["day", "days"], 1) | dict.fromkeys(["week", "weeks", "wk", "wks"], 7)
         | dict.fromkeys(["fortnight", "fortnights"], 14))  # fmt: skip
_MONTHS = (dict.fromkeys(["month", "months", "mo", "mos"], 1) | dict.fromkeys(["quarter", "quarters"], 3)
           | dict.fromkeys(["year", "years", "yr", "yrs"], 12))  # fmt: skip
_SHORT_MINUTES, _SHORT_DAYS, _SHORT_MONTHS = {"m": 1, "h": 60}, {"d": 1, "w": 7}, {"y": 12}
UNITS = _MINUTES.keys() | _DAYS.keys() | _MONTHS.keys()
_WORK_DAYS = frozenset(["business", "working", "work"])


def parse_ordinal(words: Words, i: int) -> tuple[int, int] | None:
    """(21, the index after it) for "21st" or "twenty-first"."""
    if words.kind(i) == "ordinal":
        return int(words.word(i)[:-2]), i + 1
    word = words.word(i)
    if word in ORDINALS:
        return ORDINALS[word], i + 1
    if word in ("twenty", "thirty"):
        j = words.skip(i + 1, _HYPHENS)
        if ORDINALS.get(words.word(j), 10) < 10:
            return _TENS[word] + ORDINALS[words.word(j)], j + 1
    return None


def parse_cardinal(words: Words, i: int) -> tuple[int, int] | None:
    """(21, the index after it) for "21" or "twenty one"."""
    word = words.word(i)
    if words.kind(i) == "number":
        return (int(word), i + 1) if len(word) < 5 else None
    if word in _TENS:
        j = words.skip(i + 1, _HYPHENS)
        if CARDINALS.get(words.word(j), 10) < 10:
            return _TENS[word] + CARDINALS[words.word(j)], j + 1
    return (CARDINALS[word], i + 1) if word in CARDINALS else None


def _parse_amount(words: Words, i: int) -> tuple[float, int] | None:
    """The number before a unit: "3", "2.5", "a", "a couple of", "half an", "two and a half", "1/2"."""
    word = words.word(i)
    if j := words.read(i, "three", "quarters", "of") or words.read(i, "three", "-", "quarters", "of"):
        return 0.75, words.skip(j, ("a", "an"))
    if j := words.read(i, "a", "quarter", "of") or words.read(i, "quarter", "of"):
        return 0.25, words.skip(j, ("a", "an"))
    if word == "half" and words.word(i + 1) in ("a", "an"):
        return 0.5, i + 2
    if j := words.read(i, "a", "half"):
        return 0.5, j
    j = words.skip(i, ("a", "another", "the"))
    if words.word(j) in ("couple", "pair"):
        return 2, words.skip(j + 1, ("of",))
    if words.word(j) == "few" and words.word(i) != "the":
        return 3, words.skip(j + 1, ("of",))
    if words.kind(i) == "decimal":
        return float(word), i + 1
    if words.kind(i) == "pair":
        numerator, denominator = map(int, word.split("/"))
        return (numerator / denominator, i + 1) if 0 < numerator < denominator <= 4 else None
    if number := parse_cardinal(words, i):
        j = number[1]
        if k := words.read(j, "and", "a", "half") or words.read(j, "and", "an", "half"):
            return number[0] + 0.5, k
        return number[0], words.skip(j, ("more", "full", "whole"))
    return (1, i + 1) if word in ("a", "an") else None


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time. Minutes are real ones; days and months are those of a calendar."""

    months: int = 0
    days: int = 0
    minutes: float = 0
    work_days: int = 0

    def add_to(self, day: dt.date, sign: int = 1) -> dt.date:
        """The day after or, with -1, before; without the minutes."""
        moved = add_months(day, sign * self.months) + dt.timedelta(sign * self.days)
        for _ in range(self.work_days):
            moved += dt.timedelta(sign)
            while moved.weekday() > 4:
                moved += dt.timedelta(sign)
        return moved


def parse_span(words: Words, i: int) -> tuple[Span, int] | None:
    """The span of "2 hours and 15 minutes", and the index after it."""
    first = _parse_simple_span(words, i)
    if first is None:
        return None
    span, j = first
    for _ in range(2):
        more = _parse_simple_span(words, words.skip(words.skip(j, (",",)), ("and",)))
        if more is None or more[0].work_days:
            break
        span = Span(
            span.months + more[0].months,
            span.days + more[0].days,
            span.minutes + more[0].minutes,
            span.work_days,
        )
        j = more[1]
    return span, j


def _parse_simple_span(words: Words, i: int) -> tuple[Span, int] | None:
    if words.kind(i) == "clock" and "h" in words.word(i):  # "1h30"
        hours, _, minutes = words.word(i).partition("h")
        return Span(minutes=60 * int(hours) + int(minutes)), words.skip(i + 1, ("m", "min"))
    amount = _parse_amount(words, i)
    if amount is None:
        return None
    count, j = amount
    unit = words.word(j)
    if unit in ("-", "–") and words.is_glued(j) and words.is_glued(j + 1):
        return None  # "a 3-day trip"
    is_short = words.is_glued(j) and words.kind(i) == "number"
    if unit in _WORK_DAYS and words.word(j + 1) in ("day", "days"):
        return (Span(work_days=int(count)), j + 2) if count == int(count) <= 260 else None
    for table, short, name in (
        (_MINUTES, _SHORT_MINUTES, "minutes"),
        (_DAYS, _SHORT_DAYS, "days"),
        (_MONTHS, _SHORT_MONTHS, "months"),
    ):
        factor = table.get(unit) or (short.get(unit) if is_short else None)
        if factor is None:
            continue
        end = j + 1
        if k := words.read(end, "and", "a", "half"):
            count, end = count + 0.5, k
        total = count * factor
        if name == "minutes":
            return Span(minutes=total), end
        if total == int(total):
            return (Span(days=int(total)) if name == "days" else Span(months=int(total))), end
        return (Span(minutes=total * 1440), end) if factor == 1 and name == "days" else None
    return None
