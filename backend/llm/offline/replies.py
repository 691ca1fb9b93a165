# llm/offline/replies.py -- the sentences of the offline brain, each said from what the tools returned
from collections.abc import Iterable, Sequence
from datetime import date

from llm.offline.parsing.dates import day_text, split_due
from llm.offline.parsing.task_references import Task

_LONGEST = 90  # characters of a title in a sentence
_LONGEST_NOTE = 200  # of a description in a list
_LONGEST_TEXT = 500  # of a description that is told by itself
_ROWS, _CHARACTERS = 50, 8000  # of a list
_LINES = 12  # of one kind in an answer

SAYINGS = {
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


def say(kind: str) -> str:
    text = SAYINGS.get(kind, SAYINGS["unknown"])
    return f"{text} {EXAMPLES}" if kind in ("help", "question", "unknown") else text


def quoted(title: str) -> str:
    return f"“{cut(' '.join(title.split()), _LONGEST)}”"


def cut(text: str, most: int = _LONGEST_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def named(tasks: Iterable[Task]) -> str:
    """“Buy milk”, “Call mom” and “Pay rent”; more than three stand on lines of their own."""
    titles = [quoted(task.title) for task in tasks]
    return "\n" + "\n".join(f"- {title}" for title in titles) if len(titles) > 3 else joined(titles)


def joined(parts: Sequence[str], last: str = "and") -> str:
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def sentence(before: str, tasks: Sequence[Task]) -> str:
    """ "Done: “Buy milk”." or, with many tasks, a list below."""
    return f"{before.rstrip(' :')}:{named(tasks)}" if len(tasks) > 3 else f"{before}{named(tasks)}."


def numbered(tasks: Iterable[Task], today: date) -> str:
    return "\n".join(f"{n}. {line(task, today)}" for n, task in enumerate(tasks, 1))


def listed(tasks: Sequence[Task], today: date, more: bool) -> tuple[str, tuple[Task, ...]]:
    """As many of the tasks as an answer holds, numbered, and which they are; `more` says that there are others."""
    lines: list[str] = []
    room = _CHARACTERS
    for task in tasks[:_ROWS]:
        lines.append(f"{len(lines) + 1}. {line(task, today)}")
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


def first(lines: Iterable[str]) -> tuple[str, ...]:
    """The first of many lines of a kind, none of them twice, and how many more there are."""
    every = tuple(dict.fromkeys(lines))
    left = len(every) - _LINES
    return (*every[:_LINES], f"The same goes for {left} more.") if left > 0 else every


def line(task: Task, today: date) -> str:
    """ "Buy milk (2 litres; due Monday 23 November) ✓": a task in a list, the mark if it is done."""
    title = " ".join(task.title.split())
    return f"{title}{details(task, today)}{' ✓' if task.completed else ''}"


def details(task: Task, today: date) -> str:
    note, due = split_due(task.description)
    note = " ".join(note.split())
    note = cut(note, _LONGEST_NOTE)
    inside = "; ".join(part for part in (note.rstrip(".") if due else note, due_words(due, today)) if part)
    return f" ({inside})" if inside else ""


def due_words(due: str, today: date) -> str:
    """ "due Monday 23 November": the year only where it is another one."""
    day, comma, time = (due[:1].lower() + due[1:]).partition(",")
    return day.removesuffix(f" {today.year}") + comma + time


def day_words(day: date, today: date) -> str:
    return due_words(f"Due {day_text(day)}", today).removeprefix("due ")


def due_date_words(task: Task, today: date) -> str:
    return due_words(split_due(task.description)[1], today)


def counted(number: int, more: bool, kind: str = "") -> str:
    """ "3 open tasks", "1 open task", "more than 200 open tasks"."""
    noun = "task" if number == 1 and not more else "tasks"
    amount = f"more than {number}" if more else str(number or "no")
    return " ".join(word for word in (amount, kind, noun) if word)
