# arrivals.py -- when each numbered message was sent, and when it had reached the last of those who are to hear it.
import asyncio
import re
import time
from collections.abc import Callable

NUMBER = re.compile(rb"number (\d{6})\b")
SETTLE_SECONDS = 60.0
Hear = Callable[[bytes], None]


def write_text(number: int) -> str:
    return (
        f"This is number {number:06}: shall we meet at noon in the café, or is that too early for the others?"
    )


class Arrivals:
    """What was sent and has come. A message that reaches somebody twice counts once."""

    def __init__(self) -> None:
        self.count = 0
        self._missing: dict[int, int] = {}
        self._sent_at: dict[int, float] = {}
        self._came_at: dict[int, float] = {}
        self._settled = asyncio.Event()
        self._settled.set()

    def send(self, listeners: int) -> int:
        """The number of a message that is sent now, and is to reach so many listeners."""
        self.count += 1
        self._missing[self.count] = listeners
        self._settled.clear()
        self._sent_at[self.count] = time.perf_counter()
        return self.count

    def open_ear(self) -> Hear:
        """What one listener gives each piece to that it receives."""
        heard: set[int] = set()

        def hear(received: bytes) -> None:
            now = time.perf_counter()
            for found in NUMBER.findall(received):
                number = int(found)
                if number not in heard:
                    heard.add(number)
                    self._note(number, now)

        return hear

    def _note(self, number: int, now: float) -> None:
        self._missing[number] -= 1
        if not self._missing[number]:
            del self._missing[number]
            self._came_at[number] = now
            if not self._missing:
                self._settled.set()

    async def settle(self) -> None:
        """Returns when all that was sent has reached all; fails when that takes too long."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._settled.wait()
        except TimeoutError:
            some = dict(list(self._missing.items())[:5])
            raise RuntimeError(
                f"{len(self._missing)} messages did not reach everybody, such as {some}"
            ) from None

    def delays(self, after: int) -> list[float]:
        """Seconds from sending to the last listener, of the messages after that number."""
        return [self._came_at[number] - self._sent_at[number] for number in range(after + 1, self.count + 1)]

    def last_came_at(self, after: int) -> float:
        return max(self._came_at[number] for number in range(after + 1, self.count + 1))
