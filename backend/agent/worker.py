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
from agent.context import Assistant
from agent.leases import (
    LOST,
    MOST_TAKEOVERS,
    NOBODY,
    Claim,
    claim_run,
    end_unread,
    find_next,
    find_waiting,
    release,
    renew_leases,
)
from agent.loop import AwaitingApproval, RunLoop
from agent.run_ending import LeaseLost
from agent.slots import Pauses, Slots, Work
from errors import NotFound
from failure_causes import cause_of, place_of
from services import approvals, events, runs
from services.idempotency import delete_old_keys
from services.identity import account_removal, sessions
from services.identity.rate_limits import delete_expired_limits

log = structlog.get_logger()

LOOK_SECONDS = 1.0
CLEAN_SECONDS = 3600.0
# A place that somebody waits for is given away after this, together with those that are given up beside it.
ROOM_SECONDS = 0.02
# While looking fails, each pause is twice the one before, up to this.
LONGEST_LOOK_SECONDS = 10.0
LEASES_AT_ONCE = 100
# So often a run may refuse to be claimed while the database answers; then it ends.
MOST_FAILED_CLAIMS = 4
REMOVE_SECONDS = 10.0
CRASHED = "Something went wrong on our side."


class Worker:
    """Runs what this process was told of at once, and looks now and then for what was left lying."""

    def __init__(
        self,
        assistant: Assistant,
        run_events_days: int = 30,
        events_days: int = 7,
        runs_at_once: int = 1_000,
    ) -> None:
        self.assistant = assistant
        self._run_events_days = run_events_days
        self._events_days = events_days
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = Slots(runs_at_once)
        self._set_aside = Pauses(LOOK_SECONDS)
        # Where the last look among the users who wait has ended, and whether somebody was sent away since.
        self._last_user = NOBODY
        self._sent_away = False
        self._room = asyncio.Event()
        self._stopping = False

    def start(self) -> None:
        for work in (self._look(), self._renew(), self._clean(), self._remove()):
            self._spawn(work)

    def wake(self, run_id: UUID) -> None:
        """A run was queued here: begin at once, if there is a place; it has one from here on."""
        if self._stopping or run_id in self._running or self._set_aside.holds(run_id):
            return
        if not self._running.free:
            self._sent_away = True
            return
        work = self._running[run_id] = Work()
        work.task = self._spawn(self._work(run_id, work))

    def drop(self, run_id: UUID) -> None:
        """The run belongs to somebody else now, or to nobody: stop working on it."""
        work = self._running.get(run_id)
        if work is not None and work.task is not None:
            work.task.cancel()

    async def wake_next(self, run_id: UUID) -> None:
        """Begin with the run that waited behind this one, if there is one."""
        next_id = await self.assistant.read(find_next, run_id)
        if next_id is not None:
            self.wake(next_id)

    async def stop(self) -> None:
        """End what runs here and hand it over: another worker, or the next start, goes on at once."""
        self._stopping = True
        claims = self._running.claims
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*[self._hand_over(claim) for claim in claims])

    async def _hand_over(self, claim: Claim) -> None:
        try:
            await self.assistant.write(release, claim)
        except Exception as error:
            log_failure("handing a run over failed", error, run=str(claim.run_id))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, run_id: UUID, work: Work) -> None:
        try:
            work.claim = await self._claim(run_id, work)
            if work.claim is not None:
                self.assistant.bells.ring(run_id)
                await self._guarded(work.claim)
        finally:
            if self._running.get(run_id) is work:
                del self._running[run_id]
            if self._sent_away:
                self._sent_away = False
                self._room.set()
        if work.claim is not None:
            try:
                await self.wake_next(run_id)
            except Exception as error:  # it is found by the next look
                log_failure("looking for the next run failed", error, run=str(run_id))

    async def _claim(self, run_id: UUID, work: Work) -> Claim | None:
        """The run under a new epoch. One that cannot be claimed is left alone, longer each time, and ends at last."""

        def may_take(user_id: UUID) -> bool:
            granted = self._running.may_take(work, user_id)
            self._sent_away = self._sent_away or not granted
            return granted

        try:
            claim = await self.assistant.write(claim_run, self.assistant, run_id, may_take)
        except Exception as error:
            failures, seconds = self._set_aside.add(run_id)
            words = {"run": str(run_id), "failures": failures, "seconds": seconds}
            log_failure("claiming a run failed", error, **words)
            is_outage = isinstance(error, (OSError, TimeoutError, OperationalError, InterfaceError))
            if failures >= MOST_FAILED_CLAIMS and not is_outage:
                await self._end(run_id, CRASHED)
            return None
        self._set_aside.forget(run_id)
        return claim

    async def _end(self, run_id: UUID, error: str) -> None:
        for bare in (False, True):
            try:
                await self.assistant.write(end_unread, run_id, error, bare=bare)
                self.assistant.bells.ring(run_id)
                return
            except Exception as refusal:
                log_failure("ending a run failed", refusal, run=str(run_id))

    async def _guarded(self, claim: Claim) -> None:
        """Whatever happens, the run ends or belongs to somebody else."""
        if claim.takeovers > MOST_TAKEOVERS:  # even to read it has cost a worker
            await self._end(claim.run_id, LOST)
            return
        loop = RunLoop(self.assistant, claim.run_id, claim.epoch, claim.caller)
        try:
            try:
                await (loop.give_up(LOST) if claim.takeovers == MOST_TAKEOVERS else loop.work())
            except (AwaitingApproval, LeaseLost, NotFound):
                raise
            except (OSError, DBAPIError) as error:
                log_failure("run crashed", error, run=str(claim.run_id))
                await loop.finish("failed", CRASHED)
            except Exception as error:
                log.error("run crashed", run=str(claim.run_id), exc_info=error)
                await loop.finish("failed", CRASHED)
        except AwaitingApproval:
            log.info("run waits for an approval", run=str(claim.run_id))
        except (LeaseLost, NotFound):
            log.info("run went elsewhere", run=str(claim.run_id))
        except Exception as error:  # its lease lapses, and that is counted
            log_failure("a run could not be ended", error, run=str(claim.run_id))

    async def _look(self) -> None:
        pause = LOOK_SECONDS
        while True:
            self._room.clear()
            try:
                await self.look()
                pause = LOOK_SECONDS
            except Exception as error:
                pause = min(pause * 2, LONGEST_LOOK_SECONDS)
                log_failure("looking for runs failed", error, seconds=pause)
            await asyncio.sleep(ROOM_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._room.wait()

    async def look(self) -> None:
        """Take up what waits, as far as there are places."""
        await self.expire()
        self._set_aside.forget_old()
        passed_over = self._running.users_with_enough()
        self._sent_away = bool(passed_over)
        where = (self._last_user, passed_over, self._running.free)
        waiting = await self.assistant.read(find_waiting, self.assistant, *where)
        self._last_user = waiting.last
        for run_id in waiting.run_ids:
            self.wake(run_id)

    async def expire(self) -> None:
        """Takes no answer for a no, where an approval has waited long enough."""
        assistant = self.assistant
        for run_id in await assistant.read(approvals.find_expired, SYSTEM):
            await assistant.write(approvals.expire_approvals, SYSTEM, run_id)
            assistant.bells.ring(run_id)

    async def _renew(self) -> None:
        """Not in turn with the runs: a lease that lapses while they wait for each other would be taken for a death."""
        while True:
            await asyncio.sleep(self.assistant.limits.lease_seconds / 3)
            claims = self._running.claims
            for start in range(0, len(claims), LEASES_AT_ONCE):
                some = claims[start : start + LEASES_AT_ONCE]
                try:
                    for claim in await self.assistant.db.write(renew_leases, self.assistant, some):
                        if self._running.get(claim.run_id) and self._running[claim.run_id].claim == claim:
                            self.drop(claim.run_id)
                except Exception as error:
                    log_failure("renewing leases failed", error, runs=len(some))

    async def clean(self) -> None:
        """Deletes what is of no more use, a little at a time."""
        write = self.assistant.db.write_unhurried
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

    async def _clean(self) -> None:
        while True:
            try:
                await self.clean()
            except Exception as error:
                log_failure("cleaning up failed", error)
            await asyncio.sleep(CLEAN_SECONDS)

    async def remove(self, user_id: UUID, slices: float = inf) -> None:
        """Takes away what belongs to a marked account, at most so many slices of it; the next look takes the rest."""
        while slices > 0:
            began = time.monotonic()
            if not await self.assistant.db.write_unhurried(account_removal.take_slice, SYSTEM, user_id):
                return
            slices -= 1
            await asyncio.sleep(time.monotonic() - began)  # as long again for whoever else wants to write

    async def _remove(self) -> None:
        while True:
            try:
                for user_id in await self.assistant.db.read(account_removal.find_marked, SYSTEM):
                    await self.remove(user_id)
            except Exception as error:
                log_failure("taking away deleted accounts failed", error)
            await asyncio.sleep(REMOVE_SECONDS)


def log_failure(event: str, error: BaseException, **words: Any) -> None:
    """One line that says why; where it came from in full only with LOG_LEVEL=debug."""
    log.error(event, cause=cause_of(error), place=place_of(error), **words)
    log.debug(event, exc_info=error)
