# services/undo/undo_steps.py -- what is kept of each change of a task or a conversation, for 30 days, to undo it.
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from pydantic_core import to_jsonable_python
from sqlalchemy import Uuid, bindparam, literal_column, not_
from sqlmodel import SQLModel, col

import access
from access import ANY_CALLER, Caller, CallerOrSystem
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import rfc3339, utc_now
from db import AnySelect, Database, Transaction, get_columns
from errors import Conflict
from events import changes
from events.writing import add_events, add_row_beside_event, insert_with_event
from models import Conversation, Task, UndoStep
from models.columns import UTCDateTime, build_row
from models.shapes import JsonObject
from models.task import TaskPublic
from models.undo.undo_step import UndoAction, UndoNoun, UndoStepPublic
from pagination import ListSpec, Page, fetch_list

RETENTION = timedelta(days=30)
# A longer text stands in `state_after` as its digest: it is only compared.
MAX_MARK_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class UndoTable:
    """`watched` are the columns in which a later change stands in the way of an undo."""

    noun: UndoNoun
    table: type[SQLModel]
    watched: frozenset[str]


UNDO_TABLES: Mapping[UndoNoun, UndoTable] = {
    "task": UndoTable("task", Task, frozenset(TaskPublic.model_fields) - {"updated_at"}),
    "conversation": UndoTable("conversation", Conversation, frozenset({"id", "title"})),
}
TABLES = {each.table: each for each in UNDO_TABLES.values()}
COLUMNS = get_columns(UndoStep)
STEPS = ListSpec(
    name="undo-steps",
    keys=(COLUMNS["id"],),
    fields={name: COLUMNS[name] for name in UndoStepPublic.model_fields},
    public=lambda row: UndoStepPublic.model_validate(row.UndoStep),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What the steps of one change have in common."""

    caller: Caller
    id: UUID
    is_undo: bool = False


def begin_change(caller: Caller) -> Change:
    """The one that the caller has named, or a new one."""
    return Change(caller, caller.change_id or uuid4())


def take_snapshot(row: SQLModel) -> JsonObject:
    """The row as JSON. Whose it is does not stand in it."""
    return {name: dump_value(getattr(row, name)) for name in list_kept_columns(type(row))}


@cache
def list_kept_columns(table: type[SQLModel]) -> list[str]:
    return [column.name for column in get_columns(table) if column.name != "user_id"]


def dump_value(value: object) -> object:
    """The same whatever zone a time was given in."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    plain: object = to_jsonable_python(value)
    return plain


def mark_value(value: object) -> object:
    if isinstance(value, str) and len(value) > MAX_MARK_CHARACTERS:
        return {"sha256": hashlib.sha256(value.encode()).hexdigest()}
    return value


def mark_row(noun: UndoNoun, snapshot: JsonObject | None) -> JsonObject | None:
    """What has to stand in the row for its change to be undone."""
    if snapshot is None:
        return None
    watched = UNDO_TABLES[noun].watched
    return {name: mark_value(value) for name, value in snapshot.items() if name in watched}


def new_step(
    change: Change, table: type[SQLModel], before: JsonObject | None, after: JsonObject | None
) -> UndoStep:
    """The step of a change to a row, by its snapshots; None of one that is not there."""
    noun, caller = TABLES[table].noun, change.caller
    action: UndoAction = "created" if before is None else "deleted" if after is None else "updated"
    shown = after or before
    assert shown is not None
    step = build_row(
        UndoStep,
        user_id=caller.user_id,
        change_id=change.id,
        noun=noun,
        row_id=UUID(shown["id"]),
        action=action,
        title=shown["title"],
        state_before=before,
        state_after=mark_row(noun, after),
        run_id=caller.run_id,
        tool_call_id=caller.tool_call_id,
        is_undo=change.is_undo,
    )
    return access.admit_new_row(caller, step)


async def insert_created(
    db: Database, caller: Caller, row: SQLModel, type_: str, payload: JsonObject
) -> None:
    """Store a new row with its event and the step that undoes it: on PostgreSQL in one statement."""
    step = new_step(begin_change(caller), type(row), None, take_snapshot(row))
    await insert_with_event(db, changes.new_event(caller, type_, payload), row, step)


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that was made, changed or deleted, its snapshot from before, if it was there, and the event of that."""

    row: SQLModel
    before: JsonObject | None
    type: str
    payload: Mapping[str, object]
    is_deleted: bool = False


async def record_changes(
    tx: Transaction, caller: Caller, *changed: RowChange, change: Change | None = None
) -> None:
    """Write the events of one change and the steps that undo it: for one row on PostgreSQL in one statement.

    Nothing is to be undone in a row in which nothing has changed. Call it as `changes.record_event`, after the flush.
    """
    change = change or begin_change(caller)
    events = [changes.new_event(caller, each.type, each.payload) for each in changed]
    steps = []
    for each in changed:
        after = None if each.is_deleted else take_snapshot(each.row)
        noun = TABLES[type(each.row)].noun
        if mark_row(noun, each.before) != mark_row(noun, after):
            steps.append(new_step(change, type(each.row), each.before, after))
    if len(events) == len(steps) == 1:
        await add_row_beside_event(tx, events[0], steps[0])
    else:
        await add_events(tx, events, *steps)


async def refuse_second_deletion(tx: Transaction, caller: Caller) -> None:
    """Conflict where the caller's change has deleted a conversation: what it took along is kept under the change."""
    if caller.change_id is None:
        return
    is_deletion = (
        col(UndoStep.change_id) == caller.change_id,
        col(UndoStep.noun) == "conversation",
        col(UndoStep.action) == "deleted",
    )
    found = access.select(caller, UndoStep, col(UndoStep.id)).where(*is_deletion)
    if (await tx.execute(found.limit(1))).first() is not None:
        raise Conflict("With this Change-ID a conversation was deleted already: each needs one of its own.")


@dataclass(frozen=True, slots=True)
class StepFilter:
    """Those of a run; deletions that are in effect."""

    run_id: UUID | None = None
    deleted: bool = False


@cache
def select_steps(*, of_tasks: bool, of_run: bool, deleted: bool) -> AnySelect:
    recent = col(UndoStep.created_at) >= bindparam("since", type_=UTCDateTime())
    statement = access.select(ANY_CALLER, UndoStep).where(recent)
    if of_tasks:
        statement = statement.where(col(UndoStep.noun) == "task")
    if of_run:
        statement = statement.where(col(UndoStep.run_id) == bindparam("run_id", type_=Uuid()))
    if deleted:
        # As the index of these says it, which SQLite compares with no parameter.
        statement = statement.where(
            col(UndoStep.action) == literal_column("'deleted'"),
            not_(col(UndoStep.is_undone)),
            not_(col(UndoStep.is_undo)),
        )
    return statement


async def list_steps(db: Database, caller: Caller, page: Page, wanted: StepFilter) -> bytes:
    """Newest first, as JSON: those of tasks alone for a program that may not read conversations."""
    values = {**access.caller_params(caller), "since": utc_now() - RETENTION}
    if wanted.run_id is not None:
        values["run_id"] = wanted.run_id
    statement = select_steps(
        of_tasks=not caller.is_allowed("chat:read"),
        of_run=wanted.run_id is not None,
        deleted=wanted.deleted,
    )
    return await fetch_list(db, STEPS, statement, values, page)


async def delete_old_steps(tx: Transaction, caller: CallerOrSystem, limit: int = ROW_BATCH) -> int:
    """Delete one batch; the number of rows."""
    old = col(UndoStep.created_at) < utc_now() - RETENTION
    return await delete_batch(tx, caller, UndoStep, old, limit=limit)
