# llm/offline/parsing/parser.py -- from a message to the intents in it
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from dates import DateFinder, DateMention
from llm.offline.budget import Budget
from llm.offline.languages.message_parser import parse_local_message
from llm.offline.languages.registry import GRAMMARS
from llm.offline.parsing.claims import holds_claim
from llm.offline.parsing.clauses import (
    Clause,
    normalize_message,
    split_clauses,
    strip_politeness,
)
from llm.offline.parsing.errands import asks_for_answer, names_foreign_list
from llm.offline.parsing.intent_patterns import match_intent
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.lists.items import names_items
from llm.offline.parsing.lists.names import LIST_PLACE, read_list_name, restore_spaces
from llm.offline.parsing.lists.phrasing import UNLESS_THERE
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.reminders import cut_lead_time
from llm.offline.parsing.task_titles import TaskDraft, parse_drafts
from llm.offline.parsing.vocabulary import reads_as_task
from llm.offline.sentences.sentence import Language

Place = tuple[datetime, str, str | None]  # the time, the time zone, and the language in the person's profile
# A title that names nothing: what is it that "add this event" and "add something" are to add?
_POINTER = compile_pattern(r"""
    (?!an?$)(?:(?:this|that|these|those|it|them|the|an?|another|new|some|my|one|two|three)(?: )?){1,3}
    (?:(?:same|other|following)(?: ))?(?:events?|items?|things?|stuff|one|entry|entries)?|something|anything""")
_QUOTED = re.compile(r"[\"“][^\"“”]{1,300}[\"”]")
_NOTHING = compile_pattern(r"(?:remind me|set (?:a )?reminder|reminder|remember)")
# Of lists that are kept elsewhere.
_FOREIGN_NAMES = frozenset(["play", "contact", "contacts", "mailing", "friends"])


@dataclass
class ParseCache:
    """The intents of recent messages: every step of a run parses the same messages again."""

    size: int = 64
    intents: OrderedDict[tuple[str, Language, Place], list[Intent]] = field(default_factory=OrderedDict)

    def parse(
        self,
        message: str,
        budget: Budget,
        language: Language,
        *,
        find_dates: Mapping[Language, DateFinder],
        place: Place,
    ) -> list[Intent]:
        """The intents of a message. `find_dates` must depend on nothing but `place`."""
        key = (message, language, place)
        if key not in self.intents:
            grammar, find_date = GRAMMARS.get(language), find_dates[language]
            self.intents[key] = (
                parse_local_message(message, grammar, find_date, budget)
                if grammar
                else parse_message(message, find_date, budget)
            )
            while len(self.intents) > self.size:
                self.intents.popitem(last=False)
        self.intents.move_to_end(key)
        return self.intents[key]


def parse_message(message: str, find_date: DateFinder, budget: Budget) -> list[Intent]:
    """The intents of a message, in order; empty if the parser understands none of it.

    Raises BudgetExceeded past the budget.
    """

    @cache
    def find_date_in_budget(text: str) -> DateMention | None:
        budget.check()
        return find_date(text)

    @cache
    def match(text: str) -> Intent | None:
        budget.check()
        return match_intent(text, find_date_in_budget)

    def is_intent(text: str) -> bool:
        intent = match(text)
        return intent is not None and intent.text != "question"

    clauses = split_clauses(normalize_message(message), is_intent, find_date_in_budget)
    asks = any(clause.kind == "other" and _is_question(clause.text, match) for clause in clauses)
    intents = [
        intent for clause in clauses for intent in _parse_clause(clause, match, find_date_in_budget, asks)
    ]
    actions = [intent for intent in intents if intent.verb != "say"]
    return list(_merge_additions(actions or intents[:1]))


def _parse_clause(
    clause: Clause, match: Callable[[str], Intent | None], find_date: DateFinder, asks: bool
) -> Iterator[Intent]:
    """`asks`: the message has a question, too, so it is hardly a note."""
    if clause.kind in ("other", "bare"):
        intent = match(strip_politeness(clause.text))
        if intent is not None:
            yield intent
            return
    lone = " " not in clause.text and not clause.when and not reads_as_task(clause.text)
    if clause.kind == "other" or (clause.kind == "bare" and lone):
        return
    clause, unless_there = _cut_condition(clause)
    parts = _split_by_list(clause, find_date) if clause.kind == "add" else [clause]
    for part in parts:
        yield _build_addition(cut_lead_time(part), unless_there, asks, find_date)


def _build_addition(clause: Clause, unless_there: bool, asks: bool, find_date: DateFinder) -> Intent:
    drafts = tuple(
        _restore_draft(draft)
        for draft in parse_drafts(clause, find_date)
        if not (_POINTER.fullmatch(draft.title) if clause.kind == "add" else _NOTHING.fullmatch(draft.title))
    )
    when = find_date(clause.text) if clause.is_about or not drafts else None
    is_known = clause.is_about and when is not None and len(drafts) == 1  # perhaps a task that is there
    return Intent(
        "remind" if is_known else "add",
        target=drafts[0].title if is_known else "",
        drafts=drafts,
        when=clause.when or when if is_known else when,
        implicit=clause.kind == "bare",
        sure=_is_surely_meant(clause) and not (asks and clause.claim != "nothing"),
        list_name=clause.list_name,
        unless_there=unless_there,
    )


def _cut_condition(clause: Clause) -> tuple[Clause, bool]:
    """The clause without "unless it is there" at its end, and whether that stood there."""
    *before, last = clause.pieces
    if not last.text.endswith(UNLESS_THERE):
        return clause, False
    return replace(clause, pieces=(*before, replace(last, text=last.text.removesuffix(UNLESS_THERE)))), True


def _split_by_list(clause: Clause, find_date: DateFinder) -> list[Clause]:
    """The clause without the lists at the ends of its pieces, each of which is that of the things before it.

    Things behind the last one are on it, too; something to do there is not.
    """
    parts: list[Clause] = []
    first = 0
    for place in range(len(clause.pieces)):
        part = replace(clause, pieces=clause.pieces[first : place + 1])
        if (cut := _cut_list(part, find_date)) is not part:
            parts.append(cut)
            first = place + 1
    rest = clause.pieces[first:]
    if rest:
        listed = bool(parts) and names_items((piece.text for piece in rest), "")
        parts.append(
            replace(clause, pieces=rest, list_name=parts[-1].list_name if listed else clause.list_name)
        )
    return parts


def _cut_list(clause: Clause, find_date: DateFinder) -> Clause:
    """The clause without the list at the end of its last piece, behind which a date may stand."""
    *before, last = clause.pieces
    *_, m = (None, *LIST_PLACE.finditer(last.text, max(0, len(last.text) - 300)))
    rest = last.text[m.end() :].strip() if m else ""
    when = find_date(rest) if rest else None
    if m is None or (rest and not (when and when.start == 0 and when.end == len(rest))):
        return clause
    text = f"{last.text[: m.start()].rstrip(' ,')} {rest}".strip()
    return replace(clause, pieces=(*before, replace(last, text=text)), list_name=read_list_name(m["list"]))


def _restore_draft(draft: TaskDraft) -> TaskDraft:
    return replace(draft, title=restore_spaces(draft.title), note=restore_spaces(draft.note))


def _is_question(text: str, match: Callable[[str], Intent | None]) -> bool:
    text = strip_politeness(text)
    intent = match(text)
    return text.endswith("?") if intent is None else intent.text == "question"


def _is_surely_meant(clause: Clause) -> bool:
    """Whether the clause is to become tasks without a question: not "add my bills and tell me the total"."""
    if clause.claim == "addition" and (clause.list_name is not None or _QUOTED.fullmatch(clause.text)):
        clause = replace(clause, claim="nothing")
    if clause.kind == "add" and not clause.list_name and (names_foreign_list(clause.text)):
        return False
    if clause.list_name in _FOREIGN_NAMES:
        return False
    further = (strip_politeness(piece.text) for piece in clause.pieces[1:])
    return holds_claim(clause.claim, clause.text) and not any(map(asks_for_answer, further))


def _merge_additions(intents: list[Intent]) -> Iterator[Intent]:
    """Join neighbouring intents to add into one."""
    last: Intent | None = None
    for intent in intents:
        if last and last.verb == intent.verb == "add" and _fit_together(last, intent):
            last = replace(
                last, drafts=last.drafts + intent.drafts, implicit=last.implicit and intent.implicit
            )
            continue
        if last:
            yield last
        last = intent
    if last:
        yield last


def _fit_together(first: Intent, second: Intent) -> bool:
    return (first.sure, first.list_name, first.unless_there) == (
        second.sure,
        second.list_name,
        second.unless_there,
    )


def is_new_request(intents: list[Intent]) -> bool:
    """Whether a message is a request of its own, not the answer to a question."""
    return any(intent.verb != "say" and not intent.implicit for intent in intents)
