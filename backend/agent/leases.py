# agent/leases.py -- which runs wait for a worker, and which worker has which run: claims, leases, releases.
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, Uuid, and_, bindparam, exists, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import SYSTEM, Caller
from agent.context import AgentContext
from db import AnySelect, Database, Transaction
from models import Run, User
from models.agent import BUILT_IN_ID
from models.run import ACTIVE_STATUSES
from services import run_log, runs
from services.agents.profiles import AgentProfile, find_profile
from services.run_endings import end_bare, end_run
from storage.dialects import read_clock

# These bound the cost of one poll: runs with an expired lease, statements over queued runs, and statements for a user.
LAPSED_BATCH = 100
MAX_STATEMENTS = 60
MAX_STATEMENTS_PER_USER = 12
# A run that has lost so many workers is ended instead of continued.
MAX_TAKEOVERS = 3
GIVEN_UP = (
    f"Our server stopped {MAX_TAKEOVERS} times while it worked on this, so it was given up. "
    "Please ask in another way."
)
NO_AGENT = "The agent is not there any more."
NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Lease:
    """A run as it was when this worker claimed it. `is_new`: no worker had it before, and its log has one line.

    `opening`: the id and the text of its message, if that is the first of the conversation and was just stored.
    `agent`: who answers; None for the built-in one.
    """

    run: Run
    caller: Caller
    is_new: bool = False
    opening: tuple[UUID, str] | None = None
    agent: AgentProfile | None = None

    @property
    def run_id(self) -> UUID:
        return self.run.id

    @property
    def epoch(self) -> int:
        return self.run.epoch


@dataclass(frozen=True, slots=True)
class WaitingRuns:
    """Runs that a worker may claim, users in turn; the next poll continues after the user `last`."""

    run_ids: list[UUID]
    last: UUID


def has_earlier_active_run(run: type[Run]) -> ColumnElement[bool]:
    """The condition that an earlier run has not ended: of the conversation, for the same person, of the same agent."""
    earlier = aliased(Run)
    return exists(
        select(1).where(
            access.visible_condition(SYSTEM, earlier),
            col(earlier.conversation_id) == col(run.conversation_id),
            col(earlier.user_id) == col(run.user_id),
            col(earlier.agent_key) == col(run.agent_key),
            col(earlier.trigger_seq) < col(run.trigger_seq),
            col(earlier.status).in_(ACTIVE_STATUSES),
        )
    )


def is_hosted() -> ColumnElement[bool]:
    return col(Run.is_external).is_(False)


def is_claimable(moment: datetime) -> ColumnElement[bool]:
    """The condition: queued without an earlier active run that it waits for, or running with an expired lease.

    What an external agent answers is no worker's.
    """
    return or_(
        and_(col(Run.status) == "queued", is_hosted(), ~has_earlier_active_run(Run)),
        and_(col(Run.status) == "running", col(Run.lease_expires_at) < moment),
    )


async def find_waiting_runs(
    tx: Transaction, context: AgentContext, after: UUID, passed_over: Collection[UUID], room: int
) -> WaitingRuns:
    """Runs with an expired lease, then about `room` queued runs.

    The queued runs are of the users after `after`, without those in `passed_over`: first one run of each user, then a
    second of each. The search steps along the index from user to user and from conversation to conversation, so its
    cost does not depend on the number of runs, and MAX_STATEMENTS bounds it. (MariaDB would read all rows for one
    statement that did the same.)
    """
    moment = await read_clock(tx)
    lapsed = access.select(SYSTEM, Run, col(Run.id)).where(
        col(Run.status) == "running", col(Run.lease_expires_at) < moment
    )
    lapsed = lapsed.order_by(col(Run.lease_expires_at)).limit(LAPSED_BATCH)
    run_ids = list((await tx.execute(lapsed)).scalars())
    turns: list[list[UUID]] = []
    seen: set[UUID] = set()
    last, steps, ends = after, 0, 1 if after == NO_ID else 2
    while steps < MAX_STATEMENTS and sum(map(len, turns)) < room and ends:
        user_id = await find_next_user(tx, last)
        steps += 1
        if user_id is None or user_id in seen:
            last, ends = NO_ID, ends - 1
            continue
        last = user_id
        seen.add(user_id)
        if user_id not in passed_over:
            found, looked_at = await find_first_runs(tx, user_id)
            turns.append(found)
            steps += looked_at
    longest = max(map(len, turns), default=0)
    run_ids += [turn[place] for place in range(longest) for turn in turns if place < len(turn)]
    return WaitingRuns(run_ids, last)


@cache
def select_next_user() -> Select[UUID]:
    """One step along the index, past all runs of the previous user."""
    after = bindparam("after", type_=Uuid())
    statement = access.select(SYSTEM, Run, col(Run.user_id))
    statement = statement.where(col(Run.status) == "queued", col(Run.user_id) > after, is_hosted())
    return statement.order_by(col(Run.user_id)).limit(1)


@cache
def select_next_first_run() -> AnySelect:
    """The first queued run of the next agent of a conversation, or else of the next conversation, and whether an
    earlier one that it waits for is active. Each of the two is one step along the index.
    """
    user_id, after = bindparam("user_id", type_=Uuid()), bindparam("after", type_=Uuid())
    of_next_agent = and_(
        col(Run.conversation_id) == after, col(Run.agent_key) > bindparam("after_agent", type_=Uuid())
    )
    queued = access.select(
        SYSTEM,
        Run,
        col(Run.id),
        col(Run.conversation_id),
        col(Run.agent_key),
        has_earlier_active_run(Run).label("is_busy"),
    ).where(col(Run.status) == "queued", col(Run.user_id) == user_id, is_hosted())
    order = (col(Run.conversation_id), col(Run.agent_key), col(Run.trigger_seq))
    steps = [
        select(queued.where(next_one).order_by(*order).limit(1).subquery())
        for next_one in (of_next_agent, col(Run.conversation_id) > after)
    ]
    found = union_all(*steps).subquery("found")
    return select(found).order_by(found.c.conversation_id, found.c.agent_key).limit(1)


async def find_next_user(tx: Transaction, after: UUID) -> UUID | None:
    """The next user after `after` who has a queued run."""
    return (await tx.execute(select_next_user(), {"after": after})).scalar_one_or_none()


async def find_first_runs(tx: Transaction, user_id: UUID) -> tuple[list[UUID], int]:
    """The first queued run of each conversation and agent, unless it waits for another, and the number of statements.

    The search starts at a random conversation, so that busy conversations do not use up the statements each time.
    """
    found: list[UUID] = []
    seen: set[tuple[UUID, UUID]] = set()
    last, agent, steps, ends = uuid4(), NO_ID, 0, 2
    while steps < MAX_STATEMENTS_PER_USER and ends:
        where = {"user_id": user_id, "after": last, "after_agent": agent}
        head = (await tx.execute(select_next_first_run(), where)).one_or_none()
        steps += 1
        if head is None or (head[1], head[2]) in seen:
            last, agent, ends = NO_ID, NO_ID, ends - 1
            continue
        run_id, last, agent, is_busy = head
        seen.add((last, agent))
        if not is_busy:
            found.append(run_id)
    return found, steps


@cache
def select_next_run() -> Select[UUID]:
    ended = aliased(Run)
    is_ended = (access.visible_condition(SYSTEM, ended), col(ended.id) == bindparam("run_id", type_=Uuid()))
    statement = access.select(SYSTEM, Run, col(Run.id)).where(
        *is_ended,
        col(Run.conversation_id) == col(ended.conversation_id),
        col(Run.user_id) == col(ended.user_id),
        col(Run.agent_key) == col(ended.agent_key),
        col(Run.status) == "queued",
        is_hosted(),
    )
    return statement.order_by(col(Run.trigger_seq)).limit(1)


async def find_next_run(db: Database, run_id: UUID) -> UUID | None:
    """The run that waits for this one: the next of the same conversation, person and agent."""
    rows = await db.fetch_rows(select_next_run(), {"run_id": run_id})
    return rows[0][0] if rows else None


def compute_lease_time(run: Run, context: AgentContext) -> timedelta:
    """The lease time, doubled after each takeover: the previous worker may have been slow, not dead."""
    return timedelta(seconds=context.limits.lease_seconds * 2 ** min(run.takeovers, MAX_TAKEOVERS))


def accept_any_user(user_id: UUID) -> bool:
    return True


async def claim_run(
    tx: Transaction, context: AgentContext, run_id: UUID, may_take: Callable[[UUID], bool] = accept_any_user
) -> Lease | None:
    """Take the run under a new epoch; None if it is not claimable or `may_take` refuses its user.

    A takeover is counted here, before any work on the run that may stop this worker too.
    """
    moment = await read_clock(tx)
    run = await access.find_row(tx, SYSTEM, Run, col(Run.id) == run_id, is_claimable(moment), lock=True)
    if run is None:
        return None
    if run.status == "running":
        run.takeovers += 1
    elif not may_take(run.user_id):
        return None
    user = await access.get_row(tx, SYSTEM, User, run.user_id)
    if user.deleted_at is not None:
        return None
    agent = await find_profile(tx, SYSTEM, run.agent_id)
    if agent is None and run.agent_key != BUILT_IN_ID:
        await end_bare(tx, SYSTEM, run, NO_AGENT)
        return None
    caller = Caller(run.user_id, None, user.timezone, language=user.language)
    run.status = "running"
    run.epoch += 1
    run.lease_expires_at = moment + compute_lease_time(run, context)
    is_new = run.started_at is None
    if is_new:
        await run_log.add_started_event(tx, caller, run, moment)
    await tx.flush()
    if run.takeovers <= MAX_TAKEOVERS:
        await runs.record_run_change(tx, caller, run, "run.started")
    return Lease(Run(**run.model_dump()), caller, is_new, agent=agent)


async def renew_leases(tx: Transaction, context: AgentContext, leases: Sequence[Lease]) -> list[Lease]:
    """Renew the leases; returns those that are lost. A run that is locked at this moment is renewed the next time."""
    held = {lease.run_id: lease for lease in leases}
    mine = access.select(SYSTEM, Run).where(col(Run.id).in_(held)).order_by(col(Run.id))
    found = list((await tx.execute(mine.with_for_update(skip_locked=True))).scalars())
    moment = await read_clock(tx)
    kept = [run for run in found if run.epoch == held[run.id].epoch and run.status == "running"]
    for run in kept:
        run.lease_expires_at = moment + compute_lease_time(run, context)
    await tx.flush()
    states = access.select(SYSTEM, Run, col(Run.id), col(Run.epoch), col(Run.status))
    seen = (await tx.execute(states.where(col(Run.id).in_(held)))).all()
    alive = {run_id for run_id, epoch, status in seen if epoch == held[run_id].epoch and status == "running"}
    return [lease for lease in leases if lease.run_id not in alive]


async def release_lease(tx: Transaction, lease: Lease) -> None:
    """Queue the run again under a new epoch, which refuses further writes of this worker."""
    run = await access.find_by_id(tx, SYSTEM, Run, lease.run_id, lock=True)
    if run is not None and run.epoch == lease.epoch and run.status == "running":
        run.status = "queued"
        run.epoch += 1
        run.lease_expires_at = None
        await runs.record_run_change(tx, lease.caller, run, "run.queued")


async def end_without_reading(tx: Transaction, run_id: UUID, error: str, *, bare: bool) -> None:
    """End a run that no worker can work on, without reading its log. If `bare`, only the run's row is changed."""
    run = await access.find_by_id(tx, SYSTEM, Run, run_id, lock=True)
    if run is None or run.status not in ("queued", "running"):
        return
    if bare:
        await end_bare(tx, SYSTEM, run, error)
    else:
        run.epoch += 1
        await end_run(tx, Caller(run.user_id, None), run, [], "failed", error)
