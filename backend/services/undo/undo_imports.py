# services/undo/undo_imports.py -- takes back what an import has made, and brings that back, a slice at a time.
"""An import is no transaction, and neither is its undo: each row is taken back that is still as it was made, and what
was changed since stays. Every slice is a transaction in which the step of the import is locked: two undos at once
follow each other, and one that was cut off goes on where it was when it is asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlmodel import col

import access
from access import Caller
from clock import utc_now
from db import Database, Transaction
from errors import Conflict
from events import changes
from events.writing import add_events
from models import Conversation, ImportRow, Message, Task, UndoStep
from models.undo.left_out import LeftOut, leave_out
from models.undo.undo_step import UNDO_NOUNS, UndoCreate, UndoNoun, UndoPublic, UndoStepPublic
from services.undo import hidden_conversations
from services.undo.import_rows import ImportId, new_import_step
from services.undo.undo import choose_steps, find_steps, find_undoable, mark_steps, show_undone, undo_change
from services.undo.undo_rows import revive_task
from services.undo.undo_steps import Change, mark_value, take_snapshot

# Rows of one transaction.
SLICE = 200
CHANGED = "It was changed after the import."
CONTINUED = "It was renamed or continued after the import."
EXTENDED = "Messages were added to what was there before: nothing is taken out of a conversation."
HERE = "It is there again already, or gone for good."


@dataclass(slots=True)
class Progress:
    """How far an undo has come: past which row in this pass, and which state of the import the pass began with."""

    after: UUID | None = None
    began_with: object = None
    left: dict[tuple[str, str], LeftOut] = field(default_factory=dict)
    step: UndoStep | None = None


async def undo_anything(
    db: Database, caller: Caller, wanted: UndoCreate, new_id: UUID | None, nouns: Sequence[UndoNoun]
) -> UndoPublic:
    """Undo a change, wholly or not at all, or an import as far as nothing was done with its rows since."""
    change_id = await db.read(find_import, caller, wanted, new_id, nouns)
    if change_id is None:
        return show_undone(await db.write(undo_change, caller, wanted, new_id, nouns=nouns))
    progress, undo_id = Progress(), new_id or uuid4()
    while progress.step is None:
        progress = await db.write(move_slice, caller, change_id, undo_id, progress)
    shown = UndoStepPublic.model_validate(progress.step)
    return UndoPublic(change_id=undo_id, steps=[shown], left=list(progress.left.values()))


async def find_import(
    tx: Transaction, caller: Caller, wanted: UndoCreate, new_id: UUID | None, nouns: Sequence[UndoNoun]
) -> UUID | None:
    """The change that is meant, if it is an import or the undo of one, and was not undone under this id already."""
    if new_id is not None and await find_steps(tx, caller, col(UndoStep.change_id) == new_id):
        return None
    chosen = await choose_steps(tx, caller, wanted, nouns, whole_run=False)
    steps = [] if chosen is None else await find_steps(tx, caller, chosen)
    return next((step.change_id for step in steps if step.noun == "import" and "import" in nouns), None)


async def move_slice(
    tx: Transaction, caller: Caller, change_id: UUID, undo_id: UUID, before: Progress
) -> Progress:
    """Take some rows away or bring them back; with the last ones the undo is done, and stands as a step.

    An import that is at work may add rows behind the place of the pass. Then its step has changed, and a further pass
    begins.
    """
    wanted = UndoCreate(change_id=change_id)
    [step] = await find_undoable(tx, caller, wanted, nouns=UNDO_NOUNS, lock=True)
    takes = step.action == "created"
    is_first = before.after is None
    began_with = step.state_after if is_first else before.began_with
    left = {} if is_first else {key: each.model_copy(deep=True) for key, each in before.left.items()}
    progress = Progress(began_with=began_with, left=left)
    here = [col(ImportRow.import_id) == step.row_id, col(ImportRow.is_taken) != takes]
    if before.after is not None:
        here.append(col(ImportRow.row_id) > before.after)
    found = access.select(caller, ImportRow).where(*here).order_by(col(ImportRow.row_id)).limit(SLICE)
    rows = list((await tx.execute(found.with_for_update())).scalars())
    await move_rows(tx, caller, rows, progress, takes=takes)
    if len(rows) == SLICE:
        progress.after = rows[-1].row_id
    elif step.state_after == began_with:
        progress.step = await finish(tx, caller, step, undo_id)
    return progress


async def move_rows(
    tx: Transaction, caller: Caller, rows: Sequence[ImportRow], progress: Progress, *, takes: bool
) -> None:
    """With one event for all that are moved."""
    tasks = {row.row_id: row for row in rows if row.noun == "task"}
    conversations = {row.row_id: row for row in rows if row.noun == "conversation" and row.kind == "made"}
    if takes:
        for row in rows:
            if row.kind == "extended":
                leave_out(progress.left, "messages", EXTENDED)
        moved_tasks = await take_tasks(tx, caller, tasks, progress)
        moved_conversations = await take_conversations(tx, caller, conversations, progress)
    else:
        moved_tasks = await bring_tasks(tx, caller, tasks, progress)
        moved_conversations = await bring_conversations(tx, caller, conversations, progress)
    moment = utc_now()
    for row_id in [*moved_tasks, *moved_conversations]:
        row = tasks.get(row_id) or conversations[row_id]
        row.is_taken, row.changed_at = takes, moment
    await tx.flush()
    counts = {"tasks": len(moved_tasks), "conversations": len(moved_conversations)}
    told = {noun: count for noun, count in counts.items() if count}
    if told and takes:
        await changes.record_event(tx, caller, "import.removed", told)
    elif told:
        await changes.record_event(tx, caller, "import.stored", told)


async def take_tasks(
    tx: Transaction, caller: Caller, rows: dict[UUID, ImportRow], progress: Progress
) -> list[UUID]:
    """Delete those that are as they were made; which."""
    own = (access.own_by_id(caller, Task), col(Task.id).in_(rows))
    locked = select(Task).where(*own).order_by(col(Task.id)).with_for_update()
    taken = []
    for task in (await tx.execute(locked)).scalars() if rows else ():
        row, state = rows[task.id], take_snapshot(task)
        if any(mark_value(state[name]) != mark for name, mark in row.state_after.items() if name in state):
            leave_out(progress.left, "tasks", CHANGED, task.title)
            continue
        row.state_before = state
        taken.append(task.id)
    if taken:
        chosen = (access.own_by_id(caller, Task), col(Task.id).in_(taken))
        await tx.execute(delete(Task).where(*chosen), execution_options={"synchronize_session": False})
    return taken


async def bring_tasks(
    tx: Transaction, caller: Caller, rows: dict[UUID, ImportRow], progress: Progress
) -> list[UUID]:
    """Store those again that are not there; which."""
    own = select(col(Task.id)).where(access.own_by_id(caller, Task), col(Task.id).in_(rows))
    known = set((await tx.execute(own)).scalars()) if rows else set()
    brought = {}
    for row_id, row in rows.items():
        if row_id in known or row.state_before is None:
            leave_out(progress.left, "tasks", HERE, (row.state_before or {}).get("title"))
            continue
        brought[row_id] = revive_task(caller, row.state_before).model_dump()
        row.state_before = None
    await access.insert_rows(tx, caller, Task, list(brought.values()))
    return list(brought)


async def take_conversations(
    tx: Transaction, caller: Caller, rows: dict[UUID, ImportRow], progress: Progress
) -> list[UUID]:
    """Hide those that are as they were made; which."""
    if not rows:
        return []
    own = (access.own_by_id(caller, Conversation), col(Conversation.id).in_(rows))
    there = (*own, col(Conversation.deleted_at).is_(None))
    locked = select(Conversation).where(*there).order_by(col(Conversation.id)).with_for_update()
    found = list((await tx.execute(locked)).scalars())
    last = (
        select(col(Conversation.id), func.max(col(Message.seq)))
        .join(Message, access.child_condition(Message, col(Conversation.id)))
        .where(*own)
        .group_by(col(Conversation.id))
    )
    last_seqs = {row[0]: row[1] for row in await tx.execute(last)}
    taken = []
    for conversation in found:
        now = {"title": conversation.title, "seq": last_seqs.get(conversation.id, 0)}
        row = rows[conversation.id]
        if now != row.state_after:
            leave_out(progress.left, "conversations", CONTINUED, conversation.title)
            continue
        row.state_before = {"updated_at": take_snapshot(conversation)["updated_at"]}
        conversation.deleted_at = utc_now()
        taken.append(conversation.id)
    return taken


async def bring_conversations(
    tx: Transaction, caller: Caller, rows: dict[UUID, ImportRow], progress: Progress
) -> list[UUID]:
    """Show those again that are hidden; which."""
    hidden = await hidden_conversations.find_hidden(tx, caller, list(rows)) if rows else []
    for conversation in hidden:
        row = rows[conversation.id]
        conversation.deleted_at = None
        if row.state_before is not None:
            conversation.updated_at = datetime.fromisoformat(row.state_before["updated_at"])
        row.state_before = None
    for row_id in rows.keys() - {conversation.id for conversation in hidden}:
        leave_out(progress.left, "conversations", HERE, rows[row_id].state_after["title"])
    return [conversation.id for conversation in hidden]


async def finish(tx: Transaction, caller: Caller, step: UndoStep, undo_id: UUID) -> UndoStep:
    """Write the step and the event of the undo; Conflict where nothing of the import was taken, or brought back."""
    takes = step.action == "created"
    moved = access.select(caller, ImportRow, col(ImportRow.row_id)).where(
        col(ImportRow.import_id) == step.row_id, col(ImportRow.is_taken) == takes
    )
    if (await tx.execute(moved.limit(1))).first() is None:
        raise Conflict("Nothing is left of this to undo.", problem="nothing-to-undo")
    counts = step.state_after or step.state_before or {}
    source = (step.title or "").partition(":")[0]
    change = Change(caller, undo_id, is_undo=True)
    made = new_import_step(
        caller, undo_id, ImportId(step.row_id, source), "deleted" if takes else "created", counts
    )
    made.is_undo = True
    access.add_row(tx, caller, made)
    await mark_steps(tx, caller, change, [step])
    told = {"change_id": undo_id, "undone_change_ids": [step.change_id], "run_id": None}
    await add_events(tx, [changes.new_event(caller, "change.undone", told)])
    await tx.flush()
    return made
