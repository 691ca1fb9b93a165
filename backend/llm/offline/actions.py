# llm/offline/actions.py -- scripts of the intents that change tasks: generators that yield calls and return a reply
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from llm.offline import replies
from llm.offline.dialogue_state import DialogueState, Question, Reply, TaskChange, read_tasks
from llm.offline.parsing.dates import format_due, join_due, split_due
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import MAX_TASKS, TaskView
from llm.offline.parsing.task_titles import TaskDraft, split_title
from llm.offline.replies import quote_title
from llm.offline.task_lookup import (
    PlannedCall,
    Resolution,
    ToolUnavailable,
    choose_alternative,
    make_calls,
    refresh_tasks,
    resolve_tasks,
)
from llm.protocol import ToolCall
from models.shapes import JsonObject

Script = Generator[list[PlannedCall], list[ToolCall], Reply]


@dataclass(frozen=True, slots=True)
class Action:
    """A change to existing tasks.

    `tool` is called for each task with `arguments`. `infinitive` completes "I could not". `confirm` writes the
    reply from the tasks before and after. `completed`: the state that a task must have before. `missing_text`: the
    question for a text that the utterance lacks. `rewrites`: the old description goes into the new one, so it must
    be known to the end.
    """

    tool: str
    infinitive: str
    arguments: Callable[[Intent, TaskView], JsonObject]
    confirm: Callable[[Sequence[TaskView], Sequence[TaskView], DialogueState], str]
    completed: bool | None = None
    missing_text: str = ""
    rewrites: bool = False


def _replace_note(intent: Intent, task: TaskView) -> JsonObject:
    """A new note leaves the due date; to remove a note that is not there removes the due date."""
    note, due = split_due(task.description)
    if intent.text is None:
        return {"description": due if note else ""}
    return {"description": join_due(intent.text.strip(), due)}


def _append_note(intent: Intent, task: TaskView) -> JsonObject:
    note, due = split_due(task.description)
    return {"description": join_due(join_due(note, (intent.text or "").strip()), due)}


def _replace_due(intent: Intent, task: TaskView) -> JsonObject:
    note, due = split_due(task.description)
    return {"description": join_due(note, format_due(intent.when, due) if intent.when else "")}


def _confirm_rename(before: Sequence[TaskView], after: Sequence[TaskView], dialogue: DialogueState) -> str:
    pairs = [
        f"{quote_title(old.title)} to {quote_title(new.title)}"
        for old, new in zip(before, after, strict=True)
    ]
    return f"Renamed {replies.join_phrases(pairs)}."


def _confirm_description(
    before: Sequence[TaskView], after: Sequence[TaskView], dialogue: DialogueState
) -> str:
    lines = [
        f"{quote_title(task.title)} now says: {replies.shorten_text(task.description)}"
        if task.description
        else f"{quote_title(task.title)} has no description any more."
        for task in after
    ]
    return "\n".join(lines)


def _confirm_due(before: Sequence[TaskView], after: Sequence[TaskView], dialogue: DialogueState) -> str:
    lines = [
        f"{quote_title(task.title)} is now {due}."
        if (due := replies.format_task_due(task, dialogue.today))
        else f"{quote_title(task.title)} has no date any more."
        for task in after
    ]
    return "\n".join(lines)


ACTIONS: dict[str, Action] = {
    "complete": Action("complete_task", "complete", lambda intent, task: {},
                       lambda before, after, dialogue: replies.format_sentence("Done: ", after), completed=False),
    "reopen": Action("complete_task", "reopen", lambda intent, task: {"completed": False},
                     lambda before, after, dialogue: replies.format_sentence("Reopened ", after), completed=True),
    "delete": Action("delete_task", "delete", lambda intent, task: {},
                     lambda before, after, dialogue: replies.format_sentence("Deleted ", after)),
    "rename": Action("update_task", "rename", lambda intent, task: {"title": intent.text},
                     _confirm_rename, missing_text="What should it be called?"),
    "describe": Action("update_task", "describe", _replace_note, _confirm_description, rewrites=True),
    "note": Action("update_task", "add a note to", _append_note, _confirm_description,
                   missing_text="What should the note say?", rewrites=True),
    "move": Action("update_task", "reschedule", _replace_due, _confirm_due, rewrites=True),
}  # fmt: skip


def change_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    """Resolve the tasks, ask where the intent is unclear, and change each of them."""
    action = ACTIONS[intent.verb]
    if action.tool not in dialogue.tools:
        raise ToolUnavailable(action.tool)
    intent = yield from choose_alternative(intent, dialogue)
    resolution = yield from resolve_tasks(intent, dialogue, action.completed)
    if resolution.tasks and (question := _ask_before_change(intent, action, resolution)):
        return question
    if action.rewrites:
        resolution = _drop_shortened((yield from refresh_tasks(resolution, dialogue)))
    tasks = resolution.tasks[:MAX_TASKS]
    calls = [
        PlannedCall(action.tool, {"task_id": task.id, **action.arguments(intent, task)}) for task in tasks
    ]
    outcomes = list(zip(tasks, (yield from make_calls(dialogue, calls)), strict=True))
    pairs = [(task, changed[0]) for task, call in outcomes if (changed := read_tasks(call))]
    failures = [
        describe_failure(action.infinitive, task, call) for task, call in outcomes if not read_tasks(call)
    ]
    done = action.confirm([old for old, _ in pairs], [new for _, new in pairs], dialogue) if pairs else ""
    lines = [done, *failures, *resolution.problems, *_add_hints(intent, resolution)]
    return add_question(lines, tuple(new for _, new in pairs), resolution.question, dialogue)


def _add_hints(intent: Intent, resolution: Resolution) -> list[str]:
    hints: list[str] = []
    if resolution.more or len(resolution.tasks) > MAX_TASKS:
        hints.append(f"There are more; I do {MAX_TASKS} at a time, so please ask again.")
    unknown = not resolution.tasks and not resolution.question
    unknown = unknown and all(text.startswith("I found no") for text in resolution.problems)
    if intent.task_wording and unknown:
        hints.append(f"To make a task of that, say “add {intent.task_wording}”.")
    return hints


def _drop_shortened(resolution: Resolution) -> Resolution:
    """Keep only tasks with a complete description: a change built on the beginning of one would lose its rest."""
    problems = [
        f"The description of {quote_title(task.title)} is too long for me to change."
        for task in resolution.tasks
        if task.shortened
    ]
    tasks = tuple(task for task in resolution.tasks if not task.shortened)
    return replace(resolution, tasks=tasks, problems=(*resolution.problems, *problems))


def _ask_before_change(intent: Intent, action: Action, resolution: Resolution) -> Reply | None:
    """Ask for a missing text or date, or for the confirmation of an intent that was a question."""
    tasks = resolution.tasks
    waiting = replace(intent, tasks=tasks, sure=True)
    if action.missing_text and not intent.text:
        return Reply(action.missing_text, touched=tasks, question=Question(waiting))
    if intent.verb == "move" and intent.text:
        return Reply("To which day or time?", touched=tasks, question=Question(waiting))
    if not intent.sure:
        text = replies.format_sentence(f"Shall I {action.infinitive} ", tasks).removesuffix(".")
        return Reply(f"{text}?", touched=tasks, question=Question(waiting, tasks, together=True))
    return None


def describe_failure(infinitive: str, task: TaskView, call: ToolCall) -> str:
    return f"I could not {infinitive} {quote_title(task.title)}: {call.error or 'no task came back.'}"


def add_question(
    lines: Sequence[str], touched: tuple[TaskView, ...], question: Question | None, dialogue: DialogueState
) -> Reply:
    """A reply of these lines and, if there is one, the question which of its options the user means."""
    text = "\n".join(line for line in lines if line)
    if question is None:
        return Reply(text, touched=touched)
    if len(question.options) == 1:
        asking = f"Do you mean {quote_title(question.options[0].title)}?"
    else:
        asking = f"Which one do you mean?\n{replies.format_numbered_list(question.options, dialogue.today)}"
    return Reply(f"{text}\n{asking}".strip(), question.options, touched, question)


def add_tasks(intent: Intent, dialogue: DialogueState) -> Script:
    if "add_task" not in dialogue.tools:
        raise ToolUnavailable("add_task")
    if not intent.drafts:
        return Reply("What would you like to add?", question=Question(intent))
    drafts = [split_title(draft, dialogue.max_title) for draft in intent.drafts[:MAX_TASKS]]
    rest = intent.drafts[MAX_TASKS:]
    outcomes = yield from make_calls(dialogue, [_plan_addition(draft) for draft in drafts])
    tasks = tuple(task for call in outcomes for task in read_tasks(call))
    failures = [
        f"I could not add {quote_title(draft.title)}: {call.error or 'no task came back.'}"
        for draft, call in zip(drafts, outcomes, strict=True)
        if not read_tasks(call)
    ]
    done = ""
    if len(tasks) == 1:
        done = f"Added {quote_title(tasks[0].title)}{replies.format_details(tasks[0], dialogue.today)}."
    elif tasks:
        done = f"Added {len(tasks)} tasks:\n{replies.format_numbered_list(tasks, dialogue.today)}"
    left = ""
    if rest:
        left = f"I add {MAX_TASKS} at a time. Please send again all from {quote_title(rest[0].title)} on."
    text = "\n".join(line for line in (done, *failures, left) if line)
    return Reply(text, shown=tasks if len(tasks) > 1 else (), touched=tasks)


def _plan_addition(task: TaskDraft | TaskView) -> PlannedCall:
    description = {"description": task.description} if task.description else {}
    return PlannedCall("add_task", {"title": task.title} | description)


def undo_changes(intent: Intent, dialogue: DialogueState) -> Script:
    """Revert the changes of the last message that made any."""
    reversals = [(change, call) for change in reversed(dialogue.changes) if (call := _reverse_change(change))]
    if not reversals:
        return Reply("There is nothing that I can undo.")
    outcomes = yield from make_calls(dialogue, [call for _, call in reversals[:MAX_TASKS]])
    lines: list[str] = []
    touched: list[TaskView] = []
    for (change, _), outcome in zip(reversals, outcomes, strict=False):
        if tasks := read_tasks(outcome):
            touched += tasks
            lines.append(_confirm_undo(outcome.name, tasks[0]))
        else:
            lines.append(describe_failure("undo the change of", change.after, outcome))
    return Reply("\n".join(lines), touched=tuple(touched))


def _reverse_change(change: TaskChange) -> PlannedCall | None:
    before, after = change.before, change.after
    if change.name == "add_task":
        return PlannedCall("delete_task", {"task_id": after.id})
    if change.name == "delete_task":
        return _plan_addition(after)
    if change.name == "complete_task":
        return PlannedCall("complete_task", {"task_id": after.id, "completed": not after.completed})
    if before is None:
        return None
    old: JsonObject = {"title": before.title} if before.title != after.title else {}
    if before.description != after.description and not before.shortened:
        old["description"] = before.description
    return PlannedCall("update_task", {"task_id": after.id, **old}) if old else None


def _confirm_undo(name: str, task: TaskView) -> str:
    sentences = {
        "delete_task": f"{quote_title(task.title)} is off the list again.",
        "add_task": f"{quote_title(task.title)} is back on the list.",
        "complete_task": f"{quote_title(task.title)} is {'done' if task.completed else 'open'} again.",
    }
    return sentences.get(name, f"{quote_title(task.title)} is as it was before.")
