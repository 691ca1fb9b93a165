# streaming/concurrency_limits.py -- how many streams, searches, exports and imports a user may have on this worker.
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID
from weakref import WeakValueDictionary

from access import Caller
from errors import TooManyAtOnce

RETRY_SECONDS = 5
MAX_CONCURRENT_SEARCHES = 2
# Each takes some of the processor for minutes.
MAX_TRANSFERS = 4


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams may be open: of a session (or an API token), of a user, on this worker."""

    per_session: int = 20
    per_user: int = 60
    per_worker: int = 2_000


class StreamSlots:
    """Open streams and waiting requests: each holds a slot for as long as it lasts."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._held: Counter[UUID | None] = Counter()

    @contextmanager
    def hold(self, caller: Caller) -> Iterator[None]:
        """Raises TooManyAtOnce where no slot is free."""
        limits = {
            caller.credential_id: (
                self._limits.per_session,
                "This API token has" if caller.token_id else "This sign-in has",
            ),
            caller.user_id: (self._limits.per_user, "You have"),
            None: (self._limits.per_worker, "This server has"),
        }
        for key, (limit, subject) in limits.items():
            if self._held[key] >= limit:
                detail = f"{subject} {limit} streams and waiting requests open already."
                raise TooManyAtOnce(detail, RETRY_SECONDS)
        self._held.update(limits.keys())
        try:
            yield
        finally:
            for key in limits:
                self._held[key] -= 1
                if not self._held[key]:
                    del self._held[key]


class SearchSlots:
    """At most MAX_CONCURRENT_SEARCHES of a user: a search reads all of the user's rows and takes a connection."""

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._semaphores: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, caller: Caller) -> AsyncIterator[None]:
        """Waits up to `wait_seconds` for an earlier search to end, then raises TooManyAtOnce."""
        semaphore = self._semaphores.setdefault(caller.user_id, asyncio.Semaphore(MAX_CONCURRENT_SEARCHES))
        try:
            async with asyncio.timeout(self._wait_seconds):
                await semaphore.acquire()
        except TimeoutError as error:
            detail = f"You have {MAX_CONCURRENT_SEARCHES} searches running already."
            raise TooManyAtOnce(detail, RETRY_SECONDS) from error
        try:
            yield
        finally:
            semaphore.release()


class TransferSlots:
    """One export and one import of a user at a time, and MAX_TRANSFERS of each kind on this worker."""

    def __init__(self) -> None:
        self._held: set[tuple[str, UUID]] = set()

    @contextmanager
    def hold(self, caller: Caller, kind: Literal["export", "import"]) -> Iterator[None]:
        """Raises TooManyAtOnce where no slot is free."""
        slot = (kind, caller.user_id)
        if slot in self._held:
            raise TooManyAtOnce(f"You have an {kind} at work already.", RETRY_SECONDS)
        if sum(held == kind for held, _ in self._held) >= MAX_TRANSFERS:
            raise TooManyAtOnce(f"This server has {MAX_TRANSFERS} {kind}s at work already.", RETRY_SECONDS)
        self._held.add(slot)
        try:
            yield
        finally:
            self._held.discard(slot)
