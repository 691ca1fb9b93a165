# llm/offline/lookups.py -- scripts of the intents that change nothing: lists, counts, the state of a task, small talk
from llm.offline import replies
from llm.offline.actions import Script, add_question
from llm.offline.dialogue_state import DialogueState, Reply, has_more, read_tasks
from llm.offline.parsing.dates import format_day, parse_due_day, split_due
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import parse_reference
from llm.offline.replies import quote_title
from llm.offline.task_lookup import MAX_LISTED, describe_empty_list, list_tasks, refresh_tasks, resolve_tasks


def show_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    about, day = intent.text or "", intent.when.date if intent.when else None
    query = about or (f"Due {format_day(day)}" if day else "Due " if intent.overdue else "")
    limit = MAX_LISTED if intent.overdue else None
    [call] = yield from list_tasks(dialogue, {"completed": intent.completed, "q": query, "limit": limit})
    tasks = read_tasks(call)
    if intent.overdue:
        tasks = tuple(
            task for task in tasks if (due := parse_due_day(task.description)) and due < dialogue.today
        )
    if day:
        tasks = tuple(task for task in tasks if format_day(day) in split_due(task.description)[1])
    kind = "overdue" if intent.overdue else {None: "", False: "open", True: "completed"}[intent.completed]
    topic = f" about {quote_title(about)}" if about else ""
    topic += f" due {replies.format_day_phrase(day, dialogue.today)}" if day else ""
    if not tasks and not topic and not intent.overdue:
        return Reply(describe_empty_list(intent.completed))
    if not tasks:
        return Reply(f"I found no {kind} task{topic}.".replace("  ", " "))
    number = replies.format_count(len(tasks), False, kind)
    listed, shown = replies.format_bounded_list(tasks, dialogue.today, has_more(call))
    return Reply(f"You have {number}{topic}:\n{listed}", shown, tasks if len(tasks) == 1 else ())


def count_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    [call] = yield from list_tasks(
        dialogue, {"completed": intent.completed, "q": intent.text, "limit": MAX_LISTED}
    )
    tasks, more = read_tasks(call), has_more(call)
    topic = f" about {quote_title(intent.text)}" if intent.text else ""
    if intent.completed is None and not more:
        done = sum(task.completed for task in tasks)
        kinds = [
            replies.format_count(len(tasks) - done, False, "open"),
            replies.format_count(done, False, "completed"),
        ]
        return Reply(f"You have {replies.join_phrases(kinds)}{topic}.")
    kind = {None: "", False: "open", True: "completed"}[intent.completed]
    return Reply(f"You have {replies.format_count(len(tasks), more, kind)}{topic}.")


def check_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    """ "Did I buy milk?": the state of the tasks that match."""
    if parse_reference(intent.target).kind == "all":
        return (yield from show_tasks(Intent("show", completed=False), dialogue))
    resolution = yield from resolve_tasks(intent, dialogue, None)
    resolution = yield from refresh_tasks(resolution, dialogue)
    tasks = (*resolution.tasks, *(resolution.question.options if resolution.question else ()))
    if len(tasks) == 1:
        state = "done" if tasks[0].completed else "still open"
        return Reply(
            f"{quote_title(tasks[0].title)}{replies.format_details(tasks[0], dialogue.today)} is {state}.",
            touched=tasks,
        )
    if tasks:
        listed, shown = replies.format_bounded_list(tasks, dialogue.today, resolution.more)
        return Reply(f"I found these, with ✓ for done:\n{listed}", shown=shown)
    return Reply(" ".join(resolution.problems))


def make_small_talk(intent: Intent, dialogue: DialogueState) -> Script:
    """Greetings, thanks, help: a script without calls."""
    yield from ()
    if intent.text == "which" and dialogue.question:
        return add_question(["I can't tell which one you mean."], (), dialogue.question, dialogue)
    return Reply(replies.get_small_talk(intent.text or ""))
