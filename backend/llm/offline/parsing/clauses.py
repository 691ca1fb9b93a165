# llm/offline/parsing/clauses.py -- cutting a message into clauses, each of which asks for one thing
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from llm.offline.parsing.dates import When
from llm.offline.parsing.patterns import pattern
from llm.offline.parsing.vocabulary import VERBS, is_verb, starts_a_task

MOST_PIECES = 200  # a longer message is not cut any further
LONGEST_COMMAND = 1000  # characters; what is longer can only be something to write down


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message and the separator before it. A bullet is a line of a list."""

    gap: str
    text: str
    bullet: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """Pieces that belong together.

    `add`: things to add, said outright. `wish`: things that someone has to do or be reminded of.
    `bare`: what only begins with a verb. `other`: anything else. `when` is a date said in front;
    `listed` says that the pieces are a list ("tasks: a, b and c").
    """

    kind: Literal["add", "wish", "bare", "other"]
    pieces: tuple[Piece, ...]
    when: When | None = None
    listed: bool = False

    @property
    def text(self) -> str:
        first, *rest = self.pieces
        return first.text + "".join(piece.gap + piece.text for piece in rest)


_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_BULLET = re.compile(r"(?:[-*•·‣–—+]|\d{1,3}[.)])\s+(?:\[[ xX]?\]\s+)?|\[[ xX]?\]\s+")
_GAP = re.compile(
    r"\"[^\"\n]{0,300}\"|“[^”\n]{0,300}”|(?<!\w)'[^'\n]{1,300}'(?!\w)"
    r"|(?P<gap> ?; ?|,? (?:and|&|plus|then|but)(?: then| also)?(?: to)? |, |(?<=[.!?…]) )",
    re.IGNORECASE,
)
_SHORT_FORM = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|prof|sr|jr|vs|etc|e\.g|i\.e|no|nr|approx|[ap]\.m|[a-z])\.$", re.I
)

_TO_MY_LIST = pattern(r"\b(?:put|stick|throw|place) (?P<what>[^\n]{1,300}?) (?:on|onto|in|into) <list>\b")
_TAIL = pattern(r"""
    (?:[,.!]? (?:please|pls|plz|thanks|thank you|thx|for me|if you can|will you|would you|ok|okay)){1,20}$""")
_LEAD = pattern(r"""
    (?:(?:please|pls|plz|kindly|hey|ok|okay|so|oh|um|also|and|then|just|actually|oops|sorry|parley
    |now|finally)[,!:.]*(?: )
    |(?:well|yes|yeah|sure|no|right|great|cool|perfect|thanks|thank you|hi|hello|alright|finally|but)
    (?: parley)?[,!:.]+(?: )
    |(?:can|could|would|will|won't|can't) you (?:please |just |kindly |also |mind )*
    |(?:i'd|i would) like you to |i (?:want|need) you to |go ahead and |be so kind (?:as to|and)(?: )
    |(?:let's|let me|(?:i'd|i would) like to|(?:i|we) (?:want to|wanna))(?: )
    (?=(?:delete|remove|mark|rename|reopen|undo|reschedule|show|list|check off|tick)\b)
    |(?:let's|let me|(?:i'd|i would) like to|(?:i|we) (?:want to|need to|wanna))(?: )
    (?=(?:see (?:my|the|all|what|which|how)|know|add|create an? (?:new )?task)\b)
    |(?:yes|yeah|sure) (?=do |please |delete|remove|complete|mark|add )
    |first(?! (?:one|two|three|four|task|item|and|is|are|was|\d)) (?=\w+ \w)
    |know (?=what|which|how many|if )|(?:tell|show|remind) me (?=what|which|how many))+""")
_GERUND = {"adding": "add", "deleting": "delete", "removing": "remove", "marking": "mark", "showing": "show",
           "completing": "complete", "renaming": "rename", "putting": "put", "listing": "list"}  # fmt: skip
_CONDITION = pattern(
    r"(?:if|unless|when|whenever|once|after|before|while|until|because|maybe|perhaps|suppose)\b"
)
_HEADS = frozenset(
    """
        mark rename reopen untick uncheck tick undo show list describe reschedule postpone
    """.split()
)
_PERSON = pattern(r"""
    (?:(?:i|we|you|he|she|it|they|there|that|this)(?:'m|'s|'re|'ve|'ll|'d)?|(?:the |that |this )one|not|no|how
    |let's)\b""")
_REMIND = pattern(r"remind (?:me|us) ")

_ADD = pattern(r"""
    (?:(?:add|jot down|note down|pencil in|put down)\b(?: in)?[:,]? ?
    (?:(?:(?:an?|another|the|this|these|those|my|new|one|two|three|four|five|some|more|following|quick|\d+) )*
    (?P<task><thing>)\b(?: (?:to|on|onto|in|into) <list>)?<called>(?P<colon>:| -)? ?)?
    (?:(?:to|on|onto|in|into) <list>(?P<colon2>:)? ?)?
    |(?:create|make|set up|set|new|another)(?: me)?
    (?: (?:an?|another|the|these|new|two|three|four|five|some|\d+))* ?
    (?P<task2>(?:new )?<thing>)\b(?: (?:on|in|to|for) <list>)?<called>(?P<colon3>:| -)? ?
    |(?:create|make|new):? (?=[\"“])
    |(?P<task3><thing>|to do|(?:my |the )?(?:shopping|grocery|to-?do) list|need)(?P<colon4> ?:| -) ?
    |to-?do (?=\w))(?P<rest>.*)""")
_CREATE = pattern(r"(?:create|new|task|todo):? (?P<rest>(?P<verb>\w+) .+)")
_NEVER_NOUNS = frozenset(
    """
    buy get pay send fix clean go take write feed make bring ask tell call
""".split()
)
_WISH = pattern(r"""
    (?:remind (?:me|us)(?: again)?
    (?: to| about| of| that (?:i|we) <really>(?:have to|need to|should|must)| that)?[:,]?(?: )
    |(?:(?:i|we)|(?=need|have|gotta|got)) ?<really>
    (?:need to|have to|'ve got to|got to|have got to|gotta|ought to|must(?! not|n't| have| be)
    |should(?! not|n't| have| be)|want to|wanna|would like to|'d like to|'d love to|am supposed to
    |'m supposed to|plan to|(?:must not|mustn't|can't|cannot|shouldn't|don't want to) forget to)(?: )
    (?:also |still |remember to )*(?!not )
    |(?:i|we)(?: will|'ll| am going to|'m going to|'m gonna) (?=(?P<intent>.*))
    |(?:don't|do not|never)(?: let (?:me|us))? forget(?: to| about| that (?:i|we) (?:have|need) to)?:?(?: )
    |remember (?:to |that (?:i|we) (?:have|need) to |(?!(?:that|when|how|what|me|you|this|it|if|i)\b))
    |make sure (?:to|that (?:i|we)|i|we)(?: )
    |note to (?:self|myself)[:,]? (?:to )?)(?P<rest>.+)""")


def tidy(text: str) -> str:
    """Lines without control characters, each with single spaces; empty lines left out."""
    lines = (" ".join(line.split()) for line in _CONTROL.sub(" ", text).splitlines())
    whole = "\n".join(line for line in lines if line)
    return _TO_MY_LIST.sub(lambda m: m[0] if m["what"].endswith(" back") else f"add {m['what']}", whole)


def polite(text: str) -> str:
    """`text` without the words that are only kind; a question mark stays, other end marks go."""
    text = text.strip(" ,;")
    asked = text[-20:].rstrip(" !.").endswith("?")
    if m := _LEAD.match(text):
        text = text[m.end() :]
        first, _, rest = text.partition(" ")
        text = f"{_GERUND[first.lower()]} {rest}" if first.lower() in _GERUND else text
        asked = asked and not re.search(r"\byou\b", m[0], re.I)
    text = text.rstrip(" ,;.!?…")
    if m := _TAIL.search(text, max(0, len(text) - 60)):
        text = text[: m.start()].rstrip(" ,;.!?…")
    return f"{text}?" if asked else text


def pieces(text: str) -> list[Piece]:
    found: list[Piece] = []
    lines = text.split("\n")
    bulleted = sum(1 for line in lines if _BULLET.match(line)) > 1 or len(lines) > 1
    for n, line in enumerate(lines):
        if len(found) >= MOST_PIECES:
            found.append(Piece("\n", "\n".join(lines[n:])))
            break
        m = _BULLET.match(line)
        rest = line[m.end() :] if m else line
        if m and bulleted:
            found.append(Piece("\n", rest, bullet=True))
        else:
            found += _cut(rest, MOST_PIECES - len(found))
    return [piece for piece in found if piece.text.strip(" ,;.")]


def _cut(line: str, most: int) -> Iterator[Piece]:
    gap, start = "\n", 0
    for m in _GAP.finditer(line):
        if not m["gap"] or (m["gap"] == " " and _SHORT_FORM.search(line, max(0, m.start() - 12), m.start())):
            continue
        if most <= 1:
            break
        yield Piece(gap, line[start : m.start()])
        gap, start, most = m["gap"], m.end(), most - 1
    yield Piece(gap, line[start:])


def clauses(text: str, is_command: Callable[[str], bool], find: Callable[[str], When | None]) -> list[Clause]:
    found: list[Clause] = []
    for piece in pieces(text):
        last = found[-1] if found else None
        if last and not _begins_anew(piece, last, is_command):
            found[-1] = replace(last, pieces=(*last.pieces, piece))
        elif piece.bullet:
            found.append(Clause("add", (piece,), listed=True))
        else:
            found.append(_opening(piece, is_command, find))
    return found


def _begins_anew(piece: Piece, last: Clause, is_command: Callable[[str], bool]) -> bool:
    if piece.bullet:
        return last.kind == "other"
    text = polite(piece.text)
    word = text.partition(" ")[0].lower()
    command = word in _HEADS or is_command(text)
    if last.kind == "other":
        return piece.gap in ("\n", " ") or (is_command(last.text) and (command or intro(text) is not None))
    if intro(text) is not None:
        return True
    return command and (last.kind == "add" or word not in VERBS)


def _opening(piece: Piece, is_command: Callable[[str], bool], find: Callable[[str], When | None]) -> Clause:
    text = polite(piece.text)
    if _CONDITION.match(text) and not find(text[:60]):
        return Clause("other", (piece,))
    if is_command(text):
        return Clause("other", (replace(piece, text=text),))
    text, when = without_leading_date(text, find)
    if led := intro(text):
        kind, rest, listed = led
        return Clause(kind, (replace(piece, text=rest),), when, listed)
    if not text.endswith("?") and (starts_a_task(text) or is_verb(text) or when or is_event(text, find)):
        return Clause("bare", (replace(piece, text=text),), when)
    return Clause("other", (piece,))


def without_leading_date(text: str, find: Callable[[str], When | None]) -> tuple[str, When | None]:
    """The text and the date it begins with, also where it follows "remind me"."""
    remind = _REMIND.match(text)
    start = remind.end() if remind else 0
    when = find(text[start : start + 200])
    if when is None or when.start > 0:
        return text, None
    rest = text[start + when.end :].lstrip(" ,:-")
    if remind:
        return f"{remind[0]}{rest}", when
    named = text[when.end : when.end + 1] == ":" or intro(rest) or starts_a_task(rest)
    return (rest, when) if rest and named else (text, None)


def is_event(text: str, find: Callable[[str], When | None]) -> bool:
    """ "Dentist on Friday": a thing and a date, but not "nice weather today" or "I am away tomorrow"."""
    when = find(text)
    if when is None or len(text) > 200 or _PERSON.match(text):
        return False
    near = re.fullmatch(r"(?:for |on )?today", text[when.start : when.end], re.IGNORECASE)
    ends = when.end == len(text) or when.start == 0
    return ends and not near and len(text) - (when.end - when.start) > 3


def intro(text: str, nested: int = 3) -> tuple[Literal["add", "wish"], str, bool] | None:
    """What `text` asks to add: (kind, the rest, whether the rest is a list); None if it does not."""
    if m := _ADD.fullmatch(text):
        named = m["task"] or m["task2"] or m["task3"] or ""
        colon = m["colon"] or m["colon2"] or m["colon3"] or m["colon4"]
        plural = named.lower().endswith(("s", "list", "need", "following")) and bool(colon)
        rest = re.sub(r"^to (?=\w)", "", m["rest"].strip(" :"))
        return "add", rest, plural
    if (m := _CREATE.fullmatch(text)) and m["verb"].lower() in _NEVER_NOUNS:
        return "add", m["rest"], False
    if (m := _WISH.fullmatch(text)) and (m["intent"] is None or starts_a_task(m["intent"])):
        further = intro(m["rest"], nested - 1) if nested else None  # "I need to remember to ..."
        return further or ("wish", m["rest"], False)
    return None
