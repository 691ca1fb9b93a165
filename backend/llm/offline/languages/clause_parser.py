# llm/offline/languages/clause_parser.py -- from a clause in a language with tables to the intent in it
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from dates import DateFinder, find_day
from dates.calendars.folding import fold_text, fold_word
from llm.offline.budget import Budget
from llm.offline.languages.grammar import Grammar
from llm.offline.languages.references import translate_reference
from llm.offline.parsing.intents import Intent, Verb
from llm.offline.parsing.task_titles import TaskDraft, capitalize_title
from llm.offline.schedules.schedule import read_mention
from llm.offline.sentences.talk import SMALL_TALK

MAX_CLAUSE_CHARACTERS = 1000  # a longer one is not understood
_MAX_CUTS = 4  # of "rename A to B to C", one of which stands between the names
MARKS = " \t\n,;:.!?¡¿…-"
_QUOTED = re.compile(r"\"([^\"]{1,300})\"")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_MAX_THING_WORDS = 6  # of what stands before "on my list" without a verb
_SHORT = 3  # words of an item in a list such as "eggs, milk and bread"

_QUERIES: dict[str, Verb] = {"show": "show", "count": "count"}
_CHANGES: dict[str, Verb] = {
    "complete": "complete",
    "reopen": "reopen",
    "delete": "delete",
    "check": "check",
    "undo": "undo",
}


@dataclass(frozen=True, slots=True)
class ClauseParser:
    """Reads the clauses of one message."""

    grammar: Grammar
    find_date: DateFinder
    budget: Budget

    def parse_clause(self, text: str) -> Intent | None:
        """The intent of a whole clause; None if it is not understood."""
        self.budget.check()
        asked = text.rstrip(" .!").endswith("?")
        said = fold_text(text.strip(MARKS))
        text, polite = self.strip_courtesy(text)
        folded = fold_text(text)
        if not text:
            return None
        for kind, sentence in self.grammar.sentences:
            if kind in SMALL_TALK and sentence.fullmatch(said):
                return Intent("say", text=kind)
            if kind in ("add", "wish") and asked and not polite:  # "must I buy milk?"
                continue
            if (m := sentence.fullmatch(folded)) and (intent := self._build_sentence(kind, m, text)):
                sure = intent.verb in ("add", "show", "count") or polite or not asked
                return replace(intent, sure=sure and intent.sure)
        for action, rest in self.read_verb(text):
            if intent := _ACTIONS[action](self, rest.strip(MARKS)):
                return replace(intent, sure=polite or not asked)
        if not asked and (intent := self._read_after_date(text)):
            return intent
        if not asked and self._names_thing_on_list(text):
            return self.build_addition(text)
        if not asked and self.grammar.errand.fullmatch(folded):  # it may as well answer a question
            intent = self.build_addition(text)
            return replace(intent, implicit=True) if intent else None
        return None

    def read_verb(self, text: str) -> Iterator[tuple[str, str]]:
        """What the first word may ask for, with the words after it."""
        first = _FIRST_WORD.match(text)
        if first is None:
            return
        word, rest = fold_word(first[0]), text[first.end() :]
        for action in self.grammar.verbs.get(word, ()):
            yield action, rest
        for ending, stands_for in self.grammar.enclitics.items():
            if word.endswith(ending):
                for action in self.grammar.verbs.get(word.removesuffix(ending), ()):
                    yield action, f"{stands_for}{rest}" if not rest.strip(MARKS) or not stands_for else rest

    def strip_courtesy(self, text: str) -> tuple[str, bool]:
        """The text without words of politeness and marks, and whether it asked politely for something to be done."""
        grammar = self.grammar
        text, polite = text.strip(MARKS), False
        if m := grammar.courtesy_start.match(fold_text(text)):
            text, polite = text[m.end() :].lstrip(MARKS), m.groupdict().get("can") is not None
        if m := grammar.courtesy_end.search(fold_text(text), max(0, len(text) - 40)):
            text = text[: m.start()].rstrip(MARKS)
        if m := grammar.courtesy_verb.match(fold_text(text)):
            text = f"{text[: m.end('verb')]} {text[m.end() :]}"
        return text.strip(MARKS), polite

    def _build_sentence(self, kind: str, m: re.Match[str], text: str) -> Intent | None:
        groups = {
            name.rstrip("234"): text[slice(*m.span(name))].strip(MARKS)
            for name, found in m.groupdict().items()
            if found
        }
        if kind in _QUERIES:
            return self._build_query(_QUERIES[kind], text)
        if kind == "add":
            return self.build_addition(groups["text"])
        if kind == "wish":
            return self._build_wish(groups["text"])
        if kind == "place":
            return self.build_placement(groups["text"])
        if kind == "verb":  # German has the verb at the end
            return self._build_rotated(groups)
        if kind in _CHANGES:
            return self.build_change(_CHANGES[kind], groups.get("target", ""))
        if kind == "rename":
            return Intent("rename", self.refer(groups["target"]), capitalize_title(groups["text"].strip('"')))
        return Intent("say", text=kind)

    def _build_wish(self, text: str) -> Intent | None:
        """ "I have to buy milk" is a task, "I have to delete my tasks" what to do with them."""
        if self.grammar.noun.search(fold_text(text)) and (intent := self.parse_clause(text)):
            return replace(intent, sure=False) if intent.verb in _CHANGES else intent
        return self.build_addition(text)

    def _build_rotated(self, groups: dict[str, str]) -> Intent | None:
        for action in self.grammar.verbs.get(fold_word(groups["verb"]), ()):
            if intent := _ACTIONS[action](self, groups["text"]):
                return intent
        return None

    def refer(self, phrase: str) -> str:
        return translate_reference(phrase, self.grammar)

    def build_change(self, verb: Verb, phrase: str) -> Intent | None:
        phrase = self._strip_list(self._strip_particle(phrase))[0]
        if verb == "delete" and (m := self.grammar.task.match(fold_text(phrase))):
            phrase = phrase[m.end() :] or phrase
        return Intent(verb, self.refer(phrase)) if phrase or verb == "undo" else None

    def _build_query(self, verb: Verb, text: str) -> Intent:
        when = find_day(text, self.find_date)
        folded = fold_text(text)
        found = {kind for kind, words in self.grammar.filters if words.search(folded)}
        verb = "show" if when else verb
        state = None if verb == "count" or "every" in found else False
        state = False if "open" in found else True if "done" in found else state
        late = "overdue" in found
        return Intent(verb, completed=False if late else state, overdue=late, when=when)

    def _strip_particle(self, text: str) -> str:
        m = self.grammar.particles.search(fold_text(text), max(0, len(text) - 20))
        return text[: m.start()].rstrip(MARKS) if m else text

    def _strip_list(self, text: str) -> tuple[str, bool]:
        """The text without the phrase for a list at its end or beginning, and whether there was one."""
        folded = fold_text(text)
        for m in self.grammar.list.finditer(folded):
            if m.end() == len(folded):
                return text[: m.start()].rstrip(MARKS), True
            if m.start() == 0:
                return text[m.end() :].lstrip(MARKS), True
        return text, False

    def _strip_task(self, text: str) -> tuple[str, bool]:
        m = self.grammar.task.match(fold_text(text))
        return (text[m.end() :].lstrip(MARKS), True) if m else (text, False)

    def _read_after_date(self, text: str) -> Intent | None:
        """ "tomorrow remind me to buy milk": the date in front is that of what is added."""
        when = self.find_date(text)
        rest = text[when.end :].strip(MARKS) if when and when.start == 0 else ""
        if when is None or not next(self.read_verb(rest), None):
            return None
        intent = self.parse_clause(rest)
        if intent is None or intent.verb != "add":
            return None
        drafts = tuple(
            draft if draft.schedule.day else replace(draft, schedule=read_mention(when))
            for draft in intent.drafts
        )
        return replace(intent, drafts=drafts)

    def _names_thing_on_list(self, text: str) -> bool:
        """ "milk on my list", but not "empty my list of things to buy"."""
        thing, listed = self._strip_list(text)
        if not listed or next(self.read_verb(text), None) or len(thing.split()) > _MAX_THING_WORDS:
            return False
        return not self.grammar.noun.search(fold_text(thing))

    def build_addition(self, text: str) -> Intent | None:
        """To add what is named after a verb that can mean nothing else."""
        text = self._strip_particle(self._strip_task(self._strip_particle(text))[0])
        text, listed = self._strip_list(text)
        text = self._strip_task(text)[0]
        drafts = tuple(draft for item in self._split_items(text, listed) if (draft := self._draft(item)))
        when = None if drafts else self.find_date(text)
        return Intent("add", drafts=drafts, when=when)

    def build_placement(self, text: str) -> Intent | None:
        """To add what is put on a list or called a task; "put on some music" is neither."""
        bare = self._strip_particle(text)
        named = self._strip_list(bare)[1] or self._strip_task(bare)[1]
        return self.build_addition(text) if named else None

    def build_entry(self, text: str) -> Intent | None:
        """To add what has a date, or is put on a list: "enter the dentist on Monday"."""
        return self.build_placement(text) or (self.build_addition(text) if self.find_date(text) else None)

    def _split_items(self, text: str, listed: bool) -> list[str]:
        """ "eggs, milk and bread" are three things to add, "salt and pepper" is one but on a list."""
        if _QUOTED.match(fold_text(text)):
            return [text]
        folded = fold_text(text)
        cuts = [m.span() for m in self.grammar.joint.finditer(folded)]
        edges = [0, *(edge for cut in cuts for edge in cut), len(text)]
        items = [text[start:end].strip(MARKS) for start, end in zip(edges[::2], edges[1::2], strict=True)]
        errands = sum(1 for item in items if self.grammar.errand.fullmatch(fold_text(item)))
        plain = all(0 < len(item.split()) <= _SHORT for item in items)
        several = len(items) > 1 and (
            errands == len(items) or (plain and not errands and (listed or len(items) > 2))
        )
        return items if several else [text]

    def _draft(self, text: str) -> TaskDraft | None:
        folded = fold_text(text)
        if (m := _QUOTED.match(folded)) and m.end() == len(folded.rstrip(MARKS)):
            return TaskDraft(text[m.start(1) : m.end(1)])
        when = self.find_date(text)
        title = f"{text[: when.start]} {text[when.end :]}" if when else text
        title = self.clean_title(title)
        if not title:
            return None
        return TaskDraft(capitalize_title(title), schedule=read_mention(when))

    def clean_title(self, title: str) -> str:
        title = " ".join(title.split()).strip(MARKS)
        for replacement, leftover in self.grammar.titles:
            if m := leftover.search(fold_text(title)):
                groups = {name: title[slice(*m.span(name))] for name, found in m.groupdict().items() if found}
                inside = replacement.format_map(groups)
                title = f"{title[: m.start()]}{inside}{title[m.end() :]}".strip(MARKS)
        return title

    def build_listing(self, text: str) -> Intent | None:
        return self._build_query("show", text) if self.grammar.noun.search(fold_text(text)) else None

    def build_marking(self, text: str) -> Intent | None:
        """ "mark ... as done", or as open."""
        text = self._strip_list(text)[0]
        folded = fold_text(text)
        for kind, words in self.grammar.filters:
            for m in words.finditer(folded):
                if kind in ("done_mark", "open_mark") and m.end() == len(folded):
                    return self.build_change(
                        "complete" if kind == "done_mark" else "reopen", text[: m.start()]
                    )
        return None

    def build_move(self, text: str) -> Intent | None:
        """ "move milk to Friday", if a date is all that follows."""
        when = self.find_date(text)
        if when is None or when.start == 0 or when.end < len(text):
            return Intent("move", self.refer(text), text="?") if when is None and text else None
        target = text[: when.start].rstrip(MARKS)
        if m := self.grammar.into.search(f"{fold_text(target)} ", max(0, len(target) - 12)):
            target = target[: m.start()] if m.end() > len(target) else target
        return Intent("move", self.refer(target), when=when)

    def build_redating(self, text: str) -> Intent | None:
        """ "change milk to Friday"; without a date it is a new name that is meant."""
        intent = self.build_move(text)
        return intent if intent and intent.when else None

    def build_rename(self, text: str) -> Intent | None:
        text = self._strip_particle(text)
        intents = [
            Intent("rename", self.refer(text[: cut.start()]), capitalize_title(text[cut.end() :].strip('" ')))
            for cut in islice(self.grammar.into.finditer(fold_text(text)), _MAX_CUTS)
            if cut.end() < len(text)
        ]
        return replace(intents[0], alternatives=tuple(intents[1:])) if intents else None


_ACTIONS: dict[str, Callable[[ClauseParser, str], Intent | None]] = {
    "add": ClauseParser.build_addition,
    "enter": ClauseParser.build_entry,
    "put": ClauseParser.build_placement,
    "show": ClauseParser.build_listing,
    "mark": ClauseParser.build_marking,
    "move": ClauseParser.build_move,
    "redate": ClauseParser.build_redating,
    "rename": ClauseParser.build_rename,
    "complete": lambda parser, text: parser.build_change("complete", text),
    "delete": lambda parser, text: parser.build_change("delete", text),
    "reopen": lambda parser, text: parser.build_change("reopen", text),
    "undo": lambda parser, text: parser.build_change("undo", text),
}
