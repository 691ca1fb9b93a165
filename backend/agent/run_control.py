# agent/run_control.py -- what users do to runs from outside, for every protocol: post, decide, cancel.
from dataclasses import dataclass
from uuid import UUID, uuid4

from access import Caller
from agent.leases import Lease
from agent.worker import Worker
from db import Database
from models.approval import ApprovalDecision
from models.message import ChatCreate
from models.run import RunPublic
from services import approvals
from services.run_endings import store_ending
from services.run_posting import PostedMessage, cancel_run, post_message
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
        """Store a message, and begin its run at once if a place is free."""
        run_id = uuid4()
        slot = self.worker.reserve_slot(run_id, caller.user_id)
        lease_seconds = self.worker.context.limits.lease_seconds if slot else None
        try:
            posted = await post_message(self.db, caller, new, self.max_runs, run_id, lease_seconds)
        except BaseException:
            self.worker.free_slot(run_id)
            raise
        for cancelled_id in posted.cancelled:
            self._stop(cancelled_id)
        if slot is not None and posted.first_line is not None:
            opening = (posted.opening, new.message) if posted.opening else None
            who = caller.without_session()
            lease = Lease(posted.run, who, is_new=True, opening=opening, agent=posted.agent)
            self.worker.start_claimed(slot, lease, posted.first_line)
        else:
            self.worker.free_slot(run_id)
            if not posted.run.is_external:
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
        await self.worker.start_next_run(run.conversation_id)
        return run

    def _stop(self, run_id: UUID) -> None:
        """Stop this worker's work on a run that has ended in the database, and notify its readers."""
        self.worker.stop_local(run_id)
        self.notifier.notify(run_id)
