# services/branches/repeating.py -- answers a message once more: another run of it, and no other message of the user's.
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col

import access
from access import Caller
from access.participation import shared_message
from clock import utc_now
from db import Transaction
from errors import Invalid, NotFound
from models import Conversation, Message, Run
from models.agent import BUILT_IN_ID
from models.message import OnBusy
from models.run import derive_answer_id
from services import conversations, messages, runs
from services.agents.profiles import find_profile
from services.branches.places import (
    find_newest,
    find_question,
    record_shown,
    refuse_among_people,
    refuse_more,
    select_answers,
)
from services.run_posting import PostedMessage, make_room


async def repeat_answer(
    tx: Transaction, caller: Caller, message_id: UUID, on_busy: OnBusy, max_runs: int, run_id: UUID
) -> PostedMessage:
    """Queue another run for a message of the user's, or for the one that a message answers; both are kept.

    A request that is sent again has the same `run_id`. Conflict while the conversation's agent is at work.
    """
    conversations.require_person(caller)
    if (stored := await access.find_by_id(tx, caller, Run, run_id)) is not None:
        return PostedMessage(stored, repeated=True, agent=await find_profile(tx, caller, stored.agent_id))
    conversation, question = await open_question(tx, caller, message_id)
    ended, _ = await make_room(tx, caller, conversation, on_busy, max_runs)
    run = await add_attempt(tx, caller, conversation, question, run_id)
    conversation.shown_seq, conversation.shown_id = question.seq, derive_answer_id(run.id)
    conversation.updated_at = utc_now()
    await record_shown(tx, caller, conversation.id, question.id)
    shown = await messages.get_message(tx, caller, question.id) if run.is_external else None
    await runs.record_run_change(tx, caller, run, "run.queued", shown)
    return PostedMessage(run, cancelled=tuple(one.id for one in ended))


async def open_question(tx: Transaction, caller: Caller, message_id: UUID) -> tuple[Conversation, Message]:
    """The message that is to be answered, and its conversation, locked."""
    message = await access.find_by_id(tx, caller, Message, message_id)
    if message is None:
        if await access.find_by_id(tx, caller, Message, message_id, rule=shared_message) is not None:
            raise refuse_among_people()
        raise NotFound("message")
    conversation = await messages.lock_conversation(tx, caller, message.conversation_id)
    question = await find_question(tx, caller, message)
    if question is not None and question.role == "agent":  # of an import: it stands alone
        question = await find_newest(tx, caller, conversation.id, question.seq)
    if question is None or question.role == "agent":
        raise Invalid("This answers no message.", ("path", "message_id"))
    if question.program_name is not None:
        raise Invalid("A program has asked this: it may ask again.", ("path", "message_id"))
    return conversation, question


async def add_attempt(
    tx: Transaction, caller: Caller, conversation: Conversation, question: Message, run_id: UUID
) -> Run:
    agent = await find_profile(tx, caller, conversation.agent_id)
    here = (col(Run.conversation_id) == conversation.id, col(Run.trigger_seq) == question.seq)
    last = access.select(caller, Run, func.max(col(Run.attempt))).where(*here)
    attempt = ((await tx.execute(last)).scalar_one() or 0) + 1
    refuse_more(attempt)
    run = Run(
        id=run_id,
        conversation_id=conversation.id,
        user_id=caller.user_id,
        trigger_seq=question.seq,
        is_external=agent is not None and agent.is_external,
        agent_id=conversation.agent_id,
        agent_key=conversation.agent_id or BUILT_IN_ID,
        attempt=attempt,
        replaces_id=await find_first_answer(tx, caller, question),
    )
    access.add_row(tx, caller, run)
    await tx.flush()
    return run


async def find_first_answer(tx: Transaction, caller: Caller, question: Message) -> UUID | None:
    """The first answer to a message that was stored: by whichever of its runs or, in an import, right after it."""
    answers = select_answers(caller, question.conversation_id, question.seq)
    found: UUID | None = (await tx.execute(answers.order_by(col(Run.attempt)).limit(1))).scalar_one_or_none()
    if found is not None or question.run_id is not None:
        return found
    here = (col(Message.conversation_id) == question.conversation_id, col(Message.seq) == question.seq + 1)
    following = await access.find_row(tx, caller, Message, *here)
    is_answer = following is not None and following.role == "agent" and following.run_id is None
    return following.id if following is not None and is_answer and following.after_seq is None else None
