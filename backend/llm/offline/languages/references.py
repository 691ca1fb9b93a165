# llm/offline/languages/references.py -- phrases of a language that refer to tasks, put into English
import re

from dates.calendars.folding import fold_text, fold_word
from llm.offline.languages.grammar import Grammar
from llm.offline.parsing.task_references import MAX_REFERENCE_CHARACTERS

_MARKS = " \t\n,;:.!?¡¿"
_WORD = re.compile(r"#?(\d{1,3})\.?|[^\W\d_]+|[ªº&,]")
_MAX_WRAPPINGS = 3


def translate_reference(phrase: str, grammar: Grammar) -> str:
    """ "it", "all tasks", "1, 3" or the words of a title, from what the language says for them."""
    text = phrase[:MAX_REFERENCE_CHARACTERS].strip(_MARKS)
    folded = fold_text(text)
    if positions := _translate_positions(folded, grammar):
        return positions
    for english, phrases in grammar.references:
        if m := phrases.fullmatch(folded):
            groups = {name: text[slice(*m.span(name))] for name, found in m.groupdict().items() if found}
            return english.format_map(
                {name: strip_wrapping(words, grammar) for name, words in groups.items()}
            )
    if '"' in folded:
        return text
    cuts = [m.span() for m in grammar.joint.finditer(folded)]
    edges = [0, *(edge for cut in cuts for edge in cut), len(text)]
    parts = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    translated = [
        _translate_positions(fold_text(part), grammar) or strip_wrapping(part, grammar) for part in parts
    ]
    return ", ".join(part for part in translated if part)


def strip_wrapping(phrase: str, grammar: Grammar) -> str:
    """ "Milch" for "die Aufgabe mit der Milch"."""
    text = phrase.strip(_MARKS)
    for _ in range(_MAX_WRAPPINGS):
        folded = fold_text(text)
        if not (m := grammar.wrapping.search(folded)) or m.group() == folded:
            break
        text = f"{text[: m.start()]}{text[m.end() :]}".strip(_MARKS)
    return text


def _translate_positions(folded: str, grammar: Grammar) -> str:
    """ "1, 3, last" for "die erste, Nummer 3 und die letzte"; empty if there is any other word."""
    found: list[str] = []
    end = 0
    for m in _WORD.finditer(folded):
        if folded[end : m.start()].strip():
            return ""
        end = m.end()
        if m[1]:
            found.append(m[1])
            continue
        place = grammar.positions.get(fold_word(m[0]))
        if place is None and m[0] not in ",&":
            return ""
        if place:
            found.append("last" if place < 0 else str(place))
    return ", ".join(dict.fromkeys(found)) if not folded[end:].strip() else ""


def translate_answer(text: str, grammar: Grammar) -> str:
    """The English for an answer to a question: "yes", "no", "2", "all", or the words as they are."""
    folded = fold_text(text.strip(_MARKS))
    for english, words in grammar.answers:
        if words.fullmatch(folded):
            return english
    return translate_reference(text, grammar)
