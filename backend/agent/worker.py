# agent/worker.py -- a worker: starts runs, renews their leases, releases them when it stops.
import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from structlog.contextvars import bind_contextvars, clear_contextvars
from structlog.typing import FilteringBoundLogger

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
from agent.loop import RunLoop
from agent.needed_approvals import RunAwaitsApproval
from agent.slots import HeldSlot, Pauses, Slots
from cancellation import cancel_tasks
from errors import INTERNAL_ERROR, DatabaseBusy, NotFound
from failure_causes import log_failure
from metrics.recorder import EndedRun, get_recorder
from services import approvals
from services.housekeeping import Housekeeping
from services.run_log import LeaseLost, Line

log: FilteringBoundLogger = structlog.get_logger()

# The worker waits this long after a slot becomes free, so that one poll fills several free slots.
FREED_SLOT_SECONDS = 0.02
# Each failed poll doubles the pause, up to this.
MAX_POLL_SECONDS = 10.0
LEASE_BATCH = 100
# A run is ended after so many failed claims, unless the database is down.
MAX_FAILED_CLAIMS = 4


class Worker:
    """Starts the runs that are queued in this process at once, and polls for abandoned ones."""

    def __init__(
        self,
        context: AgentContext,
        run_log_retention_days: int,
        runs_at_once: int,
        poll_seconds: float,
    ) -> None:
        self.context = context
        self.housekeeping = Housekeeping(context.db, run_log_retention_days)
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = Slots(runs_at_once)
        self._poll_seconds = poll_seconds
        self._pauses = Pauses(poll_seconds)
        # The last user of the previous poll, and whether a run was refused since because no slot was free.
        self._last_user = NO_ID
        self._has_refused = False
        self._slot_freed = asyncio.Event()
        self._stopping = False

    def start(self) -> None:
        for work in (self._poll_forever(), self._renew_forever(), *self.housekeeping.loops()):
            self._spawn(work)

    def start_run(self, run_id: UUID) -> None:
        """Start a queued run at once if a slot is free; the run holds the slot from then on."""
        if self._stopping or run_id in self._running or self._pauses.is_paused(run_id):
            return
        if not self._running.free:
            self._has_refused = True
            return
        slot = self._running[run_id] = HeldSlot()
        slot.task = self._spawn(self._work(run_id, slot))

    def reserve_slot(self, run_id: UUID, user_id: UUID) -> HeldSlot | None:
        """A place for a run that is about to be posted; None if there is none for this user."""
        if self._stopping or not self._running.free:
            self._has_refused = True
            return None
        slot = self._running[run_id] = HeldSlot()
        if not self._running.may_take(slot, user_id):
            self.free_slot(run_id)
            self._has_refused = True
            return None
        return slot

    def free_slot(self, run_id: UUID) -> None:
        """Give up the place of a run that is not at work."""
        self._running.pop(run_id, None)
        if self._has_refused:
            self._has_refused = False
            self._slot_freed.set()

    def start_claimed(self, slot: HeldSlot, lease: Lease, first_line: Line) -> None:
        """Begin with a run that was claimed as it was posted; its readers have the first line of its log at once."""
        self.context.live_runs.open(lease.run_id, lease.caller.user_id)
        self.context.live_runs.publish([first_line])
        slot.lease = lease
        slot.task = self._spawn(self._work(lease.run_id, slot))

    def stop_local(self, run_id: UUID) -> None:
        """Stop working on a run that has ended or belongs to another worker."""
        work = self._running.get(run_id)
        if work is not None and work.task is not None:
            work.task.cancel()

    async def start_next_run(self, run_id: UUID) -> None:
        """Begin with the run that waits for this one, if there is one."""
        next_id = await find_next_run(self.context.db, run_id)
        if next_id is not None:
            self.start_run(next_id)

    def count_runs(self) -> int:
        """How many it works on."""
        return len(self._running)

    async def stop(self) -> None:
        """Stop all runs and release their leases, so that another worker can continue them at once."""
        self._stopping = True
        leases = self._running.leases
        await cancel_tasks(self._tasks)
        await self.context.writer.stop()
        await asyncio.gather(*[self._hand_over(lease) for lease in leases])

    async def _hand_over(self, lease: Lease) -> None:
        try:
            await self.context.write(release_lease, lease)
        except Exception as error:
            log_failure("releasing a lease failed", error, run=str(lease.run_id))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, run_id: UUID, work: HeldSlot) -> None:
        # The run outlives the request that queued it, so its log lines have only the id of the run.
        clear_contextvars()
        bind_contextvars(run=str(run_id))
        try:
            if work.lease is None:
                work.lease = await self._claim(run_id, work)
                if work.lease is not None:
                    self.context.notifier.notify(run_id)
            if work.lease is not None:
                work.next_run_ids = await self._run_safely(work.lease)
        finally:
            if self._running.get(run_id) is work:
                self.free_slot(run_id)
        if work.lease is not None:
            try:
                await self._start_next_run(work.lease, work.next_run_ids)
            except Exception as error:  # the next poll finds it
                log_failure("starting the next run failed", error, run=str(run_id))

    async def _claim(self, run_id: UUID, work: HeldSlot) -> Lease | None:
        """Claim the run under a new epoch. Each failure doubles the pause; after MAX_FAILED_CLAIMS the run is ended."""

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
            is_outage = isinstance(error, (DatabaseBusy, OSError, OperationalError, InterfaceError))
            if failures >= MAX_FAILED_CLAIMS and not is_outage:
                await self._end_unread(run_id, INTERNAL_ERROR)
            return None
        self._pauses.forget(run_id)
        return lease

    async def _end_unread(self, run_id: UUID, error: str) -> None:
        for bare in (False, True):
            try:
                await self.context.write(end_without_reading, run_id, error, bare=bare)
                get_recorder().count_run(EndedRun("failed", "lost workers" if error == GIVEN_UP else "bug"))
                self.context.notifier.notify(run_id)
                return
            except Exception as refusal:
                log_failure("ending a run failed", refusal, run=str(run_id))

    async def _start_next_run(self, lease: Lease, found: list[UUID] | None) -> None:
        if found is None:
            await self.start_next_run(lease.run_id)
        for run_id in found or ():
            self.start_run(run_id)

    async def _run_safely(self, lease: Lease) -> list[UUID] | None:
        """Work on the run until it ends, awaits approval, or belongs to another worker.

        Returns what the end has found to be next in the conversation; None if somebody has to look.
        """
        if lease.run.takeovers > MAX_TAKEOVERS:  # even reading its log has stopped a worker
            await self._end_unread(lease.run_id, GIVEN_UP)
            return None
        loop = RunLoop(self.context, lease)
        try:
            try:
                await (loop.give_up(GIVEN_UP) if lease.run.takeovers == MAX_TAKEOVERS else loop.work())
            except (RunAwaitsApproval, LeaseLost, NotFound):
                raise
            except (DatabaseBusy, OSError, DBAPIError) as error:
                log_failure("run crashed", error, run=str(lease.run_id))
                await loop.finish("failed", INTERNAL_ERROR, "database")
            except Exception as error:
                log.error("run crashed", run=str(lease.run_id), exc_info=error)
                await loop.finish("failed", INTERNAL_ERROR, "bug")
        except RunAwaitsApproval:
            log.info("run awaits approval", run=str(lease.run_id))
        except (LeaseLost, NotFound):
            log.info("run has ended or belongs to another worker", run=str(lease.run_id))
        except Exception as error:  # its lease expires, which counts as a takeover
            log_failure("a run could not be ended", error, run=str(lease.run_id))
        finally:
            loop.close()
        return loop.next_run_ids

    async def _poll_forever(self) -> None:
        pause = self._poll_seconds
        while True:
            self._slot_freed.clear()
            try:
                await self.poll()
                pause = self._poll_seconds
            except Exception as error:
                pause = min(pause * 2, MAX_POLL_SECONDS)
                log_failure("polling for runs failed", error, seconds=pause)
            await asyncio.sleep(FREED_SLOT_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._slot_freed.wait()

    async def poll(self) -> None:
        """Start queued and abandoned runs while slots are free."""
        await self.expire_approvals()
        self._pauses.forget_old()
        self.context.histories.forget_old()
        passed_over = self._running.users_at_limit()
        self._has_refused = bool(passed_over)
        where = (self._last_user, passed_over, self._running.free)
        waiting = await self.context.read(find_waiting_runs, self.context, *where)
        self._last_user = waiting.last
        for run_id in waiting.run_ids:
            self.start_run(run_id)

    async def expire_approvals(self) -> None:
        """Expire approvals past their deadline; an expired one counts as denied."""
        context = self.context
        for run_id in await context.read(approvals.find_expired_runs, SYSTEM):
            await context.write(approvals.expire_approvals, SYSTEM, run_id)
            context.notifier.notify(run_id)

    async def _renew_forever(self) -> None:
        """Renew leases without the limit on transactions, in whose queue a lease could expire."""
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
