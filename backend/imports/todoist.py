# imports/todoist.py -- reads the CSV of a Todoist project: its tasks, with their sections, comments and sub-tasks.
import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from access import Caller
from clock import utc_now
from dates import find_date
from errors import Invalid
from imports.items import NewRow, NewTask
from imports.lines import LineReader
from imports.report import TOO_LONG, UNKNOWN, Report
from imports.texts import clean_text, read_title
from models.shapes import MAX_NAME
from models.task import MAX_DESCRIPTION, MAX_TITLE, Priority, TaskCreate, TaskPlan
from models.user import list_time_zones
from services.tasks import new_task

UNREADABLE = "It is no row of CSV in UTF-8."
FLAT = "A task has no tasks below it: its description names the task above."
NOT_A_DATE = "It is words or a second date: it stands in the description."
NO_TASK = "It is about the project or a section, not about a task."
NO_FILES = "A task is a text."
CUT = "It is cut: over 10,000 characters."
NO_PLACE = "A task of Parley has none."
MAX_INDENT = 10
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z?)", re.ASCII)
# A rule that needs no first day to say which days are meant.
DAYS_OF_RULE = re.compile(r"FREQ=DAILY|FREQ=\w+(;BY\w+=[^;]+)+")
# In a file 1 is the highest, and 4 is what a task has that nobody has given one.
PRIORITIES: dict[str, Priority] = {"1": "high", "2": "medium", "3": "low"}
# What a row may have besides, and what it is called in a report.
OTHERS = {"RESPONSIBLE": "people who are responsible", "DURATION": "durations"}


@dataclass(slots=True)
class Draft:
    """A task, to which the rows of its comments may follow."""

    title: str
    lines: list[str] = field(default_factory=list)
    names: tuple[str, ...] = ()
    plan: dict[str, object] = field(default_factory=dict)


class TodoistReader:
    def __init__(self, report: Report, caller: Caller) -> None:
        self._report = report
        self._caller = caller
        self._lines = LineReader(quoted=True)
        self._columns: list[str] | None = None
        self._section: str | None = None
        self._above: list[str] = []
        self._draft: Draft | None = None
        self._known: Counter[tuple[str, ...]] = Counter()

    def feed(self, data: bytes) -> Iterator[NewRow]:
        for line in self._lines.feed(data):
            yield from self._take_line(line)

    def finish(self) -> Iterator[NewRow]:
        for line in self._lines.finish():
            yield from self._take_line(line)
        yield from self._finish_task()

    def _take_line(self, line: bytes | None) -> Iterator[NewRow]:
        if line is None:
            self._report.leave_out("rows", TOO_LONG)
            return
        try:
            cells = next(csv.reader([line.decode().rstrip("\r")], strict=True), [])
        except (UnicodeDecodeError, csv.Error):
            self._report.leave_out("rows", UNREADABLE)
            return
        if self._columns is None:
            self._columns = [cell.strip().upper() for cell in cells]
        elif any(cells):
            row = dict(zip(self._columns, map(clean_text, cells), strict=False))
            yield from self._take_row(row)

    def _take_row(self, row: dict[str, str]) -> Iterator[NewRow]:
        kind, content = row.get("TYPE", "").strip().lower(), row.get("CONTENT", "").strip()
        if kind == "note":
            self._add_comment(content)
            return
        yield from self._finish_task()
        if kind == "section":
            self._section, self._above = read_title(content, MAX_NAME), []
        elif kind == "task":
            self._begin_task(row, content)
        elif kind != "meta":
            self._report.leave_out("rows", UNKNOWN, content)

    def _begin_task(self, row: dict[str, str], content: str) -> None:
        title = read_title(content, MAX_TITLE)
        if title is None:
            self._report.leave_out("tasks", "It has no words.")
            return
        indent = row.get("INDENT", "1").strip()
        level = min(int(indent), MAX_INDENT) if indent.isdecimal() and len(indent) < 3 and int(indent) else 1
        above = self._above[: level - 1]
        self._above = [*above, title]
        draft = Draft(title, names=(self._section or "", *above, title))
        if len(title) < len(" ".join(content.split())):
            draft.lines.append(content)
        if description := row.get("DESCRIPTION", "").strip():
            draft.lines.append(description)
        if above:
            self._report.leave_out("levels of tasks", FLAT, title)
            draft.lines.append(f"Part of: {above[-1]}")
        draft.plan |= {
            "priority": PRIORITIES.get(row.get("PRIORITY", "").strip(), "none"),
            "list": self._section,
        }
        self._add_dates(draft, row)
        for column, what in OTHERS.items():
            if row.get(column, "").strip():
                self._report.leave_out(what, NO_PLACE, title)
        self._draft = draft

    def _add_dates(self, draft: Draft, row: dict[str, str]) -> None:
        """The first one that is a date in figures, or says on which days the task repeats, is when it is due.

        Nothing is guessed of the others: what “tomorrow” was, or when “every month” began, the file does not say.
        """
        due: dict[str, object] = {}
        for column, name in (("DATE", "Due"), ("DEADLINE", "Deadline")):
            words = " ".join(row.get(column, "").split())
            zone = row.get("TIMEZONE", "").strip()
            found = {} if due else read_due(words, zone)
            if words and not due and not found:
                found = self._read_repetition(words, zone, row.get(f"{column}_LANG", "").strip())
            if words and not found:
                self._report.leave_out("dates", NOT_A_DATE, f"{draft.title}: {words}")
                draft.lines.append(f"{name} {words}")
            due |= found
        draft.plan |= due

    def _read_repetition(self, words: str, zone: str, language: str) -> dict[str, object]:
        """Words of English that say on which days, from the next one on; nothing where any of them says more."""
        if language not in ("", "en"):
            return {}
        zone = zone if zone in list_time_zones() else self._caller.timezone
        mention = find_date(words, utc_now(), ZoneInfo(zone))
        if mention is None or mention.remark or (mention.start, mention.end) != (0, len(words)):
            return {}
        if mention.repeats is None or not DAYS_OF_RULE.fullmatch(mention.repeats):
            return {}
        if mention.time is None:
            return {"due_on": mention.date.isoformat(), "repeats": mention.repeats}
        moment = datetime.combine(mention.date, mention.time)
        return {"due_at": moment.isoformat(), "due_timezone": zone, "repeats": mention.repeats}

    def _add_comment(self, content: str) -> None:
        text, marker, _ = content.partition("[[file ")
        if marker:
            self._report.leave_out("files", NO_FILES, self._draft.title if self._draft else None)
        if not text.strip():
            return
        if self._draft is None:
            self._report.leave_out("comments", NO_TASK, text)
        else:
            self._draft.lines.append(text.strip())

    def _finish_task(self) -> Iterator[NewRow]:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        description = "\n".join(draft.lines)
        if len(description) > MAX_DESCRIPTION:
            self._report.leave_out("ends of descriptions", CUT, draft.title)
            description = description[:MAX_DESCRIPTION]
        try:
            words = {"title": draft.title, "description": description or None}
            task = new_task(self._caller, TaskCreate.model_validate({**words, **draft.plan}))
        except (ValidationError, Invalid):
            self._report.leave_out("tasks", UNKNOWN, draft.title)
            return
        # A row has no id: it is known by its words, its place, and how many of these came before it.
        self._known[draft.names] += 1
        name = hashlib.sha256("\n".join((*draft.names, str(self._known[draft.names]))).encode()).hexdigest()
        yield NewTask("todoist", name, task)


def read_due(words: str, zone: str) -> dict[str, object]:
    """When a task is due, of a date in figures; nothing for any other words."""
    moment = MOMENT.fullmatch(words)
    due: dict[str, object] = {}
    if DAY.fullmatch(words):
        due["due_on"] = words
    elif moment is not None:
        due["due_at"] = f"{moment[1]}T{moment[2]}:00{moment[5]}"
    try:
        TaskPlan.model_validate(due)
    except ValidationError:  # 30 February
        return {}
    if due and zone in list_time_zones():
        due["due_timezone"] = zone
    return due
