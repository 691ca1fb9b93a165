# llm/offline/reminding.py -- the script of reminders: of a task that is there, or of one that is added
from dataclasses import replace
from datetime import datetime, timedelta

from llm.offline.actions import Script, add_question, add_tasks, describe_failure, describe_no_reminder
from llm.offline.dialogue_state import DialogueState, read_tasks
from llm.offline.finding.task_lookup import PlannedCall, ToolUnavailable, make_calls, resolve_tasks
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import MAX_TASKS, TaskView
from llm.offline.replies import Voice
from llm.offline.schedules.reminders import count_back, place_reminder
from llm.offline.schedules.schedule import Schedule, move_schedule, plan_change
from llm.offline.schedules.schedule_words import describe_moment
from llm.offline.sentences import changes, schedules
from llm.offline.sentences.sentence import Sentence
from models.shapes import JsonObject


def remind_of_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    """Set the reminders of the tasks that are meant, or take them back; a task that is not there is added instead."""
    if "update_task" not in dialogue.tools:
        raise ToolUnavailable("update_task")
    drafts, intent = intent.drafts, replace(intent, drafts=())
    resolution = yield from resolve_tasks(intent, dialogue, completed=False)
    if drafts and (len(resolution.tasks) != 1 or resolution.question):
        return (yield from add_tasks(replace(intent, verb="add", drafts=drafts), dialogue))
    voice = dialogue.voice
    tasks = resolution.tasks[:MAX_TASKS]
    plans = [(task, _plan_reminder(intent, task.schedule, dialogue.now)) for task in tasks]
    calls = [
        PlannedCall("update_task", {"task_id": task.id, **plan})
        for task, plan in plans
        if not isinstance(plan, Sentence)
    ]
    outcomes = yield from make_calls(dialogue, calls)
    lines = [
        describe_no_reminder(task.title, plan, voice) for task, plan in plans if isinstance(plan, Sentence)
    ]
    changed = [task for call in outcomes for task in read_tasks(call)]
    titles = {task.id: task.title for task in tasks}
    repeats = intent.when is not None and intent.when.repeats is not None
    lines += [
        _confirm_repetition(task, voice) if repeats else _confirm_reminder(task, voice) for task in changed
    ]
    lines += [
        describe_failure(schedules.SET_REMINDER, titles[str(planned.arguments["task_id"])], call, voice)
        for planned, call in zip(calls, outcomes, strict=True)
        if not read_tasks(call)
    ]
    lines += resolution.problems
    return add_question(lines, tuple(changed), resolution.question, dialogue)


def _plan_reminder(intent: Intent, schedule: Schedule, now: datetime) -> JsonObject | Sentence:
    """The arguments of the tool, or why there can be no reminder."""
    if intent.lead is None and intent.when is None:
        return {"reminder_at": None}
    clock = schedule.read_clock(now, now)
    changed: JsonObject = {}
    if intent.when and intent.when.repeats:
        after = move_schedule(schedule, intent.when)
        changed = plan_change(schedule, after, now)
        schedule = after
    if intent.lead is None and intent.when and not changed:
        reminder = place_reminder(schedule, intent.when, clock)
    else:
        reminder = count_back(schedule, intent.lead or timedelta(0), clock)
    return reminder if isinstance(reminder, Sentence) else changed | {"reminder_at": reminder.isoformat()}


def _confirm_repetition(task: TaskView, voice: Voice) -> str:
    return voice.say(changes.MOVED, title=voice.quote_title(task.title), day=voice.format_due(task))


def _confirm_reminder(task: TaskView, voice: Voice) -> str:
    title = voice.quote_title(task.title)
    if task.schedule.reminder is None:
        return voice.say(schedules.NOT_REMINDED, title=title)
    day = describe_moment(task.schedule, task.schedule.reminder, voice)
    return voice.say(schedules.REMINDED, title=title, day=day)
