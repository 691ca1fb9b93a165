# llm/offline/replies.py -- the voice of the offline model: writes sentences in the language of the dialogue
import datetime as dt
from collections.abc import Iterable, Sequence

from llm.offline.parsing.task_references import TaskView
from llm.offline.schedules.schedule_words import describe_due, describe_further
from llm.offline.sentences import lists, schedules, talk
from llm.offline.sentences.sentence import Language, Sentence
from llm.offline.sentences.speaker import Speaker

_MAX_TITLE = 90  # characters of a title in a sentence
_MAX_NOTE = 200  # characters of a description in a list
_MAX_TEXT = 500  # characters of a description in a sentence
_MAX_ROWS, _MAX_LIST_CHARACTERS = 50, 8000  # of a list
_MAX_LINES = 12  # of one kind in an answer
_MAX_TITLES = 3  # within a sentence; more have a line each
_QUOTES: dict[Language, tuple[str, str]] = {
    "en": ("“", "”"),
    "de": ("„", "“"),
    "fr": ("« ", " »"),
    "es": ("«", "»"),
}


class Voice(Speaker):
    """Writes what the model says of tasks."""

    def say_titles(self, sentence: Sentence, tasks: Sequence[TaskView]) -> str:
        """ "Done: “Buy milk”.", or, with many tasks, a list below."""
        if len(tasks) <= _MAX_TITLES:
            return self.say(sentence, titles=self.format_titles(tasks))
        before = self.say(sentence, titles="\0").partition("\0")[0].rstrip(" :")
        return f"{before}:{self.format_titles(tasks)}"

    def ask_to_change(self, one: Sentence, many: Sentence, verb: str, tasks: Sequence[TaskView]) -> str:
        sentence = one if len(tasks) <= _MAX_TITLES else many
        return self.say(sentence, verb=verb, titles=self.format_titles(tasks))

    def quote_title(self, title: str) -> str:
        before, after = _QUOTES[self.language]
        return f"{before}{self.shorten_title(title)}{after}"

    def shorten_title(self, title: str) -> str:
        return shorten_text(" ".join(title.split()), _MAX_TITLE)

    def format_titles(self, tasks: Iterable[TaskView]) -> str:
        """“Buy milk”, “Call mom” and “Pay rent”; of more than three, each has its own line."""
        titles = [self.quote_title(task.title) for task in tasks]
        if len(titles) > _MAX_TITLES:
            return "\n" + "\n".join(f"- {title}" for title in titles)
        return self.join_phrases(titles)

    def get_small_talk(self, kind: str) -> str:
        return self.say(talk.SMALL_TALK.get(kind, talk.SMALL_TALK["unknown"]))

    def count_tasks(self, number: int, more: bool, kind: str = "") -> str:
        """ "3 open tasks", "1 open task", "more than 200 open tasks"."""
        form = lists.TASKS[kind].choose_form(self.language, 2 if more else number)
        return form.format(count=self.say(lists.MORE_THAN, number=str(number)) if more else number)

    def describe_empty_list(self, state: bool | None, about: str = "") -> str:
        if about:
            topic = self.say(lists.ABOUT, title=self.quote_title(about))
            return self.say(lists.FOUND_NONE[""], topic=topic)
        return self.say(lists.EMPTY[name_state(state)])

    def describe_topic(
        self,
        about: str = "",
        list_name: str | None = None,
        days: tuple[dt.date, dt.date] | None = None,
        done: bool = False,
    ) -> str:
        """What follows the kind of tasks: " about “milk” on the list “Shopping” due Friday 27 November"."""
        topic = self.say(lists.ABOUT, title=self.quote_title(about)) if about else ""
        topic += self.say(lists.ON_LIST, title=self.quote_title(list_name)) if list_name else ""
        if days is None:
            return topic
        named = " – ".join(map(self.format_day, dict.fromkeys(days)))
        return topic + self.say(lists.DONE_ON if done else lists.FOR_DAY, day=named)

    def format_numbered_list(self, tasks: Iterable[TaskView]) -> str:
        return "\n".join(f"{n}. {self.format_task(task)}" for n, task in enumerate(tasks, 1))

    def format_bounded_list(self, tasks: Sequence[TaskView], more: bool) -> tuple[str, tuple[TaskView, ...]]:
        """A numbered list that fits an answer, and the tasks in it; `more` says that `tasks` is not all there is."""
        lines: list[str] = []
        room = _MAX_LIST_CHARACTERS
        for task in tasks[:_MAX_ROWS]:
            lines.append(f"{len(lines) + 1}. {self.format_task(task)}")
            room -= len(lines[-1])
            if room < 0 and len(lines) > 1:
                lines.pop()
                break
        left = len(tasks) - len(lines)
        if left or more:
            lines.append(self.say(lists.MORE_ROWS_AT_LEAST if more else lists.MORE_ROWS, left))
        return "\n".join(lines), tuple(tasks[: len(tasks) - left])

    def limit_lines(self, lines: Iterable[str]) -> tuple[str, ...]:
        """The first lines, each of them once, and a line with the number of the others."""
        every = tuple(dict.fromkeys(lines))
        left = len(every) - _MAX_LINES
        return (*every[:_MAX_LINES], self.say(lists.SAME_FOR_MORE, left)) if left > 0 else every

    def format_task(self, task: TaskView) -> str:
        """ "Buy milk (2 litres; due Monday 23 November) ✓": a row of a list; the mark is for done."""
        title = " ".join(task.title.split())
        return f"{title}{self.format_details(task)}{' ✓' if task.completed else ''}"

    def format_details(self, task: TaskView) -> str:
        note = shorten_text(" ".join(task.note.split()), _MAX_NOTE)
        if due := self.format_due(task):
            note = note.rstrip(".")
            due = self.say(schedules.DUE, day=due)
        inside = "; ".join(part for part in (task.list_name, note, due) if part)
        return f" ({inside})" if inside else ""

    def format_due(self, task: TaskView) -> str:
        """ "Monday 23 November, 17:00; every week; with a reminder"; empty without a date."""
        due = describe_due(task.schedule, self)
        return "; ".join([due, *describe_further(task.schedule, self)]) if due else ""


def name_state(completed: bool | None) -> str:
    """The kind of tasks by which lists are asked for and spoken of."""
    return {None: "", False: "open", True: "completed"}[completed]


def shorten_text(text: str, max_length: int = _MAX_TEXT) -> str:
    return text if len(text) <= max_length else f"{text[: max_length - 1].rstrip()}…"
