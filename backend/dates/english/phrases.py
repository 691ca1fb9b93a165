# dates/english/phrases.py -- reads days, times and repetitions that make one date together
import datetime as dt
from dataclasses import dataclass, field, replace

from dates.english.clocks import ClockPhrase, parse_clock
from dates.english.day_phrase import NEXT, DayPhrase, parse_part
from dates.english.days import parse_day
from dates.english.numbers import parse_cardinal, parse_span
from dates.english.recurrence import parse_recurrence
from dates.english.words import Words
from dates.recurrence_rules import Recurrence

_LEADS = frozenset(
    """
        on by before until till til for from due starting beginning around at @ about approximately over during
        in after sometime early late throughout
    """.split()
)
_LONG_LEADS = (
    ("no", "later", "than"),
    ("as", "of"),
    ("up", "until"),
    ("starting", "on"),
    ("starting", "from"),
)
_CONNECTORS = frozenset("on at @ in the by before around about approximately after from for due".split())
# These begin no day, time or repetition themselves.
_ONLY_LEADS = frozenset(
    "on by before until till til for from due starting around at @ about approximately".split()
)
BARE_CLOCK_LEADS = frozenset("at @ by before until till around about after".split())
_START_WORDS = frozenset(["starting", "beginning", "from", "start", "starts", "begin"])
_UNTIL_WORDS = frozenset(["until", "till", "til", "through", "thru", "ending", "ends", "to"])
_RANGE_WORDS = frozenset(["to", "until", "till", "til", "through", "thru", "-", "–", "—"])
_MAX_PARTS = 6


@dataclass(slots=True)
class DatePhrase:
    """Tokens that make one date together."""

    first: int
    end: int
    leads: list[str] = field(default_factory=list)
    day: DayPhrase | None = None
    clock: ClockPhrase | None = None
    part: str | None = None
    recurrence: Recurrence | None = None
    start: DayPhrase | None = None
    until: dt.date | None = None
    count: int = 0
    last: DayPhrase | None = None
    remark_from: int = -1
    is_unclear: bool = False


def read_phrase(words: Words, i: int) -> DatePhrase | None:
    phrase = DatePhrase(i, i)
    j = i
    while not _read_part(words, phrase, j):
        skipped = next((k for lead in _LONG_LEADS if (k := words.read(j, *lead))), 0)
        if skipped:
            phrase.leads.append(
                "by" if words.word(j) == "no" else "until" if words.word(j) == "up" else "starting"
            )
        elif words.word(j) in _LEADS:
            phrase.leads.append(words.word(j))
            skipped = j + 1
        if not skipped or len(phrase.leads) > 3:
            return None
        j = skipped
    for _ in range(_MAX_PARTS):
        if not _read_further_part(words, phrase):
            break
    return phrase


def _read_part(words: Words, phrase: DatePhrase, j: int, lead: str = "") -> bool:
    """Read a repetition, a time or a day that begins at `j` into the phrase; false if there is none."""
    if words.word(j) in _ONLY_LEADS:
        return False
    lead = lead or (phrase.leads[-1] if phrase.leads else "")
    if phrase.recurrence is None and (recurrence := parse_recurrence(words, j)):
        phrase.recurrence, phrase.end = recurrence, recurrence.end
        return True
    clock = parse_clock(words, j) if phrase.clock is None else None
    if clock and not clock.bare:
        phrase.clock, phrase.end = clock, clock.end
        if clock.later:
            phrase.remark_from = j - 1 if words.word(j - 1) == "from" else j
        return True
    day = parse_day(words, j)
    if day and lead != "after":
        return _add_day(words, phrase, day, lead)
    if clock and lead in BARE_CLOCK_LEADS:
        phrase.clock, phrase.end = clock, clock.end
        return True
    if day:
        phrase.is_unclear, phrase.end = True, day.end
        return True
    if not phrase.part and not phrase.clock and _starts_part(words, j) and (part := parse_part(words, j)):
        phrase.part, phrase.end = part[0], part[1]
        return True
    return False


def _starts_part(words: Words, j: int) -> bool:
    return bool(
        words.read(j, "in", "the")
        or words.read(j, "during", "the")
        or words.read(j, "first", "thing")
        or words.read(j, "early", "in", "the")
        or (words.word(j) == "morning" and words.word(j + 1) == "of")
    )


def _add_day(words: Words, phrase: DatePhrase, day: DayPhrase, lead: str) -> bool:
    phrase.end = day.end
    if phrase.recurrence is not None:
        starts = lead in _START_WORDS or (lead == "on" and "BY" not in phrase.recurrence.rule)
        if starts and phrase.start is None and day.days:
            phrase.start = day
        else:
            phrase.is_unclear = True
        return True
    if phrase.day is None:
        phrase.day = day
        if day.is_range:
            phrase.remark_from = phrase.end - 1
            while phrase.remark_from > phrase.first and words.word(phrase.remark_from - 1) not in _LEADS - {
                "from"
            }:
                phrase.remark_from -= 1
        return True
    week_long = phrase.day.last and phrase.day.last - phrase.day.days[0] < dt.timedelta(7)
    if phrase.day.last and week_long and day.is_weekday:  # "next week on Friday"
        week = [phrase.day.last - dt.timedelta(n) for n in range(7)]
        found = tuple(each for each in week if each.weekday() == day.days[0].weekday())
        phrase.day = replace(day, days=found, needs="nothing")
        return True
    common = tuple(each for each in phrase.day.days if each in day.days and each >= words.today)
    if common:
        phrase.day = replace(phrase.day, days=common, needs="nothing")
    else:
        phrase.is_unclear = True
    return True


def _read_further_part(words: Words, phrase: DatePhrase) -> bool:
    j = phrase.end
    if phrase.recurrence and _read_limit(words, phrase):
        return True
    if words.word(j) in _RANGE_WORDS and phrase.recurrence is None and _read_range_end(words, phrase):
        return True
    if words.word(j) == "of" and phrase.part and phrase.day is None:
        j += 1
    after_comma = words.skip(j, (",",))
    lead = ""
    for k in range(after_comma, after_comma + 4):
        if _read_part(words, phrase, k, lead or "none"):
            return True
        if words.word(k) not in _CONNECTORS | _START_WORDS:
            return False
        lead = words.word(k) if words.word(k) not in ("the",) else lead
    return False


def _read_limit(words: Words, phrase: DatePhrase) -> bool:
    """ "until June", "for 3 weeks", "10 times", after a repetition."""
    j = words.skip(phrase.end, (",",))
    if words.word(j) in _UNTIL_WORDS and phrase.until is None:
        k = words.skip(j + 1, ("on", "in", "the"))
        day = parse_day(words, k) or parse_day(words, j + 1)
        if day is None:
            return False
        days = [each for each in day.days if each >= words.today]
        phrase.end = day.end
        if days:
            phrase.until = day.last or days[0]
        else:
            phrase.is_unclear = True
        return True
    k = words.skip(j, ("for",))
    number = parse_cardinal(words, k)
    if number and words.word(number[1]) in ("times", "occurrences") and 1 <= number[0] <= 999:
        phrase.count, phrase.end = number[0], number[1] + 1
        return True
    k = words.skip(words.skip(k, ("the",)), NEXT) if k > j else k
    span = parse_span(words, k) if k > j else None
    if span and not span[0].minutes and phrase.until is None:
        phrase.until = span[0].add_to(words.today) - dt.timedelta(1)
        phrase.end = span[1]
        return True
    return False


def _read_range_end(words: Words, phrase: DatePhrase) -> bool:
    """The rest of "Friday to Monday" or "Friday 3pm until Saturday 5pm": the beginning is what counts."""
    if phrase.day is None or phrase.last is not None or not phrase.day.days:
        return False
    day = parse_day(words, phrase.end + 1)
    if day is None or not day.days:
        return False
    phrase.remark_from = phrase.first + sum(1 for lead in phrase.leads if lead != "from")
    phrase.last, phrase.end = day, day.end
    connector = words.skip(phrase.end, ("at",))
    clock = parse_clock(words, connector)
    if clock and (not clock.bare or connector > phrase.end):
        phrase.end = clock.end
    return True
