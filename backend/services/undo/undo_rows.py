# services/undo/undo_rows.py -- puts a row back as it was: makes it again, changes it, or takes it away.
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlmodel import SQLModel

import access
from access import Caller
from access.participation import changeable_conversation
from clock import utc_now
from db import Transaction, get_columns
from errors import Conflict, NotFound
from events import changes
from models import Conversation, Task
from models.event import NewEvent
from models.shapes import JsonObject
from models.undo.undo_step import UndoNoun
from services import conversations, idempotency, tasks
from services.participation import conversations as groups
from services.undo import hidden_conversations, kept_parts
from services.undo.undo_steps import UNDO_TABLES, Change

Key = tuple[UndoNoun, UUID]
# What no undo sets in a row that is there.
KEPT = frozenset({"id", "created_at", "updated_at", "remind_at"})


@dataclass(frozen=True, slots=True)
class Reversal:
    """A row, if it is there, with the snapshots of what it is and of what it becomes; None: it is not there.

    `taken_by` is the change that is undone of it, or the last of several.
    """

    key: Key
    row: SQLModel | None
    was: JsonObject | None
    becomes: JsonObject | None
    taken_by: UUID


async def lock_rows(tx: Transaction, caller: Caller, keys: Collection[Key]) -> dict[Key, SQLModel]:
    """Those of the rows that are there, locked in the order of their ids."""
    rows: dict[Key, SQLModel] = {}
    for noun, undo_table in UNDO_TABLES.items():
        ids = [row_id for each, row_id in keys if each == noun]
        if ids:
            row_id = get_columns(undo_table.table)["id"]
            # To see a conversation is not to be allowed to change it.
            rule = access.RULES[Task] if noun == "task" else changeable_conversation
            found = select(undo_table.table).where(rule(caller), row_id.in_(ids)).order_by(row_id)
            locked = found.with_for_update().execution_options(populate_existing=True)
            for row in (await tx.execute(locked)).scalars():
                assert isinstance(row, Task | Conversation)
                rows[noun, row.id] = row
    return rows


async def reverse_task(tx: Transaction, change: Change, reversal: Reversal) -> tuple[Task, list[NewEvent]]:
    """The task, as it is now or was before it went, and the event of that."""
    task, state, caller = reversal.row, reversal.becomes, change.caller
    if state is None:
        assert isinstance(task, Task)
        await tx.delete(task)
        await idempotency.forget_answers(tx, caller, task.id)
        return task, [changes.new_event(caller, "task.deleted", {"task_id": task.id})]
    past = revive_task(caller, state)
    if task is None:
        access.add_row(tx, caller, past)
        return past, [changes.new_event(caller, "task.created", tasks.describe_task_event(past))]
    assert isinstance(task, Task)
    if (task.reminder_at, task.completed) != (past.reminder_at, past.completed):
        task.remind_at = past.remind_at
    for name in state.keys() - KEPT:
        setattr(task, name, getattr(past, name))
    await tx.flush()
    return task, [changes.new_event(caller, "task.updated", tasks.describe_task_event(task))]


def revive_task(caller: Caller, state: JsonObject) -> Task:
    """The task as it was. What was reminded of is not once more."""
    past = Task.model_validate({**state, "user_id": caller.user_id})
    is_to_come = past.reminder_at is not None and past.reminder_at > utc_now() and not past.completed
    past.remind_at = past.reminder_at if is_to_come else None
    return past


async def reverse_conversation(
    tx: Transaction, change: Change, reversal: Reversal
) -> tuple[Conversation, list[NewEvent]]:
    """The same of a conversation; one that is brought back has all that was deleted with it."""
    conversation, state, caller = reversal.row, reversal.becomes, change.caller
    if state is None:
        assert isinstance(conversation, Conversation)
        if conversation.kind == "group":
            _, told = await groups.take_away(tx, caller, conversation)
            return conversation, told
        await conversations.take_away(tx, caller, conversation, change.id)
        gone = {"conversation_id": conversation.id}
        return conversation, [changes.new_event(caller, "conversation.deleted", gone)]
    past = Conversation.model_validate({**state, "user_id": caller.user_id})
    if conversation is None:
        return await bring_back(tx, change, past, reversal.taken_by)
    assert isinstance(conversation, Conversation)
    conversation.title = past.title
    await tx.flush()
    if conversation.kind == "group":
        return conversation, [groups.describe_update(conversation)]
    shown = conversations.describe_conversation_event(conversation)
    return conversation, [changes.new_event(caller, "conversation.updated", shown)]


async def bring_back(
    tx: Transaction, change: Change, past: Conversation, taken_by: UUID
) -> tuple[Conversation, list[NewEvent]]:
    """What is hidden is shown again, and what was copied is stored again."""
    hidden = await hidden_conversations.find_hidden(tx, change.caller, [past.id])
    if past.kind == "group":
        if not hidden:
            raise Conflict(
                "You may not bring the group back any more, or its account is not there.",
                problem="undo-blocked",
            )
        return hidden[0], await groups.bring_back(tx, hidden[0], past.updated_at)
    try:
        await conversations.find_place(tx, change.caller, past.account_id, past.agent_id)
    except NotFound as error:
        raise Conflict("Its account or its agent is not there any more.", problem="undo-blocked") from error
    for conversation in hidden:
        await hidden_conversations.show_conversation(tx, conversation, past.updated_at)
        past = conversation
    if not hidden:
        access.add_row(tx, change.caller, past)
        await tx.flush()
        await kept_parts.restore_parts(tx, change.caller, taken_by)
    shown = conversations.describe_conversation_event(past)
    return past, [changes.new_event(change.caller, "conversation.created", shown)]


Reverser = Callable[[Transaction, Change, Reversal], Awaitable[tuple[SQLModel, list[NewEvent]]]]
REVERSERS: Mapping[UndoNoun, Reverser] = {"task": reverse_task, "conversation": reverse_conversation}
