# llm/offline/languages/list_names.py -- the list that a clause names, in a language with tables
import re
from dataclasses import replace
from typing import NamedTuple

from dates.calendars.folding import fold_text, fold_word
from llm.offline.languages.grammar import Grammar
from llm.offline.parsing.intents import Intent

_WORD = re.compile(r"[^\W\d_]+")
_OF_LISTS = frozenset(["add", "show", "count", "check", "complete", "reopen", "delete", "move", "remind"])


class NamedList(NamedTuple):
    """`text` is the clause with "the list" in place of the list by its name; an empty name is the main list."""

    text: str
    name: str


def find_named_list(text: str, grammar: Grammar) -> NamedList | None:
    """The list that the text names last, with its usual name: "Einkauf" in "auf die Einkaufsliste"."""
    found = None
    for m in grammar.named_list.finditer(fold_text(text)):
        group = next(group for group in ("name", "name2", "name3", "name4") if m.groupdict().get(group))
        if group == "name4" and not text[m.start(group)].isupper():  # "Liste Arbeit", but not "die Liste ab"
            continue
        name = text[slice(*m.span(group))]
        if grammar.main_list.fullmatch(fold_text(name)):
            name = ""
        else:
            usual = grammar.list_names if group == "name" else {}
            name = usual.get(fold_word(name), name[:1].upper() + name[1:])
        found = NamedList(f"{text[: m.start()]}{grammar.plain_list}{text[m.end() :]}", name)
    return found


def put_on_list(intent: Intent | None, named: NamedList, plain: str) -> Intent | None:
    """The intent of the clause without the name, for the list that it named; None where it is not about a list.

    A list that stands in a title is none: "write the shopping list".
    """
    if intent is None or intent.verb not in _OF_LISTS:
        return intent if intent and intent.verb == "say" else None
    words = " ".join([intent.target, intent.text or "", *(draft.title for draft in intent.drafts)])
    if plain.lower() in map(str.lower, _WORD.findall(words)):
        return None
    if intent.verb in ("complete", "reopen", "delete", "move") and not intent.target:
        return None
    return replace(intent, list_name=named.name)
