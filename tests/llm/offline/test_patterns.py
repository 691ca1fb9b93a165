# test_patterns.py -- the cost of every pattern grows with the length of the text, and no faster
import re
from collections.abc import Iterator

import pytest

from support.pumping import Near, Use, find_uses, near_matches, seconds

USES = find_uses()
LONGEST = 32_000
KINDS = 40  # of near matches for each pattern
SLOWEST = 2  # of them that are grown to the end
# Below this nothing is measured: a linear pattern passes it at thousands of characters, one of the sixth power at 40.
NOISE = 0.002
# Twice the text may cost so many times as much; to the square it is 4.
MOST = 3.0
# So many seconds for a short text leave no doubt.
STUCK = 0.05


def lengths(longest: int) -> Iterator[tuple[int, int]]:
    """Each length with one before it that is at least half as long: in small steps first, for what explodes."""
    length = 12
    while length < longest:
        longer = length + length // 3 if length < 100 else 2 * length
        yield length, longer
        length = longer


def growth(use: Use, near: Near) -> tuple[float, int]:
    """How many times the cost of a text, at worst, one costs that is up to twice as long, and at which length."""
    before = seconds(use, near.text(12))
    for shorter, length in lengths(LONGEST):
        cost = seconds(use, near.text(length))
        if cost > NOISE and cost > MOST * before:
            again = 5 if cost < STUCK else 0
            before = min(before, *(seconds(use, near.text(shorter)) for _ in range(again + 1)))
            cost = min([cost, *(seconds(use, near.text(length)) for _ in range(again))])
            if cost > NOISE and cost > MOST * before:
                return cost / before, length
        before = cost
    return 0.0, LONGEST


def rate(use: Use, near: Near) -> float:
    """The cost of a character, at a length at which it can be measured."""
    for _, length in lengths(1024):
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
        times, length = growth(use, near)
        if times:
            return f"{use.place}.{use.method}: {times:.1f} times for twice the text at {length}: {near}"
    return None


def test_the_cost_of_every_pattern_grows_no_faster_than_the_text() -> None:
    assert [steep for use in USES if (steep := find_steep(use))] == []


def test_every_pattern_is_found_with_what_is_called_on_it() -> None:
    places = {use.place for use in USES}
    assert len(places) > 150
    for place in (
        "llm.offline.parsing.intent_patterns._RULES[0][0]",
        "llm.offline.parsing.dates.DAY_PHRASES[0][0]",
        "llm.offline.parsing.clauses._SEPARATOR",
    ):
        assert place in places
    methods = {use.place: use.method for use in USES}
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
