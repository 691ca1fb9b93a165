# llm/offline/languages/message_parser.py -- from a message in a language with tables to the intents in it
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from dates import DateFinder
from dates.calendars.folding import fold_text
from llm.offline.budget import Budget
from llm.offline.languages.clause_parser import MAX_CLAUSE_CHARACTERS, ClauseParser
from llm.offline.languages.grammar import Grammar
from llm.offline.languages.phrase_reader import MARKS
from llm.offline.parsing.clauses import normalize_message
from llm.offline.parsing.intents import Intent

_MAX_CLAUSES = 60  # of one message
_BULLET = re.compile(r"(?:[-*•·–—+]|\d{1,3}[.)])\s+(?:\[[ xX]?\]\s+)?")
_SENTENCE_END = re.compile(
    r"(?<!prof\.)(?<!bzw\.)(?<!usw\.)(?<!tel\.)(?<!str\.)(?<=\w\w\w[.!?…]) (?=[^\W\d_])|(?<=[.!?…]) (?=[¿¡])",
    re.I,
)


def parse_local_message(
    message: str, grammar: Grammar, find_date: DateFinder, budget: Budget
) -> list[Intent]:
    """The intents of a message, in order; empty if none of it is understood. Raises BudgetExceeded past the budget."""
    parser = ClauseParser(grammar, find_date, budget)
    intents: list[Intent] = []
    for clause in _split_message(message, parser):
        intent = parser.parse_clause(clause) if len(clause) <= MAX_CLAUSE_CHARACTERS else None
        if (
            intent
            and intents
            and intent.verb == intents[-1].verb == "add"
            and intent.list_name == intents[-1].list_name
        ):
            implicit = intent.implicit and intents[-1].implicit
            intents[-1] = replace(intents[-1], drafts=intents[-1].drafts + intent.drafts, implicit=implicit)
        elif intent:
            intents.append(intent)
    return [intent for intent in intents if intent.verb != "say"] or intents[:1]


def _split_message(message: str, parser: ClauseParser) -> Iterator[str]:
    """The clauses: sentences, the parts of one that ask for something each, and items below "new tasks:"."""
    heading = ""
    lines = normalize_message(message).split("\n")
    for line in lines[:_MAX_CLAUSES]:
        bullet = _BULLET.match(line)
        if bullet and heading:
            yield f"{heading} {line[bullet.end() :]}"
            continue
        text = line[bullet.end() :] if bullet else line
        heading = text if len(lines) > 1 and text.endswith(":") and len(text) < MAX_CLAUSE_CHARACTERS else ""
        if not heading:
            for sentence in _SENTENCE_END.split(text, _MAX_CLAUSES):
                yield from _split_sentence(
                    unicodedata.normalize("NFC", sentence[: 2 * MAX_CLAUSE_CHARACTERS]), parser
                )


def _split_sentence(text: str, parser: ClauseParser) -> Iterator[str]:
    """Cut before each part that begins with a verb which asks for something, but not in what is on a condition."""
    folded = fold_text(text.strip(MARKS))
    if any(kind == "left" and rule.fullmatch(folded) for kind, rule in parser.grammar.sentences):
        yield text
        return
    start = 0
    for cut in list(parser.grammar.joint.finditer(fold_text(text)))[:_MAX_CLAUSES]:
        rest = text[cut.end() :]
        if cut.start() == start or _is_date(text[start : cut.start()], parser):
            continue  # "tomorrow, remind me ..." is one
        if next(parser.read_verb(parser.strip_courtesy(rest)[0]), None):
            yield text[start : cut.start()]
            start = cut.end()
    yield text[start:]


def _is_date(text: str, parser: ClauseParser) -> bool:
    when = parser.find_date(text)
    return when is not None and when.start == 0 and when.end == len(text)
