# llm/offline/clarifications.py -- what a message means in its dialogue, above all after a question
from collections.abc import Iterable
from dataclasses import replace

from dates import DateMention
from llm.offline.choices import take_choice
from llm.offline.dialogue_state import DialogueState, Question
from llm.offline.languages.references import translate_answer
from llm.offline.languages.registry import GRAMMARS
from llm.offline.parsing.clauses import normalize_message, strip_politeness
from llm.offline.parsing.intent_builders import format_new_title
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.parser import is_new_request
from llm.offline.parsing.patterns import compile_pattern
from llm.offline.parsing.task_references import (
    MAX_REFERENCE_CHARACTERS,
    TaskReference,
    TaskView,
    find_matches,
    find_near_matches,
    parse_reference,
    stem_description,
)
from llm.offline.parsing.vocabulary import stem_text
from llm.offline.schedules.schedule import read_mention
from llm.offline.sentences import changes

_MAX_ANSWER_CHARACTERS = 2000
_YES = compile_pattern(r"""
    (?:yes|yeah|yep|yup|ok|okay|sure|right|correct|exactly|please(?: do)?|do it|go ahead|of course|y
    |that one|that's (?:it|right|the one))
    (?:[,.! ]+(?:please|that one|do it|thanks|go ahead|sure))*""")  # fmt: skip
_ADD_IT = compile_pattern(
    r"(?:(?:yes|yeah|sure|ok|okay|please)[,.! ]+){0,3}add (?:it|that|this|them)(?: please)?"
)
_NO = compile_pattern(r"""
    (?:no|nope|neither|none(?: of (?:them|these|those))?|cancel(?: that| it)?|never ?mind|forget (?:it
    |that)|stop|nothing|n|don't|leave (?:it|them))
    (?:[,.! ]+(?:thanks|thank you|never ?mind|please|forget it|cancel|don't))*""")  # fmt: skip
_ALL_OF_THEM = compile_pattern(r"""
    all(?: (?:of them|of those|two|three|four))?|every one|each(?: of them)?|everything|both(?: of them)?""")
_DEFINITE_START = compile_pattern(r"(?:the|this|that|these|those|number|both)\b|#?\d")
_ANSWER_START = compile_pattern(r"""
    (?:(?:i mean|i meant|the answer is|make it|it should be|call it|i think|just|yes|title|to
    |with)[,: ]+)+""")


def interpret_message(message: str, dialogue: DialogueState) -> list[Intent]:
    """The intents of a message: those of an answer if it answers the open question, else its own."""
    intents = dialogue.parse(message)
    question = dialogue.question
    if question is None:
        if not intents and dialogue.shown and _is_position(message, dialogue):
            return [Intent("check", target=message)]
        return intents
    if (chosen := take_choice(message, question)) is not None:
        return chosen
    text = _read_answer(message, dialogue)
    if message.strip() in question.choices:  # a day, which may read as a question about it
        return _interpret_value(message, text, question, dialogue)
    if _NO.fullmatch(text.rstrip("?")):
        return [Intent("say", text="left")]
    if question.intent.drafts:  # an offer to add them
        return (
            [question.intent, *question.rest] if _YES.fullmatch(text) or _ADD_IT.fullmatch(text) else intents
        )
    if question.options:
        return _interpret_choice(text, question, intents, dialogue)
    if is_new_request(intents):
        return intents
    return _interpret_value(message, text, question, dialogue) or intents


def _read_answer(message: str, dialogue: DialogueState) -> str:
    """An answer without courtesy, in English where it is "yes", a number or another reference to tasks."""
    if grammar := GRAMMARS.get(dialogue.language):
        return translate_answer(message[:_MAX_ANSWER_CHARACTERS], grammar)
    return strip_politeness(normalize_message(message)[:_MAX_ANSWER_CHARACTERS])


def _is_position(message: str, dialogue: DialogueState) -> bool:
    text = _read_answer(message[:MAX_REFERENCE_CHARACTERS], dialogue)
    return parse_reference(text).kind == "position"


def _interpret_choice(
    text: str, question: Question, intents: list[Intent], dialogue: DialogueState
) -> list[Intent]:
    yes = _YES.fullmatch(text) and (question.together or len(question.options) == 1)
    new = is_new_request(intents) and not _DEFINITE_START.match(text)
    chosen = question.options if yes else () if new else _choose_options(text, question.options, dialogue)
    if len(chosen) == 1 or (chosen and (yes or _names_several(text))):
        return [replace(question.intent, tasks=chosen, sure=True), *question.rest]
    if chosen:
        return [replace(question.intent, target=text, tasks=(), alternatives=()), *question.rest]
    if intents and intents[0].verb != "say":
        return intents
    return intents or [Intent("say", text="which")]


def _choose_options(
    text: str, options: tuple[TaskView, ...], dialogue: DialogueState
) -> tuple[TaskView, ...]:
    if _ALL_OF_THEM.fullmatch(text):
        return options if len(options) == 2 or not text.lower().startswith("both") else ()
    reference = parse_reference(_ANSWER_START.sub("", text))
    if reference.kind == "position":
        return _pick_positions(reference, options)
    if reference.kind in ("them", "all"):
        return options
    if reference.kind == "it":
        return options if len(options) == 1 else ()
    return _pick_by_words(reference.parts, options, dialogue)


def _pick_positions(reference: TaskReference, options: tuple[TaskView, ...]) -> tuple[TaskView, ...]:
    indexes = [n - 1 if n > 0 else len(options) + n for n in reference.positions]
    return tuple(options[n] for n in indexes) if all(0 <= n < len(options) for n in indexes) else ()


def _pick_by_words(
    parts: Iterable[str], options: tuple[TaskView, ...], dialogue: DialogueState
) -> tuple[TaskView, ...]:
    """The options that the words match, as one phrase or else in parts, in the title or else in the description."""
    whole, *rest = parts
    found = find_matches(whole, options) or tuple(
        task for part in rest for task in find_matches(part, options)
    )
    near = () if found else find_near_matches(whole, options, dialogue.comparer)
    return found or tuple(task for task in near if set(stem_text(whole)) <= set(stem_description(task)))


def _names_several(text: str) -> bool:
    reference = parse_reference(text)
    return bool(_ALL_OF_THEM.fullmatch(text)) or reference.kind != "words" or len(reference.parts) > 1


def _interpret_value(message: str, text: str, question: Question, dialogue: DialogueState) -> list[Intent]:
    """The intent with the slot that the question asked for: tasks to add, a title, a note or a date."""
    intent = question.intent
    value = message.strip(" \n.!?") if dialogue.language in GRAMMARS else _ANSWER_START.sub("", text).strip()
    if not value:
        return []
    if intent.verb == "add":
        return [
            *_add_date(dialogue.parse(dialogue.voice.say(changes.ADD_COMMAND, text=message)), intent.when),
            *question.rest,
        ]
    if intent.verb == "move":
        when = dialogue.find_date(value)
        return [replace(intent, when=when, text=None), *question.rest] if when else []
    value = format_new_title(value) if intent.verb == "rename" else value
    return [replace(intent, text=value.rstrip("?")), *question.rest]


def _add_date(intents: list[Intent], when: DateMention | None) -> list[Intent]:
    """Give the date of "add tomorrow" to the tasks of the answer that have neither a date nor a note."""
    if when is None:
        return intents
    schedule = read_mention(when)
    return [
        replace(
            intent,
            drafts=tuple(
                draft if draft.note or draft.schedule.day else replace(draft, schedule=schedule)
                for draft in intent.drafts
            ),
        )
        for intent in intents
    ]
