# llm/offline/actions.py -- how each command is carried out: generators that yield calls and return a reply
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm.offline import replies
from llm.offline.dialogue_state import Change, Question, Reply, Scene, tasks_of
from llm.offline.parsing.dates import due_text, join_due, split_due
from llm.offline.parsing.intents import Command
from llm.offline.parsing.task_references import MOST, Task
from llm.offline.replies import quoted
from llm.offline.task_lookup import Call, Found, Unavailable, best_reading, find_tasks, refreshed, run
from llm.protocol import ToolCall

Script = Generator[list[Call], list[ToolCall], Reply]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to tasks that are there already.

    `state` is what they must be for it to make sense; `doing` completes "I could not"; `told` says
    what came of it, from the tasks before and after; `asks` is the question for a text that was
    not said. `rewrites` is set where the old description goes into the new one.
    """

    tool: str
    doing: str
    arguments: Callable[[Command, Task], dict[str, Any]]
    told: Callable[[Sequence[Task], Sequence[Task], Scene], str]
    state: bool | None = None
    asks: str = ""
    rewrites: bool = False


def _describe(command: Command, task: Task) -> dict[str, Any]:
    """A new note leaves the due date; removing a note that is not there removes all that is."""
    note, due = split_due(task.description)
    if command.text is None:
        return {"description": due if note else ""}
    return {"description": join_due(command.text.strip(), due)}


def _note(command: Command, task: Task) -> dict[str, Any]:
    note, due = split_due(task.description)
    return {"description": join_due(join_due(note, (command.text or "").strip()), due)}


def _move(command: Command, task: Task) -> dict[str, Any]:
    note, due = split_due(task.description)
    return {"description": join_due(note, due_text(command.when, due) if command.when else "")}


def _told_renamed(before: Sequence[Task], after: Sequence[Task], scene: Scene) -> str:
    pairs = [f"{quoted(old.title)} to {quoted(new.title)}" for old, new in zip(before, after, strict=True)]
    return f"Renamed {replies.joined(pairs)}."


def _told_described(before: Sequence[Task], after: Sequence[Task], scene: Scene) -> str:
    lines = [
        f"{quoted(task.title)} now says: {replies.cut(task.description)}"
        if task.description
        else f"{quoted(task.title)} has no description any more."
        for task in after
    ]
    return "\n".join(lines)


def _told_moved(before: Sequence[Task], after: Sequence[Task], scene: Scene) -> str:
    lines = [
        f"{quoted(task.title)} is now {due}."
        if (due := replies.due_date_words(task, scene.today))
        else f"{quoted(task.title)} has no date any more."
        for task in after
    ]
    return "\n".join(lines)


DEEDS: dict[str, Deed] = {
    "complete": Deed("complete_task", "complete", lambda command, task: {},
                     lambda before, after, scene: replies.sentence("Done: ", after), state=False),
    "reopen": Deed("complete_task", "reopen", lambda command, task: {"completed": False},
                   lambda before, after, scene: replies.sentence("Reopened ", after), state=True),
    "delete": Deed("delete_task", "delete", lambda command, task: {},
                   lambda before, after, scene: replies.sentence("Deleted ", after)),
    "rename": Deed("update_task", "rename", lambda command, task: {"title": command.text},
                   _told_renamed, asks="What should it be called?"),
    "describe": Deed("update_task", "describe", _describe, _told_described, rewrites=True),
    "note": Deed("update_task", "add a note to", _note, _told_described,
                 asks="What should the note say?", rewrites=True),
    "move": Deed("update_task", "reschedule", _move, _told_moved, rewrites=True),
}  # fmt: skip


def change(command: Command, scene: Scene) -> Script:
    """Find the tasks, ask where that is not clear, and do the deed to each."""
    deed = DEEDS[command.verb]
    if deed.tool not in scene.tools:
        raise Unavailable(deed.tool)
    command = yield from best_reading(command, scene)
    found = yield from find_tasks(command, scene, deed.state)
    if found.tasks and (asked := _to_ask_first(command, deed, found)):
        return asked
    if deed.rewrites:
        found = _whole((yield from refreshed(found, scene)))
    tasks = found.tasks[:MOST]
    calls = [(deed.tool, {"task_id": task.id, **deed.arguments(command, task)}) for task in tasks]
    outcomes = yield from run(scene, calls)
    pairs = [(task, now[0]) for task, call in zip(tasks, outcomes, strict=True) if (now := tasks_of(call))]
    failures = [
        failed(deed.doing, task, call)
        for task, call in zip(tasks, outcomes, strict=True)
        if not tasks_of(call)
    ]
    told = deed.told([old for old, _ in pairs], [new for _, new in pairs], scene) if pairs else ""
    more = (
        f"There are more; I do {MOST} at a time, so please ask again."
        if found.more or len(found.tasks) > MOST
        else ""
    )
    unknown = (
        not tasks and not found.question and all(text.startswith("I found no") for text in found.problems)
    )
    hint = f"To make a task of that, say “add {command.said}”." if command.said and unknown else ""
    lines = [told, *failures, *found.problems, more, hint]
    return with_question(lines, tuple(new for _, new in pairs), found.question, scene)


def _whole(found: Found) -> Found:
    """The tasks whose descriptions are known to the end: what is built on a part of one would lose the rest."""
    problems = [
        f"The description of {quoted(task.title)} is too long for me to change."
        for task in found.tasks
        if task.shortened
    ]
    tasks = tuple(task for task in found.tasks if not task.shortened)
    return replace(found, tasks=tasks, problems=(*found.problems, *problems))


def _to_ask_first(command: Command, deed: Deed, found: Found) -> Reply | None:
    """The text that was not said, or a yes to what was only asked."""
    chosen = replace(command, chosen=found.tasks, sure=True)
    if deed.asks and not command.text:
        return Reply(deed.asks, touched=found.tasks, question=Question(chosen))
    if command.verb == "move" and command.text:
        return Reply("To which day or time?", touched=found.tasks, question=Question(chosen))
    if not command.sure:
        text = replies.sentence(f"Shall I {deed.doing} ", found.tasks).removesuffix(".")
        return Reply(f"{text}?", touched=found.tasks, question=Question(chosen, found.tasks, together=True))
    return None


def failed(doing: str, task: Task, call: ToolCall) -> str:
    return f"I could not {doing} {quoted(task.title)}: {call.error or 'no task came back.'}"


def with_question(
    lines: Sequence[str], touched: tuple[Task, ...], question: Question | None, scene: Scene
) -> Reply:
    text = "\n".join(line for line in lines if line)
    if question is None:
        return Reply(text, touched=touched)
    if len(question.options) == 1:
        asking = f"Do you mean {quoted(question.options[0].title)}?"
    else:
        asking = f"Which one do you mean?\n{replies.numbered(question.options, scene.today)}"
    return Reply(f"{text}\n{asking}".strip(), question.options, touched, question)


def add(command: Command, scene: Scene) -> Script:
    if "add_task" not in scene.tools:
        raise Unavailable("add_task")
    if not command.items:
        return Reply("What would you like to add?", question=Question(command))
    wanted, rest = command.items[:MOST], command.items[MOST:]
    calls: list[Call] = [
        ("add_task", {"title": item.title} | ({"description": item.description} if item.description else {}))
        for item in wanted
    ]
    outcomes = yield from run(scene, calls)
    tasks = tuple(task for call in outcomes for task in tasks_of(call))
    failures = [
        f"I could not add {quoted(item.title)}: {call.error or 'no task came back.'}"
        for item, call in zip(wanted, outcomes, strict=True)
        if not tasks_of(call)
    ]
    left = [f"I add {MOST} at a time. Please send again all from {quoted(rest[0].title)} on."] if rest else []
    told = ""
    if len(tasks) == 1:
        told = f"Added {quoted(tasks[0].title)}{replies.details(tasks[0], scene.today)}."
    elif tasks:
        told = f"Added {len(tasks)} tasks:\n{replies.numbered(tasks, scene.today)}"
    text = "\n".join(line for line in (told, *failures, *left) if line)
    return Reply(text, shown=tasks if len(tasks) > 1 else (), touched=tasks)


def undo(command: Command, scene: Scene) -> Script:
    """Turn back the changes that the last message with any made."""
    backs = [(change, call) for change in reversed(scene.changes) if (call := _reverse(change))]
    if not backs:
        return Reply("There is nothing that I can undo.")
    outcomes = yield from run(scene, [call for _, call in backs[:MOST]])
    lines: list[str] = []
    touched: list[Task] = []
    for (done, _), made in zip(backs, outcomes, strict=False):
        if now := tasks_of(made):
            touched += now
            lines.append(_told_undone(made.name, now[0]))
        else:
            lines.append(failed("undo the change of", done.after, made))
    return Reply("\n".join(lines), touched=tuple(touched))


def _reverse(change: Change) -> Call | None:
    before, after = change.before, change.after
    if change.name == "add_task":
        return "delete_task", {"task_id": after.id}
    if change.name == "delete_task":
        return "add_task", {"title": after.title} | (
            {"description": after.description} if after.description else {}
        )
    if change.name == "complete_task":
        return "complete_task", {"task_id": after.id, "completed": not after.completed}
    if before is None:
        return None
    old: dict[str, Any] = {"title": before.title} if before.title != after.title else {}
    changed = before.description != after.description and not before.shortened
    old |= {"description": before.description} if changed else {}
    return ("update_task", {"task_id": after.id, **old}) if old else None


def _told_undone(name: str, task: Task) -> str:
    told = {
        "delete_task": f"{quoted(task.title)} is off the list again.",
        "add_task": f"{quoted(task.title)} is back on the list.",
        "complete_task": f"{quoted(task.title)} is {'done' if task.completed else 'open'} again.",
    }
    return told.get(name, f"{quoted(task.title)} is as it was before.")
