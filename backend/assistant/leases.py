# assistant/leases.py -- which runs wait for a worker, and who has which: claims, leases, hand-over.
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Integer, Select, Uuid, and_, bindparam, exists, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import SYSTEM, Caller
from assistant.assistant import Assistant
from assistant.ending import end_bare
from db import Transaction
from models import Run, User
from models.run import ACTIVE
from services import runs

# In one look, so that its cost has a bound: persons, and conversations of each.
PERSONS_AT_ONCE = 50
CONVERSATIONS_AT_ONCE = 100
LAPSED_AT_ONCE = 100
# How often a worker may be lost over a run before the run is ended instead of taken up once more.
MOST_TAKEOVERS = 3
LOST = (
    f"Our server stopped {MOST_TAKEOVERS} times while it worked on this, so it was given up. "
    "Please ask in another way."
)
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Claim:
    """`takeovers` is how many workers had the run before and were lost."""

    run_id: UUID
    epoch: int
    caller: Caller
    takeovers: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a worker may take up, each user's turn after the other's; `last` is where the next look goes on."""

    run_ids: list[UUID]
    last: UUID


def is_busy(run: Any) -> Any:
    """An earlier run of its conversation has not ended."""
    earlier = aliased(Run)
    return exists(
        select(1).where(
            earlier.conversation_id == col(run.conversation_id),  # type: ignore[arg-type]
            earlier.trigger_seq < col(run.trigger_seq),
            earlier.status.in_(ACTIVE),  # type: ignore[attr-defined]
        )
    )


def claimable(moment: Any) -> Any:
    """Queued with no earlier run of its conversation at work, or left lying by a worker whose lease lapsed."""
    return or_(
        and_(col(Run.status) == "queued", ~is_busy(Run)),
        and_(col(Run.status) == "running", col(Run.lease_expires_at) < moment),
    )


async def find_waiting(
    tx: Transaction, assistant: Assistant, after: UUID, passed_over: Collection[UUID]
) -> Waiting:
    """Runs whose worker is lost, then those of the next users behind `after` that wait for their first worker.

    Users in `passed_over` are left out. What it costs does not grow with anybody's queue.
    """
    moment = await assistant.db.clock(tx)
    lapsed = access.select(SYSTEM, Run, col(Run.id)).where(
        col(Run.status) == "running", col(Run.lease_expires_at) < moment
    )
    lapsed = lapsed.order_by(col(Run.lease_expires_at)).limit(LAPSED_AT_ONCE)
    run_ids = list((await tx.execute(lapsed)).scalars())
    user_ids = await find_users(tx, after, PERSONS_AT_ONCE)
    if len(user_ids) < PERSONS_AT_ONCE and after != NOBODY:
        first = await find_users(tx, NOBODY, PERSONS_AT_ONCE - len(user_ids))
        user_ids += [user_id for user_id in first if user_id not in user_ids]
    turns = [await find_heads(tx, user_id) for user_id in user_ids if user_id not in passed_over]
    longest = max(map(len, turns), default=0)
    run_ids += [turn[place] for place in range(longest) for turn in turns if place < len(turn)]
    return Waiting(run_ids, user_ids[-1] if len(user_ids) == PERSONS_AT_ONCE else NOBODY)


def following(column: Any, *conditions: Any, after: Any) -> Any:
    """The next value of the column among queued runs: a step down the index, past all rows of the value before."""
    next_one = access.select(SYSTEM, Run, col(column)).where(
        col(Run.status) == "queued", *conditions, col(column) > after
    )
    return next_one.order_by(col(column)).limit(1).scalar_subquery()


def distinct(column: Any, *conditions: Any, after: Any, most: Any) -> CTE:
    """The values of the column among queued runs behind `after`, each once; the last one is NULL."""
    first = following(column, *conditions, after=after)
    seed = select(first.label("value"), literal(1).label("number")).cte(f"{column.key}s", recursive=True)
    step = following(column, *conditions, after=seed.c.value)
    return seed.union_all(
        select(step, seed.c.number + 1).where(seed.c.value.is_not(None), seed.c.number < most)
    )


async def find_users(tx: Transaction, after: UUID, most: int) -> list[UUID]:
    """The next users behind `after` for whom a run is queued."""
    return list((await tx.execute(users(), {"after": after, "most": most})).scalars())


@cache
def users() -> Select[Any]:
    found = distinct(
        Run.user_id, after=bindparam("after", type_=Uuid()), most=bindparam("most", type_=Integer())
    )
    return select(found.c.value).where(found.c.value.is_not(None)).order_by(found.c.value)


async def find_heads(tx: Transaction, user_id: UUID) -> list[UUID]:
    """The first queued run of each of the user's conversations where none is at work, the oldest first."""
    return list((await tx.execute(heads(), {"user_id": user_id, "after": NOBODY})).scalars())


@cache
def heads() -> Select[Any]:
    """The statement, whose cost is the same however many runs the user has."""
    mine = col(Run.user_id) == bindparam("user_id", type_=Uuid())
    after = bindparam("after", type_=Uuid())
    conversations = distinct(Run.conversation_id, mine, after=after, most=CONVERSATIONS_AT_ONCE)
    head = (
        access.select(SYSTEM, Run, col(Run.trigger_seq))
        .where(col(Run.status) == "queued", mine, col(Run.conversation_id) == conversations.c.value)
        .order_by(col(Run.trigger_seq))
        .limit(1)
        .correlate(conversations)
        .scalar_subquery()
    )
    found = aliased(Run)
    waiting: Select[Any] = (
        select(found.id)  # type: ignore[call-overload]
        .join(conversations, col(found.conversation_id) == conversations.c.value)
        .where(col(found.trigger_seq) == head, ~is_busy(found))
        .order_by(col(found.created_at))
    )
    return waiting


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


def anybody(user_id: UUID) -> bool:
    return True


async def claim_run(
    tx: Transaction, assistant: Assistant, run_id: UUID, may_take: Callable[[UUID], bool] = anybody
) -> Claim | None:
    """Take the run under a new epoch; None where it is not to be had, or `may_take` says no to its user.

    A takeover is counted here, before anything is done for the run: whatever it is that kills workers comes after.
    """
    moment = await assistant.db.clock(tx)
    run = await access.find(tx, SYSTEM, Run, col(Run.id) == run_id, claimable(moment), lock=True)
    if run is None:
        return None
    if run.status == "running":
        run.takeovers += 1
    elif not may_take(run.user_id):
        return None
    user = await access.get(tx, SYSTEM, User, run.user_id)
    caller = Caller(run.user_id, None, user.timezone)
    run.status = "running"
    run.epoch += 1
    run.lease_expires_at = moment + timedelta(seconds=assistant.limits.lease_seconds)
    if run.started_at is None:
        await runs.add_started(tx, caller, run, moment)
    await tx.flush()
    if run.takeovers <= MOST_TAKEOVERS:
        await runs.tell(tx, caller, run, "run.started")
    return Claim(run.id, run.epoch, caller, run.takeovers)


async def renew_leases(tx: Transaction, assistant: Assistant, claims: Sequence[Claim]) -> list[Claim]:
    """Those of the claims that are lost. A run that somebody writes to at this moment is left for the next time."""
    held = {claim.run_id: claim for claim in claims}
    mine = access.select(SYSTEM, Run).where(col(Run.id).in_(held)).order_by(col(Run.id))
    found = list((await tx.execute(mine.with_for_update(skip_locked=True))).scalars())
    moment = await assistant.db.clock(tx)
    kept = [run for run in found if run.epoch == held[run.id].epoch and run.status == "running"]
    for run in kept:
        run.lease_expires_at = moment + timedelta(seconds=assistant.limits.lease_seconds)
    await tx.flush()
    states = access.select(SYSTEM, Run, col(Run.id), col(Run.epoch), col(Run.status))
    seen = (await tx.execute(states.where(col(Run.id).in_(held)))).all()
    alive = {row.id for row in seen if row.epoch == held[row.id].epoch and row.status == "running"}
    return [claim for claim in claims if claim.run_id not in alive]


async def release(tx: Transaction, claim: Claim) -> None:
    """Give the run back: it is queued again, under an epoch that shuts this worker out."""
    run = await access.find(tx, SYSTEM, Run, col(Run.id) == claim.run_id, lock=True)
    if run is not None and run.epoch == claim.epoch and run.status == "running":
        run.status = "queued"
        run.epoch += 1
        run.lease_expires_at = None
        await runs.tell(tx, claim.caller, run, "run.queued")


async def end_unclaimed(tx: Transaction, run_id: UUID, error: str) -> None:
    """The row of a run that no worker can take up says that it failed; nothing else is read or written."""
    run = await access.find(tx, SYSTEM, Run, col(Run.id) == run_id, lock=True)
    if run is not None and run.status in ("queued", "running"):
        await end_bare(tx, SYSTEM, run, error)
