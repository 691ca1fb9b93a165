# assistant/english.py -- from a message to the commands in it
from collections.abc import Callable, Iterator
from dataclasses import replace

from assistant.clauses import Clause, clauses, polite, tidy
from assistant.commands import Command, Finder
from assistant.grammar import match
from assistant.titles import items
from assistant.words import starts_a_task


def read(message: str, find: Finder) -> list[Command]:
    """The commands of a message, in order; empty if nothing in it was understood."""
    known: dict[str, Command | None] = {}

    def matched(text: str) -> Command | None:
        if text not in known:
            known[text] = match(text, find)
        return known[text]

    def acts(text: str) -> bool:
        command = matched(text)
        return command is not None and command.text != "question"

    found = [
        command
        for clause in clauses(tidy(message), acts, find)
        for command in _commands(clause, matched, find)
    ]
    deeds = [command for command in found if command.verb != "say"]
    return list(_joined(deeds or found[:1]))


def _commands(clause: Clause, matched: Callable[[str], Command | None], find: Finder) -> Iterator[Command]:
    if clause.kind in ("other", "bare"):
        command = matched(polite(clause.text))
        if command is not None:
            yield command
            return
    lone = " " not in clause.text and not clause.when and not starts_a_task(clause.text)
    if clause.kind == "other" or (clause.kind == "bare" and lone):
        return
    found = items(clause, find)
    when = None if found else find(clause.text)
    yield Command("add", items=found, when=when, bare=clause.kind == "bare")


def _joined(commands: list[Command]) -> Iterator[Command]:
    """Neighbouring additions as one."""
    last: Command | None = None
    for command in commands:
        if last and last.verb == command.verb == "add":
            last = replace(last, items=last.items + command.items, bare=last.bare and command.bare)
            continue
        if last:
            yield last
        last = command
    if last:
        yield last


def is_new_request(commands: list[Command]) -> bool:
    """Whether a message says what to do by itself, rather than answer a question that was asked."""
    return any(command.verb != "say" and not command.bare for command in commands)
