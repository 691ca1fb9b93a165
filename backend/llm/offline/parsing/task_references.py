# llm/offline/parsing/task_references.py -- which tasks a phrase means: by position, "it", all, or words.
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from llm.offline.budget import Eyes
from llm.offline.parsing.patterns import pattern
from llm.offline.parsing.vocabulary import base_of_past, content, is_verb_stem, stem, stems

MOST = 25  # tasks touched by one command
LONGEST = 500  # characters that can name a task: a title and some words around it
_FIRST = 500  # characters of a description in which words of a phrase are looked for
_WORDS = 8  # of a phrase that have to be like words of a task


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the tools report it; `shortened` says that its description is longer than it is here."""

    id: str
    title: str
    description: str
    completed: bool
    shortened: bool = False

    @staticmethod
    def read(value: Any) -> "Task | None":
        if not isinstance(value, dict) or not value.get("id"):
            return None
        title, description = value.get("title"), value.get("description")
        return Task(
            str(value["id"]),
            str(title or "Untitled"),
            str(description or ""),
            bool(value.get("completed")),
            bool(value.get("shortened")),
        )


@dataclass(frozen=True, slots=True)
class Mention:
    """How a phrase points at tasks.

    `place`: `positions` in the last list, from 1, or from -1 at the end. `it`, `them`: what was
    touched last, `count` tasks if that is said. `all`: every task, of `state` if given, less `but`.
    `words`: `parts`, each naming one task; where there are several, the first is the whole phrase,
    or empty if that can be no title.
    """

    kind: Literal["place", "it", "them", "all", "words"]
    count: int = 0
    positions: tuple[int, ...] = ()
    state: bool | None = None
    about: str = ""
    but: str = ""
    parts: tuple[str, ...] = ()


_COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PLACES = {word: n for words in (_COUNTED, _ORDINALS) for n, word in enumerate(words, 1)} | {"last": -1}
_FILLER = frozenset(
    """
    the task tasks number numbers no item items one ones and nr todo position
""".split()
)
_IT = pattern(r"""
    (?:it|this|that|(?:this|that|the)(?: same| new)?(?: one| task| item| todo)
    |(?:the )?last (?:task|one) (?:you|i) (?:added|mentioned|created))(?: (?:again|too|then))?""")
_THEM = pattern(r"""
    (?:both|them|these|those|they)(?: (?:of (?:them|those|these)|all|both|two|ones|tasks))?
    |all of (?:them|these|those)|(?:all|the) (?:two|three|four)(?: of them)?""")
_ALL = pattern(r"""
    (?:everything|all(?= |$)(?: of)?
    |(?P<each>every|each|all|any|the entire|the whole)?(?: of)?(?P<whose> ?(?:my|the|these|those))?
    (?: ?(?P<state>completed?|done|finished|closed|open|unfinished|incomplete|remaining|pending|other))?
    (?: (?:single|todo|to-do))? ?
    (?:tasks|items|to-?dos|things|ones|stuff|list|lot|(?<=every )task))
    (?: (?:on|in|from|off) <list>)?(?: (?:that are )?(?P<late>done|completed|finished|open))?
    (?: (?:about|with|containing|mentioning) (?P<about>.+?))?
    (?:,? (?:except|but|besides|apart from|other than)(?: for)? (?P<but>.+))?""")
_RANGE = re.compile(r"(?:the )?(?P<end>first|top|last) (?P<count>\w+)(?: (?:ones|tasks|items))?", re.I)
_SPAN = pattern(r"""
    (?:tasks?|items?|numbers?|nr)? ?#?(?P<low>\d{1,3}) ?(?:-|–|to|through|until) ?#?(?P<high>\d{1,3})""")
_NUMBER = re.compile(r"#?(\d{1,3})(?:st|nd|rd|th)?\.?")
_QUOTED = re.compile(r"[\"“”']([^\"“”]{1,300})[\"“”']")
_QUOTED_TITLE = re.compile(r"[\"“]([^\"”]{1,300})[\"”]")
_JOINT = re.compile(r",? (?:and|&|plus|as well as) (?:also )?|[,;] ?|\n")
_WRAPPING = pattern(r"""
    ^(?:(?:the|my|that|this|a) )?(?:tasks?|items?|to-?dos?|reminders?|ones?)
    (?: (?:about|with|called|named|titled|for|to|of|that says|saying|which says|where i))?:?(?: )
    |^(?:the|my|that|this|an?) |(?: (?:tasks?|items?|to-?dos?|reminders?|one))$""")


def read_mention(phrase: str) -> Mention:
    text = phrase[:LONGEST].strip(" \t\n.,;:!?")
    if _IT.fullmatch(text):
        return Mention("it")
    if m := _THEM.fullmatch(text):
        counts = re.findall(r"both|two|three|four", text.lower())
        return Mention("them", count={"three": 3, "four": 4}.get(counts[0], 2) if counts else 0)
    if places := _places(text):
        return Mention("place", positions=places)
    m = _ALL.fullmatch(text)
    if m and (text.lower().startswith(("all", "every")) or m["each"] or m["whose"] or m["state"]):
        said = (m["state"] or m["late"] or "").lower()
        state = None if said in ("", "other") else not said.startswith(("open", "un", "inc", "rem", "pend"))
        return Mention("all", state=state, about=m["about"] or "", but=m["but"] or "")
    if m := _QUOTED.fullmatch(text):
        return Mention("words", parts=(m[1].strip(),))
    if len(quotes := _QUOTED_TITLE.findall(text)) > 1:
        return Mention("words", parts=("", *dict.fromkeys(quotes)))
    parts = [unwrap(part) for part in _JOINT.split(text, maxsplit=MOST)]
    return Mention("words", parts=tuple(dict.fromkeys([unwrap(text), *filter(None, parts)])))


def unwrap(phrase: str) -> str:
    """`milk` for "the milk one" and "the task called milk"."""
    text = phrase.strip(" \t\n.,;:!?")
    if m := _QUOTED.search(text):
        return m[1].strip()
    for _ in range(3):
        text = _WRAPPING.sub("", text).strip() or text
    return text


def _places(text: str) -> tuple[int, ...]:
    if m := _RANGE.fullmatch(text):
        count = _PLACES.get(m["count"].lower(), int(m["count"]) if m["count"].isdecimal() else 0)
        count = 0 if m["count"].lower() == "one" else min(count, MOST)
        if count > 0:
            last = m["end"].lower() == "last"
            return tuple(range(-count, 0)) if last else tuple(range(1, count + 1))
    if m := _SPAN.fullmatch(text):
        low, high = int(m["low"]), int(m["high"])
        return tuple(range(low, min(high, low + MOST - 1) + 1)) if 0 < low < high else ()
    return _listed_places(text)


def _listed_places(text: str) -> tuple[int, ...]:
    """Positions of a phrase made of nothing else: "1, 3 and the last one"."""
    found: list[int] = []
    words = re.sub(r"[,&]|# (?=\d)", " ", text).lower().split()
    for n, word in enumerate(words):
        number = _NUMBER.fullmatch(word)
        if number:
            found.append(int(number[1]))
        elif word in _PLACES and not (word == "one" and n and words[n - 1] not in ("and", "number", "task")):
            found.append(_PLACES[word])
        elif word not in _FILLER:
            return ()
    return tuple(dict.fromkeys(found))


def search_word(phrase: str) -> str:
    """The one word of a phrase that is best to search for: what the verb is done to, the longest."""
    words = content(phrase)
    if not words:
        return phrase.strip()[:50]
    rest = words[1:] if is_verb_stem(stem(words[0])) and len(words) > 1 else words
    rest = [word for word in rest if not base_of_past(word)] or rest
    best = max(reversed(rest), key=len)
    return _common_part(best)


def _common_part(word: str) -> str:
    """The beginning that a word shares with its other forms, since tools search for substrings."""
    root = stem(word)
    if word.startswith(root):
        return root
    return word[:-3] if word.endswith("ies") else root if is_verb_stem(root) else word


def matches(phrase: str, tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The tasks that `phrase` surely names: the best kind of match that there is."""
    ranked: dict[int, list[Task]] = {}
    for task in tasks:
        if rank := _rank(phrase, task):
            ranked.setdefault(rank, []).append(task)
    return tuple(ranked[max(ranked)]) if ranked else ()


def near_matches(phrase: str, tasks: Sequence[Task], eyes: Eyes) -> tuple[Task, ...]:
    """Tasks that `phrase` may mean: misspelt, with another verb or more words, or by their description."""
    wanted = _objects(stems(phrase[:LONGEST]))
    found: list[Task] = []
    for task in tasks:
        if not wanted or len(found) == MOST:
            break
        title = stems(task.title)
        within = bool(title) and set(_objects(title)) <= set(wanted)
        if within or all(eyes.alike(word, title + described(task)) for word in wanted[:_WORDS]):
            found.append(task)
    return tuple(found)


def described(task: Task) -> tuple[str, ...]:
    """The words of a description that count, in their common forms."""
    return stems(task.description[:_FIRST])


def _rank(phrase: str, task: Task) -> int:
    wanted, title = stems(phrase), stems(task.title)
    if " ".join(phrase.lower().split()) == " ".join(task.title.lower().split()):
        return 4
    if wanted and wanted == title:
        return 3
    if wanted and set(wanted) <= set(title):
        return 2
    if not wanted:
        return 2 if phrase.strip() and phrase.strip().lower() in task.title.lower() else 0
    same_verb = not (is_verb_stem(wanted[0]) and title and is_verb_stem(title[0])) or wanted[0] == title[0]
    objects = _objects(wanted)
    return 1 if same_verb and objects != wanted and set(objects) <= set(title) else 0


def _objects(words: tuple[str, ...]) -> tuple[str, ...]:
    return words[1:] if len(words) > 1 and is_verb_stem(words[0]) else words
