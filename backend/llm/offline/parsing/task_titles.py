# llm/offline/parsing/task_titles.py -- from the words after "add" to the titles, notes and dates of new tasks
import datetime as dt
import re
from dataclasses import dataclass, replace

from dates import DateFinder, DateMention
from llm.offline.parsing.clauses import Clause, Piece, split_leading_date, strip_politeness
from llm.offline.parsing.lists.items import is_one_thing, names_items
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.vocabulary import is_verb, reads_as_task
from llm.offline.schedules.schedule import UNPLANNED, Schedule, read_mention


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task to add; `remind` is how long before it is due its person wants to be reminded."""

    title: str
    note: str = ""
    schedule: Schedule = UNPLANNED
    remind: dt.timedelta | None = None


_NOTE = compile_pattern(r"""
    (?P<title>.*?)[,;(]?(?: -)? ?\b(?:with(?: an?| the)? <note>(?: that says| saying| of|:)?|<note>:) ?
    (?P<note>.+)""")
_ASIDE = compile_pattern(r" ?\(<note>: ?(?P<note>[^()]{1,500})\)")
_ENDING = compile_pattern(
    r"(?:,? (?:to|on|onto|in|into) <list>|,? as an? (?:new )?(?:task|to-?do|reminder|item)"
    r"|,? (?:please|pls|thanks|thank you|for me|too|as well))$"
)
_QUOTED = re.compile(r"[\"“]([^\"”\n]{1,300})[\"”]|'([^'\n]{1,300})'")
_PLAIN = re.compile(
    r"(?!.*\b(?:with|for|to|from|at|in|on|about|of|by|that|which|before|after|until)\b)\S+(?: \S+){0,2}", re.I
)
_MOVES = re.compile(r"(?:postpone|reschedule|move|shift|push|change)\b", re.I)
_BETWEEN = re.compile(r"(?:from|to|until)\b", re.I)
_MARKS = " ,;:.!-"
_LOOSE_WORDS = frozenset(["by", "on", "at", "for", "due", "before", "until", "and", "is", "are"])
_VAGUE = frozenset(["plan", "review", "prepare", "organise", "organize", "schedule"])


def parse_drafts(clause: Clause, find_date: DateFinder) -> tuple[TaskDraft, ...]:
    """The tasks that a clause of things to add asks for, in order."""
    texts = _group_pieces(clause, find_date)
    found = [draft for text, note in texts if (draft := _parse_draft(text, note, clause.when, find_date))]
    dated = [draft.schedule for draft in found if draft.schedule.day]
    if (
        clause.list_name and len(dated) == 1 and found[-1].schedule.day
    ):  # of things for a list a date is that of all
        found = [replace(draft, schedule=dated[0]) for draft in found]
    return tuple(replace(draft, remind=clause.remind) for draft in found)


def _group_pieces(clause: Clause, find_date: DateFinder) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    pieces = clause.pieces
    if clause.kind == "add":
        pieces = tuple(replace(piece, text=_ENDING.sub("", piece.text)) for piece in pieces)
    is_list = clause.is_list or (clause.kind == "add" and _names_things(clause.list_name, pieces))
    for piece in pieces:
        text = strip_politeness(piece.text)
        if not found or not found[-1][0].strip():
            found[len(found) - 1 if found else 0 :] = [(piece.text, "")]
        elif note := _parse_whole_note(text):
            found[-1] = (found[-1][0], f"{found[-1][1]} {note}".strip())
        elif is_list and is_one_thing(found[-1][0], piece.separator, text):
            found[-1] = (found[-1][0] + piece.separator + piece.text, found[-1][1])
        elif _starts_task(piece, found[-1][0], find_date) or (is_list and not _is_only_date(text, find_date)):
            found.append((piece.text, ""))
        elif piece.separator == " ":  # a sentence that is not a task of its own
            found[-1] = (found[-1][0], f"{found[-1][1]} {piece.text}".strip())
        else:
            found[-1] = (found[-1][0] + piece.separator + piece.text, found[-1][1])
    return found


def _starts_task(piece: Piece, before: str, find_date: DateFinder) -> bool:
    """Whether a task begins here; "wash and fold the laundry" is one."""
    if piece.bullet or piece.separator.strip(" ") in ("\n", ";"):
        return True
    if _QUOTED.match(piece.text) and before[-1:] in "\"”'":
        return True
    text, _ = split_leading_date(strip_politeness(piece.text), find_date)
    return reads_as_task(text) and not is_verb(before.strip())


def _parse_whole_note(text: str) -> str:
    m = _NOTE.fullmatch(text)
    return m["note"] if m and not m["title"].strip() else ""


def _names_things(list_name: str | None, pieces: tuple[Piece, ...]) -> bool:
    """Whether each piece is a thing of its own, of three with a comma or for a list by its name."""
    if _is_noun_list(pieces):
        return True
    return (
        bool(list_name) and len(pieces) > 1 and names_items((piece.text for piece in pieces), list_name or "")
    )


def _is_noun_list(parts: tuple[Piece, ...]) -> bool:
    """ "eggs, milk and bread": three or more short things with a comma, none of them a sentence."""
    things = [piece for piece in parts if not reads_as_task(piece.text)]
    return (
        len(things) >= 3
        and parts[0] is things[0]
        and any("," in piece.separator for piece in parts)
        and all(_PLAIN.fullmatch(piece.text.strip(" ,.!")) for piece in things)
    )


def _is_only_date(text: str, find_date: DateFinder) -> bool:
    when = find_date(text)
    return when is not None and when.start == 0 and when.end == len(text)


def _parse_draft(text: str, note: str, when: DateMention | None, find_date: DateFinder) -> TaskDraft | None:
    text = strip_politeness(text).rstrip("?")
    if m := _ASIDE.search(text):
        text, note = f"{text[: m.start()]} {text[m.end() :]}", f"{m['note'].strip()} {note}".strip()
    if m := _NOTE.fullmatch(text):
        quotation = _QUOTED.match(m["note"])  # after a note in quotes the rest is about the task again
        text = f"{m['title']} {m['note'][quotation.end() :]}" if quotation else m["title"]
        note = f"{quotation[1] or quotation[2] if quotation else m['note'].strip()} {note}".strip()
    text = _ENDING.sub("", text)
    quoted = _QUOTED.match(text)
    rest = text[quoted.end() :] if quoted else text
    found = _find_due(rest, when, find_date)
    left = (
        strip_title(_ENDING.sub("", f"{rest[: found.start]} {rest[found.end :].lstrip(' ,')}"))
        if found
        else rest
    )
    if quoted and not left.strip(" ,;.!"):
        title, when = quoted[1] or quoted[2], found or when
    elif quoted:  # "Dune" review
        title = text
    elif found and not left:
        return None
    else:
        title, when = (left, found) if found and left.lower() not in _VAGUE else (text, when)
    if when and when.remark:  # the end of a range, which a due date cannot say
        note = f"{when.remark} {note}".strip()
    title = capitalize_title(strip_title(title))
    return TaskDraft(title, note.strip(), read_mention(when)) if title else None


def _find_due(text: str, when: DateMention | None, find_date: DateFinder) -> DateMention | None:
    """The due date in the words of a task. In "Friday: book a table for Saturday", and in "postpone the dentist from
    Monday to Friday", a date in them is what the task is about; a clock time goes with a day in front.
    """
    found = find_date(text)
    if found is None or (_MOVES.match(text) and _BETWEEN.match(text, found.start)):
        return None
    if when is None or found.start == 0:
        return found
    is_time_of_it = not found.has_day and when.has_day and when.time is None and found.time is not None
    return replace(found, date=when.date, has_day=True) if is_time_of_it else None


def strip_title(title: str) -> str:
    """One line without loose ends: no trailing marks, no preposition that lost its date."""
    line = " ".join(title.split())
    head, _, last = line.rpartition(" ")
    return (head if head and last.lower() in _LOOSE_WORDS else line).strip(_MARKS)


def capitalize_title(title: str) -> str:
    """The first letter as a capital, but not in iPhone or in an address."""
    first = title.split(" ", 1)[0]
    return title if title[1:2].isupper() or "/" in first or "@" in first else title[:1].upper() + title[1:]


def split_title(draft: TaskDraft, max_title: int | None) -> TaskDraft:
    """Move the end of a title that is too long into the note, cut between words if possible."""
    if max_title is None or len(draft.title) <= max_title:
        return draft
    cut = draft.title.rfind(" ", max_title // 2, max_title)
    end = cut if cut > 0 else max_title
    note = f"{draft.title[end:].lstrip()} {draft.note}".strip()
    return replace(draft, title=draft.title[:end].rstrip(), note=note)
