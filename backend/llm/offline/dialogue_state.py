# llm/offline/dialogue_state.py -- the state of a dialogue: the last list, what "it" refers to, the open question
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dates import DateFinder, DateMention
from llm.offline.budget import Budget, WordComparer
from llm.offline.languages.detection import detect_language
from llm.offline.parsing.intents import Intent
from llm.offline.parsing.task_references import TaskView
from llm.offline.replies import Voice
from llm.offline.sentences.sentence import Language
from llm.protocol import ToolCall

DATA_TOOLS = frozenset({"describe_data", "query_data"})
CHANGING_TOOLS = frozenset({"add_task", "complete_task", "update_task", "delete_task", "undo"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the user, and the intent that waits for the answer.

    With `options` it asks which of them the user means, or for a yes to all of them if `together`. Without options
    it asks for the missing slot of the intent: a text, a date or the tasks to add. `rest`: the later intents of the
    same message. `choices`: replies that were offered with it.
    """

    intent: Intent
    options: tuple[TaskView, ...] = ()
    together: bool = False
    rest: tuple[Intent, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A call of the tool `name` that changed a task: the task before, if some call had returned it, and after.

    `run_id` is the run of the call, as its id says; empty for one that says none.
    """

    name: str
    before: TaskView | None
    after: TaskView
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its text, the tasks that it lists by number, those that "it" may refer to, and its question."""

    text: str
    shown: tuple[TaskView, ...] = ()
    touched: tuple[TaskView, ...] = ()
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class DialogueState:
    """What the answer to a message may depend on.

    `now` is on the clock of the person. `budget` and `comparer` bound the work on one message. `max_title` is the
    longest title that the tools take; None if they do not say. `shown` is the last list, `touched` what "it" refers
    to, `changes` what undo reverts, `seen` the latest known form of each task by id. `language` is that of the message
    and of its answer; `is_foreign`: the message is in another one, which the model does not know.
    """

    find_dates: Mapping[Language, DateFinder]
    now: datetime
    tools: frozenset[str]
    parser: Callable[[str, Budget, Language], list[Intent]]
    budget: Budget
    max_title: int | None = None
    comparer: WordComparer = field(default_factory=WordComparer)
    shown: tuple[TaskView, ...] = ()
    touched: tuple[TaskView, ...] = ()
    question: Question | None = None
    changes: tuple[TaskChange, ...] = ()
    seen: Mapping[str, TaskView] = field(default_factory=dict)
    language: Language = "en"
    is_foreign: bool = False

    @property
    def is_asked_for_data(self) -> bool:
        """Whether the agent was made to query data, for which rules do not do."""
        return bool(DATA_TOOLS & self.tools)

    @property
    def voice(self) -> Voice:
        return Voice(self.language, self.now)

    def parse(self, message: str) -> list[Intent]:
        """The intents of a message. Raises BudgetExceeded past the budget."""
        return self.parser(message, self.budget, self.language)

    def find_date(self, text: str) -> DateMention | None:
        return self.find_dates[self.language](text)

    def hear(self, message: str) -> "DialogueState":
        """The state with the language of a message: its own, or where its words do not tell the one before.

        A reply that was offered is in the language of its question, whatever the titles in it are.
        """
        if self.question and message.strip() in self.question.choices:
            return replace(self, is_foreign=False)
        language = detect_language(message, self.language)
        return replace(self, language=language or self.language, is_foreign=language is None)

    def with_reply(self, reply: Reply) -> "DialogueState":
        return replace(
            self,
            shown=reply.shown or self.shown,
            touched=reply.touched or self.touched,
            question=reply.question,
        )

    def with_calls(self, calls: Iterable[ToolCall]) -> "DialogueState":
        """The state after `calls`: the changes to undo, and the latest form of each task."""
        seen, changes = dict(self.seen), []
        for call in calls:
            tasks = read_tasks(call)
            if call.name in CHANGING_TOOLS and tasks:
                run_id = call.id.rpartition(":")[0]
                changes.append(TaskChange(call.name, seen.get(tasks[0].id), tasks[0], run_id))
            seen.update((task.id, task) for task in tasks)
        return replace(self, seen=seen, changes=tuple(changes) or self.changes)


def read_tasks(call: ToolCall) -> tuple[TaskView, ...]:
    """The tasks in the result of a call; none if it failed."""
    if call.error is not None or not isinstance(call.result, dict):
        return ()
    listed = call.result.get("tasks")
    values = listed if isinstance(listed, list) else [call.result]
    return tuple(task for value in values if (task := TaskView.from_result(value)))


def has_more(call: ToolCall) -> bool:
    return call.error is None and isinstance(call.result, dict) and bool(call.result.get("more"))
