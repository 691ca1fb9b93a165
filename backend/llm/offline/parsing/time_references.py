# llm/offline/parsing/time_references.py -- phrases that mean a task by when it was added or is due
import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from llm.offline.parsing.patterns import compile_pattern

_GENERAL = "(?:reminder|task|to-?do|item|thing|entry|event|one|alert)"
# A word of a title; several are no one task, "two reminders" and "meetings".
_WORD = (
    r"(?!(?:on|in|at|for|to|from|with|of|and|the|my|two|three|four|five|few|couple|\d+|\w*[^s\W]s)\b)[\w'-]+"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>a\.?m\.?|p\.?m\.?|o'clock)|(?P<word>noon|midnight)"
)
_NEWEST = compile_pattern(rf"""
    (?:the|my|our|that) (?:very )?(?:last|latest|most recent|newest|previous) (?:(?P<about>{_WORD}) )?{_GENERAL}
    (?P<said>(?: (?:that|which))?(?: (?:i|we|you)(?:'ve| have| just)*) (?:set|set up|made|added|created|put|entered
    |scheduled))?
    (?: (?:on|from|in|off) <list>)?
    |(?:the|my|that|a) {_GENERAL} (?:that |which )?(?P<said2>(?:i|we|you)(?:'ve| have)? just (?:set|set up|made
    |added|created|put|entered))
    (?: (?:on|in|to) <list>)?""")
_DATED = compile_pattern(rf"(?:the|my|that) {_GENERAL}")
_NEXT = compile_pattern(rf"""
    (?:the|my|our) (?:next|upcoming) (?:{_GENERAL}|(?P<about>(?:{_WORD} )?{_WORD}))(?: (?:on|from|in|off) <list>)?""")
_TIMED = compile_pattern(rf"(?:the|my|our) (?:{_CLOCK}) (?:{_GENERAL}|(?P<about>(?:{_WORD} )?{_WORD}))")
_TIMED_BEHIND = compile_pattern(rf"""
    (?:(?:the|my|our) )?(?:{_GENERAL}|(?P<about>(?:{_WORD} )?{_WORD})) (?:(?:set|due|scheduled) )?(?:for
    |at) (?:{_CLOCK})""")


@dataclass(frozen=True, slots=True)
class TimeReference:
    """`newest`: what was added last; `next`: what is due next; `timed`: what is due at `time`, on whichever day;
    `dated`: what is due on the day that was said.

    `about`: a word that the title has. `is_certain`: the words say what "last" means: "the last one that I added".
    """

    kind: Literal["newest", "next", "timed", "dated"]
    about: str = ""
    time: dt.time | None = None
    is_certain: bool = True


def read_time_reference(phrase: str, has_day: bool = False) -> TimeReference | None:
    """What a phrase means; `has_day`: a day was said beside it."""
    text = phrase.strip(" ,.;:!?")
    if has_day and _DATED.fullmatch(text):
        return TimeReference("dated")
    if m := _NEWEST.fullmatch(text):
        return TimeReference("newest", m["about"] or "", is_certain=bool(m["said"] or m["said2"]))
    if m := _NEXT.fullmatch(text):
        return TimeReference("next", m["about"] or "", is_certain=False)
    if m := _TIMED.fullmatch(text) or _TIMED_BEHIND.fullmatch(text):
        time = _read_clock(m)
        return TimeReference("timed", m["about"] or "", time) if time else None
    return None


def _read_clock(m: re.Match[str]) -> dt.time | None:
    if m["word"]:
        return dt.time(12 if m["word"].lower() == "noon" else 0)
    hour, minute, half = int(m["hour"]), int(m["minute"] or 0), m["half"].lower()[:1]
    if half in "ap":
        hour = hour % 12 + (12 if half == "p" else 0) if 1 <= hour <= 12 else 24
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None
