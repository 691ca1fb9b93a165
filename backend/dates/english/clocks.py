# dates/english/clocks.py -- times of day: "5pm", "half past six", "at 8", "3-5pm"
import datetime as dt
from dataclasses import dataclass, replace

from dates.english.day_phrase import parse_part
from dates.english.days import TONIGHT
from dates.english.numbers import CARDINALS, parse_cardinal
from dates.english.words import Words

_WORD_HOURS = {"noon": 12, "midday": 12, "midnight": 0, "lunchtime": 12}
_PAST = frozenset(["past", "after"])
_TO = frozenset(["to", "before", "till", "til"])
_RANGE = frozenset(["-", "–", "—", "to", "till", "til", "until", "thru", "through"])
_OCLOCK = frozenset(["o'clock", "oclock"])
_SHARP = frozenset(["sharp", "exactly", "approximately", "ish", "prompt"])
_FIRST_WAKING_HOUR = 7  # "at 6" without am or pm is in the evening, "at 7" in the morning
# The words before a time that belong to it.
CLOCK_LEADS = frozenset("at by before until till til from around about approximately after @ due for".split())


@dataclass(frozen=True, slots=True)
class ClockPhrase:
    """A time of day up to the token `end`; `fixed` says that the hour is one of 24.

    `bare` is a number alone. `later` is the end of a range that begins here.
    """

    end: int
    hour: int
    minute: int = 0
    fixed: bool = False
    bare: bool = False
    part: str | None = None
    later: "ClockPhrase | None" = None

    def resolve(self, part: str | None) -> dt.time | None:
        """The time of day; one without am or pm is in the given part of the day, or else in the waking hours."""
        hour, part = self.hour, self.part or part
        if not self.fixed and part:
            if part == "morning" or (part != "afternoon" and (hour < 4 or hour == 12)):
                hour %= 12
            elif hour < 12:
                hour += 12
        elif not self.fixed and 0 < hour < _FIRST_WAKING_HOUR:
            hour += 12
        return dt.time(hour, self.minute) if hour < 24 and self.minute < 60 else None


def parse_clock(words: Words, i: int) -> ClockPhrase | None:
    """The time that begins here, after its leading words."""
    between = words.word(i) == "between"
    first = _parse_time(words, i + 1 if between else i)
    if first is None:
        return None
    joint = words.word(first.end)
    if joint in _RANGE or (between and joint == "and"):
        later = _parse_time(words, first.end + 1)
        certain = between or words.word(i - 1) == "from" or not (first.bare and later and later.bare)
        if later and certain and (joint in ("-", "–", "—") or not (later.bare and not between)):
            return _make_range(words, first, later)
        if later is None and joint in ("-", "–", "—") and words.is_glued(first.end):
            return None
    if between:
        return None
    return _read_part(words, first)


def _read_part(words: Words, clock: ClockPhrase) -> ClockPhrase:
    end = words.skip(clock.end, _SHARP)
    end = words.read(end, "on", "the", "dot") or words.read(end, "or", "so") or end
    if words.read(end, "in", "the", "am") or words.read(end, "in", "the", "pm"):
        hour = clock.hour % 12 + (12 if words.word(end + 2) == "pm" else 0)
        return replace(clock, end=end + 3, hour=hour, fixed=True, bare=False)
    if words.word(end) in ("this", "in", "at", "early") or not clock.bare:
        skipped = words.skip(end, ("this",))
        part = parse_part(words, skipped) if words.word(end) != "," else None
        if part and (skipped == end or words.word(end) == "this"):
            return replace(clock, end=part[1], part=part[0], bare=False)
    if words.word(end) in TONIGHT:  # the day itself is read by its own rule
        return replace(clock, end=end, part="night" if clock.hour > 4 else None, bare=False)
    return replace(clock, end=end)


def _make_range(words: Words, first: ClockPhrase, later: ClockPhrase) -> ClockPhrase | None:
    later = _read_part(words, later)
    if not first.fixed:
        end = later.resolve(None)
        start = first.hour % 12
        if end is None:
            return None
        if later.fixed or later.part:
            # "3-5pm" begins in the afternoon, "11-1pm" in the morning
            start += 12 if end.hour >= 12 and start + 12 < end.hour + bool(end.minute > first.minute) else 0
            first = replace(first, hour=start, fixed=True)
    return replace(first, end=later.end, bare=False, later=later)


def _parse_time(words: Words, i: int) -> ClockPhrase | None:
    kind, word = words.kind(i), words.word(i)
    if word in _WORD_HOURS:
        return ClockPhrase(i + 1, _WORD_HOURS[word], fixed=True)
    if word == "lunch" and words.word(i - 1) in ("at", "after", "before"):
        return ClockPhrase(i + 1, 12, fixed=True)
    if kind == "clock":
        parts = word.replace("h", ":").split(":")
        hour, minute = int(parts[0]), int(parts[1])
        fixed = hour > 12 or word[0] == "0"
        return _read_half(words, ClockPhrase(i + 1, hour, minute, fixed), required=False)
    if kind == "decimal":
        hour, minute = map(int, word.split("."))
        clock = ClockPhrase(i + 1, hour, minute, hour > 12) if len(word.partition(".")[2]) == 2 else None
        return _read_half(words, clock, required=words.word(i - 1) not in ("at", "@")) if clock else None
    if relative := _parse_relative_time(words, i):
        return relative
    if kind != "number" and word not in CARDINALS:
        return None
    if kind == "number" and words.is_glued(i) and words.kind(i - 1) in ("word", "number", "decimal"):
        return None
    return _parse_hour(words, i)


def _parse_hour(words: Words, i: int) -> ClockPhrase | None:
    word = words.word(i)
    if words.kind(i) == "number" and len(word) in (3, 4):
        clock = ClockPhrase(i + 1, int(word[:-2]), int(word[-2:]))
        if words.word(i + 1) in ("hours", "hrs", "h") and len(word) == 4:
            return replace(clock, end=i + 2, fixed=True)
        return _read_half(words, clock, required=True)
    found = parse_cardinal(words, i)
    if found is None or not 0 <= found[0] <= 24:
        return None
    hour, end = found
    minute = 0
    more = parse_cardinal(words, end) if words.kind(i) == words.kind(end) == "word" and hour < 13 else None
    if more and 10 <= more[0] < 60:  # "seven thirty"
        minute, end = more
    clock = ClockPhrase(end, hour, minute, fixed=hour > 12, bare=minute == 0)
    if words.word(end) in _OCLOCK:
        return _read_half(words, replace(clock, end=end + 1, bare=False), required=False)
    if words.word(end) == "h" and words.is_glued(end):
        return replace(clock, end=end + 1, fixed=True, bare=False)
    if words.word(end) == "ish":
        clock = replace(clock, end=end + 1, bare=False)
    return _read_half(words, clock, required=False)


def _read_half(words: Words, clock: ClockPhrase, *, required: bool) -> ClockPhrase | None:
    """The time with the am or pm that follows; one of the afternoon goes up to 12."""
    i = clock.end
    word = words.word(i)
    half, end = "", i
    if word in ("am", "pm"):
        half, end = word[0], i + 1
    elif word in ("a", "p") and words.word(i + 1) == "." and words.word(i + 2) == "m":
        half, end = word, i + 3
        end = words.skip(end, (".",)) if words.is_glued(end) else end
    elif word in ("a", "p") and words.word(i + 1) == "m":
        half, end = word, i + 2
    elif word in ("a", "p") and words.is_glued(i) and not words.is_glued(i + 1):
        half, end = word, i + 1
    if word in ("am", "pm") and words.word(end) == "." and words.kind(end + 1):
        end += 1
    if not half:
        return None if required or clock.hour > 24 or clock.minute > 59 else clock
    if not 1 <= clock.hour <= 12 or clock.minute > 59:
        return None
    hour = clock.hour % 12 + (12 if half == "p" else 0)
    return replace(clock, end=end, hour=hour, fixed=True, bare=False)


def _parse_relative_time(words: Words, i: int) -> ClockPhrase | None:
    """ "half past six", "a quarter to noon", "20 past 3pm"."""
    j = words.skip(i, ("a",))
    if words.word(j) == "half":
        if words.word(j + 1) in _PAST and (hour := _parse_whole_hour(words, j + 2)):
            return replace(hour, minute=30, bare=False)
        return None
    if words.word(j) == "quarter":
        minutes, k = 15, j + 1
    elif (number := parse_cardinal(words, j)) and 1 <= number[0] < 60:
        minutes, k = number[0], words.skip(number[1], ("minutes", "mins", "min", "minute"))
    else:
        return None
    relation = words.word(k)
    if relation not in _PAST | _TO and not (relation == "of" and words.word(j) == "quarter"):
        return None
    hour = _parse_whole_hour(words, k + 1)
    # "2 to 4pm" and "10 after 8" are times only with a word that says so.
    lead = words.word(i - 1)
    is_loose = words.kind(j) == "number" and relation != "past" and lead not in ("at", "by", "@")
    if hour is None or is_loose or (relation == "to" and lead in ("from", "between")):
        return None
    if relation in _PAST:
        return replace(hour, minute=minutes, bare=False)
    earlier = (hour.hour - 1) % 24 if hour.fixed else (hour.hour - 2) % 12 + 1
    return replace(hour, hour=earlier, minute=60 - minutes, bare=False)


def _parse_whole_hour(words: Words, i: int) -> ClockPhrase | None:
    if words.word(i) in _WORD_HOURS:
        return ClockPhrase(i + 1, _WORD_HOURS[words.word(i)], fixed=True)
    if words.kind(i) != "number" and words.word(i) not in CARDINALS:
        return None
    hour = _parse_hour(words, i)
    return hour if hour and hour.minute == 0 and hour.hour <= 23 else None
