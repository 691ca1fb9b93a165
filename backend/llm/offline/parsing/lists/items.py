# llm/offline/parsing/lists/items.py -- which things that stand between commas and "and" are one item each
import re
from collections.abc import Iterable

from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.vocabulary import is_verb, reads_as_task

_MAX_WORDS = 6  # of an item; what is longer is a sentence
# What is sold, cooked or named as one thing although "and" stands in it.
_PAIRS = """
        mac and cheese, macaroni and cheese, salt and pepper, peanut butter and jelly, pb and j, fish and chips,
        half and half, salt and vinegar, sweet and sour, cookies and cream, oil and vinegar, pork and beans,
        franks and beans, biscuits and gravy, bangers and mash, gin and tonic, rum and coke, rock and roll,
        arts and crafts, black and white, lemon and lime, bits and bobs, odds and ends, mix and match, nuts and bolts,
        head and shoulders, m and m's, m and ms, ben and jerry's, black and decker, marks and spencer, h and m
    """.replace("\n", " ").split(",")
_ONE_THING = [(pair.split(" and ")[0].split(), pair.split(" and ")[1].split()) for pair in _PAIRS]
# Two of these before one noun describe the same thing: "red and green peppers".
_ADJECTIVES = frozenset(
    """
        red green yellow white black brown blue orange purple pink dark light big small large little medium hot cold
        warm sweet sour salted unsalted fresh frozen dried whole skim low fat thick thin short long old new clean dirty
        plain sparkling still raw cooked smoked
    """.split()
)
_CLAUSE = compile_pattern(r"""
    \b(?:with|to|from|at|in|on|about|by|that|which|who|before|after|until|because|if|when|i|you|we|he|she|it|they|me|him
    |us|them|is|are|was|were|has|have|will|can)\b""")
# Verbs that are no things: what begins with one is something to do, on a list of things to buy as well.
_NEVER_THINGS = frozenset(
    "buy get pay send fix clean go take write feed make bring ask tell call find pick return see".split()
)
# Lists of things. What stands on another list may be something to do, and then begins with a verb.
_OF_THINGS = frozenset(["shopping", "grocery", "groceries", "packing", "wish", "pick up", "pickup"])


def names_items(texts: Iterable[str], list_name: str) -> bool:
    """Whether each of the texts is an item of a list, and not a part of something to do or to know."""
    of_things = list_name.casefold() in _OF_THINGS
    return all(_is_item(text.strip(" ,.!;"), of_things) for text in texts)


def _is_item(text: str, of_things: bool) -> bool:
    words = text.lower().split()
    if not 0 < len(words) <= _MAX_WORDS or _CLAUSE.search(text):
        return False
    if of_things:
        return words[0] not in _NEVER_THINGS or len(words) == 1
    return not reads_as_task(text) and not is_verb(words[0])


def is_one_thing(before: str, separator: str, after: str) -> bool:
    """Whether "and" joins what is one thing: "mac" and "cheese", "red" and "green peppers"."""
    if not re.fullmatch(r" (?:and|&|n|'n') ?", separator.lower()):
        return False
    first, second = before.lower().split(), after.lower().strip(" ,.!;").split()
    if not first or not second:
        return False
    if (
        len(second) > 1
        and all(word in _ADJECTIVES for word in (first[-1], second[0]))
        and set(first) <= _ADJECTIVES
    ):
        return True
    return any(first[-len(one) :] == one and second[: len(other)] == other for one, other in _ONE_THING)
