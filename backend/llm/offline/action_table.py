# llm/offline/action_table.py -- the changes to tasks that are there: which tool, with what, and what is said of it
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import TaskView
from llm.offline.replies import Voice, shorten_text
from llm.offline.schedules.schedule import NO_DUE, UNPLANNED, move_schedule, plan_change
from llm.offline.schedules.schedule_words import describe_due
from llm.offline.sentences import changes, schedules
from llm.offline.sentences.sentence import Sentence
from models.shapes import JsonObject


@dataclass(frozen=True, slots=True)
class Action:
    """A change to existing tasks.

    `tool` is called for each task with `arguments`. `verb` completes "I could not". `confirm` writes the reply from
    the tasks before and after. `completed`: the state that a task must have before. `missing_text`: the question
    for a text that the utterance lacks. `rewrites`: the old description goes into the new one, so it must be known
    to the end.
    """

    tool: str
    verb: Sentence
    arguments: Callable[[Intent, TaskView, dt.datetime], JsonObject]
    confirm: Callable[[Sequence[TaskView], Sequence[TaskView], Voice], str]
    completed: bool | None = None
    missing_text: Sentence | None = None
    rewrites: bool = False


def _replace_note(intent: Intent, task: TaskView, now: dt.datetime) -> JsonObject:
    """To remove a note that is not there removes the due date."""
    if intent.text is None and not task.note:
        return NO_DUE | ({"description": ""} if task.has_written_due else {})
    return _write_note((intent.text or "").strip(), task)


def _write_title(intent: Intent, task: TaskView) -> str | None:
    """The new title; where only a part of the old one is replaced, with the rest of it."""
    start = task.title.lower().find(intent.replaced.lower()) if intent.replaced and intent.text else 0
    end = start + len(intent.replaced)
    if start <= 0 or not intent.text:
        return intent.text
    return f"{task.title[:start]}{intent.text[:1].lower()}{intent.text[1:]}{task.title[end:]}"


def _append_note(intent: Intent, task: TaskView, now: dt.datetime) -> JsonObject:
    return _write_note(_join_sentences(task.note, (intent.text or "").strip()), task)


def _write_note(note: str, task: TaskView) -> JsonObject:
    """A due date that stands in the description stays there."""
    return {"description": _join_sentences(note, task.description.rstrip()[len(task.note) :].strip())}


def _join_sentences(first: str, second: str) -> str:
    first = first.strip()
    if first and second and first[-1] not in ".!?…":
        first += "."
    return f"{first} {second}".strip()


def _replace_due(intent: Intent, task: TaskView, now: dt.datetime) -> JsonObject:
    """A due date that stands in the description gives way to one in its field."""
    after = move_schedule(task.schedule, intent.when) if intent.when else UNPLANNED
    note: JsonObject = {"description": task.note} if task.has_written_due else {}
    return plan_change(task.schedule, after, now) | note


def _confirm_completion(before: Sequence[TaskView], after: Sequence[TaskView], voice: Voice) -> str:
    """Also when a task that repeats is due again, or that it is not."""
    lines = [voice.say_titles(changes.COMPLETED, after)]
    for old, new in zip(before, after, strict=True):
        title = voice.quote_title(new.title)
        if new.following:
            day = describe_due(new.following.schedule, voice)
            lines.append(voice.say(schedules.DUE_AGAIN, title=title, day=day))
        elif old.schedule.repeats:
            lines.append(voice.say(schedules.NOT_DUE_AGAIN, title=title))
    return "\n".join([lines[0], *voice.limit_lines(lines[1:])])


def _confirm_rename(before: Sequence[TaskView], after: Sequence[TaskView], voice: Voice) -> str:
    pairs = [
        voice.say(changes.RENAMED_PAIR, old=voice.quote_title(old.title), new=voice.quote_title(new.title))
        for old, new in zip(before, after, strict=True)
    ]
    return voice.say(changes.RENAMED, pairs=voice.join_phrases(pairs))


def _confirm_description(before: Sequence[TaskView], after: Sequence[TaskView], voice: Voice) -> str:
    lines = [
        voice.say(
            changes.DESCRIBED if task.description else changes.NOT_DESCRIBED,
            title=voice.quote_title(task.title),
            text=shorten_text(task.description),
        )
        for task in after
    ]
    return "\n".join(lines)


def _confirm_due(before: Sequence[TaskView], after: Sequence[TaskView], voice: Voice) -> str:
    lines = [
        voice.say(changes.MOVED if due else changes.NOT_DUE, title=voice.quote_title(task.title), day=due)
        for task in after
        for due in [voice.format_due(task)]
    ]
    return "\n".join(lines)


def _confirm_no_repetition(before: Sequence[TaskView], after: Sequence[TaskView], voice: Voice) -> str:
    return "\n".join(voice.say(schedules.NOT_REPEATED, title=voice.quote_title(task.title)) for task in after)


ACTIONS: dict[str, Action] = {
    "complete": Action("complete_task", changes.COMPLETE, lambda intent, task, now: {},
                       _confirm_completion, completed=False),
    "reopen": Action("complete_task", changes.REOPEN, lambda intent, task, now: {"completed": False},
                     lambda before, after, voice: voice.say_titles(changes.REOPENED, after), completed=True),
    "delete": Action("delete_task", changes.DELETE, lambda intent, task, now: {},
                     lambda before, after, voice: voice.say_titles(changes.DELETED, after)),
    "rename": Action("update_task", changes.RENAME, lambda intent, task, now: {"title": _write_title(intent, task)},
                     _confirm_rename, missing_text=changes.ASK_NEW_TITLE),
    "describe": Action("update_task", changes.DESCRIBE, _replace_note, _confirm_description, rewrites=True),
    "note": Action("update_task", changes.ADD_NOTE, _append_note, _confirm_description,
                   missing_text=changes.ASK_NOTE, rewrites=True),
    "repeat": Action("update_task", changes.RESCHEDULE, lambda intent, task, now: {"repeats": None},
                     _confirm_no_repetition),
    "move": Action("update_task", changes.RESCHEDULE, _replace_due, _confirm_due, rewrites=True),
}  # fmt: skip
