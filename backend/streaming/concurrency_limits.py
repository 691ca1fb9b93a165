# streaming/concurrency_limits.py -- bounds the open streams and searches of one user on this worker.
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from access import Caller
from errors import Busy

RETRY_SECONDS = 5
SEARCHES_AT_ONCE = 2
SEARCH_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Most:
    """How many streams may be open: of a session (or an access token), of a person, on this worker."""

    per_session: int = 20
    per_user: int = 60
    per_worker: int = 2_000


class Places:
    """Streams that are open and requests that wait: each takes a place for as long as it lasts."""

    def __init__(self, most: Most) -> None:
        self._most = most
        self._taken: Counter[UUID | None] = Counter()

    @contextmanager
    def taken(self, caller: Caller) -> Iterator[None]:
        """Raises Busy where there is no place left."""
        asks = caller.session_id or caller.token_id
        bounds = {
            asks: (self._most.per_session, "This sign-in has"),
            caller.user_id: (self._most.per_user, "You have"),
            None: (self._most.per_worker, "This server has"),
        }
        for whose, (most, has) in bounds.items():
            if self._taken[whose] >= most:
                raise Busy(f"{has} {most} streams and waiting requests open already.", RETRY_SECONDS)
        self._taken.update(bounds.keys())
        try:
            yield
        finally:
            for whose in bounds:
                self._taken[whose] -= 1
                if not self._taken[whose]:
                    del self._taken[whose]


class Searches:
    """At most SEARCHES_AT_ONCE of a person: one alone reads all that they have written, and takes a connection."""

    def __init__(self) -> None:
        self._lines: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Waits a moment for one of the others to end, then raises Busy."""
        line = self._lines.setdefault(caller.user_id, asyncio.Semaphore(SEARCHES_AT_ONCE))
        try:
            async with asyncio.timeout(SEARCH_PATIENCE_SECONDS):
                await line.acquire()
        except TimeoutError as error:
            raise Busy(f"You have {SEARCHES_AT_ONCE} searches running already.", RETRY_SECONDS) from error
        try:
            yield
        finally:
            line.release()
