# assistant/worker.py -- who works on which run: claims, leases, hand-over.
import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import SYSTEM, Caller
from assistant.loop import Assistant, AwaitingApproval, LeaseLost, RunLoop
from db import Transaction
from errors import NotFound
from models import Run, User
from models.run import ACTIVE
from services import approvals, events, removal, runs, sessions
from services.idempotency import delete_old_keys
from services.limits import delete_expired_limits

log = structlog.get_logger()

LOOK_SECONDS = 1.0
CLEAN_SECONDS = 3600.0
REMOVE_SECONDS = 10.0
RUNS_AT_ONCE = 64
CRASHED = "Something went wrong on our side."


@dataclass(frozen=True, slots=True)
class Claim:
    run_id: UUID
    epoch: int
    caller: Caller


class Worker:
    """Runs what this process was told of at once, and looks now and then for what was left lying."""

    def __init__(self, assistant: Assistant, run_events_days: int = 30, events_days: int = 7) -> None:
        self.assistant = assistant
        self._run_events_days = run_events_days
        self._events_days = events_days
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: dict[UUID, tuple[Claim, asyncio.Task[None]]] = {}
        self._stopping = False

    def start(self) -> None:
        for work in (self._look(), self._renew(), self._clean(), self._remove()):
            self._spawn(work)

    def wake(self, run_id: UUID) -> None:
        """A run was queued here: begin at once."""
        if not self._stopping and run_id not in self._running and len(self._running) < RUNS_AT_ONCE:
            self._spawn(self._work(run_id))

    def drop(self, run_id: UUID) -> None:
        """The run belongs to somebody else now, or to nobody: stop working on it."""
        if run_id in self._running:
            self._running[run_id][1].cancel()

    async def wake_next(self, run_id: UUID) -> None:
        """Begin with the run that waited behind this one, if there is one."""
        next_id = await self.assistant.db.read(find_next, run_id)
        if next_id is not None:
            self.wake(next_id)

    async def stop(self) -> None:
        """End what runs here and hand it over: another worker, or the next start, goes on at once."""
        self._stopping = True
        claims = [claim for claim, _ in self._running.values()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for claim in claims:
            await self.assistant.db.write(release, claim)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, run_id: UUID) -> None:
        try:
            claim = await self.assistant.db.write(claim_run, self.assistant, run_id)
        except Exception as error:
            log.error("claiming a run failed", run=str(run_id), exc_info=error)
            return
        if claim is None:
            return
        self.assistant.bells.ring(run_id)
        task = asyncio.current_task()
        assert task is not None
        self._running[run_id] = (claim, task)
        try:
            await self._guarded(claim)
        finally:
            if self._running.get(run_id) == (claim, task):
                del self._running[run_id]
        await self.wake_next(run_id)

    async def _guarded(self, claim: Claim) -> None:
        """Whatever happens, the run ends or belongs to somebody else."""
        loop = RunLoop(self.assistant, claim.run_id, claim.epoch, claim.caller)
        try:
            try:
                await loop.work()
            except (AwaitingApproval, LeaseLost, NotFound):
                raise
            except Exception as error:
                log.error("run crashed", run=str(claim.run_id), exc_info=error)
                await loop.finish("failed", CRASHED)
        except AwaitingApproval:
            log.info("run waits for an approval", run=str(claim.run_id))
        except (LeaseLost, NotFound):
            log.info("run went elsewhere", run=str(claim.run_id))

    async def _look(self) -> None:
        while True:
            try:
                await self.expire()
                for run_id in await self.assistant.db.read(find_waiting, self.assistant):
                    self.wake(run_id)
            except Exception as error:
                log.error("looking for runs failed", exc_info=error)
            await asyncio.sleep(LOOK_SECONDS)

    async def expire(self) -> None:
        """Takes no answer for a no, where an approval has waited long enough."""
        db = self.assistant.db
        for run_id in await db.read(approvals.find_expired, SYSTEM):
            await db.write(approvals.expire_approvals, SYSTEM, run_id)
            self.assistant.bells.ring(run_id)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.assistant.limits.lease_seconds / 3)
            for claim, _ in list(self._running.values()):
                try:
                    if not await self.assistant.db.write(renew_lease, self.assistant, claim):
                        self.drop(claim.run_id)
                except Exception as error:
                    log.error("renewing a lease failed", run=str(claim.run_id), exc_info=error)

    async def clean(self) -> None:
        """Deletes what is of no more use, a little at a time."""
        write = self.assistant.db.write
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
                log.error("cleaning up failed", exc_info=error)
            await asyncio.sleep(CLEAN_SECONDS)

    async def remove(self, user_id: UUID, slices: float = inf) -> None:
        """Takes away what belongs to a marked account, at most so many slices of it; the next look takes the rest."""
        while slices > 0:
            began = time.monotonic()
            if not await self.assistant.db.write(removal.take_slice, SYSTEM, user_id):
                return
            slices -= 1
            await asyncio.sleep(time.monotonic() - began)  # as long again for whoever else wants to write

    async def _remove(self) -> None:
        while True:
            try:
                for user_id in await self.assistant.db.read(removal.find_marked, SYSTEM):
                    await self.remove(user_id)
            except Exception as error:
                log.error("taking away deleted accounts failed", exc_info=error)
            await asyncio.sleep(REMOVE_SECONDS)


def claimable(moment: Any) -> Any:
    """Queued with no earlier run of its conversation at work, or left lying by a worker whose lease lapsed."""
    earlier = aliased(Run)
    busy = exists(
        select(1).where(
            earlier.conversation_id == col(Run.conversation_id),  # type: ignore[arg-type]
            earlier.trigger_seq < col(Run.trigger_seq),
            earlier.status.in_(ACTIVE),  # type: ignore[attr-defined]
        )
    )
    return or_(
        and_(col(Run.status) == "queued", ~busy),
        and_(col(Run.status) == "running", col(Run.lease_expires_at) < moment),
    )


async def find_waiting(tx: Transaction, assistant: Assistant) -> list[UUID]:
    moment = await assistant.db.clock(tx)
    statement = access.select(SYSTEM, Run, col(Run.id)).where(claimable(moment))
    return list((await tx.execute(statement.order_by(col(Run.created_at)).limit(RUNS_AT_ONCE))).scalars())


async def find_next(tx: Transaction, run_id: UUID) -> UUID | None:
    """The run that waits behind this one in its conversation."""
    done = await runs.find_run(tx, SYSTEM, run_id)
    if done is None:
        return None
    statement = access.select(SYSTEM, Run, col(Run.id)).where(
        col(Run.conversation_id) == done.conversation_id, col(Run.status) == "queued"
    )
    next_id: UUID | None = (
        await tx.execute(statement.order_by(col(Run.trigger_seq)).limit(1))
    ).scalar_one_or_none()
    return next_id


async def claim_run(tx: Transaction, assistant: Assistant, run_id: UUID) -> Claim | None:
    """Take the run under a new epoch; None where it is not to be had."""
    moment = await assistant.db.clock(tx)
    run = await access.find(tx, SYSTEM, Run, col(Run.id) == run_id, claimable(moment), lock=True)
    if run is None:
        return None
    user = await access.get(tx, SYSTEM, User, run.user_id)
    if user.deleted_at is not None:
        return None
    caller = Caller(run.user_id, None, user.timezone)
    run.status = "running"
    run.epoch += 1
    run.lease_expires_at = moment + timedelta(seconds=assistant.limits.lease_seconds)
    if run.started_at is None:
        await runs.add_started(tx, caller, run)
    await tx.flush()
    await runs.tell(tx, caller, run, "run.started")
    return Claim(run.id, run.epoch, caller)


async def renew_lease(tx: Transaction, assistant: Assistant, claim: Claim) -> bool:
    """Whether the run still is the claim's."""
    run = await access.find(tx, SYSTEM, Run, col(Run.id) == claim.run_id, lock=True)
    if run is None or run.epoch != claim.epoch or run.status != "running":
        return False
    moment = await assistant.db.clock(tx)
    run.lease_expires_at = moment + timedelta(seconds=assistant.limits.lease_seconds)
    return True


async def release(tx: Transaction, claim: Claim) -> None:
    """Give the run back: it is queued again, under an epoch that shuts this worker out."""
    run = await access.find(tx, SYSTEM, Run, col(Run.id) == claim.run_id, lock=True)
    if run is not None and run.epoch == claim.epoch and run.status == "running":
        run.status = "queued"
        run.epoch += 1
        run.lease_expires_at = None
        await runs.tell(tx, claim.caller, run, "run.queued")
