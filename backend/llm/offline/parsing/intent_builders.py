# llm/offline/parsing/intent_builders.py -- functions that build an intent from a match, or None if it means another one
import re
from collections.abc import Callable
from dataclasses import replace

from dates import DateFinder, find_day
from dates.past import find_past
from llm.offline.parsing.intents import Intent, Verb
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.task_references import parse_reference, strip_wrapping
from llm.offline.parsing.task_titles import capitalize_title, strip_title
from llm.offline.parsing.vocabulary import find_past_base, is_past, reads_as_task

IntentBuilder = Callable[[re.Match[str], DateFinder], Intent | None]


def build_intent(verb: Verb) -> IntentBuilder:
    def build(m: re.Match[str], find_date: DateFinder) -> Intent:
        slots = m.groupdict()
        text = slots.get("text")
        return Intent(verb, target=slots.get("target") or "", text=text.strip() if text else None)

    return build


def build_small_talk(kind: str) -> IntentBuilder:
    return lambda m, find_date: Intent("say", text=kind)


def build_last_task_intent(verb: Verb) -> IntentBuilder:
    return lambda m, find_date: Intent(verb, target="it", text=m.groupdict().get("text"))


def parse_past_statement(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "I bought the milk" completes a task if the first word is a past form."""
    first = m["target"].split(" ", 1)[0]
    past = is_past(first) if m.groupdict().get("self") else find_past_base(first) is not None
    return Intent("complete", target=m["target"]) if past and " " in m["target"] else None


_PERSON = compile_pattern(r"(?:i|we|you|he|she|it|they|this|that|there|who|what|which)(?: .*)?")


def parse_passive_statement(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "Rent paid", "the rent has been paid"."""
    subject: str = m["target"]
    past = m["past"] and find_past_base(m["past"]) and not _PERSON.fullmatch(subject)
    complete = m["aux"] or (subject.count(" ") < 3 and not reads_as_task(subject))
    return Intent("complete", target=f"{m['past']} {subject}") if past and complete else None


# Who cancels such a thing of theirs may have it on the list; a subscription is cancelled elsewhere.
_OWN_EVENT = compile_pattern(r"""
    (?:the|my|our|this|that|all|any|every) (?:[\w:-]+(?:'s)? ){0,4}?(?:appointments?|meetings?|events?|part(?:y|ies)
    |plans?|calls?|lunch
    |dinner|brunch|breakfast|interviews?|dates?|visits?|trips?|calendar|schedule|agenda)\b""")


def build_unless_ambiguous(verb: Verb) -> IntentBuilder:
    """For verbs that also begin tasks: "drop it" and "clear all", but not "drop off the parcel"."""

    def build(m: re.Match[str], find_date: DateFinder) -> Intent | None:
        target: str = m["target"]
        named = re.match(r"(?:the )?(?:task|todo|item|reminder)\b", target, re.I)
        named = named or re.search(r" (?:task|todo|reminder)$", target, re.I)
        clear = named or reads_as_task(target) or parse_reference(target).kind != "words"
        return Intent(verb, target=target) if clear or _OWN_EVENT.match(target) else None

    return build


_TO = compile_pattern(r"(?: back| forward| out)? (?:to|until|till|for|by) ")


def parse_reschedule(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    """ "move milk to Friday", if a date is all that follows."""
    target, text = m["target"], m["text"].strip()
    for cut in [None, *_TO.finditer(m["text"])]:  # "everything on the list to Friday" has an earlier "on"
        if cut:
            text = m["text"][cut.end() :].strip()
            target = m.string[m.start("target") : m.start("text") + cut.start()]
        when = find_date(text)
        if when is not None and when.start == 0 and when.end == len(text):
            return Intent("move", target=target, when=when)
    return None


def parse_trailing_date(m: re.Match[str], find_date: DateFinder) -> Intent | None:
    target: str = m["target"]
    if (when := find_date(target)) and when.end == len(target) and when.start:
        return Intent(
            "move", target=re.sub(r" (?:to|for|until|till)$", "", target[: when.start].strip()), when=when
        )
    target = re.split(r" (?:to|for|until|till|by) ", target, maxsplit=1)[0]
    return Intent("move", target=target, text="?")


def parse_rename(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "rename go to gym to swim" can be cut in several places: the other cuts become alternatives.

    Who changes milk to cream may mean the word in a title; who renames it means the title.
    """
    whole = f"{m['target']} to {m['text']}"
    cuts = [cut.start() for cut in re.finditer(r" to ", whole, re.I)][:4]
    is_change = not m[0].lower().startswith(("rename", "retitle", "reword"))

    def build(target: str, text: str) -> Intent:
        replaced = strip_wrapping(target) if is_change else ""
        return Intent("rename", target, format_new_title(text), replaced=replaced)

    intents = [build(whole[:cut], whole[cut + 4 :]) for cut in cuts]
    first = build(m["target"], m["text"])
    return replace(first, alternatives=tuple(other for other in intents if other != first))


def format_new_title(text: str) -> str:
    return capitalize_title(strip_title(strip_wrapping(text) if text.strip()[:1] in "\"“'" else text))


_UNDONE = compile_pattern(r"""
    \b(?:to (?:be|get) (?:done|finished|completed)|not (?:yet )?(?:done|finished|completed?|do)|haven't|undone
    |unfinished|uncompleted|incomplete|open
    |left|pending|remain(?:s|ing)?|outstanding|still|due|next)\b""")
_DONE = compile_pattern(r"""
    \b(?:done|completed?|finish(?:ed)?|achieved?|accomplish(?:ed)?|ticked|checked|closed
    |did (?:i|we)(?! (?:put|add|write|have|set|need|want|plan|ask|tell|schedule|say|include|list|save|forget
    |miss)\b))\b""")
_OVERDUE = compile_pattern(r"\b(?:overdue|late)\b")
_EVERY = compile_pattern(r"\b(?:all|every(?:thing)?|whole|entire|full)\b")
_ABOUT = compile_pattern(r"""
    \b(?:about|contain(?:s|ing)?|matching|mention(?:s|ing)?|regarding|concerning|related to|involving
    |including|named|called|with(?: the words?)?|for|on)
    (?! (?:(?:my|the|our) (?:plate|list|agenda|to-?do|schedule)|me\b|us\b|now\b|work$|there))
    (?: )(?P<about>.+)""")


def build_query(verb: Verb) -> Callable[[re.Match[str], DateFinder], Intent]:
    def build(m: re.Match[str], find_date: DateFinder) -> Intent:
        return read_query(verb, m[0], find_date, m.groupdict().get("text") or "")

    return build


def read_query(verb: Verb, text: str, find_date: DateFinder, about: str = "") -> Intent:
    """What a question about the tasks is to show: of which day, in which state, about what."""
    past, when = find_past(text, "en"), find_day(text, find_date)
    if past and (past.is_sure or (not _UNDONE.search(text) and _DONE.search(text))):
        text, when = f"{text[: past.start]} {text[past.end :]}".strip(), None
    else:
        past = None
    if when:
        text = f"{text[: when.start]} {text[when.end :]}".strip()
    about = about or ((found := _ABOUT.search(text)) and found["about"]) or ""
    about = re.sub(r" (?:in|on|from) (?:my|the) list$", "", strip_wrapping(about))
    state: bool | None = None if about or verb == "count" else False
    head = text[: len(text) - len(about)] if about else text
    if _UNDONE.search(head):
        state = False
    elif _DONE.search(head):
        state = True
    elif _EVERY.search(head):
        state = None
    late = _OVERDUE.search(head) is not None
    state = None if past and state is False else state  # what was due may be done by now
    return Intent(
        verb, text=about or None, completed=False if late else state, overdue=late, when=when, past=past
    )


def parse_lookup(m: re.Match[str], find_date: DateFinder) -> Intent:
    """ "show 2" is about a task of the dialogue, "show milk" is a search."""
    known = parse_reference(m["text"]).kind in ("position", "it", "them")
    return Intent("check", target=m["text"]) if known else build_query("show")(m, find_date)


def parse_open_query(m: re.Match[str], find_date: DateFinder) -> Intent:
    return Intent("show", completed=False)
