# services/undo/import_rows.py -- what an import has made, kept for 30 days so that it can be taken back as one.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import utc_now
from db import Transaction, get_columns
from errors import Conflict
from models import ImportRow, Task, UndoStep
from models.shapes import JsonObject
from models.undo.import_row import ImportKind, ImportNoun
from models.undo.undo_step import UndoAction
from services.undo.undo_steps import RETENTION, dump_value, mark_row

NOUNS = ("tasks", "conversations", "messages")
UNDONE = "This import was undone while its file came. Nothing more of it is made."


@dataclass(frozen=True, slots=True)
class ImportId:
    """An import: the change of all that it makes, and of which product its file is."""

    id: UUID
    source: str


@dataclass(slots=True)
class MadeRows:
    """What a part of an import has made: rows of tasks, and titles and last numbers of conversations by their ids."""

    tasks: Sequence[Mapping[str, object]] = ()
    conversations: dict[UUID, str | None] = field(default_factory=dict)
    last_seqs: dict[UUID, int] = field(default_factory=dict)
    messages: int = 0

    def count(self) -> dict[str, int]:
        return dict(zip(NOUNS, (len(self.tasks), len(self.conversations), self.messages), strict=True))


async def lock_import(tx: Transaction, caller: Caller, import_id: UUID) -> UndoStep | None:
    """The step of an import that has made something, locked; Conflict if it was undone."""
    is_import = (col(UndoStep.change_id) == import_id, col(UndoStep.noun) == "import")
    step = await access.find_row(tx, caller, UndoStep, *is_import, lock=True)
    if step is not None and step.is_undone:
        raise Conflict(UNDONE)
    return step


async def record_rows(
    tx: Transaction, caller: Caller, imported: ImportId, step: UndoStep | None, made: MadeRows
) -> None:
    """Keep what was made beside the step of the import, which `lock_import` has locked; the first time it is none."""
    counts = made.count()
    if step is None:
        access.add_row(tx, caller, new_import_step(caller, imported.id, imported, "created", counts))
    else:
        known = step.state_after or {}
        step.state_after = {noun: known.get(noun, 0) + count for noun, count in counts.items()}
        step.title = name_import(imported.source, step.state_after)
    new = [
        new_row(caller, imported.id, "task", UUID(str(task["id"])), mark_task(task)) for task in made.tasks
    ]
    for conversation_id, title in made.conversations.items():
        state = {"title": title, "seq": made.last_seqs.get(conversation_id, 0)}
        new.append(new_row(caller, imported.id, "conversation", conversation_id, state))
    for conversation_id, seq in made.last_seqs.items():
        if conversation_id in made.conversations or await move_last_seq(
            tx, caller, imported.id, conversation_id, seq
        ):
            continue
        new.append(
            new_row(caller, imported.id, "conversation", conversation_id, {"seq": seq}, kind="extended")
        )
    await tx.flush()
    await access.insert_rows(tx, caller, ImportRow, new)


def new_row(
    caller: Caller,
    import_id: UUID,
    noun: ImportNoun,
    row_id: UUID,
    state: JsonObject,
    *,
    kind: ImportKind = "made",
) -> dict[str, object]:
    row = {"import_id": import_id, "row_id": row_id, "user_id": caller.user_id, "noun": noun, "kind": kind}
    return {**row, "state_after": state, "changed_at": utc_now()}


def mark_task(task: Mapping[str, object]) -> JsonObject:
    """What has to stand in a task of which the row was made."""
    snapshot = {name: dump_value(task.get(name)) for name in get_columns(Task).keys()}  # noqa: SIM118
    return mark_row("task", snapshot) or {}


async def move_last_seq(
    tx: Transaction, caller: Caller, import_id: UUID, conversation_id: UUID, seq: int
) -> bool:
    """Whether the conversation has a row of this import already, in which the number is now this one."""
    here = (col(ImportRow.import_id) == import_id, col(ImportRow.row_id) == conversation_id)
    row = await access.find_row(tx, caller, ImportRow, *here)
    if row is None:
        return False
    row.state_after = {**row.state_after, "seq": seq}
    return True


def new_import_step(
    caller: Caller, change_id: UUID, imported: ImportId, action: UndoAction, counts: Mapping[str, int]
) -> UndoStep:
    """The one step of an import, or of what has undone it."""
    is_made = action == "created"
    return UndoStep(
        user_id=caller.user_id,
        change_id=change_id,
        noun="import",
        row_id=imported.id,
        action=action,
        title=name_import(imported.source, counts),
        state_before=None if is_made else dict(counts),
        state_after=dict(counts) if is_made else None,
    )


def name_import(source: str, counts: Mapping[str, int]) -> str:
    return f"{source}: " + ", ".join(f"{counts[noun]:,} {noun}" for noun in NOUNS if counts.get(noun))


async def delete_old_rows(tx: Transaction, caller: CallerOrSystem, limit: int = ROW_BATCH) -> int:
    """Delete one batch; the number of rows."""
    old = col(ImportRow.changed_at) < utc_now() - RETENTION
    return await delete_batch(tx, caller, ImportRow, old, limit=limit)
