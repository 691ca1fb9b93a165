# agent/run_control.py -- what users do to runs from outside, for every protocol: post, decide, cancel.
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from access import Caller
from agent.leases import Lease
from agent.worker import Worker
from db import Database
from metrics.recorder import EndedRun, get_recorder
from models.approval import ApprovalDecision
from models.message import ChatCreate, ConversationMessageCreate, MessagePublic, OnBusy
from models.run import RunPublic
from services import approvals
from services.accounts import accounts, members, user_removal
from services.agents import agents
from services.agents.agent_removal import Removal
from services.branches.repeating import repeat_answer
from services.participation import kinds, message_changes, participants
from services.participation.posting import post_message as post_to_people
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

    async def repeat(
        self, caller: Caller, message_id: UUID, on_busy: OnBusy, new_id: UUID | None
    ) -> PostedMessage:
        """Answer a message once more; a request that comes again with its `new_id` is the same one."""
        run_id = new_id or uuid4()
        posted = await self.db.write(repeat_answer, caller, message_id, on_busy, self.max_runs, run_id)
        for cancelled_id in posted.cancelled:
            self._stop(cancelled_id)
        if not posted.run.is_external:
            self.worker.start_run(run_id)
        return posted

    async def post_to_people(
        self, caller: Caller, conversation_id: UUID, new: ConversationMessageCreate
    ) -> MessagePublic:
        """Store a message to people, and begin the runs of the agents that it asks."""
        posted = await post_to_people(self.db, caller, conversation_id, new, self.max_runs)
        for run_id in posted.ended:
            self._stop(run_id)
        for run_id in posted.run_ids:
            self.worker.start_run(run_id)
        return posted.message

    async def decide(
        self, caller: Caller, run_id: UUID, tool_call_id: str, decision: ApprovalDecision
    ) -> RunPublic:
        """Approve or deny a call; the run continues when none of its calls awaits approval any more."""
        seen = (decision.approve, decision.digest, decision.words)
        run = await self.db.write(approvals.decide_approval, caller, run_id, tool_call_id, *seen)
        self.notifier.notify(run_id)
        self.worker.start_run(run_id)
        return run

    async def cancel(self, caller: Caller, run_id: UUID) -> RunPublic:
        """Cancel the run, with as much of its text and calls as can be stored, and start the next one."""

        async def store(size: int) -> RunPublic:
            return await self.db.write(cancel_run, caller, run_id, size)

        run = await store_ending(store, self.worker.context.backoff_seconds, run=run_id)
        self._stop(run_id)
        await self.worker.start_next_run(run_id)
        return run

    async def remove_member(self, caller: Caller, account_id: UUID, user_id: UUID) -> None:
        """End a membership, and the member's runs in the account, with as much of them as can be stored."""

        async def store(size: int) -> list[UUID]:
            return await self.db.write(members.remove_member, caller, account_id, user_id, size)

        whose = {"account": account_id, "user": user_id}
        await self._stop_ended(store, **whose)

    async def remove_participant(self, caller: Caller, conversation_id: UUID, user_id: UUID) -> None:
        """End somebody's part in a group, with the runs there that they have asked for or, an agent, would answer."""

        async def store(size: int) -> list[UUID]:
            return await self.db.write(
                participants.remove_participant, caller, conversation_id, user_id, size
            )

        await self._stop_ended(store, conversation=conversation_id, user=user_id)

    async def retract_message(self, caller: Caller, message_id: UUID) -> MessagePublic:
        """Take a message to people back, and end the runs that it began, with as much of them as can be stored."""

        async def store(size: int) -> tuple[MessagePublic, list[UUID]]:
            return await self.db.write(message_changes.retract_message, caller, message_id, size)

        message, ended = await store_ending(store, self.worker.context.backoff_seconds, message=message_id)
        for run_id in ended:
            self._stop(run_id)
            await self.worker.start_next_run(run_id)
        return message

    async def _stop_ended(self, store: Callable[[int], Awaitable[list[UUID]]], **whose: UUID) -> None:
        for run_id in await store_ending(store, self.worker.context.backoff_seconds, **whose):
            self._stop(run_id)

    async def delete_account(self, caller: Caller, account_id: UUID) -> list[UUID]:
        """Mark an account as deleted, and end all runs in it; the agents that go with it."""
        return self._stop_removed(await self.db.write(accounts.mark_account_deleted, caller, account_id))

    async def delete_agent(self, caller: Caller, account_id: UUID, agent_id: UUID) -> None:
        """Mark an agent as deleted, and end all runs that it was to answer; among people their text is kept."""

        async def store(size: int) -> Removal:
            return await self.db.write(agents.mark_agent_deleted, caller, account_id, agent_id, size)

        whose = {"account": account_id, "agent": agent_id}
        self._stop_removed(await store_ending(store, self.worker.context.backoff_seconds, **whose))

    async def delete_user(self, caller: Caller) -> list[UUID]:
        """Mark the caller as deleted, and end all their runs; the agents that go with them."""
        return self._stop_removed(await self.db.write(user_removal.mark_user_deleted, caller))

    async def delete_conversation(
        self, caller: Caller, conversation_id: UUID, if_match: str | None = None
    ) -> None:
        """Delete a conversation of any kind, with its runs."""
        for run_id in await self.db.write(kinds.delete_conversation, caller, conversation_id, if_match):
            self._stop(run_id)

    def _stop_removed(self, removal: Removal) -> list[UUID]:
        for run_id in removal.run_ids:
            self._stop(run_id)
        return removal.agent_ids

    def _stop(self, run_id: UUID) -> None:
        """Stop this worker's work on a run that has ended in the database, and notify its readers."""
        get_recorder().count_run(EndedRun("cancelled"))
        self.worker.stop_local(run_id)
        self.notifier.notify(run_id)
