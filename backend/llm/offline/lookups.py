# llm/offline/lookups.py -- scripts of the intents that change nothing: lists, counts, the state of a task, small talk
from collections.abc import Sequence

from llm.offline.actions import Script, add_question
from llm.offline.dialogue_state import DialogueState, Reply, has_more, read_tasks
from llm.offline.finding.narrowing import Days, narrow_tasks, plan_filter, read_days, spell_list
from llm.offline.finding.task_lookup import MAX_LISTED, list_tasks, refresh_tasks
from llm.offline.finding.time_lookup import find_meant_tasks
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import TaskView, parse_reference
from llm.offline.replies import name_state
from llm.offline.sentences import changes, lists, talk
from models.shapes import JsonObject


def show_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    """The tasks that are asked for; where there are none, those of the first alternative that has some."""
    reply = yield from _show_tasks(intent, dialogue)
    for other in intent.alternatives if not reply.shown else ():
        found = yield from _show_tasks(other, dialogue)
        if found.shown:
            return found
    return reply


def _show_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    voice = dialogue.voice
    about = intent.text or ""
    query: JsonObject = {"completed": intent.completed, "q": about}
    if intent.overdue:
        query["limit"] = MAX_LISTED
    [call] = yield from list_tasks(dialogue, query | _plan_query(intent, dialogue))
    tasks = read_tasks(call)
    kind = "overdue" if intent.overdue else name_state(intent.completed)
    topic = _describe_topic(intent, tasks, dialogue)
    if not tasks and not topic and not intent.overdue:
        return Reply(voice.describe_empty_list(intent.completed))
    if not tasks:
        return Reply(voice.say(lists.FOUND_NONE[kind], topic=topic))
    number = voice.count_tasks(len(tasks), False, kind)
    rows, shown = voice.format_bounded_list(tasks, has_more(call))
    text = voice.say(lists.YOU_HAVE_THESE, tasks=number, topic=topic, rows=rows)
    return Reply(text, shown, tasks if len(tasks) == 1 else ())


def count_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    query: JsonObject = {"completed": intent.completed, "q": intent.text, "limit": MAX_LISTED}
    [call] = yield from list_tasks(dialogue, query | _plan_query(intent, dialogue))
    tasks, more = read_tasks(call), has_more(call)
    voice = dialogue.voice
    topic = _describe_topic(intent, tasks, dialogue)
    if intent.completed is None and not more:
        done = sum(task.completed for task in tasks)
        kinds = [
            voice.count_tasks(len(tasks) - done, False, "open"),
            voice.count_tasks(done, False, "completed"),
        ]
        return Reply(voice.say(lists.YOU_HAVE, tasks=voice.join_phrases(kinds), topic=topic))
    number = voice.count_tasks(len(tasks), more, name_state(intent.completed))
    return Reply(voice.say(lists.YOU_HAVE, tasks=number, topic=topic))


def _plan_query(intent: Intent, dialogue: DialogueState) -> JsonObject:
    return plan_filter(intent.list_name, _find_days(intent, dialogue), intent.overdue, intent.completed)


def _find_days(intent: Intent, dialogue: DialogueState) -> Days | None:
    return intent.past.find_days(dialogue.now.date()) if intent.past else read_days(intent.when)


def _describe_topic(intent: Intent, tasks: Sequence[TaskView], dialogue: DialogueState) -> str:
    name, days = spell_list(tasks, intent.list_name), _find_days(intent, dialogue)
    return dialogue.voice.describe_topic(intent.text or "", name, days, done=bool(intent.completed))


def check_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    """ "Did I buy milk?": the state of the tasks that match."""
    if parse_reference(intent.target).kind == "all":
        return (yield from show_tasks(Intent("show", completed=False), dialogue))
    resolution = yield from find_meant_tasks(intent, dialogue, None)
    resolution = yield from refresh_tasks(resolution, dialogue)
    tasks = (*resolution.tasks, *(resolution.question.options if resolution.question else ()))
    tasks = narrow_tasks(tasks, intent.list_name)
    voice = dialogue.voice
    if len(tasks) == 1:
        text = voice.say(
            lists.IS_DONE if tasks[0].completed else lists.IS_OPEN,
            title=voice.quote_title(tasks[0].title),
            details=voice.format_details(tasks[0]),
        )
        return Reply(text, touched=tasks)
    if tasks:
        rows, shown = voice.format_bounded_list(tasks, resolution.more)
        return Reply(voice.say(lists.FOUND_THESE, rows=rows), shown=shown)
    if intent.list_name is not None:
        title = voice.quote_title(intent.target)
        name = voice.quote_title(intent.list_name)
        missing = lists.NOT_THERE_NAMED if intent.list_name else lists.NOT_THERE
        return Reply(voice.say(missing, title=title, name=name))
    return Reply(" ".join(resolution.problems))


# What the rules have no answer to, by the kinds of small talk.
NOT_FOR_RULES = frozenset({"question", "unknown", "help"})


def make_small_talk(intent: Intent, dialogue: DialogueState) -> Script:
    """Greetings, thanks, help: a script without calls."""
    yield from ()
    if intent.text == "which" and dialogue.question:
        return add_question([dialogue.voice.say(changes.NOT_CLEAR_WHICH)], (), dialogue.question, dialogue)
    if intent.text in NOT_FOR_RULES and dialogue.is_asked_for_data:
        return Reply(dialogue.voice.say(talk.NEEDS_MODEL))
    return Reply(dialogue.voice.get_small_talk(intent.text or ""))
