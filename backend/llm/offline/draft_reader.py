# llm/offline/draft_reader.py -- reads a new task that a person types in one line: its title, date, priority and list.
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast
from zoneinfo import ZoneInfo

import dates
from access import Caller
from clock import utc_now
from dates import DateFinder, DateMention
from dates.calendars.finder import find_local_date
from dates.calendars.folding import fold_word
from llm.offline.languages.detection import detect_language
from llm.offline.languages.phrase_reader import PhraseReader
from llm.offline.languages.registry import GRAMMARS
from llm.offline.parsing.task_titles import strip_title
from llm.offline.sentences.sentence import Language, find_language
from models.task import DraftWords, Priority, TaskDraftPublic

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PRIORITY = re.compile(r"(?<!\S)!(?P<word>[^\W\d_]{1,10}|[1-3])(?=[\s,.;]|$)")
_LIST = re.compile(
    r"(?<!\S)#(?:[\"“](?P<quoted>[^\"“”]{1,100})[\"”]|(?P<name>(?=[\w-]*[^\W\d_])\w[\w-]{0,99}))(?=[\s,.;]|$)"
)
_WORDS: dict[Priority, str] = {
    "high": "high h 1 hoch dringend haute urgent alta urgente",
    "medium": "medium med m 2 mittel moyenne media",
    "low": "low l 3 niedrig gering basse baja",
}
_PRIORITIES = {fold_word(word): priority for priority, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class _Mark:
    """Words that begin with a sign, and what they say."""

    says: Literal["priority", "list"]
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DraftReader:
    """What the words of a line mean to a person at this moment, in this time zone, with this tag of BCP 47."""

    now: dt.datetime
    zone: ZoneInfo
    tag: str | None = None

    def read_line(self, line: str) -> TaskDraftPublic:
        text = " ".join(_CONTROL.sub(" ", line).split())
        language = detect_language(text, find_language(self.tag)) or find_language(self.tag)
        marks = _find_marks(text)
        # What is left keeps its place, so that a date has the same place in the line as it was typed.
        rest = text
        for mark in marks:
            rest = f"{rest[: mark.start]}{' ' * (mark.end - mark.start)}{rest[mark.end :]}"
        find_date = self._choose_finder(language)
        when = find_date(rest)
        title = _cut_date(rest, when, language, find_date) if when else " ".join(rest.split())
        if not title:
            return _build_draft(text)
        due = [DraftWords(says="due", text=" ".join(rest[when.start : when.end].split()))] if when else []
        words = [*due, *(DraftWords(says=mark.says, text=text[mark.start : mark.end]) for mark in marks)]
        return _build_draft(title, when, {mark.says: mark.value for mark in marks}, words)

    def _choose_finder(self, language: Language) -> DateFinder:
        if grammar := GRAMMARS.get(language):
            return partial(find_local_date, calendar=grammar.calendar, now=self.now, tz=self.zone)
        return partial(dates.find_date, now=self.now, tz=self.zone, language=self.tag)


def read_drafts(caller: Caller, lines: Sequence[str]) -> list[TaskDraftPublic]:
    reader = DraftReader(utc_now(), ZoneInfo(caller.timezone), caller.language)
    return [reader.read_line(line) for line in lines]


def _find_marks(text: str) -> list[_Mark]:
    """The last mark of each kind: the others are words of the title."""
    found: dict[str, _Mark] = {}
    for m in _PRIORITY.finditer(text):
        if priority := _PRIORITIES.get(fold_word(m["word"])):
            found["priority"] = _Mark("priority", priority, *m.span())
    for m in _LIST.finditer(text):
        if name := (m["quoted"] or m["name"]).strip():
            found["list"] = _Mark("list", name, *m.span())
    return sorted(found.values(), key=lambda mark: mark.start)


def _cut_date(text: str, when: DateMention, language: Language, find_date: DateFinder) -> str:
    title = " ".join(f"{text[: when.start]} {text[when.end :].lstrip(' ,')}".split())
    if grammar := GRAMMARS.get(language):
        return PhraseReader(grammar, find_date).clean_title(title)
    return strip_title(title)


def _build_draft(
    title: str,
    when: DateMention | None = None,
    marked: Mapping[str, str] | None = None,
    words: Sequence[DraftWords] = (),
) -> TaskDraftPublic:
    marked = marked or {}
    time = when.time if when else None
    return TaskDraftPublic(
        title=title,
        description=(when.remark or None) if when else None,
        due_on=when.date if when and not time else None,
        due_at=dt.datetime.combine(when.date, time) if when and time else None,
        repeats=when.repeats if when else None,
        priority=cast(Priority, marked.get("priority", "none")),
        list=marked.get("list"),
        words=tuple(words),
    )
