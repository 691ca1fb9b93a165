# services/run_log.py -- the log of a run: what was said and called, line by line, and the steps that it tells of.
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import Select, Uuid, bindparam, delete, func, insert, literal, select, update
from sqlmodel import col

import access
from access import ANY_CALLER, SYSTEM, Caller, CallerOrSystem
from access.runs import event_of_run, followed_run
from clock import utc_now
from db import Database, Transaction
from models import Message, Run, RunEvent
from models.message import FinishReason
from models.recorded_call import LoggedCall, pick_approval, pick_call, pick_outcome, set_outcome
from models.shapes import JsonObject
from services.run_sql import ADD_USAGE_ON_SQLITE, FIND_RUN_ON_SQLITE, INSERT_LINE_ON_SQLITE, STORE_LINES
from services.run_usage import ADD_USAGE, RUNS, Usage, name_usage, update_usage

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
# In the data of `tool.call`, what only the model's provider has to see again.
MODEL_STATE = "model_state"
# The usage of no line, by columns.
NO_COLUMNS: tuple[list[object], ...] = ([],) * (2 + len(Usage._fields))
# The key of the `info` of a transaction.
ADDED_EVENTS = "added_run_events"


class LeaseLost(Exception):
    """Another worker, or a cancel, has the run now: this one must not write any more."""


@dataclass
class Step:
    """One answer of the model within a run: its text and its tool calls with what came of them.

    `choices` are replies that it offers: the log has them with the message that ends the run. `size` is the text's, in
    bytes. `opaque` are the fields that the model's provider wants back with the answer.
    """

    text: str = ""
    calls: list[LoggedCall] = field(default_factory=list)
    size: int = 0
    opaque: JsonObject | None = None
    finish_reason: FinishReason | None = None
    choices: list[str] | None = None

    def add_text(self, text: str) -> None:
        self.text += text
        self.size += len(text.encode())

    def clear_text(self) -> None:
        self.text, self.size = "", 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a run's log that the worker with this epoch writes; `data` is JSON.

    `shown` is the data as clients get it, where that is something else. `usage` is added to the run's row by whoever
    stores the line, if it is not stored yet.
    """

    run_id: UUID
    epoch: int
    seq: int
    type: str
    data: str
    shown: str | None = None
    usage: Usage | None = None


async def store_lines(db: Database, lines: Sequence[Line], moment: datetime, *, again: bool) -> set[UUID]:
    """Commit the lines of those runs that are at work under their epoch and not locked, and return their ids.

    `again`: an earlier try failed, and may have stored them.
    """
    if db.is_sqlite:
        return await db.run_on_sqlite(partial(insert_lines_on_sqlite, lines, moment))
    if not db.is_postgresql:
        return await db.write(insert_lines, lines, moment, again=again)
    columns = zip(*((line.run_id, line.epoch, line.seq, line.type, line.data) for line in lines), strict=True)
    used = [(line.run_id, line.seq, *line.usage) for line in lines if line.usage]
    usage = map(list, zip(*used, strict=True)) if used else NO_COLUMNS
    rows = await db.execute_sql(STORE_LINES, *map(list, columns), moment, *usage)
    return {row[0] for row in rows}


async def insert_lines(tx: Transaction, lines: Sequence[Line], moment: datetime, *, again: bool) -> set[UUID]:
    epochs = {line.run_id: line.epoch for line in lines}
    held = await find_runs_at_work(tx, epochs, lock=True)
    stored: set[tuple[UUID, int]] = set()
    if again:
        first = min(line.seq for line in lines)
        newest = access.select(SYSTEM, RunEvent, col(RunEvent.run_id), col(RunEvent.seq))
        found = await tx.execute(newest.where(col(RunEvent.run_id).in_(held), col(RunEvent.seq) >= first))
        stored = {(row.run_id, row.seq) for row in found}
    new = [line for line in lines if line.run_id in held and (line.run_id, line.seq) not in stored]
    if new:
        await tx.execute(INSERT_LINE, [bind_line(line, moment) for line in new])
    for line in new:
        if line.usage:
            await tx.execute(ADD_USAGE, name_usage(line.run_id, line.usage))
    return held


def insert_lines_on_sqlite(
    lines: Sequence[Line], moment: datetime, connection: sqlite3.Connection
) -> set[UUID]:
    """The same by SQLite's own driver, whose transaction has the whole database to itself."""
    epochs = {line.run_id: line.epoch for line in lines}
    held = {
        run_id
        for run_id, epoch in epochs.items()
        if connection.execute(FIND_RUN_ON_SQLITE.sql, (run_id.hex, epoch)).fetchone()
    }
    time = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    for line in lines:
        if line.run_id in held:
            row = (line.seq, line.type, line.data, time, line.run_id.hex, line.epoch)
            is_new = connection.execute(INSERT_LINE_ON_SQLITE.sql, row).rowcount == 1
            if is_new and line.usage:
                connection.execute(ADD_USAGE_ON_SQLITE.sql, (*line.usage, line.run_id.hex, line.epoch))
    return held


async def add_lines(tx: Transaction, lines: Sequence[Line]) -> None:
    """Store lines of a run that is locked."""
    moment = utc_now()
    if lines:
        await tx.execute(INSERT_LINE, [bind_line(line, moment) for line in lines])


def bind_line(line: Line, moment: datetime) -> dict[str, object]:
    data = from_json(line.data)
    return {"owner": line.run_id, "seq": line.seq, "type": line.type, "data": data, "created_at": moment}


# `owner` is the run's id: whoever adds a line has locked the run.
INSERT_LINE = insert(RunEvent.metadata.tables["run_events"]).values(
    run_id=access.owner_value(ANY_CALLER, RunEvent, bindparam("owner", type_=Uuid())),
    **{name: bindparam(name) for name in ("seq", "type", "data", "created_at")},
)


async def hold_run(tx: Transaction, caller: Caller, run_id: UUID, epoch: int, usage: Usage) -> None:
    """Lock a run that is at work under this epoch, and add to its usage; LeaseLost where it is not."""
    values = {**name_usage(run_id, usage), "held_epoch": epoch, **access.caller_params(caller)}
    held = await tx.execute(HOLD_RUN, values)
    if held.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost


HOLD_RUN = update_usage(
    access.own_condition(ANY_CALLER, Run),
    RUNS.c.epoch == bindparam("held_epoch"),
    RUNS.c.status == "running",
)


async def find_runs_at_work(tx: Transaction, epochs: Mapping[UUID, int], *, lock: bool = False) -> set[UUID]:
    """Those of the runs that are still at work under these epochs; with `lock` without those that others lock."""
    states = access.select(SYSTEM, Run, col(Run.id), col(Run.epoch)).where(
        col(Run.id).in_(epochs), col(Run.status) == "running"
    )
    if lock:
        states = states.order_by(col(Run.id)).with_for_update(skip_locked=True)
    return {row.id for row in await tx.execute(states) if row.epoch == epochs[row.id]}


async def read_events(tx: Transaction, caller: CallerOrSystem, run_id: UUID, after: int) -> list[RunEvent]:
    """The lines of the log past `after`, in order, at most EVENT_BATCH."""
    statement = access.select(caller, RunEvent).where(
        col(RunEvent.run_id) == run_id, col(RunEvent.seq) > after
    )
    return list((await tx.execute(statement.order_by(col(RunEvent.seq)).limit(EVENT_BATCH))).scalars())


async def read_followed_events(tx: Transaction, caller: Caller, run_id: UUID, after: int) -> list[RunEvent]:
    """The same for whoever may follow the run, also for those who have not asked for it."""
    values = {**access.caller_params(caller), "run_id": run_id, "after": after}
    return list((await tx.execute(select_followed_events(is_agent=caller.is_agent), values)).scalars())


@cache
def select_followed_events(*, is_agent: bool) -> Select[RunEvent]:
    followed = followed_run(access.stand_in(is_agent=is_agent))
    found = select(RunEvent).join(Run, event_of_run()).where(followed, col(Run.id) == bindparam("run_id"))
    return found.where(col(RunEvent.seq) > bindparam("after")).order_by(col(RunEvent.seq)).limit(EVENT_BATCH)


async def read_log(tx: Transaction, caller: CallerOrSystem, run_id: UUID) -> list[RunEvent]:
    """All of the log."""
    log: list[RunEvent] = []
    while events := await read_events(tx, caller, run_id, log[-1].seq if log else 0):
        log += events
    return log


async def add_event(
    tx: Transaction,
    caller: CallerOrSystem,
    run: Run,
    type_: str,
    data: JsonObject,
    seq: int | None = None,
) -> RunEvent:
    """The next line of the log; the run is locked. `seq` is its number, where the caller knows it."""
    added = get_added_events(tx)
    if seq is not None:
        pass
    elif added and added[-1].run_id == run.id:
        seq = added[-1].seq + 1
    else:
        last = access.select(caller, RunEvent, func.max(col(RunEvent.seq)))
        seq = ((await tx.execute(last.where(col(RunEvent.run_id) == run.id))).scalar_one() or 0) + 1
    event = RunEvent(run_id=run.id, seq=seq, type=type_, data=data)
    await tx.execute(INSERT_LINE, {"owner": run.id, **event.model_dump(exclude={"run_id"})})
    added.append(event)
    return event


def get_added_events(tx: Transaction) -> list[RunEvent]:
    """What `add_event` has added in this transaction, in order."""
    added: list[RunEvent] = tx.info.setdefault(ADDED_EVENTS, [])
    return added


def to_line(event: RunEvent, epoch: int) -> Line:
    return Line(event.run_id, epoch, event.seq, event.type, to_json(event.data).decode())


def describe_start(conversation_id: UUID, message_id: UUID, timezone: str) -> JsonObject:
    """The data of `run.started`; POST_INTO_CONVERSATION builds the same."""
    return {
        "conversation_id": str(conversation_id),
        "user_message_id": str(message_id),
        "timezone": timezone,
    }


async def add_started_event(tx: Transaction, caller: Caller, run: Run, moment: datetime) -> None:
    """The first line of the log; the run is locked. `moment` is by the database's clock, as what follows is."""
    run.started_at = moment
    [question_id] = (await find_question_ids(tx, run.conversation_id, [run.trigger_seq])).values()
    started = describe_start(run.conversation_id, question_id, caller.timezone)
    await add_event(tx, caller, run, "run.started", started)


async def find_question_ids(tx: Transaction, conversation_id: UUID, seqs: Iterable[int]) -> dict[int, UUID]:
    """The messages that asked for runs which this transaction has found in the conversation, by their numbers."""
    here = access.child_condition(Message, literal(conversation_id, Uuid()))
    asked = select(col(Message.seq), col(Message.id)).where(here, col(Message.seq).in_(sorted(set(seqs))))
    return {row.seq: row.id for row in await tx.execute(asked)}


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
        await tx.execute(delete(RunEvent).where(access.visible_condition(caller, RunEvent), *details))
        chosen = (access.visible_condition(caller, Run), col(Run.id).in_(found))
        await tx.execute(update(Run).where(*chosen).values(details_deleted_at=moment))
    return len(found)


def describe_call(step: int, call: LoggedCall, step_opaque: JsonObject | None = None) -> JsonObject:
    """The data of `tool.call`; `step_opaque` goes with the first call of a step."""
    state = {
        "opaque": call.get("opaque"),
        "truncated": call.get("truncated"),
        "step_opaque": step_opaque,
    }
    known = {name: value for name, value in state.items() if value}
    return {"step": step, **pick_call(call), **({MODEL_STATE: known} if known else {})}


def add_logged_call(step: Step, data: JsonObject) -> None:
    """The call that `describe_call` has described."""
    state = data.get(MODEL_STATE, {})
    call: LoggedCall = {"id": data["id"], "name": data["name"], "arguments": data["arguments"]}
    if "opaque" in state:
        call["opaque"] = state["opaque"]
    if "truncated" in state:
        call["truncated"] = True
    step.calls.append(call)
    step.opaque = state.get("step_opaque", step.opaque)


def show_data(data: JsonObject) -> JsonObject:
    """The data of an event as clients get it."""
    return {name: value for name, value in data.items() if name != MODEL_STATE}


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
            add_logged_call(step, data)
        else:
            call = next(call for call in step.calls if call["id"] == data["id"])
            if event.type == "approval.requested":
                call["approval"] = pick_approval(data)
            elif event.type == "approval.decided":
                call["approval"]["decision"] = data["decision"]
                call["approval"]["decided_at"] = data["decided_at"]
                if "words" in data:
                    call["approval"]["words"] = data["words"]
            else:
                set_outcome(call, pick_outcome(data))
    for step, pieces in zip(steps, texts, strict=True):
        step.add_text("".join(pieces))
    return steps
