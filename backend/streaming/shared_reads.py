# streaming/shared_reads.py -- reads that are shared: whoever asks the same at the same time gets the same answer.
import asyncio
import itertools
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Flight(Generic[T]):
    """A read that is under way, and when it began, as a number that rises with each; 0 while it has not."""

    task: "asyncio.Task[T]"
    begun: int = 0


class Flights(Generic[T]):
    """At most as many reads at once as `reads` lets through: a bell for everybody must not take all connections."""

    def __init__(self, reads: asyncio.Semaphore, is_news: Callable[[T], bool]) -> None:
        self._reads = reads
        self._is_news = is_news
        self._flights: dict[Hashable, Flight[T]] = {}
        self._clock = itertools.count(1)
        self._newest = 0

    async def share(self, place: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives as it is now; those who ask for the same place share one.

        One that began before this was asked for counts only if it found something: it may not have seen what the
        last bell was about. What it raises, it raises for all.
        """
        asked = self._newest
        while True:
            flight = self._flights.get(place) or self._begin(place, read)
            found = await asyncio.shield(flight.task)
            if flight.begun > asked or self._is_news(found):
                return found

    def _begin(self, place: Hashable, read: Callable[[], Awaitable[T]]) -> Flight[T]:
        async def fly() -> T:
            try:
                async with self._reads:
                    flight.begun = self._newest = next(self._clock)
                    return await read()
            finally:
                del self._flights[place]

        flight = self._flights[place] = Flight(asyncio.create_task(fly()))
        flight.task.add_done_callback(note_error)
        return flight


def note_error(task: "asyncio.Task[Any]") -> None:
    """Everybody who asked may be gone by now: then an error is nobody's."""
    if not task.cancelled():
        task.exception()
