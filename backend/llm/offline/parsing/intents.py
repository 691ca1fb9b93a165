# llm/offline/parsing/intents.py -- an intent and its slots: what the user wants done, as data
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from dates import DateMention
from dates.past import PastPeriod
from llm.offline.parsing.task_references import TaskView
from llm.offline.parsing.task_titles import TaskDraft

Verb = Literal["add", "show", "count", "check", "complete", "reopen", "rename", "describe", "note", "move",
               "repeat", "remind", "delete", "undo", "say"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to do: a verb and its slots.

    `target`: the user's words for the tasks. `tasks`: the tasks, where they are known already.
    `text`: the new title, the note, the words to search for or, for "say", the kind of small talk; None if the
    utterance has none. `completed` and `overdue` filter a list. `sure`: false for a question ("is milk done?")
    and for what may be no task ("turn off the lights"), which change nothing without a
    confirmation. `implicit`: the clause only begins with a verb ("buy milk").
    `task_wording`: the utterance, if it could have been a new task as well. `alternatives`: other ways to cut the
    same utterance into slots, tried when no task fits. `list_name`: the list that is meant, empty for the main one,
    None where none is named. `due_day`: of the tasks that the target takes in, only those due then are meant.
    `past`: when that was done which is asked for, or was due.
    `unless_there`: nothing is added that is on the list already. `replaced`: what of the old title the new one takes
    the place of. `lead`: how long before they are due. A reminder with neither a date nor a lead is taken back, as a
    repetition is; `drafts` are added where no task is meant.
    """

    verb: Verb
    target: str = ""
    text: str | None = None
    drafts: tuple[TaskDraft, ...] = ()
    completed: bool | None = None
    overdue: bool = False
    when: DateMention | None = None
    tasks: tuple[TaskView, ...] = ()
    sure: bool = True
    implicit: bool = False
    task_wording: str = ""
    alternatives: tuple["Intent", ...] = ()
    list_name: str | None = None
    due_day: DateMention | None = None
    past: PastPeriod | None = None
    unless_there: bool = False
    lead: timedelta | None = None
    replaced: str = ""
