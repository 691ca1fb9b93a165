# test_patterns.py -- the cost of every pattern grows with the length of the text, and no faster
import math
import re
from collections.abc import Iterator

import pytest

from llm.offline.parsing.patterns import compile_pattern
from support.near_matches import Near, Use, find_uses, near_matches, seconds

LONGEST = 32_000
KINDS = 40  # of near matches for each pattern
SLOWEST = 2  # of them that are grown to the end
# Below this nothing is measured: a linear pattern passes it at thousands of characters, one of the sixth power at 40.
NOISE = 0.002
# The cost of a linear pattern is the length to the power of 1, of a quadratic one of 2. Two lengths a factor of four
# apart are compared, so that a machine has to be twice as slow at one of them to be mistaken for the other.
STEEPEST = 1.5
APART = 4
# So many seconds for a short text leave no doubt.
STUCK = 0.05


def lengths(longest: int) -> Iterator[int]:
    """Small steps first, for what explodes."""
    length = 12
    while length < longest:
        yield length
        length = length + length // 3 if length < 100 else 2 * length


def find_exponent(use: Use, near: Near) -> tuple[float, int]:
    """The power of the length with which the cost grows, where it is too high, and at which length; or 0."""
    costs: dict[int, float] = {}
    for length in lengths(LONGEST):
        costs[length] = cost = seconds(use, near.text(length))
        shorter = max((earlier for earlier in costs if earlier * APART <= length), default=min(costs))
        if cost <= NOISE or shorter == length or power(costs, shorter, length) <= STEEPEST:
            continue
        # In turns, so that a slow moment of the machine meets both.
        for _ in range(5 if cost < STUCK else 1):
            for again in (shorter, length):
                costs[again] = min(costs[again], seconds(use, near.text(again)))
        if costs[length] > NOISE and power(costs, shorter, length) > STEEPEST:
            return power(costs, shorter, length), length
    return 0.0, LONGEST


def power(costs: dict[int, float], shorter: int, length: int) -> float:
    return math.log(costs[length] / max(costs[shorter], 1e-6)) / math.log(length / shorter)


def rate(use: Use, near: Near) -> float:
    """The cost of a character, at a length at which it can be measured."""
    for length in lengths(1024):
        if (cost := seconds(use, near.text(length))) > NOISE / 4:
            break
    return cost / length


def find_steep(use: Use, kinds: int = KINDS) -> str | None:
    rates: dict[Near, float] = {}
    for near in near_matches(use.pattern, kinds):
        rates[near] = rate(use, near)
        if rates[near] > STUCK / 1024:
            break
    for near in sorted(rates, key=rates.__getitem__, reverse=True)[:SLOWEST]:
        exponent, length = find_exponent(use, near)
        if exponent:
            return f"{use.place}.{use.method}: the length to the power of {exponent:.1f} at {length}: {near}"
    return None


@pytest.mark.busy
def test_the_cost_of_every_pattern_grows_no_faster_than_the_text() -> None:
    assert [steep for use in find_uses() if (steep := find_steep(use))] == []


def test_an_apostrophe_of_a_pattern_is_either_of_both_and_may_be_missing() -> None:
    pattern = compile_pattern(r"what's [\w'-]+ (?:o'clock)")
    for text in ("what's bob's o'clock", "whats bob’s oclock", "what’s bobs o’clock"):
        assert pattern.fullmatch(text)
    assert not pattern.fullmatch("what's [? oclock")
    assert compile_pattern(r"[^'x] \[it's]").fullmatch("y [its]")
    assert not compile_pattern(r"[^'x]").fullmatch("’")


@pytest.mark.busy
def test_every_pattern_is_found_with_what_is_called_on_it() -> None:
    places = {use.place for use in find_uses()}
    assert len(places) > 150
    for place in (
        "llm.offline.parsing.intent_patterns._RULES[0][0]",
        "dates.english.words._TOKEN",
        "llm.offline.parsing.clauses._SEPARATOR",
    ):
        assert place in places
    methods = {use.place: use.method for use in find_uses()}
    assert methods["llm.offline.parsing.intent_patterns._RULES[0][0]"] == "fullmatch"
    assert methods["llm.offline.parsing.clauses._SEPARATOR"] == "finditer"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(?:move|shift) (?P<target>.+?) (?:to|until) (?=(?:[^ ]+ ?){1,6}$)(?P<text>.+)", "fullmatch"),
        (r"(?:[\s,;:.!-]|(?<= )(?:by|on|at|for|due|before|until|and|is|are)$)+$", "sub"),
        (r"(?:,? (?:please|thanks|ok|okay))+$", "search"),
        (r"(?P<target>.+?)(?:'s| is)?(?: now| already| all)* (?P<past>\w+)", "fullmatch"),
        (r"(?:a|aa)+b", "fullmatch"),
        (r"\s*\S+", "finditer"),
    ],
)
def test_a_pattern_that_grows_faster_is_found(pattern: str, method: str) -> None:
    assert find_steep(Use("here", re.compile(pattern, re.I | re.S), method))
