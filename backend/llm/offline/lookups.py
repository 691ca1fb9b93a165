# llm/offline/lookups.py -- commands that only look and tell: lists, counts, how a task stands, small talk
from llm.offline import replies
from llm.offline.actions import Script, with_question
from llm.offline.dialogue_state import Reply, Scene, has_more, tasks_of
from llm.offline.parsing.dates import day_text, due_day, split_due
from llm.offline.parsing.intents import Command
from llm.offline.parsing.task_references import read_mention
from llm.offline.replies import quoted
from llm.offline.task_lookup import WIDEST, find_tasks, listing, nothing, refreshed


def show(command: Command, scene: Scene) -> Script:
    about, day = command.text or "", command.when.date if command.when else None
    query = about or (f"Due {day_text(day)}" if day else "Due " if command.late else "")
    limit = WIDEST if command.late else None
    [call] = yield from listing(scene, {"completed": command.state, "q": query, "limit": limit})
    tasks = tasks_of(call)
    if command.late:
        tasks = tuple(task for task in tasks if (due := due_day(task.description)) and due < scene.today)
    if day:
        tasks = tuple(task for task in tasks if day_text(day) in split_due(task.description)[1])
    kind = "overdue" if command.late else {None: "", False: "open", True: "completed"}[command.state]
    topic = f" about {quoted(about)}" if about else ""
    topic += f" due {replies.day_words(day, scene.today)}" if day else ""
    if not tasks:
        none = (
            f"I found no {kind} task{topic}.".replace("  ", " ")
            if topic or command.late
            else nothing(command.state)
        )
        return Reply(none)
    number = replies.counted(len(tasks), False, kind)
    listed, shown = replies.listed(tasks, scene.today, has_more(call))
    return Reply(f"You have {number}{topic}:\n{listed}", shown, tasks if len(tasks) == 1 else ())


def count(command: Command, scene: Scene) -> Script:
    [call] = yield from listing(scene, {"completed": command.state, "q": command.text, "limit": WIDEST})
    tasks, more = tasks_of(call), has_more(call)
    topic = f" about {quoted(command.text)}" if command.text else ""
    if command.state is None and not more:
        done = sum(task.completed for task in tasks)
        kinds = [replies.counted(len(tasks) - done, False, "open"), replies.counted(done, False, "completed")]
        return Reply(f"You have {replies.joined(kinds)}{topic}.")
    kind = {None: "", False: "open", True: "completed"}[command.state]
    return Reply(f"You have {replies.counted(len(tasks), more, kind)}{topic}.")


def check(command: Command, scene: Scene) -> Script:
    """ "Did I buy milk?": how the tasks stand that fit, without touching any."""
    if read_mention(command.target).kind == "all":
        return (yield from show(Command("show", state=False), scene))
    found = yield from find_tasks(command, scene, None)
    found = yield from refreshed(found, scene)
    tasks = (*found.tasks, *(found.question.options if found.question else ()))
    if len(tasks) == 1:
        state = "done" if tasks[0].completed else "still open"
        return Reply(
            f"{quoted(tasks[0].title)}{replies.details(tasks[0], scene.today)} is {state}.", touched=tasks
        )
    if tasks:
        listed, shown = replies.listed(tasks, scene.today, found.more)
        return Reply(f"I found these, with ✓ for done:\n{listed}", shown=shown)
    return Reply(" ".join(found.problems))


def say(command: Command, scene: Scene) -> Script:
    """Talk that needs no tool."""
    yield from ()
    if command.text == "which" and scene.question:
        return with_question(["I can't tell which one you mean."], (), scene.question, scene)
    return Reply(replies.say(command.text or ""))
