# services/agents/answers.py -- the answer of an external agent: its program posts it, and the oldest run ends.
from datetime import timedelta
from uuid import UUID

from sqlmodel import col

import access
from access import Caller, System
from clock import utc_now
from db import Transaction
from errors import Conflict, Forbidden
from models import Agent, Conversation, Message, Run
from models.message import MessageCreate, QueryAudit
from models.run import derive_answer_id
from services import run_log
from services.run_endings import describe_end, end_run, store_run_end
from services.run_usage import read_usage
from storage.dialects import read_clock

# A question that nobody answers for so long has failed.
ANSWER_HOURS = 24
NO_ANSWER = f"The agent has not answered within {ANSWER_HOURS} hours."
EXPIRED_BATCH = 100


def refuse_audit(new: MessageCreate) -> None:
    """Forbidden where a person tells what only an external agent has done."""
    if any(getattr(new, name) is not None for name in QueryAudit.model_fields):
        raise Forbidden("Only the conversation's own external agent tells of its queries.")


async def post_answer(tx: Transaction, caller: Caller, conversation_id: UUID, new: MessageCreate) -> Run:
    """Answer the oldest message that waits; the run that ended with it. Repeated with its client_id, it is found.

    Conflict where nothing waits, and for a client_id of another message.
    """
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    repeated = await find_repeated(tx, caller, conversation_id, new)
    if repeated is not None:
        return repeated
    waiting = access.select(caller, Run).where(
        col(Run.conversation_id) == conversation_id,
        col(Run.status) == "queued",
        col(Run.is_external).is_(True),
    )
    oldest = waiting.order_by(col(Run.trigger_seq)).limit(1).with_for_update(of=Run)
    run: Run | None = (await tx.execute(oldest)).scalar_one_or_none()
    if run is None:
        raise Conflict("No message waits for an answer in this conversation.")
    moment = await read_clock(tx)
    run.epoch += 1
    await run_log.add_started_event(tx, caller, run, moment)
    agent = await access.get_row(tx, caller, Agent, caller.user_id)
    answer = build_answer(caller, run, new)
    usage = read_usage(run)
    end = describe_end(run, answer, "completed", None, usage, answer.created_at, agent.name)
    await store_run_end(tx, caller, run, conversation, end)
    return run


def build_answer(caller: Caller, run: Run, new: MessageCreate) -> Message:
    audit = new.model_dump(include=set(QueryAudit.model_fields), exclude_none=True)
    return Message(
        id=derive_answer_id(run.id),
        conversation_id=run.conversation_id,
        user_id=caller.user_id,
        agent_id=caller.user_id,
        role="agent",
        content=new.content,
        client_id=new.client_id,
        created_at=utc_now(),
        seq=0,
        run_id=run.id,
        finish_reason="stop",
        **audit,
    )


async def find_repeated(
    tx: Transaction, caller: Caller, conversation_id: UUID, new: MessageCreate
) -> Run | None:
    if new.client_id is None:
        return None
    mine = (col(Message.user_id) == caller.user_id, col(Message.client_id) == new.client_id)
    message = await access.find_row(tx, caller, Message, *mine)
    if message is None:
        return None
    if (message.conversation_id, message.content) != (conversation_id, new.content):
        raise Conflict("This client_id was used for another message.")
    return await access.get_row(tx, caller, Run, message.run_id)


async def find_late_runs(tx: Transaction, caller: System) -> list[UUID]:
    """Runs that no agent has answered in time, EXPIRED_BATCH at most."""
    late = access.select(caller, Run, col(Run.id)).where(
        col(Run.status) == "queued",
        col(Run.is_external).is_(True),
        col(Run.created_at) < utc_now() - timedelta(hours=ANSWER_HOURS),
    )
    return list((await tx.execute(late.limit(EXPIRED_BATCH))).scalars())


async def end_late_run(tx: Transaction, caller: System, run_id: UUID) -> None:
    """Fail it, unless it was answered meanwhile. The conversation is locked before the run, as everywhere."""
    run = await access.get_row(tx, caller, Run, run_id)
    await access.get_row(tx, caller, Conversation, run.conversation_id, lock=True)
    run = await access.get_row(tx, caller, Run, run_id, lock=True)
    if run.status != "queued":
        return
    person = Caller(run.user_id, None)
    await run_log.add_started_event(tx, person, run, await read_clock(tx))
    await end_run(tx, person, run, [], "failed", NO_ANSWER)
