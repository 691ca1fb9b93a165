# services/participation/agent_runs.py -- the runs that a message among people begins, and how they end with who asked.
"""A person asks an agent by mentioning it, by replying to what it said, or by writing to it alone. What an agent says
asks nobody: two of them would never end.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlmodel import col

import access
from access import SYSTEM, Caller
from access.participation import participants_of
from clock import utc_now
from db import Transaction
from errors import Conflict, TooManyAtOnce
from events import changes
from models import Agent, Conversation, ConversationParticipant, Message, Run
from models.message import MessagePublic, OnBusy
from models.run import ACTIVE_STATUSES
from services import runs
from services.participation.rosters import TAKES_PART
from services.run_posting import cancel_run

# Of so many runs that have begun the text and the calls so far are kept as an answer; of more, nothing.
MAX_KEPT = 50


async def find_asked(
    tx: Transaction,
    caller: Caller,
    conversation: Conversation,
    mentioned: Collection[UUID],
    replied: Message | None,
) -> Sequence[Agent]:
    """The agents that take part and are asked, in the order in which they were made."""
    candidates = {*mentioned, *([replied.agent_id] if replied is not None and replied.agent_id else [])}
    if caller.is_agent or (conversation.kind == "group" and not candidates):
        return []
    agents = access.select(caller, Agent).join(
        ConversationParticipant, col(ConversationParticipant.user_id) == col(Agent.id)
    )
    agents = agents.where(participants_of(conversation), TAKES_PART)
    if conversation.kind == "group":
        agents = agents.where(col(Agent.id).in_(sorted(candidates)))
    # None of them is deleted before the commit, or the run would be left behind.
    locked = agents.order_by(col(Agent.created_at), col(Agent.id)).with_for_update(read=True, of=Agent)
    return list((await tx.execute(locked)).scalars())


async def make_room(
    tx: Transaction,
    caller: Caller,
    conversation: Conversation,
    agents: Sequence[Agent],
    on_busy: OnBusy,
    max_runs: int,
) -> list[UUID]:
    """See that the caller may ask these agents now, as `on_busy` says; the runs that had to end for it.

    Conflict where one of them is at work for the caller here, TooManyAtOnce with too many runs.
    """
    active = await runs.find_active_runs(tx, caller)
    asked = {agent.id for agent in agents}
    busy = [run for run in active if run.conversation_id == conversation.id and run.agent_id in asked]
    if busy and on_busy == "reject":
        raise Conflict(
            f"The agent is still at work for you in this conversation, on run {busy[0].id}.",
            run_id=str(busy[0].id),
            problem="run-busy",
        )
    ended = [run.id for run in busy] if on_busy == "interrupt" else []
    for run_id in ended:
        await cancel_run(tx, caller, run_id)
    if len(active) - len(ended) + len(agents) > max_runs:
        raise TooManyAtOnce(
            f"At most {max_runs} answers may be on their way. Let one end, or stop it, first.",
            problem="too-many-runs",
        )
    return ended


async def add_runs(
    tx: Transaction,
    caller: Caller,
    conversation: Conversation,
    message: Message,
    agents: Sequence[Agent],
    shown: MessagePublic,
) -> list[Run]:
    """A run of each agent for the message, which is stored; the conversation is locked."""
    made = [
        Run(
            conversation_id=conversation.id,
            user_id=caller.user_id,
            trigger_seq=message.seq,
            agent_id=agent.id,
            agent_key=agent.id,
            is_external=agent.kind == "external",
            is_shared=True,
        )
        for agent in agents
    ]
    for run in made:
        access.add_row(tx, caller, run)
    await tx.flush()
    for run in made:
        await runs.record_run_change(tx, caller, run, "run.queued", shown if run.is_external else None)
    return made


async def cancel_shared_runs(
    tx: Transaction, size: int, reason: str, *conditions: ColumnElement[bool], most_kept: int = MAX_KEPT
) -> list[UUID]:
    """End the active runs among people that meet the conditions, each for the one who has asked; their ids.

    Whoever calls this may end that for which they were begun. `size` is as in `cancel_run`.
    """
    active = access.select(SYSTEM, Run).where(
        col(Run.is_shared), col(Run.status).in_(ACTIVE_STATUSES), *conditions
    )
    found = list((await tx.execute(active.order_by(col(Run.created_at), col(Run.id)))).scalars())
    begun = [run for run in found if run.started_at is not None][:most_kept]
    for run in begun:
        await cancel_run(tx, Caller(run.user_id, None), run.id, size, reason)
    kept = {run.id for run in begun}
    await end_at_once(tx, [run.id for run in found if run.id not in kept], reason)
    return [run.id for run in found]


async def cancel_late_runs(tx: Transaction, account_id: UUID, user_id: UUID, reason: str) -> list[UUID]:
    """End what a member has begun among people while their membership was being ended, which is done by now."""
    conversation = select(1).where(
        access.visible_condition(SYSTEM, Conversation),
        col(Conversation.id) == col(Run.conversation_id),
        col(Conversation.account_id) == account_id,
    )
    of_member = (col(Run.user_id) == user_id, conversation.exists())
    return await cancel_shared_runs(tx, 0, reason, *of_member, most_kept=0)


async def end_at_once(tx: Transaction, run_ids: Sequence[UUID], reason: str) -> None:
    """Change the rows of these runs alone, and tell of it, in as many statements as for one."""
    if not run_ids:
        return
    chosen = access.select(SYSTEM, Run).where(col(Run.id).in_(run_ids), col(Run.status).in_(ACTIVE_STATUSES))
    locked = chosen.order_by(col(Run.id)).with_for_update().execution_options(populate_existing=True)
    ended = list((await tx.execute(locked)).scalars())
    for run in ended:
        run.status, run.error, run.finished_at = "cancelled", reason, utc_now()
        run.epoch += 1  # a worker of an older epoch writes nothing more
        run.lease_expires_at = None
    await tx.flush()
    shown = await runs.to_public_runs(tx, SYSTEM, ended)
    events = [
        event
        for run, each in zip(ended, shown, strict=True)
        for event in runs.describe_change(run, each, "run.cancelled")
    ]
    await changes.record_events(tx, events)
