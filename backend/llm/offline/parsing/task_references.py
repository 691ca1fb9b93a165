# llm/offline/parsing/task_references.py -- phrases that refer to tasks: by position, "it", all, or words
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dates.calendar_days import MONTHS, WEEKDAYS
from llm.offline.budget import WordComparer
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.vocabulary import (
    find_past_base,
    is_final_verb,
    is_verb_stem,
    split_content_words,
    stem_text,
    stem_word,
)
from llm.offline.schedules.schedule import UNPLANNED, Schedule, read_schedule, split_due

MAX_TASKS = 25  # tasks that one intent may change
MAX_REFERENCE_CHARACTERS = 500  # of a phrase that can refer to a task: a title and some words around it
_DESCRIPTION_CHARACTERS = 500  # of a description that are compared with a phrase
_MAX_WORDS = 8  # words of a phrase that are compared with a task


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as the tools return it; `shortened` if this is only a part of its description.

    `list_name` is empty for the main list. `following` is the next task of one that repeats and has just been done.
    """

    id: str
    title: str
    description: str
    completed: bool
    shortened: bool = False
    list_name: str = ""
    schedule: Schedule = UNPLANNED
    following: "TaskView | None" = None

    @property
    def note(self) -> str:
        """The description without a due date at its end, which is that of the schedule if the task has no other."""
        return split_due(self.description)[0]

    @property
    def has_written_due(self) -> bool:
        return self.note != self.description.rstrip()

    @staticmethod
    def from_result(value: object) -> "TaskView | None":
        if not isinstance(value, dict) or not value.get("id"):
            return None
        title, description = value.get("title"), str(value.get("description") or "")
        written, schedule = split_due(description)[1], read_schedule(value)
        return TaskView(
            str(value["id"]),
            str(title or "Untitled"),
            description,
            bool(value.get("completed")),
            bool(value.get("shortened")),
            str(value.get("list") or ""),
            schedule if schedule.day else replace(schedule, day=written.day, time=written.time),
            TaskView.from_result(value.get("next")),
        )


@dataclass(frozen=True, slots=True)
class TaskReference:
    """How a phrase refers to tasks.

    `position`: `positions` in the last list, from 1, or from -1 at the end. `it`, `them`: the tasks mentioned last,
    `count` of them if the phrase has a number. `all`: every task, only open or completed ones if `completed` is
    set, only those about `about` or `overdue`, except those that `but` refers to. `words`: `parts`, each for one
    task; of several the first is the whole phrase, or empty if that cannot be a title.
    """

    kind: Literal["position", "it", "them", "all", "words"]
    count: int = 0
    positions: tuple[int, ...] = ()
    completed: bool | None = None
    about: str = ""
    but: str = ""
    overdue: bool = False
    parts: tuple[str, ...] = ()


_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_POSITIONS = {word: n for words in (_CARDINALS, _ORDINALS) for n, word in enumerate(words, 1)} | {"last": -1}
_FILLER = frozenset(
    """
    the my task tasks number numbers no item items one ones and nr todo position reminder reminders
""".split()
)
_IT = compile_pattern(r"""
    (?:it|this|that|(?:this|that|the)(?: same| new)?(?: one| task| item| todo)
    |(?:the )?last (?:task|one) (?:you|i) (?:added|mentioned|created))(?: (?:again|too|then))?""")
_THEM = compile_pattern(r"""
    (?:both|them|these|those|they)(?: (?:of (?:them|those|these)|all|both|two|ones|tasks))?
    |all of (?:them|these|those)|(?:all|the) (?:two|three|four)(?: of them)?""")
_ALL = compile_pattern(r"""
    (?:everything|all(?= |$)(?: of)?
    |(?P<each>every|each|all|any|the entire|the whole)?(?: of)?(?P<whose> ?(?:my|the|these|those))?
    (?: ?(?P<state>completed?|done|finished|closed|open|unfinished|incomplete|remaining|pending|other))?
    (?: (?:single|todo|to-do))? ?
    (?:tasks|items|to-?dos|things|ones|stuff|list|lot|(?<=every )task))
    (?: (?:on|in|from|off) <list>)?(?: (?:that are )?(?P<late>done|completed|finished|open))?
    (?: (?:about|with|containing|mentioning) (?P<about>.+?))?
    (?:,? (?:except|but|besides|apart from|other than)(?: for)? (?P<but>.+))?""")
_ALL_OVERDUE = compile_pattern(r"""
    (?:(?:everything|all|anything|whatever|what|what's|everything's|my|the
    |of)(?: )){0,3}(?:that is |that's |is |which is )?(?:overdue|late)
    (?: (?:tasks?|ones?|things|items|stuff|to-?dos|reminders))?""")
_RANGE = re.compile(
    r"(?:(?:the|my) )?(?P<end>first|top|last) (?P<count>\w+)(?: (?:ones|tasks|items|reminders|to-?dos))?",
    re.I,
)
_SPAN = compile_pattern(r"""
    (?:tasks?|items?|numbers?|nr)? ?#?(?P<low>\d{1,3}) ?(?:-|–|to|through|until) ?#?(?P<high>\d{1,3})""")
_NUMBER = re.compile(r"#?(\d{1,3})(?:st|nd|rd|th)?\.?")
_QUOTED = re.compile(r"[\"“”']([^\"“”]{1,300})[\"“”']")
_QUOTED_TITLE = re.compile(r"[\"“]([^\"”]{1,300})[\"”]")
_JOINT = re.compile(r",? (?:and|&|plus|as well as) (?:also )?|[,;] ?|\n")
_WRAPPING = compile_pattern(r"""
    ^(?:(?:the|my|that|this|a) )?(?:tasks?|items?|to-?dos?|reminders?|ones?)
    (?: (?:about|with|called|named|titled|for|to|of|that says|saying|which says|where i))?:?(?: )
    |^(?:the|my|that|this|an?) |(?: (?:tasks?|items?|to-?dos?|reminders?|one))$""")


def parse_reference(phrase: str) -> TaskReference:
    text = phrase[:MAX_REFERENCE_CHARACTERS].strip(" \t\n.,;:!?")
    if _IT.fullmatch(text):
        return TaskReference("it")
    if m := _THEM.fullmatch(text):
        counts = re.findall(r"both|two|three|four", text.lower())
        return TaskReference("them", count={"three": 3, "four": 4}.get(counts[0], 2) if counts else 0)
    if positions := _parse_positions(text):
        return TaskReference("position", positions=positions)
    if _ALL_OVERDUE.fullmatch(text):
        return TaskReference("all", completed=False, overdue=True)
    m = _ALL.fullmatch(text)
    if m and (text.lower().startswith(("all", "every")) or m["each"] or m["whose"] or m["state"]):
        word = (m["state"] or m["late"] or "").lower()
        is_open = word.startswith(("open", "un", "inc", "rem", "pend"))
        completed = None if word in ("", "other") else not is_open
        return TaskReference("all", completed=completed, about=m["about"] or "", but=m["but"] or "")
    if m := _QUOTED.fullmatch(text):
        return TaskReference("words", parts=(m[1].strip(),))
    if len(quotes := _QUOTED_TITLE.findall(text)) > 1:
        return TaskReference("words", parts=("", *dict.fromkeys(quotes)))
    parts = [strip_wrapping(part) for part in _JOINT.split(text, maxsplit=MAX_TASKS)]
    return TaskReference("words", parts=tuple(dict.fromkeys([strip_wrapping(text), *filter(None, parts)])))


def strip_wrapping(phrase: str) -> str:
    """`milk` for "the milk one" and "the task called milk"."""
    text = phrase.strip(" \t\n.,;:!?")
    if m := _QUOTED.search(text):
        return m[1].strip()
    for _ in range(3):
        text = _WRAPPING.sub("", text).strip() or text
    return text


def _parse_positions(text: str) -> tuple[int, ...]:
    if m := _RANGE.fullmatch(text):
        count = _POSITIONS.get(m["count"].lower(), int(m["count"]) if m["count"].isdecimal() else 0)
        count = 0 if m["count"].lower() == "one" else min(count, MAX_TASKS)
        if count > 0:
            last = m["end"].lower() == "last"
            return tuple(range(-count, 0)) if last else tuple(range(1, count + 1))
    if m := _SPAN.fullmatch(text):
        low, high = int(m["low"]), int(m["high"])
        return tuple(range(low, min(high, low + MAX_TASKS - 1) + 1)) if 0 < low < high else ()
    return _parse_position_list(text)


def _parse_position_list(text: str) -> tuple[int, ...]:
    """The positions in "1, 3 and the last one"; empty if the phrase has any other word."""
    found: list[int] = []
    words = re.sub(r"[,&]|# (?=\d)", " ", text).lower().split()
    for n, word in enumerate(words):
        number = _NUMBER.fullmatch(word)
        if number:
            found.append(int(number[1]))
        elif word in _POSITIONS and not (
            word == "one" and n and words[n - 1] not in ("and", "number", "task")
        ):
            found.append(_POSITIONS[word])
        elif word not in _FILLER:
            return ()
    return tuple(dict.fromkeys(found))


def choose_search_word(phrase: str) -> str:
    """The best word of a phrase to search for: the longest one of the verb's object."""
    words = split_content_words(phrase)
    if not words:
        return phrase.strip()[:50]
    rest = words[1:] if is_verb_stem(stem_word(words[0])) and len(words) > 1 else words
    rest = [word for word in rest if not find_past_base(word)] or rest
    rest = rest[:-1] if len(rest) > 1 and is_final_verb(stem_word(rest[-1])) else rest
    best = max(reversed(rest), key=len)
    return _find_common_part(best)


def _find_common_part(word: str) -> str:
    """The beginning that a word shares with its other forms: the tools search for substrings."""
    root = stem_word(word)
    if word.startswith(root):
        return root
    return word[:-3] if word.endswith("ies") else root if is_verb_stem(root) else word


def find_matches(phrase: str, tasks: Iterable[TaskView]) -> tuple[TaskView, ...]:
    """The tasks that `phrase` names beyond doubt, by the best kind of match that any task has."""
    ranked: dict[int, list[TaskView]] = {}
    for task in tasks:
        if rank := _rank_match(phrase, task):
            ranked.setdefault(rank, []).append(task)
    return tuple(ranked[max(ranked)]) if ranked else ()


def is_named(phrase: str, task: TaskView) -> bool:
    """Whether the words of the phrase are enough to mean this task, and no other one that may have been there.

    They are its whole title but for the verb, or at least two of its words and half of them: "milk" means "Buy milk",
    but "alarm" only reminds of "Alarm clock battery".
    """
    wanted, title = set(stem_text(phrase)), stem_text(task.title)
    if _rank_match(phrase, task) >= 3 or not wanted:
        return True
    missing = set(_drop_verb(title)) - wanted
    return not missing or (wanted <= set(title) and len(wanted) > 1 and 2 * len(wanted) >= len(set(title)))


def find_near_matches(phrase: str, tasks: Sequence[TaskView], comparer: WordComparer) -> tuple[TaskView, ...]:
    """Tasks that `phrase` may mean: misspelt, with another verb or more words, or by a word of the description."""
    wanted = _drop_verb(stem_text(phrase[:MAX_REFERENCE_CHARACTERS]))
    near: list[TaskView] = []
    for task in tasks:
        if not wanted or len(near) == MAX_TASKS:
            break
        title = stem_text(task.title)
        within = bool(title) and set(_drop_verb(title)) <= set(wanted)
        if within or all(
            comparer.is_similar(word, title + stem_description(task)) for word in wanted[:_MAX_WORDS]
        ):
            near.append(task)
    return tuple(near)


def stem_description(task: TaskView) -> tuple[str, ...]:
    """The stems of the content words of the note and of the due date."""
    day = task.schedule.day
    due = f" {WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}" if day else ""
    return stem_text(task.note[:_DESCRIPTION_CHARACTERS] + due)


def _rank_match(phrase: str, task: TaskView) -> int:
    wanted, title = stem_text(phrase), stem_text(task.title)
    if " ".join(phrase.lower().split()) == " ".join(task.title.lower().split()):
        return 4
    if wanted and wanted == title:
        return 3
    if wanted and set(wanted) <= set(title):
        return 2
    if not wanted:
        return 2 if phrase.strip() and phrase.strip().lower() in task.title.lower() else 0
    same_verb = not (is_verb_stem(wanted[0]) and title and is_verb_stem(title[0])) or wanted[0] == title[0]
    objects = _drop_verb(wanted)
    return 1 if same_verb and objects != wanted and set(objects) <= set(title) else 0


def _drop_verb(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without the verb at the beginning, or at the end, where German has it."""
    if len(words) < 2:
        return words
    return words[1:] if is_verb_stem(words[0]) else words[:-1] if is_final_verb(words[-1]) else words
