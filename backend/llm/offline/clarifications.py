# llm/offline/clarifications.py -- what a message means when a question was asked before it
from collections.abc import Iterable
from dataclasses import replace

from llm.offline.dialogue_state import Question, Scene
from llm.offline.parsing.clauses import polite, tidy
from llm.offline.parsing.dates import When, due_text, join_due
from llm.offline.parsing.intent_builders import new_title
from llm.offline.parsing.intents import Command
from llm.offline.parsing.parser import is_new_request
from llm.offline.parsing.patterns import pattern
from llm.offline.parsing.task_references import (
    LONGEST,
    Mention,
    Task,
    described,
    matches,
    near_matches,
    read_mention,
)
from llm.offline.parsing.vocabulary import stems

_YES = pattern(r"""
    (?:yes|yeah|yep|yup|ok|okay|sure|right|correct|exactly|please(?: do)?|do it|go ahead|of course|y
    |that one|that's (?:it|right|the one))
    (?:[,.! ]+(?:please|that one|do it|thanks|go ahead|sure))*""")  # fmt: skip
_NO = pattern(r"""
    (?:no|nope|neither|none(?: of (?:them|these|those))?|cancel(?: that| it)?|never ?mind|forget (?:it
    |that)|stop|nothing|n|don't|leave (?:it|them))
    (?:[,.! ]+(?:thanks|thank you|never ?mind|please|forget it|cancel|don't))*""")  # fmt: skip
_ALL_OF_THEM = pattern(r"""
    all(?: (?:of them|of those|two|three|four))?|every one|each(?: of them)?|everything|both(?: of them)?""")
_POINTS = pattern(r"(?:the|this|that|these|those|number|both)\b|#?\d")
_LEAD = pattern(r"""
    (?:(?:i mean|i meant|the answer is|make it|it should be|call it|i think|just|yes|title|to
    |with)[,: ]+)+""")


def answer(message: str, scene: Scene) -> list[Command]:
    """The commands of a message: the answer to the open question if it is one, else what it says itself."""
    commands = scene.read(message)
    question = scene.question
    if question is None:
        known = not commands and scene.shown and read_mention(polite(tidy(message)[:LONGEST])).kind == "place"
        return [Command("check", target=message)] if known else commands
    text = polite(tidy(message)[:2000])
    if _NO.fullmatch(text.rstrip("?")):
        return [Command("say", text="left")]
    if question.options:
        return _choice(text, question, commands, scene)
    if is_new_request(commands):
        return commands
    return _value(message, text, question, scene) or commands


def _choice(text: str, question: Question, commands: list[Command], scene: Scene) -> list[Command]:
    yes = _YES.fullmatch(text) and (question.together or len(question.options) == 1)
    new = is_new_request(commands) and not _POINTS.match(text)
    chosen = question.options if yes else () if new else _chosen(text, question.options, scene)
    if len(chosen) == 1 or (chosen and (yes or _several(text))):
        return [replace(question.command, chosen=chosen, sure=True), *question.rest]
    if chosen:
        return [replace(question.command, target=text, chosen=(), others=()), *question.rest]
    if commands and commands[0].verb != "say":
        return commands
    return commands or [Command("say", text="which")]


def _chosen(text: str, options: tuple[Task, ...], scene: Scene) -> tuple[Task, ...]:
    if _ALL_OF_THEM.fullmatch(text):
        return options if len(options) == 2 or not text.lower().startswith("both") else ()
    mention = read_mention(_LEAD.sub("", text))
    if mention.kind == "place":
        return _placed(mention, options)
    if mention.kind in ("them", "all"):
        return options
    if mention.kind == "it":
        return options if len(options) == 1 else ()
    return _named(mention.parts, options, scene)


def _placed(mention: Mention, options: tuple[Task, ...]) -> tuple[Task, ...]:
    indexes = [n - 1 if n > 0 else len(options) + n for n in mention.positions]
    return tuple(options[n] for n in indexes) if all(0 <= n < len(options) for n in indexes) else ()


def _named(parts: Iterable[str], options: tuple[Task, ...], scene: Scene) -> tuple[Task, ...]:
    """What the words fit, first as one phrase and then in parts; a word of the description will do."""
    whole, *rest = parts
    found = matches(whole, options) or tuple(task for part in rest for task in matches(part, options))
    near = () if found else near_matches(whole, options, scene.eyes)
    return found or tuple(task for task in near if set(stems(whole)) <= set(described(task)))


def _several(text: str) -> bool:
    mention = read_mention(text)
    return bool(_ALL_OF_THEM.fullmatch(text)) or mention.kind != "words" or len(mention.parts) > 1


def _value(message: str, text: str, question: Question, scene: Scene) -> list[Command]:
    """The text that was asked for: what to add, a title, a note or a date."""
    command = question.command
    said = _LEAD.sub("", text).strip()
    if not said:
        return []
    if command.verb == "add":
        return [*_with_date(scene.read(f"add {message}"), command.when), *question.rest]
    if command.verb == "move":
        when = scene.find(said)
        return [replace(command, when=when, text=None), *question.rest] if when else []
    said = new_title(said) if command.verb == "rename" else said
    return [replace(command, text=said.rstrip("?")), *question.rest]


def _with_date(commands: list[Command], when: When | None) -> list[Command]:
    """ "add tomorrow" came before: what is added now has that date, unless it has its own."""
    if when is None:
        return commands
    due = due_text(when)
    return [
        replace(
            command,
            items=tuple(
                replace(item, description=item.description or join_due("", due)) for item in command.items
            ),
        )
        for command in commands
    ]
