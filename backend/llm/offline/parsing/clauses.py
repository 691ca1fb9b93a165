# llm/offline/parsing/clauses.py -- splits a message into clauses, each of which asks for one thing
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from dates import DateFinder, DateMention
from llm.offline.parsing.claims import Claim, find_claim, is_event
from llm.offline.parsing.errands import (
    is_noun_phrase,
    is_request,
    is_statement,
    names_device,
)
from llm.offline.parsing.lists.names import find_list, simplify_lists
from llm.offline.parsing.lists.phrasing import reword
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.vocabulary import VERBS, is_verb, reads_as_task

MAX_PIECES = 200  # a longer message is not cut any further
MAX_INTENT_CHARACTERS = 1000  # a longer clause can only be a task to add


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message and the separator before it; `bullet` for an item of a list, one on each line."""

    separator: str
    text: str
    bullet: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """Pieces that belong together.

    `add`: tasks after an explicit "add" or "new task". `wish`: things that the user has to do or wants to be
    reminded of. `bare`: a phrase that only begins with a verb. `other`: anything else. `when`: the date in front.
    `is_list`: the pieces are a list ("tasks: a, b and c"). `claim`: what the words must read as,
    to be a task beyond doubt. `list_name`: of the list that the words in front name. `remind`: how long before it the
    person wants to be reminded, None if not at all; `is_about`: of a thing, which may be a task that is there.
    """

    kind: Literal["add", "wish", "bare", "other"]
    pieces: tuple[Piece, ...]
    when: DateMention | None = None
    is_list: bool = False
    claim: Claim = "nothing"
    list_name: str | None = None
    remind: timedelta | None = None
    is_about: bool = False

    @property
    def text(self) -> str:
        first, *rest = self.pieces
        return first.text + "".join(piece.separator + piece.text for piece in rest)


_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_BULLET = re.compile(r"(?:[-*•·‣–—+]|\d{1,3}[.)])\s+(?:\[[ xX]?\]\s+)?|\[[ xX]?\]\s+")
_SEPARATOR = re.compile(
    r"\"[^\"\n]{0,300}\"|“[^”\n]{0,300}”|(?<!\w)'[^'\n]{1,300}'(?!\w)"
    r"|(?P<gap> ?; ?|,? (?:and|&|plus|then|but)(?: then| also)?(?: to)? |, |(?<=[.!?…]) )",
    re.IGNORECASE,
)
_SHORT_FORM = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|prof|sr|jr|vs|etc|e\.g|i\.e|no|nr|approx|jan|feb|aug|sept?|oct|nov|dec|[ap]\.m|(?:[a-z]\.)*[a-z])\.$",
    re.I,
)

_TO_MY_LIST = compile_pattern(
    r"\b(?:put|stick|throw|place) (?P<what>[^\n]{1,300}?) (?:on|onto|in|into) (?P<list><list>)\b"
)
_NAME_CALLED = compile_pattern(
    r"^((?:(?:hey|ok|okay|hi|hello) )?(?:parley|alexa|siri|cortana|olly|google|computer))[,!:] "
)
_POLITE_END = compile_pattern(r"""
    (?:[,.!]? (?:please|pls|plz|thanks|thank you|thx|for me|if you can|will you|would you|ok|okay)){1,20}$""")
_POLITE_START = compile_pattern(r"""
    (?:(?:please|pls|plz|kindly|hey|ok|okay|so|oh|um|also|and|then|just|actually|oops|sorry|now
    |finally|parley|alexa|siri|cortana|olly|google|computer|assistant)[,!:.]*(?: )
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
_CONDITION = compile_pattern(
    r"(?:if|unless|when|whenever|once|after|before|while|until|because|maybe|perhaps|suppose)\b"
)
_INTENT_VERBS = frozenset(
    """
        mark rename reopen untick uncheck tick undo show list describe reschedule postpone
    """.split()
)
_REMIND = compile_pattern(r"remind (?:me|us) ")
_REMINDING = compile_pattern(r"\bremind(?:ed|er)?\b")
_ABOUT = compile_pattern(r"\b(?:about|of) $")

_ADD = compile_pattern(r"""
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
_SHOPPING = compile_pattern(r"(?:my |the |our )?shopping list ?[:-]")
_CREATE = compile_pattern(r"(?:create|new|task|todo):? (?P<rest>(?P<verb>\w+) .+)")
_NEVER_NOUNS = frozenset(
    """
    buy get pay send fix clean go take write feed make bring ask tell call
""".split()
)
_WISH = compile_pattern(r"""
    (?:remind (?:me|us)(?: again)?
    (?: to| about| of| for| that (?:i|we) <really>(?:have to|need to|should|must)| that)?[:,]?(?: )
    |(?:(?:i|we)|(?=need|have|gotta|got)) ?<really>
    (?:need to|have to|'ve got to|got to|have got to|gotta|ought to|must(?! not|n't| have| be)
    |should(?! not|n't| have| be)|want to|wanna|would like to|'d like to|'d love to|am supposed to
    |'m supposed to|plan to|(?:must not|mustn't|can't|cannot|shouldn't|don't want to) forget to)(?: )
    (?:also |still |remember to )*(?!not )
    |(?:i|we)(?: will|'ll| am going to|'m going to|'m gonna) (?=(?P<intent>.*))
    |(?:don't|do not|never)(?: let (?:me|us))? forget(?: to| about| that (?:i|we) (?:have|need) to)?:?(?: )
    |remember (?:to |that (?:i|we) (?:have|need) to |(?!(?:that|when|how|what|me|you|this|it|if|i)\b))
    |make sure (?:to|that (?:i|we)|i|we)(?: )
    |(?:make|take) (?:a |me a )?note to (?:self to )?
    |note to (?:self|myself)[:,]? (?:to )?)(?P<rest>.+)""")


def normalize_message(text: str) -> str:
    """The non-empty lines without control characters, with single spaces; "put X on my list" becomes "add X"."""
    lines = (" ".join(line.split()) for line in _CONTROL.sub(" ", text).splitlines())
    whole = "\n".join(line for line in lines if line)
    whole = _NAME_CALLED.sub(r"\1 ", whole)
    whole = "\n".join(reword(simplify_lists(line)) for line in whole.split("\n"))
    return _TO_MY_LIST.sub(
        lambda m: m[0] if m["what"].endswith(" back") else f"add {m['what']} to {m['list']}", whole
    )


def strip_politeness(text: str) -> str:
    """`text` without words of politeness and without end marks other than a question mark."""
    text = text.strip(" ,;")
    is_question = text[-20:].rstrip(" !.").endswith("?")
    if m := _POLITE_START.match(text):
        text = text[m.end() :]
        first, _, rest = text.partition(" ")
        text = f"{_GERUND[first.lower()]} {rest}" if first.lower() in _GERUND else text
        is_question = is_question and not re.search(r"\byou\b", m[0], re.I)
    text = text.rstrip(" ,;.!?…")
    if m := _POLITE_END.search(text, max(0, len(text) - 60)):
        text = text[: m.start()].rstrip(" ,;.!?…")
    return f"{text}?" if is_question else text


def split_pieces(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    lines = text.split("\n")
    bulleted = sum(1 for line in lines if _BULLET.match(line)) > 1 or len(lines) > 1
    for n, line in enumerate(lines):
        if len(pieces) >= MAX_PIECES:
            pieces.append(Piece("\n", "\n".join(lines[n:])))
            break
        m = _BULLET.match(line)
        rest = line[m.end() :] if m else line
        if m and bulleted:
            pieces.append(Piece("\n", rest, bullet=True))
        else:
            pieces += _split_line(rest, MAX_PIECES - len(pieces))
    return [piece for piece in pieces if piece.text.strip(" ,;.")]


def _split_line(line: str, max_pieces: int) -> Iterator[Piece]:
    separator, start = "\n", 0
    for m in _SEPARATOR.finditer(line):
        gap = m["gap"]  # None for a quotation
        if not gap or (gap == " " and _SHORT_FORM.search(line, max(0, m.start() - 12), m.start())):
            continue
        if max_pieces <= 1:
            break
        yield Piece(separator, line[start : m.start()])
        separator, start, max_pieces = gap, m.end(), max_pieces - 1
    yield Piece(separator, line[start:])


def split_clauses(text: str, is_intent: Callable[[str], bool], find_date: DateFinder) -> list[Clause]:
    clauses: list[Clause] = []
    for piece in split_pieces(text):
        last = clauses[-1] if clauses else None
        if last and not _starts_clause(piece, last, is_intent):
            clauses[-1] = replace(last, pieces=(*last.pieces, piece))
        elif piece.bullet:
            clauses.append(Clause("add", (piece,), is_list=True))
        else:
            clauses.append(_open_clause(piece, is_intent, find_date))
    return clauses


def _starts_clause(piece: Piece, last: Clause, is_intent: Callable[[str], bool]) -> bool:
    if piece.bullet:
        return last.kind == "other"
    text = strip_politeness(piece.text)
    word = text.partition(" ")[0].lower()
    is_new = word in _INTENT_VERBS or is_intent(text)
    if last.kind == "other":
        return piece.separator in ("\n", " ") or (
            is_intent(last.text) and (is_new or parse_prefix(text) is not None)
        )
    if parse_prefix(text) is not None:
        return True
    return is_new and (last.kind == "add" or word not in VERBS)


def _open_clause(piece: Piece, is_intent: Callable[[str], bool], find_date: DateFinder) -> Clause:
    text = strip_politeness(piece.text)
    if _CONDITION.match(text) and not find_date(text[:60]):
        return Clause("other", (piece,))
    if is_intent(text):
        return Clause("other", (replace(piece, text=text),))
    text, when = split_leading_date(text, find_date)
    if prefix := parse_prefix(text):
        kind, rest, is_list = prefix
        claim = find_claim(text, kind, text[: len(text) - len(rest)])
        name = find_list(text[: len(text) - len(rest)])
        name = "Shopping" if name is None and _SHOPPING.match(text) else name
        front = text[: len(text) - len(rest)]
        remind = timedelta(0) if _REMINDING.search(front) else None
        is_about = remind is not None and _ABOUT.search(front) is not None
        return Clause(kind, (replace(piece, text=rest),), when, is_list, claim, name, remind, is_about)
    if text.endswith("?"):
        return Clause("other", (piece,))
    if not when and is_statement(text):
        return Clause("other", (piece,))
    if reads_as_task(text) or is_verb(text) or when:
        named = when and not is_verb(text.partition(" ")[0])  # "tomorrow at noon: lunch with Sam"
        claim = "too much" if is_request(piece.text) else "nothing" if named else "errand"
        return Clause("bare", (replace(piece, text=text),), when, claim=claim)
    if is_event(text, find_date) and not names_device(text):
        return Clause("bare", (replace(piece, text=text),))
    if is_noun_phrase(text):
        return Clause("bare", (replace(piece, text=text),), claim="too much")
    return Clause("other", (piece,))


def split_leading_date(text: str, find_date: DateFinder) -> tuple[str, DateMention | None]:
    """The text without the date that it begins with, alone or after "remind me", and that date."""
    remind = _REMIND.match(text)
    start = remind.end() if remind else 0
    when = find_date(text[start : start + 200])
    if when is None or when.start > 0:
        return text, None
    rest = text[start + when.end :].lstrip(" ,:-")
    if remind:
        return f"{remind[0]}{rest}", when
    named = text[when.end : when.end + 1] == ":" or parse_prefix(rest) or reads_as_task(rest)
    return (rest, when) if rest and named else (text, None)


def parse_prefix(text: str, nested: int = 3) -> tuple[Literal["add", "wish"], str, bool] | None:
    """(kind of the clause, the text after the prefix, whether it is a list); None without a prefix such as "add"."""
    if m := _ADD.fullmatch(text):
        named = m["task"] or m["task2"] or m["task3"] or ""
        colon = m["colon"] or m["colon2"] or m["colon3"] or m["colon4"]
        plural = named.lower().endswith(("s", "list", "need", "following")) and bool(colon)
        rest = re.sub(r"^to (?=\w)", "", m["rest"].strip(" :"))
        return "add", rest, plural
    if (m := _CREATE.fullmatch(text)) and m["verb"].lower() in _NEVER_NOUNS:
        return "add", m["rest"], False
    if (m := _WISH.fullmatch(text)) and (m["intent"] is None or reads_as_task(m["intent"])):
        further = parse_prefix(m["rest"], nested - 1) if nested else None  # "I need to remember to ..."
        return further or ("wish", m["rest"], False)
    return None
