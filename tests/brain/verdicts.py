# verdicts.py -- what an answer did, and whether that was right.
import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from brain.due_formulas import read_formula
from llm.offline.sentences import lists
from llm.offline.sentences.sentence import LANGUAGES

TitleVerdict = Literal["exact", "near", "wrong"]
# Of one that repeats: `rule` where the task repeats, too, `kept` where the words stayed in the title, else `one-off`.
DateVerdict = Literal[
    "right", "wrong day", "wrong time", "missed", "spurious", "no task", "rule", "kept", "one-off"
]
CHANGES = {"add_task": "add", "delete_task": "delete", "update_task": "update", "undo": "undo"}
# What is done to tasks that were there.
TO_EXISTING = frozenset(["delete", "complete", "update", "reopen", "undo"])
ARTICLES = frozenset(["a", "an", "the", "my", "your", "our", "some"])
# How an answer begins that tells of no task with such a name.
NOT_FOUND = re.compile(
    "|".join(
        re.escape(form.partition("{topic}")[0])
        + re.escape(lists.LIKE.choose_form(language, 2).partition("{")[0])
        for language in LANGUAGES
        for sentence in lists.FOUND_NONE.values()
        for form in [sentence.choose_form(language, 2)]
    )
)
NEAR_WORDS = 2  # that a title may have more than those expected
NEAR_SHARE = 0.8  # of the words that both have, by F1
NEAR_MINUTES = 2  # between the sentence and the look at the clock
# From which hour until before which one a part of the day may be. The label of "tomorrow morning" has no hour, and a
# task that is due then has one, 09:00: any that the part allows is right, and which of them it is is not judged.
PART_HOURS = {
    "morning": (5, 12),
    "noon": (11, 14),
    "afternoon": (12, 18),
    "evening": (17, 23),
    "night": (18, 30),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`action` is what was done. `title` and `date` are None where they are not judged. `seconds` of processor."""

    action: str
    action_right: bool
    changed: bool
    title: TitleVerdict | None = None
    date: DateVerdict | None = None
    titles: tuple[str, ...] = ()
    answer: str = ""
    seconds: float = 0.0

    @property
    def is_exact(self) -> bool:
        return self.action_right and self.title in (None, "exact") and self.date in (None, "right", "rule")

    @property
    def changed_existing(self) -> bool:
        return not TO_EXISTING.isdisjoint(self.action.split("+"))

    def is_good(self, group: str) -> bool:
        return not self.changed if group == "other" else self.is_exact

    def describe(self) -> dict[str, Any]:
        return asdict(self)


def judge_answer(
    fields: dict[str, Any],
    calls: Sequence[dict[str, Any]],
    answer: str,
    now: dt.datetime,
    seconds: float = 0.0,
) -> Verdict:
    """`fields` of a sentence, the tool calls of its answer as the API shows them, when it was said (naive, UTC)."""
    made = [call for call in calls if not call.get("error")]
    changes = [call for call in made if call["name"] != "list_tasks"]
    action = name_answer(made, changes, answer)
    wanted = set(fields["expected_action"].split("|"))
    right = action in wanted
    titles = tuple(str(shown(call).get("title") or "") for call in changes)
    title: TitleVerdict | None = None
    expected = fields.get("expected_title")
    if expected and right and changes and wanted & {"add", "complete", "delete", "update"}:
        title = judge_titles(expected, titles)
        if title == "wrong" and fields.get("title_is_part") and has_all_words(expected, titles):
            title = "near"
    date: DateVerdict | None = None
    formula = fields.get("expected_date")
    if formula and (fields["group"] == "date" or (right and "add" in wanted)):
        tasks = [shown(call) for call in changes if call["name"] in ("add_task", "update_task")]
        date = judge_date(formula, tasks, now) if tasks else "no task"
    return Verdict(action, right, bool(changes), title, date, titles, answer, seconds)


def shown(call: dict[str, Any]) -> dict[str, Any]:
    result = call.get("result")
    return result if isinstance(result, dict) and result else call["arguments"]


def name_answer(made: Sequence[dict[str, Any]], changes: Sequence[dict[str, Any]], answer: str) -> str:
    """What was done, of several things all; or what was said instead: an answer with a question asks."""
    if changes:
        return "+".join(sorted({name_change(call) for call in changes}))
    if any(line.rstrip().endswith("?") for line in answer.split("\n") if not line.startswith("- ")):
        return "ask"  # an example in a list is no question
    if NOT_FOUND.match(answer):
        return "not found"
    return "list" if made else "none"


def name_change(call: dict[str, Any]) -> str:
    if call["name"] == "complete_task":
        return "complete" if call["arguments"].get("completed", True) else "reopen"
    return CHANGES[call["name"]]


def split_words(title: str) -> list[str]:
    """The words without articles; one that stands last is left over from something, and stays."""
    words = re.findall(r"[^\W_]+", re.sub(r"['’]", "", title.lower()))
    return [word for place, word in enumerate(words, 1) if word not in ARTICLES or place == len(words)]


def judge_titles(expected: Sequence[str], titles: Sequence[str]) -> TitleVerdict:
    left, worst = [split_words(title) for title in titles], "exact"
    for wanted in map(split_words, expected):
        near = [words for words in left if is_near(wanted, words)]
        if wanted in left:
            left.remove(wanted)
        elif near:
            left.remove(near[0])
            worst = "near"
        else:
            return "wrong"
    return "near" if left or worst == "near" else "exact"


def is_near(wanted: list[str], words: list[str]) -> bool:
    common = (Counter(wanted) & Counter(words)).total()
    alike = 2 * common / max(1, len(wanted) + len(words))
    return alike >= NEAR_SHARE or (0 < common == len(wanted) and len(words) - common <= NEAR_WORDS)


def has_all_words(expected: Sequence[str], titles: Sequence[str]) -> bool:
    there = {word for title in titles for word in split_words(title)}
    return all(there.issuperset(split_words(title)) for title in expected)


def judge_date(formula: str, tasks: Sequence[dict[str, Any]], now: dt.datetime) -> DateVerdict:
    found = [due for task in tasks if (due := find_due(task))]
    if formula == "rec":
        return "rule" if any(task.get("repeats") for task in tasks) else "one-off" if found else "kept"
    if not found:
        return "right" if "none" in formula.split("|") else "missed"
    options = read_formula(formula, now)
    if not options:
        return "spurious"
    days = [(time, option.time) for day, time in found for option in options if day in option.days]
    if any(is_same_time(*times) for times in days):
        return "right"
    return "wrong time" if days else "wrong day"


def find_due(task: dict[str, Any]) -> tuple[dt.date, str | None] | None:
    """The day and the clock time; a part of the day stands in the description, "In the evening"."""
    if due := task.get("due_at"):
        moment = dt.datetime.fromisoformat(due)
        return moment.date(), f"{moment:%H:%M}"
    if due := task.get("due_on"):
        part = re.search(r"\bIn the (\w+)\.?$", task.get("description") or "")
        return dt.date.fromisoformat(due), part[1] if part else None
    return None


def is_same_time(found: str | None, wanted: str | None) -> bool:
    if wanted is None or found == wanted:
        return True
    if {found, wanted} == {"evening", "night"}:
        return True
    if found and ":" in found and wanted in PART_HOURS:
        first, last = PART_HOURS[wanted]
        hour = int(found.partition(":")[0])
        return first <= hour < last or first <= hour + 24 < last
    if found and ":" in found and ":" in wanted:
        minutes = [int(hour) * 60 + int(minute) for hour, minute in (t.split(":") for t in (found, wanted))]
        return abs(minutes[0] - minutes[1]) <= NEAR_MINUTES
    return False
