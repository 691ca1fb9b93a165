# dates/english/day_phrase.py -- a phrase that names a day, and the words that such phrases share
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from dates.calendar_days import make_date
from dates.english.names import PARTS
from dates.english.words import Words

# What has to confirm that a phrase is meant as a date: nothing; the end of the sentence or a preposition; a
# preposition; the end, whatever stands before; both.
Needs = Literal["nothing", "end", "preposition", "only end", "both"]


@dataclass(frozen=True, slots=True)
class DayPhrase:
    """The tokens up to `end`, and the days that they may mean, best first: the first one to come is the meaning.

    Without any day the phrase is about a date, but it is not clear which. `last` is the end of a period whose
    beginning is meant, as of a range ("July 13-15"). Today counts only with a later clock time if
    `today_needs_time`. `time` is that of "in 2 hours".
    """

    end: int
    days: tuple[dt.date, ...]
    last: dt.date | None = None
    part: str | None = None
    time: dt.time | None = None
    needs: Needs = "nothing"
    today_needs_time: bool = False
    is_weekday: bool = False
    is_range: bool = False


DayParser = Callable[[Words, int], DayPhrase | None]

THIS = frozenset(["this", "current"])
NEXT = frozenset(["next", "coming", "upcoming", "following"])
LAST = frozenset(["last", "past", "previous"])
_VAGUE = frozenset(["early", "late", "sometime", "mid"])


def parse_determiner(words: Words, i: int) -> tuple[str, int]:
    """("next", the index after it) for "next", "the coming"; "this", "last" or "" in the same way."""
    j = words.skip(i, ("the",))
    word = words.word(j)
    if word in THIS:
        if words.word(j + 1) in ("coming", "upcoming", "next"):
            return "coming", j + 2
        return ("last", j + 2) if words.word(j + 1) in LAST else ("this", j + 1)
    if word in NEXT:
        return "coming" if word in ("coming", "upcoming") else "next", j + 1
    return ("last", j + 1) if word in LAST else ("", i)


def parse_part(words: Words, i: int) -> tuple[str, int] | None:
    """(the part of the day, the index after it) for "morning", "early in the morning", "at night"."""
    j = words.skip(i, (",",))
    if k := words.read(j, "first", "thing"):
        after = parse_part(words, k)
        return after if after and after[0] == "morning" else ("morning", k)
    j = words.skip(j, _VAGUE)
    j = (
        words.read(j, "in", "the", "early", "hours", "of", "the")
        or words.read(j, "in", "the")
        or words.read(j, "during", "the")
        or words.skip(j, ("at", "in"))
    )
    j = words.skip(j, _VAGUE)
    part = PARTS.get(words.word(j))
    return (part, j + 1) if part else None


def parse_year(words: Words, i: int) -> tuple[int | None, int]:
    """The year after a day or month, if one stands there: "2027", ", 2027", "of next year", "'27"."""
    j = words.skip(i, (",",))
    k = words.skip(j, ("of", "in"))
    if words.word(k + 1) in ("year", "yr") and words.word(k) in ("next", "this"):
        return words.now.year + (words.word(k) == "next"), k + 2
    word = words.word(k)
    if words.kind(k) == "number" and len(word) == 4 and word.startswith("20") and not words.is_glued(k + 1):
        return int(word), k + 1
    is_short = words.kind(j + 1) == "number" and words.is_glued(j + 1) and len(words.word(j + 1)) == 2
    if words.word(j) == "'" and is_short:
        return 2000 + int(words.word(j + 1)), j + 2
    return None, i


def list_years(words: Words, year: int | None) -> Iterable[int]:
    """The years in which a day without a year may lie: 29 February comes within 8 years."""
    return [year] if year else range(words.now.year, words.now.year + 9)


def list_days(words: Words, month: int, day: int, year: int | None) -> tuple[dt.date, ...]:
    days = (make_date(each, month, day) for each in list_years(words, year))
    return tuple(found for found in days if found)
