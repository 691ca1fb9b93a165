# services/agents/answers.py -- the answer of an external agent: its program posts it, and the oldest run ends.
from datetime import timedelta
from uuid import UUID

from sqlmodel import col

import access
from access import Caller, System
from clock import utc_now
from db import Transaction
from errors import Conflict, Forbidden, Invalid
from models import Agent, Conversation, Message, Run
from models.message import MessageCreate, QueryAudit
from models.run import derive_answer_id
from models.shapes import JsonObject
from services import messages, run_log
from services.run_endings import describe_end, end_run, find_question, store_run_end
from services.run_usage import read_usage
from storage.dialects import read_clock

# A question that nobody answers for so long has failed.
ANSWER_HOURS = 24
NO_ANSWER = f"The agent has not answered within {ANSWER_HOURS} hours."
EXPIRED_BATCH = 100
NOT_EXTERNAL = "Only the conversation's own external agent tells of its queries."


def refuse_audit(new: MessageCreate) -> None:
    """Forbidden where a person tells what only an external agent has done."""
    if any(getattr(new, name) is not None for name in QueryAudit.model_fields):
        raise Forbidden(NOT_EXTERNAL, problem="not-an-external-agent")


async def read_audit(tx: Transaction, caller: Caller, new: MessageCreate) -> JsonObject:
    """What an agent tells of its queries; Forbidden for a hosted one, which Parley answers for."""
    audit = new.model_dump(include=set(QueryAudit.model_fields), exclude_none=True)
    if audit and (await access.get_row(tx, caller, Agent, caller.user_id)).kind != "external":
        raise Forbidden(NOT_EXTERNAL, problem="not-an-external-agent")
    return audit


async def post_answer(tx: Transaction, caller: Caller, conversation_id: UUID, new: MessageCreate) -> Run:
    """Answer the oldest message that waits; the run that ended with it. Repeated with its client_id, it is found.

    Conflict where nothing waits, and for a client_id of another message.
    """
    if new.replaces_id is not None:
        raise Invalid("An answer stands in place of no message.", ("body", "replaces_id"))
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    repeated = await messages.find_repeated_run(tx, caller, new.client_id, new.content, conversation_id)
    if repeated is not None:
        return repeated
    run = await find_waiting_run(tx, caller, conversation_id)
    if run is None:
        raise Conflict("No message waits for an answer in this conversation.", problem="nothing-to-answer")
    await end_with_answer(tx, caller, conversation, run, new)
    return run


async def find_waiting_run(
    tx: Transaction, caller: Caller, conversation_id: UUID, trigger_seq: int | None = None
) -> Run | None:
    """The oldest run, locked, that waits there for the caller's answer, or the one of this message."""
    waiting = access.select(caller, Run).where(
        col(Run.conversation_id) == conversation_id,
        col(Run.status) == "queued",
        col(Run.is_external).is_(True),
    )
    if trigger_seq is not None:
        waiting = waiting.where(col(Run.trigger_seq) == trigger_seq)
    oldest = waiting.order_by(col(Run.trigger_seq)).limit(1).with_for_update(of=Run)
    run: Run | None = (await tx.execute(oldest)).scalar_one_or_none()
    return run


async def end_with_answer(
    tx: Transaction, caller: Caller, conversation: Conversation, run: Run, new: MessageCreate
) -> Message:
    """End a run that waits; its conversation is locked."""
    moment = await read_clock(tx)
    run.epoch += 1
    await run_log.add_started_event(tx, caller, run, moment)
    agent = await access.get_row(tx, caller, Agent, caller.user_id)
    answer = build_answer(caller, run, new)
    end = describe_end(
        run,
        answer,
        "completed",
        None,
        read_usage(run),
        answer.created_at,
        agent.name,
        await find_question(tx, run),
    )
    await store_run_end(tx, caller, run, conversation, end)
    return answer


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
        replaces_id=run.replaces_id,
        **audit,
    )


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
