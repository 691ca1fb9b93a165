# llm/offline/parsing/task_titles.py -- from the words after "add" to titles, notes and dates of tasks
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from llm.offline.parsing.clauses import Clause, Piece, polite, without_leading_date
from llm.offline.parsing.dates import When, due_text, join_due
from llm.offline.parsing.patterns import pattern
from llm.offline.parsing.vocabulary import is_verb, starts_a_task

LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    description: str = ""


_NOTE = pattern(r"""
    (?P<title>.*?)[,;(]?(?: -)? ?\b(?:with(?: an?| the)? <note>(?: that says| saying| of|:)?|<note>:) ?
    (?P<note>.+)""")
_ASIDE = pattern(r" ?\(<note>: ?(?P<note>[^()]{1,500})\)")
_ENDING = pattern(
    r"(?:,? (?:to|on|onto|in|into) <list>|,? as an? (?:new )?(?:task|to-?do|reminder|item)"
    r"|,? (?:please|pls|thanks|thank you|for me|too|as well))$"
)
_QUOTED = re.compile(r"[\"“]([^\"”\n]{1,300})[\"”]|'([^'\n]{1,300})'")
_PLAIN = re.compile(
    r"(?!.*\b(?:with|for|to|from|at|in|on|about|of|by|that|which|before|after|until)\b)\S+(?: \S+){0,2}", re.I
)
_MARKS = " ,;:.!-"
_LOOSE_WORDS = frozenset(["by", "on", "at", "for", "due", "before", "until", "and", "is", "are"])
_VAGUE = frozenset(["plan", "review", "prepare", "organise", "organize", "schedule"])


def items(clause: Clause, find: Callable[[str], When | None]) -> tuple[Item, ...]:
    """The tasks that a clause of things to add asks for, in order."""
    texts = _group(clause, find)
    return tuple(item for text, note in texts if (item := _item(text, note, clause.when, find)))


def _group(clause: Clause, find: Callable[[str], When | None]) -> list[tuple[str, str]]:
    listed = clause.listed or (clause.kind == "add" and _is_noun_list(clause.pieces))
    found: list[tuple[str, str]] = []
    pieces = clause.pieces
    if clause.kind == "add":
        pieces = tuple(replace(piece, text=_ENDING.sub("", piece.text)) for piece in pieces)
    for piece in pieces:
        text = polite(piece.text)
        if not found or not found[-1][0].strip():
            found[len(found) - 1 if found else 0 :] = [(piece.text, "")]
        elif note := _whole_note(text):
            found[-1] = (found[-1][0], f"{found[-1][1]} {note}".strip())
        elif _divides(piece, found[-1][0], find) or (listed and not _is_date(text, find)):
            found.append((piece.text, ""))
        elif piece.gap == " ":  # a sentence that is no task of its own
            found[-1] = (found[-1][0], f"{found[-1][1]} {piece.text}".strip())
        else:
            found[-1] = (found[-1][0] + piece.gap + piece.text, found[-1][1])
    return found


def _divides(piece: Piece, before: str, find: Callable[[str], When | None]) -> bool:
    """Whether a task begins here; "wash and fold the laundry" is one."""
    if piece.bullet or piece.gap.strip(" ") in ("\n", ";"):
        return True
    if _QUOTED.match(piece.text) and before[-1:] in "\"”'":
        return True
    text, _ = without_leading_date(polite(piece.text), find)
    return starts_a_task(text) and not is_verb(before.strip())


def _whole_note(text: str) -> str:
    m = _NOTE.fullmatch(text)
    return m["note"] if m and not m["title"].strip() else ""


def _is_noun_list(parts: tuple[Piece, ...]) -> bool:
    """ "eggs, milk and bread": three or more short things with a comma, none of them a sentence."""
    things = [piece for piece in parts if not starts_a_task(piece.text)]
    return (
        len(things) >= 3
        and parts[0] is things[0]
        and any("," in piece.gap for piece in parts)
        and all(_PLAIN.fullmatch(piece.text.strip(" ,.!")) for piece in things)
    )


def _is_date(text: str, find: Callable[[str], When | None]) -> bool:
    when = find(text)
    return when is not None and when.start == 0 and when.end == len(text)


def _item(text: str, note: str, when: When | None, find: Callable[[str], When | None]) -> Item | None:
    text = polite(text).rstrip("?")
    if m := _ASIDE.search(text):
        text, note = f"{text[: m.start()]} {text[m.end() :]}", f"{m['note'].strip()} {note}".strip()
    if m := _NOTE.fullmatch(text):
        said = _QUOTED.match(m["note"])  # after a note in quotes the rest is about the task again
        text = f"{m['title']} {m['note'][said.end() :]}" if said else m["title"]
        note = f"{said[1] or said[2] if said else m['note'].strip()} {note}".strip()
    text = _ENDING.sub("", text)
    quoted = _QUOTED.match(text)
    rest = text[quoted.end() :] if quoted else text
    found = find(rest)
    left = (
        clean(_ENDING.sub("", f"{rest[: found.start]} {rest[found.end :].lstrip(' ,')}")) if found else rest
    )
    if quoted and not left.strip(" ,;.!"):
        title, when = quoted[1] or quoted[2], found or when
    elif quoted:  # "Dune" review
        title = text
    elif found and not left:
        return None
    else:
        title, when = (left, found) if found and left.lower() not in _VAGUE else (text, when)
    title = capitalised(clean(title))
    title, more = _fit(title)
    due = due_text(when) if when else ""
    return Item(title, join_due(f"{more} {note}".strip(), due)) if title else None


def clean(title: str) -> str:
    """One line without loose ends: no trailing marks, no preposition that lost its date."""
    line = " ".join(title.split())
    head, _, last = line.rpartition(" ")
    return (head if head and last.lower() in _LOOSE_WORDS else line).strip(_MARKS)


def capitalised(title: str) -> str:
    """The first letter as a capital, but not in iPhone or in an address."""
    first = title.split(" ", 1)[0]
    return title if title[1:2].isupper() or "/" in first or "@" in first else title[:1].upper() + title[1:]


def _fit(title: str) -> tuple[str, str]:
    """The title cut between words where it is too long, and what was cut off."""
    if len(title) <= LONGEST_TITLE:
        return title, ""
    cut = title.rfind(" ", LONGEST_TITLE // 2, LONGEST_TITLE)
    end = cut if cut > 0 else LONGEST_TITLE
    return title[:end].rstrip(), title[end:].lstrip()
