# llm/offline/parsing/parser.py -- from a message to the commands in it
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from llm.offline.budget import Budget
from llm.offline.parsing.clauses import Clause, clauses, polite, tidy
from llm.offline.parsing.dates import When
from llm.offline.parsing.intent_patterns import match
from llm.offline.parsing.intents import Command, Finder
from llm.offline.parsing.task_titles import items
from llm.offline.parsing.vocabulary import starts_a_task


@dataclass
class Readings:
    """What messages say, kept for the further steps of a run: each of them reads the same messages again."""

    most: int = 64
    kept: OrderedDict[tuple[str, Any], list[Command]] = field(default_factory=OrderedDict)

    def read(self, message: str, budget: Budget, *, find: Finder, seen_from: Any) -> list[Command]:
        """`seen_from` is all that `find` depends on."""
        key = (message, seen_from)
        if key not in self.kept:
            self.kept[key] = read(message, find, budget)
            while len(self.kept) > self.most:
                self.kept.popitem(last=False)
        self.kept.move_to_end(key)
        return self.kept[key]


def read(message: str, find: Finder, budget: Budget) -> list[Command]:
    """The commands of a message, in order; empty if nothing in it was understood. TooMuch past the budget."""

    @cache
    def found_in(text: str) -> When | None:
        budget.check()
        return find(text)

    @cache
    def matched(text: str) -> Command | None:
        budget.check()
        return match(text, found_in)

    def acts(text: str) -> bool:
        command = matched(text)
        return command is not None and command.text != "question"

    found = [
        command
        for clause in clauses(tidy(message), acts, found_in)
        for command in _commands(clause, matched, found_in)
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
