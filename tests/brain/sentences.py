# sentences.py -- the sentences that the offline model is measured by: from a file, or those of the tests.
"""A file has one JSON object a line, with these fields:

- `text`, `language`: what is said; `en`, `de`, `fr` or `es`
- `group`: `tasks`, `calendar`, `bare` or `language` are things for a list of tasks; `date` has a date that is to be
  understood; `other` is nothing that Parley does
- `expected_action`: what is right, alternatives joined by a bar: `add`, `list`, `delete`, `complete`, `reopen`,
  `update`, several joined by a plus (`add+delete`), `ask`, `not found` or `none`
- `expected_title`: titles of the tasks that are added or changed; null: not judged. With `title_is_part` it is enough
  that their words are there
- `expected_date`: when a task that is added is due, as due_formulas.py reads it; null: not judged
- `setup`: the tasks that are there: titles, or bodies of POST /v1/tasks
- `could_be_a_task`: of `other`: a reader may take it for a task, so to add it is no false action
- `source`, `intent`, `id`: where it is from, and what it is called there

Lines are numbered from 1. Whoever makes rules reads failures of the even ones; the odd ones say how good the rules are.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from brain.due_formulas import read_formula
from brain.verdicts import Verdict
from models.message import MessageCreate
from support.dates.phrases.repeating import REPEATING
from support.llm.offline.talk import NOW
from support.llm.offline.utterances import TABLE, french, german, spanish
from support.llm.offline.utterances.said import Said, plan

ACTIONS = {"add_task": "add", "complete_task": "complete", "delete_task": "delete", "update_task": "update"}
# In the words of a sentence, what may say when: the formula holds if it gives the day of the row.
FORMULAS = {
    "today": "+0d",
    "tonight": "+0d",
    "tomorrow": "+1d",
    "in 3 days": "+3d",
    **{f"{day}day": f"wd:{day[:3]}" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")},
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line of a file, by its number from 1; `fields` are those above."""

    number: int
    fields: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.fields.get(name)


def read_sentences(file: Path) -> list[Sentence]:
    with file.open(encoding="utf-8") as lines:
        return [Sentence(number, json.loads(line)) for number, line in enumerate(lines, 1) if line.strip()]


def read_own_sentences() -> list[Sentence]:
    """The utterances of the tests that need no sentence before them, and what repeats."""
    rows = [
        *describe_rows("en", TABLE),
        *(
            row
            for language, words in (("de", german), ("fr", french), ("es", spanish))
            for row in describe_rows(
                language,
                [
                    *(Said(text, tuple(calls)) for text, calls in words.ADDING.items()),
                    *(Said(text, tuple(calls), (), words.TASKS) for text, calls in words.LOOKING.items()),
                    *words.CHANGING,
                    *words.TALKING,
                    *(Said(text, (), (), words.TASKS) for text in words.NOTHING),
                ],
            )
        ),
        *(describe_repeating(phrase) for phrase in REPEATING),
    ]
    return [Sentence(number, {"id": f"p{number}", **fields}) for number, fields in enumerate(rows, 1)]


def describe_repeating(phrase: str) -> dict[str, Any]:
    row = describe_row("en", Said(f"remind me to call bob {phrase}", (("add_task", {"title": "Call bob"}),)))
    return row | {
        "group": "date",
        "expected_title": None,
        "expected_date": "rec",
        "source": "tests, repeating",
    }


def describe_rows(language: str, rows: Iterable[Said]) -> Iterator[dict[str, Any]]:
    return (describe_row(language, said) for said in rows if can_be_posted(said.text) and not said.before)


def can_be_posted(text: str) -> bool:
    """Whether the API takes it for a message."""
    try:
        MessageCreate(content=text)
    except ValidationError:
        return False
    return True


def describe_row(language: str, said: Said) -> dict[str, Any]:
    changes = [(name, arguments) for name, arguments in said.calls if name != "list_tasks"]
    action = "+".join(sorted({name_action(*call) for call in changes}))
    if not changes:
        action = "list|not found|ask" if said.calls else "none|ask"
    titles = [find_title(said, arguments) for _, arguments in changes]
    due = [found for _, arguments in changes if (found := find_formula(said.text, arguments))]
    return {
        "text": said.text,
        "language": language,
        "group": "tasks" if said.calls else "other",
        "intent": action,
        "expected_action": action,
        "expected_title": titles or None,
        "expected_date": due[0] if len(due) == 1 and action == "add" else None,
        "setup": [describe_task(text) for text in said.tasks],
        "source": "tests",
    }


def name_action(name: str, arguments: dict[str, Any]) -> str:
    return "reopen" if arguments.get("completed") is False else ACTIONS[name]


def find_title(said: Said, arguments: dict[str, Any]) -> str:
    """The title in the arguments of a call, or that of the task that the row names by its place, "t2"."""
    place = int(str(arguments.get("task_id", "t0"))[1:])
    if place > len(said.tasks):  # the sentence itself has made it
        made = [str(sent["title"]) for name, sent in said.calls if name == "add_task"]
        return made[place - len(said.tasks) - 1]
    return str(arguments.get("title") or describe_task(said.tasks[place - 1])["title"])


def find_formula(text: str, arguments: dict[str, Any]) -> str | None:
    """How the words tell the due date of the row: only so is it right on other days, too."""
    day, _, clock = str(arguments.get("due_on") or arguments.get("due_at") or "").partition("T")
    at = f"@{clock[:5]}" if clock else ""
    for word, formula in FORMULAS.items():
        if (
            day
            and word in text.lower()
            and {dt.date.fromisoformat(day)}
            in (option.days for option in read_formula(formula, NOW.replace(tzinfo=None)))
        ):
            return formula + at
    return None


def describe_task(text: str) -> dict[str, Any]:
    """The body of POST /v1/tasks for "[x] title @ list | note. Due ..."."""
    title, _, description = text.removeprefix("[x] ").partition(" | ")
    title, _, place = title.partition(" @ ")
    task = {"title": title, "completed": text.startswith("[x] "), **plan(description)}
    return task | ({"list": place} if place else {})


def write_failures(verdicts: Sequence[tuple[Sentence, Verdict]], file: Path) -> None:
    """The even lines that went wrong, each with its verdict."""
    with file.open("w", encoding="utf-8") as out:
        for sentence, verdict in verdicts:
            if sentence.number % 2 == 0 and not verdict.is_good(sentence.group):
                row = {"line": sentence.number, **sentence.fields, "verdict": verdict.describe()}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
