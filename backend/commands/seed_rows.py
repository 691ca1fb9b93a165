# commands/seed_rows.py -- the rows of an invented year of one user, as the services would have stored them.
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from clock import rfc3339
from commands import seed_texts as texts
from due_dates.times import Due
from models import Conversation, Message, Run, RunEvent
from models.recorded_call import make_call_id
from models.run import derive_answer_id
from models.task import TaskPublic
from services.messages import show_agent_message

# The columns of a row, each of a type of its own, hence Any.
Row = dict[str, Any]
BATCH_MESSAGES = 2_000
DAYS = 365
ADDS, LISTS = 0.05, 0.15  # the shares of messages that add a task, and that ask for a list


@dataclass(frozen=True, slots=True)
class SeedSizes:
    conversations: int
    messages: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one transaction, in the order in which foreign keys need them."""

    conversations: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    run_events: list[Row] = field(default_factory=list)

    def tables(self) -> list[tuple[type[Conversation | Run | Message | RunEvent], list[Row]]]:
        return [
            (Conversation, self.conversations),
            (Run, self.runs),
            (Message, self.messages),
            (RunEvent, self.run_events),
        ]


def build_tasks(random: Random, user_id: UUID, count: int, end: datetime) -> list[Row]:
    """Tasks of the last year, oldest first; most of the old ones are completed."""
    ages = sorted((random.uniform(0.01, DAYS) for _ in range(count)), reverse=True)
    return [build_task(random, user_id, age, end) for age in ages]


def build_task(random: Random, user_id: UUID, age: float, end: datetime) -> Row:
    created_at = end - timedelta(days=age)
    completed = random.random() < (0.9 if age > 30 else 0.3)
    completed_at = created_at + timedelta(days=random.uniform(0, min(age, 20))) if completed else None
    title = random.choice(texts.TASKS)
    if random.random() < 0.4:
        title = f"{title} {random.choice(texts.PLACES)}"
    is_due = random.random() < 0.4
    due = Due((created_at + timedelta(days=random.randint(1, 14))).date() if is_due else None, None, "UTC")
    return {
        "id": uuid4(),
        "user_id": user_id,
        "title": title,
        "description": random.choice([None, None, random.choice(texts.NOTES)]),
        "completed": completed,
        "created_at": created_at,
        "updated_at": completed_at or created_at,
        "completed_at": completed_at,
        "due_on": due.on,
        "due_at": None,
        "due_timezone": due.zone if is_due else None,
        "due_by": due.by,
        "repeats": None,
        "reminder_at": None,
        "priority": random.choice(("none", "none", "low", "medium", "high")),
        "position": created_at.timestamp() * 1000,
        "list": random.choice((None, None, *texts.LISTS)),
    }


def build_batches(
    random: Random, user_id: UUID, tasks: list[Row], sizes: SeedSizes, end: datetime
) -> Iterator[Batch]:
    """Conversations with their messages, runs and run logs, about BATCH_MESSAGES messages at a time."""
    batch = Batch()
    for exchanges in split_exchanges(random, sizes.messages // 2, sizes.conversations):
        add_conversation(random, batch, user_id, tasks, exchanges, end)
        if len(batch.messages) >= BATCH_MESSAGES:
            yield batch
            batch = Batch()
    yield batch


def split_exchanges(random: Random, exchanges: int, conversations: int) -> list[int]:
    """How many exchanges each conversation has: most are short, and a few are long."""
    if not conversations:
        return []
    weights = [random.paretovariate(1.2) for _ in range(conversations)]
    counts = [int(exchanges * weight / sum(weights)) for weight in weights]
    for _ in range(exchanges - sum(counts)):
        counts[random.randrange(conversations)] += 1
    return counts


def add_conversation(
    random: Random, batch: Batch, user_id: UUID, tasks: list[Row], exchanges: int, end: datetime
) -> None:
    conversation_id = uuid4()
    created_at = moment = end - timedelta(days=random.uniform(0.1, DAYS))
    pause = (end - created_at) / (2 * exchanges + 2)
    conversation: Row = {
        "id": conversation_id,
        "user_id": user_id,
        "account_id": user_id,
        "title": fill_text(random, random.choice(texts.TITLES)),
        "created_at": created_at,
    }
    batch.conversations.append(conversation)
    for number in range(exchanges):
        finished_at = add_exchange(random, batch, conversation, 2 * number + 1, tasks, moment)
        conversation["updated_at"] = finished_at
        moment = finished_at + min(pause, timedelta(minutes=random.expovariate(1 / 300)))
    conversation.setdefault("updated_at", created_at)


def add_exchange(
    random: Random, batch: Batch, conversation: Row, seq: int, tasks: list[Row], moment: datetime
) -> datetime:
    """A message of the user, the completed run that it started, and the agent's message; returns the run's end."""
    run_id, started_at = uuid4(), moment + timedelta(milliseconds=20)
    finished_at = started_at + timedelta(seconds=random.uniform(0.4, 4))
    asked, answered, calls = build_texts(random, tasks, run_id, started_at, finished_at)
    shared: Row = {
        "conversation_id": conversation["id"],
        "user_id": conversation["user_id"],
        "run_id": run_id,
        "client_id": None,
        "finish_reason": None,
    }
    question = {**shared, "id": uuid4(), "role": "user", "content": asked, "tool_calls": None, "seq": seq}
    answer = {**shared, "id": derive_answer_id(run_id), "role": "agent", "content": answered}
    answer |= {"tool_calls": calls or None}
    question |= {"created_at": moment}
    answer |= {"created_at": finished_at, "seq": seq + 1, "finish_reason": "stop"}
    batch.messages.extend([question, answer])
    batch.runs.append(
        {
            "id": run_id,
            "conversation_id": conversation["id"],
            "user_id": conversation["user_id"],
            "trigger_seq": seq,
            "status": "completed",
            "epoch": 1,
            "input_tokens": 900 + len(asked) // 4,
            "output_tokens": len(answered) // 4,
            "created_at": moment,
            "started_at": started_at,
            "finished_at": finished_at,
            "details_deleted_at": finished_at,
        }
    )
    batch.run_events.extend(build_run_log(run_id, question, answer, started_at))
    return finished_at


def build_run_log(run_id: UUID, question: Row, answer: Row, started_at: datetime) -> list[Row]:
    """A run's log without details: the start, the agent's message and the end."""
    message = show_agent_message(SimpleNamespace(**answer), None)
    where = {
        "conversation_id": str(question["conversation_id"]),
        "user_message_id": str(question["id"]),
        "timezone": "UTC",
    }
    ended = {"status": "completed", "message_id": str(answer["id"]), "error": None}
    finished_at = answer["created_at"]
    log = [
        ("run.started", where, started_at),
        ("message.completed", {"message": message.model_dump(mode="json")}, finished_at),
        ("run.completed", ended, finished_at),
    ]
    return [
        {"run_id": run_id, "seq": seq, "type": type_, "data": data, "created_at": created_at}
        for seq, (type_, data, created_at) in enumerate(log, 1)
    ]


def build_texts(
    random: Random, tasks: list[Row], run_id: UUID, started_at: datetime, finished_at: datetime
) -> tuple[str, str, list[Row]]:
    """What the user writes, what the agent answers, and the tool calls of the answer."""
    kind = random.random() if tasks else 1.0
    if kind < ADDS:
        task = random.choice(tasks)
        new = {**task, "completed": False, "completed_at": None, "updated_at": task["created_at"]}
        arguments = {key: task[key] for key in ("title", "description", "list") if task[key] is not None}
        if task["due_on"] is not None:
            arguments["due_on"] = str(task["due_on"])
        call = build_call(run_id, "add_task", arguments, to_task_result(new), started_at, finished_at)
        asked, answered = random.choice(texts.ADDING), random.choice(texts.ADDED)
        return asked.format(title=task["title"]), answered.format(title=task["title"]), [call]
    if kind < ADDS + LISTS:
        found = random.sample(tasks, min(3, len(tasks)))
        shown = [to_task_result({**task, "completed": False, "completed_at": None}) for task in found]
        lines = "\n".join(f"{number}. {task['title']}" for number, task in enumerate(found, 1))
        result = {"tasks": shown, "more": False}
        call = build_call(run_id, "list_tasks", {"completed": False}, result, started_at, finished_at)
        return random.choice(texts.LISTING), random.choice(texts.LISTED).format(lines=lines), [call]
    asked, answered = random.choice(texts.EXCHANGES)
    values = choose_names(random)
    return asked.format(**values), answered.format(**values), []


def build_call(
    run_id: UUID, name: str, arguments: Row, result: Row, started_at: datetime, finished_at: datetime
) -> Row:
    """The only call of its run."""
    return {
        "id": make_call_id(run_id, 1),
        "name": name,
        "arguments": arguments,
        "result": result,
        "error": None,
        "started_at": rfc3339(started_at),
        "finished_at": rfc3339(finished_at),
    }


def to_task_result(task: Row) -> Row:
    return TaskPublic(**{name: task[name] for name in TaskPublic.model_fields}).model_dump(mode="json")


def fill_text(random: Random, text: str) -> str:
    return text.format(**choose_names(random))


def choose_names(random: Random) -> dict[str, str]:
    return {"place": random.choice(texts.PLACE_NAMES), "name": random.choice(texts.NAMES)}
