# llm/offline/parsing/claims.py -- what a phrase must read as, to become a task without a question
import re
from typing import Literal

from dates import DateFinder
from llm.offline.parsing.errands import (
    is_said_to_device,
    is_weather,
    reads_as_duty,
    reads_as_errand,
    reads_as_wish,
    tells_something,
)
from llm.offline.parsing.patterns import compile_pattern

Claim = Literal["nothing", "addition", "errand", "wish", "duty", "too much"]

_EXPLICIT = compile_pattern(r"(?:(?:remind|note|remember)\b|.{0,20}\bforget\b)")
_DESIRE = compile_pattern(r"""
    (?:i|we) ?<really>(?:want to|wanna|would like to|'d like to|'d love to)\b""")
_PLAN = compile_pattern(r"""
    (?:i|we) ?<really>(?:plan to|will|'ll|am going to|'m going to|'m gonna|am supposed to|'m supposed to)\b""")
_NAMED = compile_pattern(r"\b(?:<thing>|<list>|to-? ?do|task|shopping|grocery)\b")
_PERSON = compile_pattern(r"""
    (?:(?:i|we|you|he|she|it|they|there|that|this)(?:'m|'s|'re|'ve|'ll|'d)?|(?:the |that |this )one|not|no|how
    |let's)\b""")


def find_claim(text: str, kind: str, prefix: str) -> Claim:
    """What must follow "I want to" or "add"; after "add a task" and "remind me" anything is a task."""
    if kind == "add":
        return "nothing" if _NAMED.search(prefix) else "addition"
    if _EXPLICIT.match(text):
        return "nothing"
    if _PLAN.match(text):
        return "errand"
    return "wish" if _DESIRE.match(text) else "duty"


def holds_claim(claim: Claim, text: str) -> bool:
    """Whether the text reads as it must."""
    if claim == "errand":
        return reads_as_errand(text)
    if claim == "addition":
        return not is_said_to_device(text)
    if claim == "wish":
        return reads_as_wish(text)
    return reads_as_duty(text) if claim == "duty" else claim == "nothing"


def is_event(text: str, find_date: DateFinder) -> bool:
    """ "Dentist on Friday": a thing and a date, but not "nice weather today" or "I am away tomorrow"."""
    when = find_date(text)
    if when is None or len(text) > 200 or _PERSON.match(text):
        return False
    near = re.fullmatch(r"(?:for |on )?today", text[when.start : when.end], re.IGNORECASE)
    if when.start == 0 and _PERSON.match(text[when.end :].lstrip(" ,")):
        return False
    rest = f"{text[: when.start]} {text[when.end :]}"
    if tells_something(rest) or is_weather(rest):
        return False
    ends = when.end == len(text) or when.start == 0
    return ends and not near and len(text) - (when.end - when.start) > 3
