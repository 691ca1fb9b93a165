# llm/offline/languages/grammar.py -- what a language besides English is to the offline model: its tables
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dates.calendars.calendar_tables import Calendar
from dates.calendars.folding import Rules, fold_word
from llm.offline.sentences.sentence import Language


def fold_places(table: Mapping[int, str]) -> dict[str, int]:
    return {fold_word(word): place for place, words in table.items() for word in words.split()}


def fold_verbs(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """What each verb asks for, from the verbs of each request."""
    verbs: dict[str, tuple[str, ...]] = {}
    for action, words in table.items():
        for word in map(fold_word, words.split()):
            verbs[word] = (*verbs.get(word, ()), action)
    return verbs


@dataclass(frozen=True, slots=True)
class Grammar:
    """The tables of a language; patterns are matched with folded text.

    `verbs`: what a sentence may ask for that begins with a word, in the order of trial; `enclitics`: endings of these
    words, with the words that they stand for. `sentences`: patterns of whole sentences by what they ask for, tried
    before that from the top. `courtesy_...`: words of politeness at the beginning, after the verb, and at the end.
    `particles`: the second part of a verb, at the end. `task`: a phrase such as "a new task called" before a title.
    `list`: a phrase such as "to my shopping list". `named_list`: a list by its name, `plain_list` one without,
    `on_list` with its preposition; names that are `main_list` mean the main one, and `list_names` are usual ones, by
    other words for them. `joint`: what stands between titles. `into`: what stands before a
    new name or day. `titles`: what is replaced in a title, with what. `references`: phrases that refer to tasks, by an
    English phrase that refers to the same; `answers` likewise. `wrapping`: words around a title that refers to a task.
    `positions`: words for places in a list, 0 for words between them. `noun`: what a query asks for. `filters`: words
    that filter a list, by the filter. `reminds`: that a clause asks for a reminder; `about`: that it is one of a thing.
    `errand`: how a task reads that stands alone, with one of `errand_verbs`. `words`: those by which a sentence shows
    its language.
    """

    language: Language
    verbs: Mapping[str, tuple[str, ...]]
    enclitics: Mapping[str, str]
    sentences: Rules
    courtesy_start: re.Pattern[str]
    courtesy_verb: re.Pattern[str]
    courtesy_end: re.Pattern[str]
    particles: re.Pattern[str]
    task: re.Pattern[str]
    list: re.Pattern[str]
    named_list: re.Pattern[str]
    plain_list: str
    on_list: str
    main_list: re.Pattern[str]
    list_names: Mapping[str, str]
    joint: re.Pattern[str]
    into: re.Pattern[str]
    titles: Rules
    wrapping: re.Pattern[str]
    references: Rules
    answers: Rules
    positions: Mapping[str, int]
    noun: re.Pattern[str]
    filters: Rules
    reminds: re.Pattern[str]
    about: re.Pattern[str]
    errand: re.Pattern[str]
    errand_verbs: frozenset[str]
    calendar: Calendar
    words: frozenset[str]
