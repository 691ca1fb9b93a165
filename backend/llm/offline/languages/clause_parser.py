# llm/offline/languages/clause_parser.py -- from a clause in a language with tables to the intent in it
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from dates import LeadTime, find_day
from dates.calendars.folding import fold_text, fold_word
from dates.calendars.lead_times import find_local_lead_time
from dates.past import find_past
from llm.offline.budget import Budget
from llm.offline.languages.list_names import NamedList, find_named_list, put_on_list
from llm.offline.languages.phrase_reader import MARKS, PhraseReader
from llm.offline.parsing.intents import Intent, Verb
from llm.offline.parsing.task_titles import capitalize_title
from llm.offline.schedules.schedule import read_mention
from llm.offline.sentences.talk import SMALL_TALK

MAX_CLAUSE_CHARACTERS = 1000  # a longer one is not understood
_MAX_CUTS = 4  # of "rename A to B to C", one of which stands between the names
_MAX_THING_WORDS = 6  # of what stands before "on my list" without a verb

_QUERIES: dict[str, Verb] = {"show": "show", "count": "count"}
_CHANGES: dict[str, Verb] = {
    "complete": "complete",
    "reopen": "reopen",
    "delete": "delete",
    "check": "check",
    "undo": "undo",
}
_TAKEN_BACK: dict[str, Verb] = {"unrepeat": "repeat", "unremind": "remind"}


@dataclass(frozen=True, slots=True)
class ClauseParser(PhraseReader):
    """Reads the clauses of one message."""

    budget: Budget

    def parse_clause(self, text: str) -> Intent | None:
        """The intent of a whole clause; None if it is not understood."""
        self.budget.check()
        named = find_named_list(text, self.grammar)
        return (named and self._parse_named(named)) or self._parse_plain(text)

    def _parse_named(self, named: NamedList) -> Intent | None:
        """The intent of a clause that names a list: "put milk on it", "what is on it", "shopping list: milk"."""
        front, colon, items = named.text.partition(":")
        is_heading = colon and items.strip() and front.strip(MARKS).lower() == self.grammar.plain_list.lower()
        intent = (
            self.build_addition(f"{items} {self.grammar.on_list}")
            if is_heading
            else self._parse_plain(named.text)
        )
        return put_on_list(intent, named, self.grammar.plain_list)

    def _parse_plain(self, text: str) -> Intent | None:
        if not self.grammar.reminds.search(fold_text(text)):
            return self._read_clause(text)
        lead = find_local_lead_time(text, self.grammar.calendar)
        intent = self._read_clause(f"{text[: lead.start]} {text[lead.end :]}" if lead else text)
        return self._add_reminder(intent, text, lead) if intent and intent.verb == "add" else intent

    def _add_reminder(self, intent: Intent, text: str, lead: LeadTime | None) -> Intent:
        """The addition with a reminder; or that of a task which may be there, where a thing is named."""
        before = lead.before if lead else timedelta(0)
        drafts = tuple(replace(draft, remind=before) for draft in intent.drafts)
        if not drafts and lead:
            return Intent("remind", target="it", lead=lead.before)
        is_dated = bool(drafts) and drafts[0].schedule.day is not None
        is_about = self.grammar.about.search(fold_text(text)) is not None
        if len(drafts) != 1 or not (lead or (is_dated and is_about)):
            return replace(intent, drafts=drafts)
        when = None if lead else self.find_date(text)
        return replace(
            intent,
            verb="remind",
            target=self.refer(drafts[0].title),
            when=when,
            lead=lead.before if lead else None,
            drafts=drafts if is_dated or is_about else (),
        )

    def _read_clause(self, text: str) -> Intent | None:
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
        if kind == "repeat":
            return self.build_repetition(f"{groups['target']} {groups['text']}")
        if kind in _TAKEN_BACK:
            return Intent(_TAKEN_BACK[kind], self.refer(groups["target"]))
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

    def build_change(self, verb: Verb, phrase: str) -> Intent | None:
        phrase = self.strip_list(self.strip_particle(phrase))[0]
        if verb == "delete" and (m := self.grammar.task.match(fold_text(phrase))):
            phrase = phrase[m.end() :] or phrase
        return Intent(verb, self.refer(phrase)) if phrase or verb == "undo" else None

    def _build_query(self, verb: Verb, text: str) -> Intent:
        when, past = find_day(text, self.find_date), find_past(text, self.grammar.language)
        folded = fold_text(text)
        found = {kind for kind, words in self.grammar.filters if words.search(folded)}
        if past and (past.is_sure or "done" in found):
            state = True if "done" in found else None
            return Intent(verb, completed=state, past=past)
        verb = "show" if when else verb
        state = None if verb == "count" or "every" in found else False
        state = False if "open" in found else True if "done" in found else state
        late = "overdue" in found
        return Intent(verb, completed=False if late else state, overdue=late, when=when)

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
        thing, listed = self.strip_list(text)
        if not listed or next(self.read_verb(text), None) or len(thing.split()) > _MAX_THING_WORDS:
            return False
        return not self.grammar.noun.search(fold_text(thing))

    def build_addition(self, text: str) -> Intent | None:
        """To add what is named after a verb that can mean nothing else."""
        text = self.strip_particle(self.strip_task(self.strip_particle(text))[0])
        text, listed = self.strip_list(text)
        text = self.strip_task(text)[0]
        drafts = tuple(draft for item in self.split_items(text, listed) if (draft := self.draft_task(item)))
        when = None if drafts else self.find_date(text)
        return Intent("add", drafts=drafts, when=when)

    def build_placement(self, text: str) -> Intent | None:
        """To add what is put on a list or called a task; "put on some music" is neither."""
        bare = self.strip_particle(text)
        named = self.strip_list(bare)[1] or self.strip_task(bare)[1]
        return self.build_addition(text) if named else None

    def build_entry(self, text: str) -> Intent | None:
        """To add what has a date, or is put on a list: "enter the dentist on Monday"."""
        return self.build_placement(text) or (self.build_addition(text) if self.find_date(text) else None)

    def build_listing(self, text: str) -> Intent | None:
        return self._build_query("show", text) if self.grammar.noun.search(fold_text(text)) else None

    def build_marking(self, text: str) -> Intent | None:
        """ "mark ... as done", or as open."""
        text = self.strip_list(text)[0]
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
        target = self.strip_list(text[: when.start].rstrip(MARKS))[0]
        if m := self.grammar.into.search(f"{fold_text(target)} ", max(0, len(target) - 12)):
            target = target[: m.start()] if m.end() > len(target) else target
        return Intent("move", self.refer(target), when=when)

    def build_repetition(self, text: str) -> Intent | None:
        """ "repeat the rent every month", if how it repeats is all that follows."""
        intent = self.build_move(text)
        return intent if intent and intent.when and intent.when.repeats else None

    def build_redating(self, text: str) -> Intent | None:
        """ "change milk to Friday"; without a date it is a new name that is meant."""
        intent = self.build_move(text)
        return intent if intent and intent.when else None

    def build_rename(self, text: str) -> Intent | None:
        text = self.strip_particle(text)
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
    "repeat": ClauseParser.build_repetition,
    "rename": ClauseParser.build_rename,
    "complete": lambda parser, text: parser.build_change("complete", text),
    "delete": lambda parser, text: parser.build_change("delete", text),
    "reopen": lambda parser, text: parser.build_change("reopen", text),
    "undo": lambda parser, text: parser.build_change("undo", text),
}
