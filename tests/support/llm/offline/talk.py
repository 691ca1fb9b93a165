# support/llm/offline/talk.py -- talking to the offline model without a server: its tools work on tasks in memory.
import asyncio
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from llm.offline.model import OfflineModel
from llm.protocol import (
    AgentTurn,
    AnswerEnd,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolSpec,
    Turn,
    UserTurn,
)
from support.llm.offline.utterances.said import plan

NOW = dt.datetime(2026, 11, 22, 9, 43, tzinfo=dt.UTC)
NAMES = ("add_task", "list_tasks", "complete_task", "update_task", "delete_task")
TODAY = NOW.date().isoformat()
DONE_AT = "2026-11-21T18:00:00Z"  # of tasks that are done from the beginning: yesterday
MAX_TITLE = 255
CHANGEABLE = {"title", "description", "completed", "due_on", "due_at", "repeats", "reminder_at"}
MOST_STEPS = 12


def make_specs(names: Iterable[str]) -> list[ToolSpec]:
    parameters = {"type": "object", "properties": {"title": {"type": "string", "maxLength": MAX_TITLE}}}
    return [ToolSpec(name, "", parameters) for name in names]


def read_time(text: str | None) -> str | None:
    """A time as tools return it, of one in UTC or without a zone."""
    return text and (text if text.endswith("Z") or "+" in text else f"{text}Z")


class Refused(Exception):
    """A tool's sentence on why it did not do what it was called for."""


class Store:
    """Tasks in memory and the five tools on them, as the registry promises them."""

    def __init__(self, tasks: Iterable[str] = ()) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.made = 0
        for text in tasks:
            title, _, description = text.removeprefix("[x] ").partition(" | ")
            title, _, place = title.partition(" @ ")
            self.add_task(title, **plan(description), list=place or None)
            done = text.startswith("[x] ")
            self.tasks[-1].update(completed=done, completed_at=DONE_AT if done else None)

    def add_task(
        self,
        title: str,
        description: str | None = None,
        due_on: str | None = None,
        due_at: str | None = None,
        list: str | None = None,
        repeats: str | None = None,
        reminder_at: str | None = None,
        due_timezone: str | None = None,
    ) -> dict[str, Any]:
        assert 1 <= len(title) <= MAX_TITLE
        assert due_on is None or due_at is None
        self.made += 1
        task = {"id": f"t{self.made}", "title": title, "description": description, "completed": False}
        task |= {"due_on": due_on, "due_at": read_time(due_at), "due_timezone": due_timezone}
        place = next(
            (old["list"] for old in self.tasks if list and str(old["list"]).lower() == list.lower()), list
        )
        task |= {
            "list": place,
            "completed_at": None,
            "repeats": repeats,
            "reminder_at": read_time(reminder_at),
        }
        self.tasks.append(task | {"created_at": "2026-11-22T09:00:00Z", "updated_at": "2026-11-22T09:00:00Z"})
        return dict(self.tasks[-1])

    def list_tasks(
        self,
        completed: bool | None = None,
        q: str | None = None,
        limit: int = 50,
        due_after: str = "",
        due_before: str = "",
        overdue: bool = False,
        completed_after: str = "",
        completed_before: str = "9999",
        list: str | None = None,
        sort: str = "created",
    ) -> dict[str, Any]:
        assert 1 <= limit <= 200
        until = TODAY if overdue else due_before
        found = [
            dict(task)
            for task in reversed(self.tasks)
            if completed in (None, task["completed"])
            and (q is None or q.lower() in f"{task['title']}\n{task['description'] or ''}".lower())
            and (list is None or list.casefold() == str(task["list"] or "").casefold())
            and (not completed_after or completed_after <= str(task["completed_at"] or "") < completed_before)
            and (not until or due_after <= str(task["due_on"] or task["due_at"] or "9999") < until)
            and (not due_after or due_after[:10] <= str(task["due_on"] or task["due_at"] or "")[:10])
        ]
        if sort == "due":
            found.sort(key=lambda task: str(task["due_at"] or task["due_on"] or "9999"))
        return {"tasks": found[:limit], "more": len(found) > limit}

    def complete_task(self, task_id: str, completed: bool = True) -> dict[str, Any]:
        """One that repeats is followed by the same task a day later; with a COUNT of 1 it was the last."""
        task = self.update_task(task_id, completed=completed)
        rule = task["repeats"] if completed else None
        if rule is None or rule.endswith("COUNT=1"):
            return task
        later = (dt.date.fromisoformat(task["due_on"]) + dt.timedelta(1)).isoformat()
        return task | {"next": self.add_task(task["title"], due_on=later, repeats=rule)}

    def update_task(self, task_id: str, **changes: Any) -> dict[str, Any]:
        task = self._find(task_id)
        assert changes and changes.keys() <= CHANGEABLE
        if changes.get("due_on") or changes.get("due_at"):
            task.update(due_on=None, due_at=None)
        times = {name: read_time(changes[name]) for name in changes.keys() & {"due_at", "reminder_at"}}
        task.update(changes | times)
        return dict(task)

    def delete_task(self, task_id: str) -> dict[str, Any]:
        task = self._find(task_id)
        self.tasks.remove(task)
        return task

    def _find(self, task_id: str) -> dict[str, Any]:
        for task in self.tasks:
            if task["id"] == task_id:
                return task
        raise Refused("The task was not found.")


@dataclass
class Talk:
    """A conversation with the model, its calls carried out on the store."""

    store: Store = field(default_factory=Store)
    tools: tuple[str, ...] = NAMES
    refuse: Callable[[ToolCall], str | None] = lambda call: None
    now: dt.datetime = NOW
    timezone: str = "UTC"
    language: str | None = None
    turns: list[Turn] = field(default_factory=list)
    choices: tuple[str, ...] = ()  # of the last answer

    def events(self) -> list[ModelEvent]:
        request = ModelRequest("", self.turns, make_specs(self.tools), self.now, self.timezone, self.language)

        async def ask() -> list[ModelEvent]:
            return [event async for event in OfflineModel().respond(request)]

        return asyncio.run(ask())

    def say(self, text: str) -> tuple[list[ToolCall], str]:
        """All calls that the message led to, with their outcomes, and the text at the end."""
        self.turns.append(UserTurn(text))
        made: list[ToolCall] = []
        for _ in range(MOST_STEPS):
            events = self.events()
            calls = [self._execute(event) for event in events if isinstance(event, ToolCall)]
            answer = "".join(event.text for event in events if isinstance(event, TextDelta))
            self.choices = next((event.choices for event in events if isinstance(event, AnswerEnd)), ())
            self.turns.append(AgentTurn(answer, tuple(calls)))
            assert len(calls) <= 25
            made += calls
            if not calls:
                assert len({call.id for call in made}) == len(made)
                return made, answer
        raise AssertionError(f"no answer to {text!r} after {MOST_STEPS} steps")

    def _execute(self, call: ToolCall) -> ToolCall:
        assert call.name in self.tools and isinstance(call.arguments, dict)
        if error := self.refuse(call):
            return replace(call, error=error)
        try:
            return replace(call, result=getattr(self.store, call.name)(**call.arguments))
        except Refused as refused:
            return replace(call, error=str(refused))


def talk(*tasks: str, **more: Any) -> Talk:
    return Talk(Store(tasks), **more)
