# services/run_log.py -- the log of a run: what was said and called, line by line, and the steps that it tells of.
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from clock import utc_now
from db import Transaction
from models import Message, Run, RunEvent
from models.recorded_call import RecordedCall, pick_approval, pick_outcome, set_outcome

FINAL_EVENTS = frozenset({"run.completed", "run.failed", "run.cancelled"})
EVENT_BATCH = 500
DETAIL_EVENTS = (
    "message.delta",
    "message.reset",
    "tool.call",
    "tool.result",
    "approval.requested",
    "approval.decided",
)
RUN_BATCH = 100


@dataclass
class Step:
    """One answer of the model within a run: its text and its tool calls with what came of them.

    `size` is the text's, in bytes.
    """

    text: str = ""
    calls: list[RecordedCall] = field(default_factory=list)
    size: int = 0

    def add_text(self, text: str) -> None:
        self.text += text
        self.size += len(text.encode())

    def clear_text(self) -> None:
        self.text, self.size = "", 0


async def read_events(tx: Transaction, caller: CallerOrSystem, run_id: UUID, after: int) -> list[RunEvent]:
    """The lines of the log past `after`, in order, at most EVENT_BATCH."""
    statement = access.select(caller, RunEvent).where(
        col(RunEvent.run_id) == run_id, col(RunEvent.seq) > after
    )
    return list((await tx.execute(statement.order_by(col(RunEvent.seq)).limit(EVENT_BATCH))).scalars())


async def read_log(tx: Transaction, caller: CallerOrSystem, run_id: UUID) -> list[RunEvent]:
    """All of the log."""
    log: list[RunEvent] = []
    while events := await read_events(tx, caller, run_id, log[-1].seq if log else 0):
        log += events
    return log


async def add_event(
    tx: Transaction, caller: CallerOrSystem, run: Run, type_: str, data: dict[str, Any]
) -> RunEvent:
    """The next line of the log; the run is locked."""
    last = access.select(caller, RunEvent, func.max(col(RunEvent.seq))).where(col(RunEvent.run_id) == run.id)
    seq = ((await tx.execute(last)).scalar_one() or 0) + 1
    event = RunEvent(run_id=run.id, seq=seq, type=type_, data=data)
    tx.add(event)
    await tx.flush()
    return event


async def add_started_event(tx: Transaction, caller: Caller, run: Run, moment: datetime) -> None:
    """The first line of the log; the run is locked. `moment` is by the database's clock, as what follows is."""
    run.started_at = moment
    trigger = await access.find_row(
        tx, caller, Message, col(Message.run_id) == run.id, col(Message.role) == "user"
    )
    assert trigger is not None
    started = {
        "conversation_id": str(run.conversation_id),
        "user_message_id": str(trigger.id),
        "timezone": caller.timezone,
    }
    await add_event(tx, caller, run, "run.started", started)


async def delete_old_details(tx: Transaction, caller: CallerOrSystem, days: int) -> int:
    """Delete deltas, resets and calls of runs that ended more than `days` ago.

    First and last lines stay, and the message with its tool calls: a late reader still gets the answer. At most
    RUN_BATCH at a time, so that nobody waits long; how many there were is returned.
    """
    moment = utc_now()
    ended = col(Run.finished_at) < moment - timedelta(days=days)
    old = access.select(caller, Run, col(Run.id)).where(col(Run.details_deleted_at).is_(None), ended)
    found = list((await tx.execute(old.order_by(col(Run.finished_at)).limit(RUN_BATCH))).scalars())
    if found:
        details = (col(RunEvent.run_id).in_(found), col(RunEvent.type).in_(DETAIL_EVENTS))
        await tx.execute(delete(RunEvent).where(*details))
        await tx.execute(update(Run).where(col(Run.id).in_(found)).values(details_deleted_at=moment))
    return len(found)


def rebuild_steps(events: Iterable[RunEvent]) -> list[Step]:
    """The steps that a run's log tells of."""
    steps: list[Step] = []
    # Joined at the end: to add thousands of pieces one by one copies the text each time.
    texts: list[list[str]] = []
    for event in events:
        data = event.data
        if event.type not in DETAIL_EVENTS:
            continue
        while len(steps) <= data["step"]:
            steps.append(Step())
            texts.append([])
        step = steps[data["step"]]
        if event.type == "message.delta":
            texts[data["step"]].append(data["text"])
        elif event.type == "message.reset":
            texts[data["step"]].clear()
        elif event.type == "tool.call":
            step.calls.append({"id": data["id"], "name": data["name"], "arguments": data["arguments"]})
        else:
            call = next(call for call in step.calls if call["id"] == data["id"])
            if event.type == "approval.requested":
                call["approval"] = pick_approval(data)
            elif event.type == "approval.decided":
                call["approval"]["decision"] = data["decision"]
                call["approval"]["decided_at"] = data["decided_at"]
            else:
                set_outcome(call, pick_outcome(data))
    for step, pieces in zip(steps, texts, strict=True):
        step.add_text("".join(pieces))
    return steps
