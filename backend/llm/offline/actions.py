# llm/offline/actions.py -- scripts of the intents that change tasks: generators that yield calls and return a reply
from collections.abc import Generator, Sequence
from dataclasses import replace

from llm.offline.action_table import ACTIONS, Action
from llm.offline.confirmations import ask_for_all, is_bulk, may_mean_device, offer_tasks
from llm.offline.dialogue_state import DialogueState, Question, Reply, TaskChange, read_tasks
from llm.offline.finding.list_places import drop_listed, keep_to_list
from llm.offline.finding.narrowing import name_list
from llm.offline.finding.task_lookup import (
    PlannedCall,
    Resolution,
    ToolUnavailable,
    choose_alternative,
    make_calls,
    refresh_tasks,
)
from llm.offline.finding.time_lookup import find_meant_tasks
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import MAX_TASKS, TaskView
from llm.offline.parsing.task_titles import TaskDraft, split_title
from llm.offline.replies import Voice
from llm.offline.schedules.reminders import set_reminders
from llm.offline.schedules.schedule import plan_schedule, restore_schedule
from llm.offline.sentences import changes, schedules
from llm.offline.sentences.sentence import Sentence
from llm.protocol import ToolCall
from models.shapes import JsonObject

Script = Generator[list[PlannedCall], list[ToolCall], Reply]


def change_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    """Resolve the tasks, ask where the intent is unclear, and change each of them."""
    action = ACTIONS[intent.verb]
    if action.tool not in dialogue.tools:
        raise ToolUnavailable(action.tool)
    intent = yield from choose_alternative(intent, dialogue)
    voice = dialogue.voice
    resolution = keep_to_list(
        intent, (yield from find_meant_tasks(intent, dialogue, action.completed)), dialogue.voice
    )
    if resolution.tasks and (question := _ask_before_change(intent, action, resolution, voice)):
        return question
    if action.rewrites:
        resolution = _drop_shortened((yield from refresh_tasks(resolution, dialogue)), voice)
    tasks = resolution.tasks[:MAX_TASKS]
    calls = [
        PlannedCall(action.tool, {"task_id": task.id, **action.arguments(intent, task, dialogue.now)})
        for task in tasks
    ]
    outcomes = list(zip(tasks, (yield from make_calls(dialogue, calls)), strict=True))
    pairs = [(task, changed[0]) for task, call in outcomes if (changed := read_tasks(call))]
    failures = [
        describe_failure(action.verb, task.title, call, voice)
        for task, call in outcomes
        if not read_tasks(call)
    ]
    done = action.confirm([old for old, _ in pairs], [new for _, new in pairs], voice) if pairs else ""
    lines = [done, *failures, *resolution.problems, *_add_hints(intent, resolution, voice)]
    touched = tuple(new.following or new for _, new in pairs)
    return add_question(lines, touched, resolution.question, dialogue)


def _add_hints(intent: Intent, resolution: Resolution, voice: Voice) -> list[str]:
    hints: list[str] = []
    if resolution.more or len(resolution.tasks) > MAX_TASKS:
        hints.append(voice.say(changes.MORE_TO_CHANGE, MAX_TASKS))
    if intent.task_wording and resolution.unknown:
        hints.append(voice.say(changes.SAY_ADD, text=intent.task_wording))
    return hints


def _drop_shortened(resolution: Resolution, voice: Voice) -> Resolution:
    """Keep only tasks with a complete description: a change built on the beginning of one would lose its rest."""
    problems = [
        voice.say(changes.TOO_LONG_TO_CHANGE, title=voice.quote_title(task.title))
        for task in resolution.tasks
        if task.shortened
    ]
    tasks = tuple(task for task in resolution.tasks if not task.shortened)
    return replace(resolution, tasks=tasks, problems=(*resolution.problems, *problems))


def _ask_before_change(intent: Intent, action: Action, resolution: Resolution, voice: Voice) -> Reply | None:
    """Ask for a missing text or date, or for the confirmation of an intent that was a question."""
    tasks = resolution.tasks
    waiting = replace(intent, tasks=tasks, sure=True)
    if is_bulk(intent, tasks):
        text = ask_for_all(action.verb, resolution, voice)
        return Reply(text, touched=tasks, question=Question(waiting, tasks[:MAX_TASKS], together=True))
    if action.missing_text and not intent.text:
        return Reply(voice.say(action.missing_text), touched=tasks, question=Question(waiting))
    if intent.verb == "move" and intent.text:
        return Reply(voice.say(changes.ASK_WHEN), touched=tasks, question=Question(waiting))
    is_part = intent.replaced and any(task.title.lower() != intent.replaced.lower() for task in tasks)
    if not intent.sure or (is_part and not intent.tasks) or may_mean_device(intent, tasks):
        text = voice.ask_to_change(
            changes.ASK_TO_CHANGE, changes.ASK_TO_CHANGE_MANY, voice.say(action.verb), tasks
        )
        return Reply(text, touched=tasks, question=Question(waiting, tasks, together=True))
    return None


def describe_failure(verb: Sentence, title: str, call: ToolCall, voice: Voice) -> str:
    reason = call.error or voice.say(changes.NO_TASK_CAME_BACK)
    return voice.say(changes.NOT_CHANGED, verb=voice.say(verb), title=voice.quote_title(title), reason=reason)


def describe_no_reminder(title: str, reason: Sentence, voice: Voice) -> str:
    return voice.say(schedules.NO_REMINDER, title=voice.quote_title(title), reason=voice.say(reason))


def add_question(
    lines: Sequence[str], touched: tuple[TaskView, ...], question: Question | None, dialogue: DialogueState
) -> Reply:
    """A reply of these lines and, if there is one, the question which of its options the user means."""
    text, voice = "\n".join(line for line in lines if line), dialogue.voice
    if question is None:
        return Reply(text, touched=touched)
    if len(question.options) == 1:
        asking = voice.say(changes.ASK_IF_MEANT, title=voice.quote_title(question.options[0].title))
    else:
        asking = voice.say(changes.ASK_WHICH, tasks=voice.format_numbered_list(question.options))
    return Reply(f"{text}\n{asking}".strip(), question.options, touched, question)


def add_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    if "add_task" not in dialogue.tools:
        raise ToolUnavailable("add_task")
    voice = dialogue.voice
    if not intent.drafts:
        return Reply(voice.say(changes.ASK_WHAT_TO_ADD), question=Question(intent))
    drafts = [split_title(draft, dialogue.max_title) for draft in intent.drafts[:MAX_TASKS]]
    if not intent.sure:
        return offer_tasks(intent, drafts, voice)
    there: tuple[str, ...] = ()
    if intent.unless_there:
        drafts, there = yield from drop_listed(drafts, intent.list_name, dialogue)
    rest = intent.drafts[MAX_TASKS:]
    drafts, reasons = set_reminders(drafts, dialogue.now)
    outcomes = yield from make_calls(
        dialogue, [_plan_addition(draft, name_list(intent.list_name)) for draft in drafts]
    )
    tasks = tuple(task for call in outcomes for task in read_tasks(call))
    failures = [
        describe_failure(changes.ADD, draft.title, call, voice)
        for draft, call in zip(drafts, outcomes, strict=True)
        if not read_tasks(call)
    ]
    done = ""
    if len(tasks) == 1:
        details = voice.format_details(tasks[0])
        done = voice.say(changes.ADDED, title=voice.quote_title(tasks[0].title), details=details)
    elif tasks:
        done = voice.say(changes.ADDED_SEVERAL, len(tasks), tasks=voice.format_numbered_list(tasks))
    unreminded = [describe_no_reminder(title, reason, voice) for title, reason in reasons.items()]
    left = ""
    if rest:
        left = voice.say(changes.ADD_IN_PARTS, MAX_TASKS, title=voice.quote_title(rest[0].title))
    text = "\n".join(line for line in (done, *there, *unreminded, *failures, left) if line)
    return Reply(text, shown=tasks if len(tasks) > 1 else (), touched=tasks)


def _plan_addition(task: TaskDraft | TaskView, list_name: str | None = None) -> PlannedCall:
    note: JsonObject = {"description": task.note} if task.note else {}
    place: JsonObject = {"list": list_name} if list_name else {}
    return PlannedCall("add_task", {"title": task.title} | note | plan_schedule(task.schedule) | place)


def undo_changes(intent: Intent, dialogue: DialogueState) -> Script:
    """Revert the changes of the last message that made any."""
    reversals = [(change, call) for change in reversed(dialogue.changes) if (call := _reverse_change(change))]
    if not reversals:
        return Reply(dialogue.voice.say(changes.NOTHING_TO_UNDO))
    outcomes = yield from make_calls(dialogue, [call for _, call in reversals[:MAX_TASKS]])
    lines: list[str] = []
    touched: list[TaskView] = []
    for (change, _), outcome in zip(reversals, outcomes, strict=False):
        if tasks := read_tasks(outcome):
            touched += tasks
            lines.append(_confirm_undo(outcome.name, tasks[0], dialogue.voice))
        else:
            lines.append(describe_failure(changes.UNDO_CHANGE, change.after.title, outcome, dialogue.voice))
    return Reply("\n".join(lines), touched=tuple(touched))


def _reverse_change(change: TaskChange) -> PlannedCall | None:
    before, after = change.before, change.after
    if change.name == "add_task":
        return PlannedCall("delete_task", {"task_id": after.id})
    if change.name == "delete_task":
        return _plan_addition(after, after.list_name)
    if change.name == "complete_task":
        return PlannedCall("complete_task", {"task_id": after.id, "completed": not after.completed})
    if before is None or change.name == "undo":
        return None
    old: JsonObject = {"title": before.title} if before.title != after.title else {}
    if before.schedule != after.schedule:
        old |= restore_schedule(before.schedule)
    if before.description != after.description and not before.shortened:
        old["description"] = before.description
    return PlannedCall("update_task", {"task_id": after.id, **old}) if old else None


def _confirm_undo(name: str, task: TaskView, voice: Voice) -> str:
    sentences = {
        "delete_task": changes.OFF_THE_LIST_AGAIN,
        "add_task": changes.BACK_ON_THE_LIST,
        "complete_task": changes.DONE_AGAIN if task.completed else changes.OPEN_AGAIN,
    }
    return voice.say(sentences.get(name, changes.AS_BEFORE), title=voice.quote_title(task.title))
