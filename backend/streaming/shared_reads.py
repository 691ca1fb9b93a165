# streaming/shared_reads.py -- concurrent reads of the same thing become one.
import asyncio
import itertools
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class PendingRead(Generic[T]):
    """A read in progress. `started` is a counter over all reads, 0 until this one begins."""

    task: "asyncio.Task[T]"
    started: int = 0


class SharedReads(Generic[T]):
    """Single flight: callers with the same key share one read.

    `limit` bounds how many reads run at once: a notification for everybody must not take all connections.
    """

    def __init__(self, limit: asyncio.Semaphore, is_news: Callable[[T], bool]) -> None:
        self._limit = limit
        self._is_news = is_news
        self._pending: dict[Hashable, PendingRead[T]] = {}
        self._counter = itertools.count(1)
        self._latest = 0

    async def share(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The result of a read that sees everything committed before this call. Its exception is raised for all.

        A read that started before this call may have missed the latest commit: its result counts only where
        `is_news` says that it found something.
        """
        latest = self._latest
        while True:
            pending = self._pending.get(key) or self._start(key, read)
            result = await asyncio.shield(pending.task)
            if pending.started > latest or self._is_news(result):
                return result

    def _start(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> PendingRead[T]:
        async def run() -> T:
            try:
                async with self._limit:
                    pending.started = self._latest = next(self._counter)
                    return await read()
            finally:
                del self._pending[key]

        pending = self._pending[key] = PendingRead(asyncio.create_task(run()))
        pending.task.add_done_callback(retrieve_error)
        return pending


def retrieve_error(task: "asyncio.Task[Any]") -> None:
    """Every caller may be gone by now: asyncio would then log an exception that nobody retrieved."""
    if not task.cancelled():
        task.exception()
