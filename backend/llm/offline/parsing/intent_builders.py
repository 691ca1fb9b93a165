# llm/offline/parsing/intent_builders.py -- builds an intent from a match, or none where it means another.
import re
from collections.abc import Callable
from dataclasses import replace

from llm.offline.parsing.intents import Command, Finder, Verb
from llm.offline.parsing.patterns import pattern
from llm.offline.parsing.task_references import read_mention, unwrap
from llm.offline.parsing.task_titles import capitalised, clean
from llm.offline.parsing.vocabulary import base_of_past, is_past, starts_a_task

Maker = Callable[[re.Match[str], Finder], Command | None]


def plain(verb: Verb) -> Maker:
    def make(m: re.Match[str], find: Finder) -> Command:
        said = m.groupdict()
        text = said.get("text")
        return Command(verb, target=said.get("target") or "", text=text.strip() if text else None)

    return make


def say(kind: str) -> Maker:
    return lambda m, find: Command("say", text=kind)


def on_it(verb: Verb) -> Maker:
    return lambda m, find: Command(verb, target="it", text=m.groupdict().get("text"))


def told(m: re.Match[str], find: Finder) -> Command | None:
    """ "I bought the milk": done, if the first word is a past form."""
    first = m["target"].split(" ", 1)[0]
    told = is_past(first) if m.groupdict().get("self") else base_of_past(first) is not None
    return Command("complete", target=m["target"]) if told and " " in m["target"] else None


_PERSON = pattern(r"(?:i|we|you|he|she|it|they|this|that|there|who|what|which)(?: .*)?")


def happened(m: re.Match[str], find: Finder) -> Command | None:
    """ "Rent paid", "the rent has been paid"."""
    what: str = m["target"]
    told = m["past"] and base_of_past(m["past"]) and not _PERSON.fullmatch(what)
    few = m["aux"] or (what.count(" ") < 3 and not starts_a_task(what))
    return Command("complete", target=f"{m['past']} {what}") if told and few else None


def if_clear(verb: Verb) -> Maker:
    """For verbs that are also things to do: "drop it" and "clear all", but not "drop off the parcel"."""

    def make(m: re.Match[str], find: Finder) -> Command | None:
        target: str = m["target"]
        named = re.match(r"(?:the )?(?:task|todo|item|reminder)\b", target, re.I)
        named = named or re.search(r" (?:task|todo|reminder)$", target, re.I)
        clear = named or starts_a_task(target) or read_mention(target).kind != "words"
        return Command(verb, target=target) if clear else None

    return make


def to_a_day(m: re.Match[str], find: Finder) -> Command | None:
    """ "move milk to Friday": only if all that follows is a date."""
    text: str = m["text"].strip()
    when = find(text)
    whole = when is not None and when.start == 0 and when.end == len(text)
    return Command("move", target=m["target"], when=when) if whole else None


def at_the_end(m: re.Match[str], find: Finder) -> Command | None:
    target: str = m["target"]
    if (when := find(target)) and when.end == len(target) and when.start:
        return Command(
            "move", target=re.sub(r" (?:to|for|until|till)$", "", target[: when.start].strip()), when=when
        )
    target = re.split(r" (?:to|for|until|till|by) ", target, maxsplit=1)[0]
    return Command("move", target=target, text="?")


def retitle(m: re.Match[str], find: Finder) -> Command:
    """ "rename go to gym to swim" can be cut in several places: the others are kept as further readings."""
    whole = f"{m['target']} to {m['text']}"
    cuts = [cut.start() for cut in re.finditer(r" to ", whole, re.I)][:4]
    readings = [Command("rename", whole[:cut], new_title(whole[cut + 4 :])) for cut in cuts]
    first = Command("rename", m["target"], new_title(m["text"]))
    return replace(first, others=tuple(other for other in readings if other != first))


def new_title(text: str) -> str:
    return capitalised(clean(unwrap(text) if text.strip()[:1] in "\"“'" else text))


_UNDONE = pattern(r"""
    \b(?:not (?:yet )?(?:done|finished|completed?|do)|haven't|undone|unfinished|uncompleted|incomplete|open
    |left|pending|remain(?:s|ing)?|outstanding|still|due|next)\b""")
_DONE = pattern(r"""
    \b(?:done|completed?|finish(?:ed)?|achieved?|accomplish(?:ed)?|ticked|checked|closed|did (?:i|we))\b""")
_LATE = pattern(r"\b(?:overdue|late)\b")
_EVERY = pattern(r"\b(?:all|every(?:thing)?|whole|entire|full)\b")
_ABOUT = pattern(r"""
    \b(?:about|contain(?:s|ing)?|matching|mention(?:s|ing)?|regarding|concerning|related to|involving
    |including|named|called|with(?: the words?)?|for|on)
    (?! (?:(?:my|the|our) (?:plate|list|agenda|to-?do|schedule)|me\b|us\b|now\b|work$|there))
    (?: )(?P<about>.+)""")


def show(verb: Verb) -> Callable[[re.Match[str], Finder], Command]:
    def make(m: re.Match[str], find: Finder) -> Command:
        text = m[0]
        if when := find(text):
            text = f"{text[: when.start]} {text[when.end :]}".strip()
        about = m.groupdict().get("text") or ((found := _ABOUT.search(text)) and found["about"]) or ""
        about = re.sub(r" (?:in|on|from) (?:my|the) list$", "", unwrap(about))
        state: bool | None = None if about or verb == "count" else False
        head = text[: len(text) - len(about)] if about else text
        if _UNDONE.search(head):
            state = False
        elif _DONE.search(head):
            state = True
        elif _EVERY.search(head):
            state = None
        late = _LATE.search(head) is not None
        return Command(verb, text=about or None, state=False if late else state, late=late, when=when)

    return make


def look_at(m: re.Match[str], find: Finder) -> Command:
    """ "show 2" is about a task known already, "show milk" is a search."""
    known = read_mention(m["text"]).kind in ("place", "it", "them")
    return Command("check", target=m["text"]) if known else show("show")(m, find)


def open_ones(m: re.Match[str], find: Finder) -> Command:
    return Command("show", state=False)
