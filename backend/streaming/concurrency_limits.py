# streaming/concurrency_limits.py -- how many streams, searches, exports and imports a user may have on this worker.
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID
from weakref import WeakValueDictionary

from access import Caller
from errors import TooManyAtOnce

MAX_CONCURRENT_SEARCHES = 2
# Each takes some of the processor for minutes.
MAX_TRANSFERS = 4
TransferKind = Literal["export", "import"]
TRANSFER_KINDS: tuple[TransferKind, ...] = get_args(TransferKind)


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
                raise TooManyAtOnce(detail, problem="too-many-streams")
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
            raise TooManyAtOnce(detail, problem="too-many-searches") from error
        try:
            yield
        finally:
            semaphore.release()


class TransferSlots:
    """One export and one import of a user at a time, and MAX_TRANSFERS of each kind on this worker."""

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._of_users: WeakValueDictionary[tuple[TransferKind, UUID], asyncio.Semaphore] = (
            WeakValueDictionary()
        )
        self._of_worker = {kind: asyncio.Semaphore(MAX_TRANSFERS) for kind in TRANSFER_KINDS}

    @asynccontextmanager
    async def hold(self, caller: Caller, kind: TransferKind) -> AsyncIterator[None]:
        """Waits up to `wait_seconds` for an earlier one to end, then raises TooManyAtOnce."""
        own = self._of_users.setdefault((kind, caller.user_id), asyncio.Semaphore(1))
        slots = (
            (own, f"You have an {kind} at work already."),
            (self._of_worker[kind], f"This server has {MAX_TRANSFERS} {kind}s at work already."),
        )
        async with AsyncExitStack() as held:
            for semaphore, detail in slots:
                try:
                    async with asyncio.timeout(self._wait_seconds):
                        await held.enter_async_context(semaphore)
                except TimeoutError as error:
                    raise TooManyAtOnce(detail, problem="too-many-transfers") from error
            yield
