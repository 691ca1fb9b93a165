# llm/offline/replies.py -- the sentences of the offline model, each made from the results of tools
from collections.abc import Iterable, Sequence
from datetime import date

from llm.offline.parsing.dates import format_day, split_due
from llm.offline.parsing.task_references import TaskView

_MAX_TITLE = 90  # characters of a title in a sentence
_MAX_NOTE = 200  # characters of a description in a list
_MAX_TEXT = 500  # characters of a description in a sentence
_MAX_ROWS, _MAX_LIST_CHARACTERS = 50, 8000  # of a list
_MAX_LINES = 12  # of one kind in an answer

SMALL_TALK = {
    "greeting": "Hello! Tell me what you need to do, and I will keep the list.",
    "well": "All good here, thank you. What would you like to get done?",
    "thanks": "You are welcome!",
    "fine": "Good. Tell me when there is something else.",
    "bye": "Goodbye! Your tasks will be here.",
    "left": "All right, I have left everything as it is.",
    "help": "I keep your list of tasks: I can add, show, rename, describe, reschedule, complete, reopen and "
    "delete them.",
    "question": "I can only help with your tasks, so I have no answer to that, and I have changed nothing.",
    "unknown": "I did not understand that, so I have changed nothing. I can help with your tasks.",
}
TOOLS = {
    "add_task": "adding tasks",
    "list_tasks": "looking at tasks",
    "complete_task": "completing or reopening tasks",
    "update_task": "changing tasks",
    "delete_task": "deleting tasks",
}
EXAMPLES = (
    "For example:\n"
    "- Add buy milk tomorrow and call mom\n"
    "- What's left?\n"
    "- I bought the milk\n"
    "- Move call mom to Friday at 5pm"
)


def get_small_talk(kind: str) -> str:
    text = SMALL_TALK.get(kind, SMALL_TALK["unknown"])
    return f"{text} {EXAMPLES}" if kind in ("help", "question", "unknown") else text


def quote_title(title: str) -> str:
    return f"“{shorten_text(' '.join(title.split()), _MAX_TITLE)}”"


def shorten_text(text: str, max_length: int = _MAX_TEXT) -> str:
    return text if len(text) <= max_length else f"{text[: max_length - 1].rstrip()}…"


def format_titles(tasks: Iterable[TaskView]) -> str:
    """“Buy milk”, “Call mom” and “Pay rent”; of more than three, each has its own line."""
    titles = [quote_title(task.title) for task in tasks]
    return "\n" + "\n".join(f"- {title}" for title in titles) if len(titles) > 3 else join_phrases(titles)


def join_phrases(parts: Sequence[str], last: str = "and") -> str:
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def format_sentence(before: str, tasks: Sequence[TaskView]) -> str:
    """ "Done: “Buy milk”." or, with many tasks, a list below."""
    return (
        f"{before.rstrip(' :')}:{format_titles(tasks)}"
        if len(tasks) > 3
        else f"{before}{format_titles(tasks)}."
    )


def format_numbered_list(tasks: Iterable[TaskView], today: date) -> str:
    return "\n".join(f"{n}. {format_task(task, today)}" for n, task in enumerate(tasks, 1))


def format_bounded_list(
    tasks: Sequence[TaskView], today: date, more: bool
) -> tuple[str, tuple[TaskView, ...]]:
    """A numbered list that fits an answer, and the tasks in it; `more` says that `tasks` is not all there is."""
    lines: list[str] = []
    room = _MAX_LIST_CHARACTERS
    for task in tasks[:_MAX_ROWS]:
        lines.append(f"{len(lines) + 1}. {format_task(task, today)}")
        room -= len(lines[-1])
        if room < 0 and len(lines) > 1:
            lines.pop()
            break
    left = len(tasks) - len(lines)
    if left or more:
        amount = f"at least {left} more" if left and more else f"{left} more" if left else "more"
        lines.append(
            f"There {'is' if amount == '1 more' else 'are'} {amount}; ask about a word to see fewer."
        )
    return "\n".join(lines), tuple(tasks[: len(tasks) - left])


def limit_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The first lines, each of them once, and a line with the number of the others."""
    every = tuple(dict.fromkeys(lines))
    left = len(every) - _MAX_LINES
    return (*every[:_MAX_LINES], f"The same goes for {left} more.") if left > 0 else every


def format_task(task: TaskView, today: date) -> str:
    """ "Buy milk (2 litres; due Monday 23 November) ✓": a row of a list; the mark is for done."""
    title = " ".join(task.title.split())
    return f"{title}{format_details(task, today)}{' ✓' if task.completed else ''}"


def format_details(task: TaskView, today: date) -> str:
    note, due = split_due(task.description)
    note = " ".join(note.split())
    note = shorten_text(note, _MAX_NOTE)
    inside = "; ".join(
        part for part in (note.rstrip(".") if due else note, format_due_phrase(due, today)) if part
    )
    return f" ({inside})" if inside else ""


def format_due_phrase(due: str, today: date) -> str:
    """ "due Monday 23 November": the year only if it is not this one."""
    day, comma, time = (due[:1].lower() + due[1:]).partition(",")
    return day.removesuffix(f" {today.year}") + comma + time


def format_day_phrase(day: date, today: date) -> str:
    return format_due_phrase(f"Due {format_day(day)}", today).removeprefix("due ")


def format_task_due(task: TaskView, today: date) -> str:
    return format_due_phrase(split_due(task.description)[1], today)


def format_count(number: int, more: bool, kind: str = "") -> str:
    """ "3 open tasks", "1 open task", "more than 200 open tasks"."""
    noun = "task" if number == 1 and not more else "tasks"
    amount = f"more than {number}" if more else str(number or "no")
    return " ".join(word for word in (amount, kind, noun) if word)
