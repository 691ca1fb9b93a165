# llm/offline/finding/time_lookup.py -- finds the task that was added last, is due next, or is due at an hour
import datetime as dt
from collections.abc import Generator

from llm.offline.dialogue_state import DialogueState, Question, read_tasks
from llm.offline.finding.narrowing import plan_filter, read_days
from llm.offline.finding.task_lookup import MAX_LISTED, PlannedCall, Resolution, list_tasks, resolve_tasks
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import MAX_TASKS, TaskView
from llm.offline.parsing.time_references import TimeReference, read_time_reference
from llm.offline.sentences import lists
from llm.protocol import ToolCall
from models.shapes import JsonObject

ResolutionScript = Generator[list[PlannedCall], list[ToolCall], Resolution]


def find_meant_tasks(intent: Intent, dialogue: DialogueState, completed: bool | None) -> ResolutionScript:
    """As resolve_tasks; also a task that is meant by when it was added or is due."""
    reference = None if intent.tasks else read_time_reference(intent.target, intent.due_day is not None)
    if reference is None or (reference.kind == "newest" and dialogue.shown and not reference.is_certain):
        return (yield from resolve_tasks(intent, dialogue, completed))
    return (yield from _resolve_in_time(intent, reference, dialogue))


def _find_next(tasks: tuple[TaskView, ...], now: dt.datetime) -> tuple[TaskView, ...]:
    """The first that is due from now on; where none is, the first of all, as they stand in order of their dates."""
    for task in tasks:
        day, time = task.schedule.day, task.schedule.time
        if day and (day > now.date() or (day == now.date() and (time is None or time >= now.time()))):
            return (task,)
    return tasks[:1]


def _resolve_in_time(intent: Intent, reference: TimeReference, dialogue: DialogueState) -> ResolutionScript:
    """The open task that is meant; one of which that is not sure is asked for before it is changed."""
    query: JsonObject = {"completed": False, "q": reference.about, "list": intent.list_name}
    if reference.kind == "newest":
        query |= {"limit": 1}
    else:
        query |= {"sort": "due", "limit": MAX_LISTED}
    if reference.kind == "dated":
        query |= plan_filter(None, read_days(intent.due_day), overdue=False)
    [call] = yield from list_tasks(dialogue, query)
    found = read_tasks(call)
    if reference.kind == "next":
        found = _find_next(found, dialogue.now)
    if reference.time:
        found = tuple(task for task in found if task.schedule.time == reference.time)
    if not found:
        topic = dialogue.voice.say(lists.LIKE, title=dialogue.voice.quote_title(intent.target))
        if intent.due_day:
            topic = dialogue.voice.describe_topic(days=read_days(intent.due_day))
        return Resolution(problems=(dialogue.voice.say(lists.FOUND_NONE["open"], topic=topic),))
    if intent.verb == "check" or (reference.is_certain and len(found) == 1):
        return Resolution(found)
    return Resolution(question=Question(intent, found[:MAX_TASKS]))
