# agent/slots.py -- the runs of one worker: how many at once, of which users, and which are paused.
import asyncio
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from agent.leases import Lease

# A user may hold as many slots as one in FREE_SHARE of those that are still free, so the next user always finds one. A
# user without a slot may take the last one.
FREE_SHARE = 2
MAX_PAUSE_SECONDS = 300.0


@dataclass(eq=False)
class HeldSlot:
    """A slot that a run has taken; its lease and its user are known after the claim.

    `next_run_ids`: what is next in the conversation, where the end of the run has found it.
    """

    task: asyncio.Task[None] | None = None
    lease: Lease | None = None
    user_id: UUID | None = None
    next_run_ids: list[UUID] | None = None


class Slots(dict[UUID, HeldSlot]):
    """The slots in use, by the ids of their runs."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.capacity = capacity

    @property
    def free(self) -> int:
        return self.capacity - len(self)

    @property
    def leases(self) -> list[Lease]:
        return [work.lease for work in self.values() if work.lease is not None]

    def may_take(self, work: HeldSlot, user_id: UUID) -> bool:
        """Whether a run of this user may keep the slot."""
        held = sum(other.user_id == user_id for other in self.values() if other is not work)
        if held and held >= (self.free + 1) // FREE_SHARE:
            return False
        work.user_id = user_id
        return True

    def users_at_limit(self) -> set[UUID]:
        """The users who may take no further slot now."""
        held = Counter(work.user_id for work in self.values() if work.user_id is not None)
        return {user_id for user_id, number in held.items() if number >= self.free // FREE_SHARE}


class Pauses:
    """Runs that could not be claimed; each failure doubles the pause before the next attempt."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._failures: dict[UUID, tuple[int, float]] = {}

    def add_failure(self, run_id: UUID) -> tuple[int, float]:
        """Count a failure; returns the number of failures and the pause in seconds."""
        failures = self._failures.get(run_id, (0, 0.0))[0] + 1
        seconds = min(self._first * 2 ** min(failures, 20), MAX_PAUSE_SECONDS)
        self._failures[run_id] = (failures, asyncio.get_running_loop().time() + seconds)
        return failures, seconds

    def is_paused(self, run_id: UUID) -> bool:
        """Whether the run's pause is not over."""
        return run_id in self._failures and self._failures[run_id][1] > asyncio.get_running_loop().time()

    def forget(self, run_id: UUID) -> None:
        self._failures.pop(run_id, None)

    def forget_old(self) -> None:
        """Forget runs that were not tried for long: they have ended elsewhere."""
        long_ago = asyncio.get_running_loop().time() - 2 * MAX_PAUSE_SECONDS
        self._failures = {run_id: kept for run_id, kept in self._failures.items() if kept[1] > long_ago}
