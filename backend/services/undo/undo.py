# services/undo/undo.py -- takes changes of tasks and conversations back, whoever has made them for the caller.
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, not_, update
from sqlmodel import SQLModel, col

import access
from access import Caller
from clock import utc_now
from db import Transaction
from errors import Conflict, Forbidden, NotFound
from events import changes
from events.writing import add_events
from models import UndoStep
from models.event import NewEvent
from models.shapes import JsonObject
from models.undo.undo_step import UndoCreate, UndoNoun, UndoPublic, UndoStepPublic
from services.undo.undo_rows import REVERSERS, Key, Reversal, lock_rows
from services.undo.undo_steps import (
    RETENTION,
    UNDO_TABLES,
    Change,
    mark_row,
    mark_value,
    new_step,
    take_snapshot,
)

# Steps that one undo takes back at most: all of them are in memory, and in one transaction.
MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Undone:
    """An undo: its change, its steps, and the rows as they are now; of a deleted one as it was."""

    change_id: UUID
    steps: Sequence[UndoStep]
    rows: Sequence[SQLModel] = ()


def show_undone(undone: Undone) -> UndoPublic:
    steps = [UndoStepPublic.model_validate(step) for step in undone.steps]
    return UndoPublic(change_id=undone.change_id, steps=steps)


async def undo_change(
    tx: Transaction,
    caller: Caller,
    wanted: UndoCreate,
    new_id: UUID | None = None,
    *,
    nouns: Collection[UndoNoun],
    whole_run: bool = False,
) -> Undone:
    """Undo a change or a run, or else the newest change of these nouns: wholly, or not at all.

    `whole_run`: with the newest change all of its run. The undo is a change with the id `new_id`, if given; one that
    has this id already is returned instead. NotFound for what is not there any more, Conflict with the reason for what
    cannot be undone.
    """
    if new_id is not None and (made := await find_steps(tx, caller, col(UndoStep.change_id) == new_id)):
        return Undone(new_id, made)
    steps = await find_undoable(tx, caller, wanted, nouns=nouns, whole_run=whole_run, lock=True)
    if not steps:
        raise Conflict("There is nothing to undo.", problem="nothing-to-undo")
    rows = await lock_rows(tx, caller, {step.key for step in steps})
    was = {key: take_snapshot(row) for key, row in rows.items()}
    taken_by = {step.key: step.change_id for step in steps}
    reversals = [
        Reversal(key, rows.get(key), was.get(key), state, taken_by[key])
        for key, state in find_states_before(steps, was).items()
        if mark_row(key[0], state) != mark_row(key[0], was.get(key))
    ]
    if not reversals:
        raise Conflict("Nothing is left of this to undo.", problem="nothing-to-undo")
    change = Change(caller, new_id or uuid4(), is_undo=True)
    changed = [await REVERSERS[reversal.key[0]](tx, change, reversal) for reversal in reversals]
    await tx.flush()
    reversed_keys = {reversal.key for reversal in reversals}
    undone = [step for step in steps if step.key in reversed_keys]
    await mark_steps(tx, caller, change, undone)
    return await record_undo(tx, change, wanted, undone, reversals, changed)


async def find_steps(
    tx: Transaction, caller: Caller, chosen: ColumnElement[bool], *, lock: bool = False
) -> list[UndoStep]:
    """Those that meet the condition, in the order of writing: one more than can be undone at once, at most."""
    recent = col(UndoStep.created_at) >= utc_now() - RETENTION
    found = access.select(caller, UndoStep).where(recent, chosen).order_by(col(UndoStep.id))
    found = found.limit(MAX_STEPS + 1)
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    return list((await tx.execute(found)).scalars())


async def find_undoable(
    tx: Transaction,
    caller: Caller,
    wanted: UndoCreate,
    *,
    nouns: Collection[UndoNoun],
    whole_run: bool = False,
    lock: bool = False,
) -> list[UndoStep]:
    """The steps to undo, in the order of writing; none where nothing is named, and nothing is there."""
    chosen = await choose_steps(tx, caller, wanted, nouns, whole_run)
    if chosen is None:
        return []
    steps = await find_steps(tx, caller, chosen, lock=lock)
    if not steps:
        raise NotFound("change")
    if len(steps) > MAX_STEPS:
        raise Conflict(
            f"These are more than {MAX_STEPS} changes at once. Undo them one by one.",
            problem="undo-too-large",
        )
    in_effect = {step.change_id for step in steps if not step.is_undone}
    if not in_effect:
        raise Conflict("This was undone already.", problem="already-undone")
    if any(step.noun not in nouns for step in steps):
        raise Forbidden(
            "This is a change of a conversation, which cannot be undone with these rights.",
            problem="insufficient-scope",
        )
    # What an undo of the same run has taken back is undone together with that undo.
    return [step for step in steps if not step.is_undone or step.last_undo_id in in_effect]


async def choose_steps(
    tx: Transaction, caller: Caller, wanted: UndoCreate, nouns: Collection[UndoNoun], whole_run: bool
) -> ColumnElement[bool] | None:
    """The condition for the steps that are meant; None where there is no newest change."""
    change_id, run_id = wanted.change_id, wanted.run_id
    if change_id is None and run_id is None:
        recent = col(UndoStep.created_at) >= utc_now() - RETENTION
        in_effect = (not_(col(UndoStep.is_undone)), col(UndoStep.noun).in_(nouns))
        columns = (col(UndoStep.change_id), col(UndoStep.run_id))
        newest = access.select(caller, UndoStep, *columns).where(recent, *in_effect)
        row = (await tx.execute(newest.order_by(col(UndoStep.id).desc()).limit(1))).one_or_none()
        if row is None:
            return None
        change_id, run_id = row if whole_run else (row[0], None)
    return col(UndoStep.run_id) == run_id if run_id else col(UndoStep.change_id) == change_id


def find_states_before(
    steps: Sequence[UndoStep], now: Mapping[Key, JsonObject]
) -> dict[Key, JsonObject | None]:
    """The rows as they were before all of these steps; Conflict where a later change stands in the way."""
    states: dict[Key, JsonObject | None] = {step.key: now.get(step.key) for step in steps}
    for step in reversed(steps):
        refuse_later_change(step, states[step.key])
        states[step.key] = step.state_before
    return states


def refuse_later_change(step: UndoStep, state: JsonObject | None) -> None:
    name = f"“{step.title}”" if step.title else f"The {step.noun} without a title"
    if step.state_after is None:
        if state is not None:
            raise Conflict(f"{name} is there again already.", problem="undo-blocked")
    elif state is None:
        rights = ", or is not yours to change any more" if step.noun == "conversation" else ""
        raise Conflict(f"{name} was deleted after that{rights}.", problem="undo-blocked")
    elif any(
        mark_value(state[column]) != mark for column, mark in step.state_after.items() if column in state
    ):
        raise Conflict(f"{name} was changed after that.", problem="undo-blocked")


async def mark_steps(tx: Transaction, caller: Caller, change: Change, undone: Sequence[UndoStep]) -> None:
    """The steps are not in effect any more. What undos among them had taken back is, or the other way round."""
    visible, is_chosen = (
        access.visible_condition(caller, UndoStep),
        col(UndoStep.id).in_([step.id for step in undone]),
    )
    unsynchronized = {"synchronize_session": False}
    if undos := [step for step in undone if step.is_undo]:
        moved = (
            col(UndoStep.last_undo_id).in_({step.change_id for step in undos}),
            col(UndoStep.row_id).in_({step.row_id for step in undos}),
            not_(col(UndoStep.is_undo)),
            not_(is_chosen),
        )
        turned = {"is_undone": not_(col(UndoStep.is_undone)), "last_undo_id": change.id}
        await tx.execute(
            update(UndoStep).where(visible, *moved).values(turned), execution_options=unsynchronized
        )
    taken = update(UndoStep).where(visible, is_chosen).values(is_undone=True, last_undo_id=change.id)
    await tx.execute(taken, execution_options=unsynchronized)


async def record_undo(
    tx: Transaction,
    change: Change,
    wanted: UndoCreate,
    undone: Sequence[UndoStep],
    reversals: Sequence[Reversal],
    changed: Sequence[tuple[SQLModel, list[NewEvent]]],
) -> Undone:
    """Write the events and the steps of the undo, which can be undone itself."""
    made = [
        new_step(
            change,
            UNDO_TABLES[reversal.key[0]].table,
            reversal.was,
            None if reversal.becomes is None else take_snapshot(row),
        )
        for reversal, (row, _) in zip(reversals, changed, strict=True)
    ]
    told = {
        "change_id": change.id,
        "undone_change_ids": list(dict.fromkeys(step.change_id for step in undone)),
        "run_id": wanted.run_id,
    }
    events = [event for _, events_of_row in changed for event in events_of_row]
    await add_events(tx, [*events, changes.new_event(change.caller, "change.undone", told)], *made)
    return Undone(change.id, made, [row for row, _ in changed])
