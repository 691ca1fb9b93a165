# agent/slots.py -- the runs of one worker: how many at once, whose, and which are set aside for a while.
import asyncio
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from agent.leases import Lease

# One user may take up to this part of the places that are free: who comes next finds one, however many the others ask
# for. A user who has none yet may take the last.
FREE_SHARE = 2
MAX_PAUSE_SECONDS = 300.0


@dataclass(eq=False)
class HeldSlot:
    """A run from the moment that it takes a place; lease and user are known a little later."""

    task: asyncio.Task[None] | None = None
    lease: Lease | None = None
    user_id: UUID | None = None


class Slots(dict[UUID, HeldSlot]):
    """The runs that have a place, by their ids."""

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
        """Whether this user's run may keep the place that it has taken."""
        held = sum(other.user_id == user_id for other in self.values() if other is not work)
        if held and held >= (self.free + 1) // FREE_SHARE:
            return False
        work.user_id = user_id
        return True

    def users_at_limit(self) -> set[UUID]:
        """Those who may take no further place now."""
        held = Counter(work.user_id for work in self.values() if work.user_id is not None)
        return {user_id for user_id, number in held.items() if number >= self.free // FREE_SHARE}


class Pauses:
    """Runs that could not be claimed: each waits twice as long as the time before."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._failures: dict[UUID, tuple[int, float]] = {}

    def add_failure(self, run_id: UUID) -> tuple[int, float]:
        """How often it has failed now, and how many seconds it waits."""
        failures = self._failures.get(run_id, (0, 0.0))[0] + 1
        seconds = min(self._first * 2 ** min(failures, 20), MAX_PAUSE_SECONDS)
        self._failures[run_id] = (failures, asyncio.get_running_loop().time() + seconds)
        return failures, seconds

    def is_paused(self, run_id: UUID) -> bool:
        """Whether it still has to wait."""
        return run_id in self._failures and self._failures[run_id][1] > asyncio.get_running_loop().time()

    def forget(self, run_id: UUID) -> None:
        self._failures.pop(run_id, None)

    def forget_old(self) -> None:
        """Those that nobody has asked for any more: their runs have ended elsewhere."""
        long_ago = asyncio.get_running_loop().time() - 2 * MAX_PAUSE_SECONDS
        self._failures = {run_id: kept for run_id, kept in self._failures.items() if kept[1] > long_ago}
