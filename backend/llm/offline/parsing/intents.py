# llm/offline/parsing/intents.py -- what a person wants done, as data
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from llm.offline.parsing.dates import When
from llm.offline.parsing.task_references import Task
from llm.offline.parsing.task_titles import Item

Verb = Literal["add", "show", "count", "check", "complete", "reopen", "rename", "describe", "note", "move",
               "delete", "undo", "say"]  # fmt: skip
Finder = Callable[[str], When | None]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do. `target` names tasks in the words of the person, `chosen` are tasks already found.

    `text` is the new title, the note, the words to search or, for "say", the kind of answer; None if
    it was not said. `late` asks for what should be done by now. `sure` is false where the person
    asked rather than told. `bare` marks what is a new task only because it begins with a verb;
    `said` is a command that could have been a task as well. `others` are further readings, for when
    no task fits.
    """

    verb: Verb
    target: str = ""
    text: str | None = None
    items: tuple[Item, ...] = ()
    state: bool | None = None
    late: bool = False
    when: When | None = None
    chosen: tuple[Task, ...] = ()
    sure: bool = True
    bare: bool = False
    said: str = ""
    others: tuple["Command", ...] = ()
