# services/branches/choosing.py -- which branch of a conversation is shown, and goes on with the next message.
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col

import access
from access import Caller
from access.participation import readable_conversation
from clock import utc_now
from db import AnySelect, Transaction
from errors import NotFound
from models import Conversation, Message, Run
from services import conversations
from services.branches.places import (
    END,
    MAX_READS,
    Place,
    find_message,
    find_newest,
    find_question,
    name_place,
    record_shown,
    refuse_among_people,
    select_answers,
)


async def show_branch(tx: Transaction, caller: Caller, conversation_id: UUID, message_id: UUID) -> None:
    """Show the branch on which a message stands, to the end that was written last; NotFound without it."""
    await refuse_people(tx, caller, conversation_id)
    conversation = await conversations.lock_own(tx, caller, conversation_id)
    message = await find_message(tx, caller, conversation_id, message_id)
    question = None if message is None else await find_question(tx, caller, message)
    if message is None or question is None:
        raise NotFound("message")
    conversation.shown_seq, conversation.shown_id = await find_end(tx, caller, question, message)
    conversation.updated_at = utc_now()
    await record_shown(tx, caller, conversation_id, message_id)


async def refuse_people(tx: Transaction, caller: Caller, conversation_id: UUID) -> None:
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, rule=readable_conversation)
    if conversation.kind != "assistant":
        raise refuse_among_people()


async def find_end(tx: Transaction, caller: Caller, question: Message, message: Message) -> Place:
    """Where the branch ends on which the message stands, a question or an answer of it: the newest way on is taken."""
    answer_id = None if message.id == question.id else message.id
    is_first = answer_id is None or message.run_id == question.run_id
    seq = question.seq
    for _ in range(MAX_READS):
        last = seq
        if is_first:
            last = await find_last_in_line(tx, caller, question.conversation_id, seq)
        further = await find_further(tx, caller, question.conversation_id, seq, last, answer_id)
        if further is None and last == seq and answer_id is not None:
            return Place(last, answer_id)
        if further is None:
            seq = last
            break
        seq, answer_id, is_first = further, None, True
    first = await name_place(tx, caller, await find_newest(tx, caller, question.conversation_id, seq + 1))
    return first._replace(answer_id=await find_last_answer(tx, caller, question, seq) or first.answer_id)


def select_beginnings(caller: Caller, conversation_id: UUID) -> AnySelect:
    """The messages that say where they stand, by their numbers."""
    return access.select(caller, Message, col(Message.seq)).where(
        col(Message.conversation_id) == conversation_id, col(Message.after_seq).is_not(None)
    )


async def find_last_in_line(tx: Transaction, caller: Caller, conversation_id: UUID, seq: int) -> int:
    """The last exchange of those that follow this one without saying so."""
    beginnings = select_beginnings(caller, conversation_id).where(col(Message.seq) > seq)
    following = (await tx.execute(beginnings.with_only_columns(func.min(col(Message.seq))))).scalar_one()
    last = await find_newest(tx, caller, conversation_id, following or END)
    return last.seq if last is not None else seq


async def find_further(
    tx: Transaction, caller: Caller, conversation_id: UUID, seq: int, last: int, answer_id: UUID | None
) -> int | None:
    """The newest message that says it follows one of these exchanges; the first of them with this answer, if given."""
    beginnings = select_beginnings(caller, conversation_id).where(col(Message.after_seq).between(seq, last))
    if answer_id is not None:
        beginnings = beginnings.where((col(Message.after_seq) > seq) | (col(Message.after_id) == answer_id))
    found: int | None = (
        await tx.execute(beginnings.order_by(col(Message.seq).desc()).limit(1))
    ).scalar_one_or_none()
    return found


async def find_last_answer(tx: Transaction, caller: Caller, near: Message, seq: int) -> UUID | None:
    """Of a message that was answered several times, the newest answer; None where the first is the only one."""
    answers = select_answers(caller, near.conversation_id, seq).where(col(Run.attempt) > 0)
    found: UUID | None = (
        await tx.execute(answers.order_by(col(Run.attempt).desc()).limit(1))
    ).scalar_one_or_none()
    return found
