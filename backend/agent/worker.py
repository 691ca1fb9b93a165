# agent/worker.py -- who works on which run: takes runs up, keeps their leases, hands them over.
import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from math import inf
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from access import SYSTEM
from agent.context import AgentContext
from agent.leases import (
    GIVEN_UP,
    MAX_TAKEOVERS,
    NO_ID,
    Lease,
    claim_run,
    end_without_reading,
    find_next_run,
    find_waiting_runs,
    release_lease,
    renew_leases,
)
from agent.loop import RunAwaitsApproval, RunLoop
from agent.run_ending import LeaseLost
from agent.slots import HeldSlot, Pauses, Slots
from errors import INTERNAL_ERROR, NotFound
from failure_causes import cause_of, place_of
from services import approvals, events, runs
from services.idempotency import delete_old_keys
from services.identity import account_removal, sessions
from services.identity.rate_limits import delete_expired_limits

log = structlog.get_logger()

POLL_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 3600.0
# A place that somebody waits for is given away after this, together with those that are given up beside it.
FREED_SLOT_SECONDS = 0.02
# While looking fails, each pause is twice the one before, up to this.
MAX_POLL_SECONDS = 10.0
LEASE_BATCH = 100
# So often a run may refuse to be claimed while the database answers; then it ends.
MAX_FAILED_CLAIMS = 4
REMOVAL_SECONDS = 10.0


class Worker:
    """Runs what this process was told of at once, and looks now and then for what was left lying."""

    def __init__(
        self,
        context: AgentContext,
        run_events_days: int = 30,
        events_days: int = 7,
        runs_at_once: int = 1_000,
    ) -> None:
        self.context = context
        self._run_events_days = run_events_days
        self._events_days = events_days
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = Slots(runs_at_once)
        self._pauses = Pauses(POLL_SECONDS)
        # Where the last look among the users who wait has ended, and whether somebody was sent away since.
        self._last_user = NO_ID
        self._has_refused = False
        self._slot_freed = asyncio.Event()
        self._stopping = False

    def start(self) -> None:
        for work in (
            self._poll_forever(),
            self._renew_forever(),
            self._clean_forever(),
            self._remove_forever(),
        ):
            self._spawn(work)

    def start_run(self, run_id: UUID) -> None:
        """A run was queued here: begin at once, if there is a place; it has one from here on."""
        if self._stopping or run_id in self._running or self._pauses.is_paused(run_id):
            return
        if not self._running.free:
            self._has_refused = True
            return
        work = self._running[run_id] = HeldSlot()
        work.task = self._spawn(self._work(run_id, work))

    def stop_local(self, run_id: UUID) -> None:
        """The run belongs to somebody else now, or to nobody: stop working on it."""
        work = self._running.get(run_id)
        if work is not None and work.task is not None:
            work.task.cancel()

    async def start_next_run(self, run_id: UUID) -> None:
        """Begin with the run that waited behind this one, if there is one."""
        next_id = await self.context.read(find_next_run, run_id)
        if next_id is not None:
            self.start_run(next_id)

    async def stop(self) -> None:
        """End what runs here and hand it over: another worker, or the next start, goes on at once."""
        self._stopping = True
        leases = self._running.leases
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*[self._hand_over(lease) for lease in leases])

    async def _hand_over(self, lease: Lease) -> None:
        try:
            await self.context.write(release_lease, lease)
        except Exception as error:
            log_failure("handing a run over failed", error, run=str(lease.run_id))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, run_id: UUID, work: HeldSlot) -> None:
        try:
            work.lease = await self._claim(run_id, work)
            if work.lease is not None:
                self.context.bells.ring(run_id)
                await self._run_safely(work.lease)
        finally:
            if self._running.get(run_id) is work:
                del self._running[run_id]
            if self._has_refused:
                self._has_refused = False
                self._slot_freed.set()
        if work.lease is not None:
            try:
                await self.start_next_run(run_id)
            except Exception as error:  # it is found by the next look
                log_failure("looking for the next run failed", error, run=str(run_id))

    async def _claim(self, run_id: UUID, work: HeldSlot) -> Lease | None:
        """The run under a new epoch. One that cannot be claimed is left alone, longer each time, and ends at last."""

        def may_take(user_id: UUID) -> bool:
            granted = self._running.may_take(work, user_id)
            self._has_refused = self._has_refused or not granted
            return granted

        try:
            lease = await self.context.write(claim_run, self.context, run_id, may_take)
        except Exception as error:
            failures, seconds = self._pauses.add_failure(run_id)
            words = {"run": str(run_id), "failures": failures, "seconds": seconds}
            log_failure("claiming a run failed", error, **words)
            is_outage = isinstance(error, (OSError, TimeoutError, OperationalError, InterfaceError))
            if failures >= MAX_FAILED_CLAIMS and not is_outage:
                await self._end_unread(run_id, INTERNAL_ERROR)
            return None
        self._pauses.forget(run_id)
        return lease

    async def _end_unread(self, run_id: UUID, error: str) -> None:
        for bare in (False, True):
            try:
                await self.context.write(end_without_reading, run_id, error, bare=bare)
                self.context.bells.ring(run_id)
                return
            except Exception as refusal:
                log_failure("ending a run failed", refusal, run=str(run_id))

    async def _run_safely(self, lease: Lease) -> None:
        """Whatever happens, the run ends or belongs to somebody else."""
        if lease.takeovers > MAX_TAKEOVERS:  # even to read it has cost a worker
            await self._end_unread(lease.run_id, GIVEN_UP)
            return
        loop = RunLoop(self.context, lease.run_id, lease.epoch, lease.caller)
        try:
            try:
                await (loop.give_up(GIVEN_UP) if lease.takeovers == MAX_TAKEOVERS else loop.work())
            except (RunAwaitsApproval, LeaseLost, NotFound):
                raise
            except (OSError, DBAPIError) as error:
                log_failure("run crashed", error, run=str(lease.run_id))
                await loop.finish("failed", INTERNAL_ERROR)
            except Exception as error:
                log.error("run crashed", run=str(lease.run_id), exc_info=error)
                await loop.finish("failed", INTERNAL_ERROR)
        except RunAwaitsApproval:
            log.info("run waits for an approval", run=str(lease.run_id))
        except (LeaseLost, NotFound):
            log.info("run went elsewhere", run=str(lease.run_id))
        except Exception as error:  # its lease lapses, and that is counted
            log_failure("a run could not be ended", error, run=str(lease.run_id))

    async def _poll_forever(self) -> None:
        pause = POLL_SECONDS
        while True:
            self._slot_freed.clear()
            try:
                await self.poll()
                pause = POLL_SECONDS
            except Exception as error:
                pause = min(pause * 2, MAX_POLL_SECONDS)
                log_failure("looking for runs failed", error, seconds=pause)
            await asyncio.sleep(FREED_SLOT_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._slot_freed.wait()

    async def poll(self) -> None:
        """Take up what waits, as far as there are places."""
        await self.expire_approvals()
        self._pauses.forget_old()
        passed_over = self._running.users_at_limit()
        self._has_refused = bool(passed_over)
        where = (self._last_user, passed_over, self._running.free)
        waiting = await self.context.read(find_waiting_runs, self.context, *where)
        self._last_user = waiting.last
        for run_id in waiting.run_ids:
            self.start_run(run_id)

    async def expire_approvals(self) -> None:
        """Takes no answer for a no, where an approval has waited long enough."""
        context = self.context
        for run_id in await context.read(approvals.find_expired_runs, SYSTEM):
            await context.write(approvals.expire_approvals, SYSTEM, run_id)
            context.bells.ring(run_id)

    async def _renew_forever(self) -> None:
        """Not in turn with the runs: a lease that lapses while they wait for each other would be taken for a death."""
        while True:
            await asyncio.sleep(self.context.limits.lease_seconds / 3)
            leases = self._running.leases
            for start in range(0, len(leases), LEASE_BATCH):
                some = leases[start : start + LEASE_BATCH]
                try:
                    for lease in await self.context.db.write(renew_leases, self.context, some):
                        if self._running.get(lease.run_id) and self._running[lease.run_id].lease == lease:
                            self.stop_local(lease.run_id)
                except Exception as error:
                    log_failure("renewing leases failed", error, runs=len(some))

    async def run_housekeeping(self) -> None:
        """Deletes what is of no more use, a little at a time."""
        write = self.context.db.write_unhurried
        while await write(delete_expired_limits):
            pass
        while await write(delete_old_keys, SYSTEM):
            pass
        while await write(sessions.delete_ended, SYSTEM):
            pass
        while await write(runs.delete_old_details, SYSTEM, self._run_events_days):
            pass
        while await write(events.delete_old, SYSTEM, self._events_days):
            pass

    async def _clean_forever(self) -> None:
        while True:
            try:
                await self.run_housekeeping()
            except Exception as error:
                log_failure("cleaning up failed", error)
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    async def remove_account(self, user_id: UUID, slices: float = inf) -> None:
        """Takes away what belongs to a marked account, at most so many slices of it; the next look takes the rest."""
        while slices > 0:
            began = time.monotonic()
            if not await self.context.db.write_unhurried(account_removal.take_slice, SYSTEM, user_id):
                return
            slices -= 1
            await asyncio.sleep(time.monotonic() - began)  # as long again for whoever else wants to write

    async def _remove_forever(self) -> None:
        while True:
            try:
                for user_id in await self.context.db.read(account_removal.find_marked, SYSTEM):
                    await self.remove_account(user_id)
            except Exception as error:
                log_failure("taking away deleted accounts failed", error)
            await asyncio.sleep(REMOVAL_SECONDS)


def log_failure(event: str, error: BaseException, **words: Any) -> None:
    """One line that says why; where it came from in full only with LOG_LEVEL=debug."""
    log.error(event, cause=cause_of(error), place=place_of(error), **words)
    log.debug(event, exc_info=error)
