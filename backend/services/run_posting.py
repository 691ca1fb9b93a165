# services/run_posting.py -- posts a message with the run that answers it, and cancels a run.
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from pydantic_core import to_json
from sqlalchemy import select
from sqlmodel import col

import access
from access import Caller
from access.participation import readable_conversation
from clock import utc_now
from db import Database, Transaction
from errors import Conflict, Forbidden, NotFound, TooManyAtOnce
from models import Conversation, Message, Run, User
from models.message import ChatCreate, OnBusy
from models.run import RunPublic
from services import approvals, conversations, messages, run_log, runs
from services.agents.profiles import AgentProfile, find_profile
from services.run_endings import SMALLEST, find_conversation, list_endings
from services.run_log import Line
from services.run_sql import POST_INTO_CONVERSATION, POST_INTO_NEW_CONVERSATION
from storage.dialects import read_clock


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """The run of a message that is stored. `repeated`: both were there already.

    `first_line` is that of a run which is at work already: the worker that posted it has its lease. `cancelled` are
    the runs that had to end for it. `opening` is the id of the message if it is the first of its conversation. `agent`
    is who answers; None for the built-in one.
    """

    run: Run
    repeated: bool = False
    first_line: Line | None = None
    cancelled: tuple[UUID, ...] = ()
    opening: UUID | None = None
    agent: AgentProfile | None = None


async def post_message(
    db: Database,
    caller: Caller,
    new: ChatCreate,
    max_runs: int,
    run_id: UUID | None = None,
    lease_seconds: float | None = None,
) -> PostedMessage:
    """Store the message and queue its run, as `on_busy` says where the conversation's agent is still at work.

    With `lease_seconds` the run may be claimed at once, for the worker that asks. Conflict, NotFound or TooManyAtOnce
    where the message cannot be posted.
    """
    conversations.require_person(caller)
    run_id = run_id or uuid4()
    is_plain = new.account_id is None and new.agent_id is None and new.replaces_id is None
    if db.is_postgresql and new.on_busy == "queue" and is_plain:
        posted = await insert_message(db, caller, new, max_runs, run_id, lease_seconds)
        if posted is not None:
            return posted
    return await db.write(add_message, caller, new, max_runs, run_id, lease_seconds)


async def insert_message(
    db: Database, caller: Caller, new: ChatCreate, max_runs: int, run_id: UUID, lease_seconds: float | None
) -> PostedMessage | None:
    """Post in one statement; None where it does not apply, and `add_message` has to find out why."""
    moment = utc_now()
    conversation_id, message_id = new.conversation_id or uuid4(), uuid4()
    title = conversations.make_title(new.message)
    rows = await db.execute_write_sql(
        POST_INTO_CONVERSATION if new.conversation_id else POST_INTO_NEW_CONVERSATION,
        [
            *(caller.user_id, moment, conversation_id, title, run_id, message_id, new.message, new.client_id),
            *(caller.timezone, lease_seconds or 0.0, lease_seconds is not None, max_runs),
            db.find_expiry(),
        ],
    )
    if not rows:
        return None
    [(_, trigger_seq, started_at)] = rows
    run = build_posted_run(caller, conversation_id, run_id, trigger_seq, moment, started_at)
    if started_at is None:
        return PostedMessage(run)
    started = run_log.describe_start(conversation_id, message_id, caller.timezone)
    line = Line(run_id, run.epoch, 1, "run.started", to_json(started).decode())
    return PostedMessage(run, first_line=line, opening=None if new.conversation_id else message_id)


def build_posted_run(
    caller: Caller,
    conversation_id: UUID,
    run_id: UUID,
    trigger_seq: int,
    created_at: datetime,
    started_at: datetime | None,
) -> Run:
    """The row as the statement has stored it."""
    return Run(
        id=run_id,
        conversation_id=conversation_id,
        user_id=caller.user_id,
        trigger_seq=trigger_seq,
        created_at=created_at,
        started_at=started_at,
        status="running" if started_at else "queued",
        epoch=1 if started_at else 0,
    )


async def add_message(
    tx: Transaction,
    caller: Caller,
    new: ChatCreate,
    max_runs: int,
    run_id: UUID,
    lease_seconds: float | None = None,
) -> PostedMessage:
    """The same in a transaction that also knows `on_busy`, repeated messages, and what to say against it."""
    # A statement whose connection was lost may have stored everything.
    if (stored := await access.find_by_id(tx, caller, Run, run_id)) is not None:
        line = await find_first_line(tx, caller, stored)
        return PostedMessage(stored, first_line=line, agent=await find_profile(tx, caller, stored.agent_id))
    repeated = await messages.find_repeated_run(tx, caller, new.client_id, new.message, new.conversation_id)
    if repeated:
        return PostedMessage(repeated, repeated=True)
    # It stays locked, so that no other message comes before this one is stored.
    conversation = await messages.open_conversation(tx, caller, new)
    ended, is_next = await make_room(tx, caller, conversation, new.on_busy, max_runs)
    agent = await find_profile(tx, caller, conversation.agent_id)
    is_external = agent is not None and agent.is_external
    external_id = conversation.agent_id if is_external else None
    message, run = await messages.add_message(tx, caller, conversation, new, run_id, external_id)
    question = await messages.get_message(tx, caller, message.id) if is_external else None
    await runs.record_run_change(tx, caller, run, "run.queued", question)
    cancelled = tuple(run.id for run in ended)
    if is_external or lease_seconds is None or not is_next or not await has_account(tx, caller):
        return PostedMessage(run, cancelled=cancelled)
    line = await begin_run(tx, caller, run, message, lease_seconds)
    opening = None if new.conversation_id else message.id
    return PostedMessage(
        Run(**run.model_dump()), first_line=line, cancelled=cancelled, opening=opening, agent=agent
    )


async def make_room(
    tx: Transaction, caller: Caller, conversation: Conversation, on_busy: OnBusy, max_runs: int
) -> tuple[list[Run], bool]:
    """For one more run in the locked conversation: the runs that had to end for it, and whether it is next.

    Conflict, or TooManyAtOnce, where there is none.
    """
    active = await runs.find_active_runs(tx, caller)
    busy = [run for run in active if run.conversation_id == conversation.id]
    if busy and on_busy == "reject":
        raise Conflict(
            f"The agent is still at work in this conversation, on run {busy[0].id}.",
            run_id=str(busy[0].id),
            problem="run-busy",
        )
    ended = busy if on_busy == "interrupt" else []
    for run in ended:
        await cancel_run(tx, caller, run.id)
    if len(active) - len(ended) >= max_runs:
        raise TooManyAtOnce(
            f"{max_runs} of your messages wait for their answer. Let one end, or stop it, first.",
            problem="too-many-runs",
        )
    return ended, len(busy) == len(ended)


async def find_first_line(tx: Transaction, caller: Caller, run: Run) -> Line | None:
    """Of a run whose id nobody else knows yet: at work under its first epoch, it is the poster's."""
    if run.status != "running" or run.epoch != 1:
        return None
    log = await run_log.read_events(tx, caller, run.id, 0)
    return run_log.to_line(log[0], run.epoch)


async def has_account(tx: Transaction, caller: Caller) -> bool:
    """Whether the removal of the caller has not begun: then no run begins any more."""
    mine = access.select(caller, User, col(User.id)).where(col(User.id) == caller.user_id)
    return (await tx.execute(mine)).first() is not None


async def begin_run(
    tx: Transaction, caller: Caller, run: Run, message: Message, lease_seconds: float
) -> Line:
    """Claim the run that was just stored, and nobody has seen; the first line of its log."""
    run.started_at = await read_clock(tx)
    run.status, run.epoch = "running", 1
    run.lease_expires_at = run.started_at + timedelta(seconds=lease_seconds)
    await tx.flush()
    started = run_log.describe_start(run.conversation_id, message.id, caller.timezone)
    first = await run_log.add_event(tx, caller, run, "run.started", started, seq=1)
    await runs.record_run_change(tx, caller, run, "run.started")
    return run_log.to_line(first, run.epoch)


async def cancel_run(
    tx: Transaction, caller: Caller, run_id: UUID, size: int = 0, reason: str | None = None
) -> RunPublic:
    """End the run at once, whichever worker holds it: the new epoch refuses that worker's writes.

    What was said and done so far stays, as the agent's message. A run that has ended is left as it is. `size` is the
    place of the ending in `list_endings`, of which each is smaller than the one before.
    """
    run = await runs.get_own_run(tx, caller, run_id)
    if run.user_id != caller.user_id:
        raise Forbidden("Only who asked may cancel a run.", problem="not-yours-to-change")
    if await find_conversation(tx, caller, run, lock=True) is None:
        raise NotFound("run")
    run = await access.get_row(tx, caller, Run, run_id, lock=True)
    if runs.is_active(run):
        run.epoch += 1
        is_bare = size == SMALLEST
        await approvals.cancel_approvals(tx, caller, run, logged=not is_bare)
        events_so_far = [] if is_bare else await run_log.read_log(tx, caller, run_id)
        if not events_so_far and not is_bare:
            await run_log.add_started_event(tx, caller, run, await read_clock(tx))
            run.started_at = None  # nobody has begun with it: the message was withdrawn
        steps = run_log.rebuild_steps(events_so_far)
        await list_endings(steps, "cancelled", reason)[size](tx, caller, run)
    return await runs.to_public_run(tx, caller, run)


async def cancel_runs_in_account(
    tx: Transaction, caller: Caller, account_id: UUID, size: int, reason: str
) -> list[UUID]:
    """End the caller's runs there, as `cancel_run` does; their ids. The account is locked, so that none is posted."""
    here = select(col(Conversation.id)).where(
        readable_conversation(caller), col(Conversation.account_id) == account_id
    )
    active = await runs.find_active_runs(tx, caller, col(Run.conversation_id).in_(here))
    for run in active:
        await cancel_run(tx, caller, run.id, size, reason)
    return [run.id for run in active]
