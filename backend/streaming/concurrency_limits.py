# streaming/concurrency_limits.py -- bounds the open streams and searches of one user on this worker.
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from access import Caller
from errors import TooManyAtOnce

RETRY_SECONDS = 5
MAX_CONCURRENT_SEARCHES = 2
SEARCH_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams may be open: of a session or an API token, of a user, on this worker."""

    per_session: int = 20
    per_user: int = 60
    per_worker: int = 2_000


class StreamSlots:
    """Each open stream and each waiting request takes a slot for as long as it lasts."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._used: Counter[UUID | None] = Counter()

    @contextmanager
    def take_slot(self, caller: Caller) -> Iterator[None]:
        """Raises TooManyAtOnce where no slot is free."""
        limits = self._limits
        bounds = {
            caller.session_id or caller.token_id: (limits.per_session, "This sign-in has"),
            caller.user_id: (limits.per_user, "You have"),
            None: (limits.per_worker, "This server has"),
        }
        for owner, (most, has) in bounds.items():
            if self._used[owner] >= most:
                raise TooManyAtOnce(f"{has} {most} streams and waiting requests open already.", RETRY_SECONDS)
        self._used.update(bounds.keys())
        try:
            yield
        finally:
            for owner in bounds:
                self._used[owner] -= 1
                if not self._used[owner]:
                    del self._used[owner]


class SearchSlots:
    """At most MAX_CONCURRENT_SEARCHES of a user: a search reads all that they have written, and takes a connection."""

    def __init__(self) -> None:
        self._slots: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def take_slot(self, caller: Caller) -> AsyncIterator[None]:
        """Waits SEARCH_WAIT_SECONDS for a free slot, then raises TooManyAtOnce."""
        slots = self._slots.setdefault(caller.user_id, asyncio.Semaphore(MAX_CONCURRENT_SEARCHES))
        try:
            async with asyncio.timeout(SEARCH_WAIT_SECONDS):
                await slots.acquire()
        except TimeoutError as error:
            detail = f"You have {MAX_CONCURRENT_SEARCHES} searches running already."
            raise TooManyAtOnce(detail, RETRY_SECONDS) from error
        try:
            yield
        finally:
            slots.release()
