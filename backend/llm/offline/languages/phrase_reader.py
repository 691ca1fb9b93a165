# llm/offline/languages/phrase_reader.py -- cuts phrases of a language: verbs, courtesy, lists and titles out of clauses
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dates import DateFinder
from dates.calendars.folding import fold_text, fold_word
from llm.offline.languages.grammar import Grammar
from llm.offline.languages.references import translate_reference
from llm.offline.parsing.task_titles import TaskDraft, capitalize_title
from llm.offline.schedules.schedule import read_mention

MARKS = " \t\n,;:.!?¡¿…-"
_QUOTED = re.compile(r"\"([^\"]{1,300})\"")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_SHORT = 3  # words of an item in a list such as "eggs, milk and bread"


@dataclass(frozen=True, slots=True)
class PhraseReader:
    grammar: Grammar
    find_date: DateFinder

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
            text = f"{text[: m.end('verb')]} {text[m.end() :].lstrip()}"
        return text.strip(MARKS), polite

    def refer(self, phrase: str) -> str:
        return translate_reference(phrase, self.grammar)

    def strip_particle(self, text: str) -> str:
        m = self.grammar.particles.search(fold_text(text), max(0, len(text) - 20))
        return text[: m.start()].rstrip(MARKS) if m else text

    def strip_list(self, text: str) -> tuple[str, bool]:
        """The text without the phrase for a list at its end or beginning, and whether there was one."""
        folded = fold_text(text)
        for m in self.grammar.list.finditer(folded):
            if m.end() == len(folded):
                return text[: m.start()].rstrip(MARKS), True
            if m.start() == 0:
                return text[m.end() :].lstrip(MARKS), True
        return text, False

    def strip_task(self, text: str) -> tuple[str, bool]:
        m = self.grammar.task.match(fold_text(text))
        return (text[m.end() :].lstrip(MARKS), True) if m else (text, False)

    def split_items(self, text: str, listed: bool) -> list[str]:
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

    def draft_task(self, text: str) -> TaskDraft | None:
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
