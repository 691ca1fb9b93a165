# agent/run_control.py -- what users can do with runs, for every protocol: post, decide, cancel.
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from agent.history import rebuild_steps
from agent.run_ending import SMALLEST, list_endings, store_ending
from agent.worker import Worker
from db import Database, Transaction
from errors import Conflict, TooManyAtOnce
from models import Conversation, Run
from models.approval import ApprovalDecision
from models.message import ChatCreate
from models.run import RunPublic
from services import approvals, messages, runs
from services.messages import PostedMessage
from storage.dialects import read_clock
from streaming.notifier import Notifier


@dataclass(frozen=True, slots=True)
class RunControl:
    """Each verb commits a write, and then informs the worker and the readers of the run.

    `max_runs` limits the active runs of one user.
    """

    db: Database
    notifier: Notifier
    worker: Worker
    max_runs: int

    async def post(self, caller: Caller, new: ChatCreate) -> PostedMessage:
        """Store a message, and start its run at once if a slot is free."""
        posted = await self.db.write(post_message, caller, new, self.max_runs)
        for run_id in posted.cancelled:
            self._stop(run_id)
        self.worker.start_run(posted.run.id)
        return posted

    async def decide(
        self, caller: Caller, run_id: UUID, tool_call_id: str, decision: ApprovalDecision
    ) -> RunPublic:
        """Approve or deny a call; the run continues when none of its calls awaits approval any more."""
        seen = (decision.approve, decision.digest)
        run = await self.db.write(approvals.decide_approval, caller, run_id, tool_call_id, *seen)
        self.notifier.notify(run_id)
        self.worker.start_run(run_id)
        return run

    async def cancel(self, caller: Caller, run_id: UUID) -> RunPublic:
        """Cancel the run, with as much of its text and calls as can be stored, and start the next one."""

        async def store(size: int) -> RunPublic:
            return await self.db.write(cancel_run, caller, run_id, size)

        run = await store_ending(store, run_id, self.worker.context.backoff_seconds)
        self._stop(run_id)
        await self.worker.start_next_run(run_id)
        return run

    def _stop(self, run_id: UUID) -> None:
        """Stop this worker's work on a run that has ended in the database, and notify its readers."""
        self.worker.stop_local(run_id)
        self.notifier.notify(run_id)


async def cancel_run(tx: Transaction, caller: Caller, run_id: UUID, size: int = 0) -> RunPublic:
    """End the run at once, whichever worker holds it: the new epoch refuses that worker's writes.

    What was said and done so far stays, as the agent's message. A run that has ended is left as it is. `size` is the
    place of the ending in `list_endings`, of which each is smaller than the one before.
    """
    run = await access.get_row(tx, caller, Run, run_id)
    await access.get_row(tx, caller, Conversation, run.conversation_id, lock=True)
    run = await access.get_row(tx, caller, Run, run_id, lock=True)
    if runs.is_active(run):
        run.epoch += 1
        is_bare = size == SMALLEST
        await approvals.cancel_approvals(tx, caller, run, logged=not is_bare)
        events_so_far = [] if is_bare else await runs.read_log(tx, caller, run_id)
        if not events_so_far and not is_bare:
            await runs.add_started_event(tx, caller, run, await read_clock(tx))
        await list_endings(rebuild_steps(events_so_far), "cancelled", None)[size](tx, caller, run)
    return await runs.to_public_run(tx, caller, run)


async def post_message(tx: Transaction, caller: Caller, new: ChatCreate, max_runs: int) -> PostedMessage:
    """Store the message and queue its run, as `on_busy` says where the conversation's agent is still at work."""
    repeated = await messages.find_repeated_message(tx, caller, new)
    if repeated:
        return repeated
    busy: list[Run] = []
    if new.conversation_id is not None and new.on_busy != "queue":
        await access.get_row(tx, caller, Conversation, new.conversation_id, lock=True)
        busy = await runs.find_active_runs(tx, caller, col(Run.conversation_id) == new.conversation_id)
    if busy and new.on_busy == "reject":
        raise Conflict(
            f"The agent is still at work in this conversation, on run {busy[0].id}.", run_id=str(busy[0].id)
        )
    for run in busy:
        await cancel_run(tx, caller, run.id)
    if len(await runs.find_active_runs(tx, caller)) >= max_runs:
        raise TooManyAtOnce(f"You have {max_runs} runs at work or waiting. Let one end or cancel it first.")
    posted = await messages.add_message(tx, caller, new)
    if not posted.repeated:
        await runs.record_run_change(tx, caller, posted.run, "run.queued")
    return replace(posted, cancelled=tuple(run.id for run in busy))
