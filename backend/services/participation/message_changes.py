# services/participation/message_changes.py -- edits and retracts a message: its next version, beside what was said.
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from access.participation import shared_conversation, shared_message
from db import Transaction
from errors import Conflict, Forbidden
from events import changes
from models import Conversation, Message, MessageChange, Run
from models.event import Audience
from models.message import MessagePublic, cut_message
from models.participation.message_change import ChangeKind
from services.participation import shared_messages
from services.participation.agent_runs import cancel_shared_runs

MAX_EDITS = 100


async def edit_message(tx: Transaction, caller: Caller, message_id: UUID, content: str) -> MessagePublic:
    """Give one's own message another content. Conflict for a retracted one."""
    message = await lock_own_message(tx, caller, message_id)
    if message.role == "agent" and message.agent_id != caller.user_id:
        raise Forbidden(
            "What an agent has answered you stays as it is, or is retracted.", problem="unchangeable"
        )
    last = await find_last_change(tx, caller, message)
    if last is not None and last.kind == "retract":
        raise Conflict("The message is retracted.", problem="message-retracted")
    if last is not None and last.version >= MAX_EDITS:
        raise Conflict(f"A message is edited {MAX_EDITS} times at most.", problem="limit-reached")
    return await add_change(tx, caller, message, last, "edit", content)


async def retract_message(
    tx: Transaction, caller: Caller, message_id: UUID, size: int = 0
) -> tuple[MessagePublic, list[UUID]]:
    """Take back what one's own message says; it stays as an empty one. The runs that it began end, whose ids come too.

    `size` is as in `cancel_run`.
    """
    message = await lock_own_message(tx, caller, message_id)
    last = await find_last_change(tx, caller, message)
    if last is not None and last.kind == "retract":
        return await shared_messages.get_message(tx, caller, message_id), []
    begun = (col(Run.conversation_id) == message.conversation_id, col(Run.trigger_seq) == message.seq)
    ended = await cancel_shared_runs(tx, size, "The question was retracted.", *begun)
    return await add_change(tx, caller, message, last, "retract", None), ended


async def lock_own_message(tx: Transaction, caller: Caller, message_id: UUID) -> Message:
    """The message, its conversation locked, so that its versions follow each other."""
    message = await access.find_by_id(tx, caller, Message, message_id, rule=shared_message)
    if message is None:
        await access.get_row(tx, caller, Message, message_id)
        raise Forbidden(
            "What is said to an agent, and what it answers, stays as it is.", problem="unchangeable"
        )
    if message.user_id != caller.user_id:
        raise Forbidden("Only who has said it may change it.", problem="not-yours-to-change")
    conversation_id = message.conversation_id
    await access.get_row(tx, caller, Conversation, conversation_id, lock=True, rule=shared_conversation)
    return message


async def find_last_change(tx: Transaction, caller: Caller, message: Message) -> MessageChange | None:
    theirs = access.select(caller, MessageChange).where(col(MessageChange.message_id) == message.id)
    newest = theirs.order_by(col(MessageChange.version).desc()).limit(1)
    change: MessageChange | None = (await tx.execute(newest)).scalar_one_or_none()
    return change


async def add_change(
    tx: Transaction,
    caller: Caller,
    message: Message,
    last: MessageChange | None,
    kind: ChangeKind,
    content: str | None,
) -> MessagePublic:
    version = 1 if last is None else last.version + 1
    change = MessageChange(
        message_id=message.id, version=version, user_id=caller.user_id, kind=kind, content=content
    )
    access.add_row(tx, caller, change)
    await tx.flush()
    shown = await shared_messages.get_message(tx, caller, message.id)
    everybody = Audience("conversation", message.conversation_id)
    payload = {"message": cut_message(shown), "message_seq": message.seq}
    await changes.record_event(tx, everybody, "message.updated", payload)
    return shown
