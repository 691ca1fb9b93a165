# streaming/shared_reads.py -- single flight: callers that ask for the same thing at the same time share one read.
import asyncio
import itertools
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class PendingRead(Generic[T]):
    """A read in progress. `started` counts up with each read that starts; 0 until this one does."""

    task: "asyncio.Task[T]"
    started: int = 0


class SharedReads(Generic[T]):
    """`concurrency` bounds how many reads run at the same time: a notification to all readers must not take all
    connections to the database. `is_news` says whether a result is one that a caller waits for."""

    def __init__(self, concurrency: asyncio.Semaphore, is_news: Callable[[T], bool]) -> None:
        self._concurrency = concurrency
        self._is_news = is_news
        self._pending: dict[Hashable, PendingRead[T]] = {}
        self._counter = itertools.count(1)
        self._last_started = 0

    async def share(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The result of `read` as of now, shared between all that ask for the same `key`. An error goes to all.

        A read that started before this call may have missed the latest commit: its result is used only if it is
        news, else the next read's.
        """
        last_started = self._last_started
        while True:
            pending = self._pending.get(key) or self._start(key, read)
            result = await asyncio.shield(pending.task)
            if pending.started > last_started or self._is_news(result):
                return result

    def _start(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> PendingRead[T]:
        async def run() -> T:
            try:
                async with self._concurrency:
                    pending.started = self._last_started = next(self._counter)
                    return await read()
            finally:
                del self._pending[key]

        pending = self._pending[key] = PendingRead(asyncio.create_task(run()))
        pending.task.add_done_callback(retrieve_error)
        return pending


def retrieve_error(task: "asyncio.Task[T]") -> None:
    """Once all callers are gone nobody else retrieves the error, and asyncio would log it."""
    if not task.cancelled():
        task.exception()
