# services/identity/password_hashing.py -- computes password hashes in a few threads, from a bounded queue.
import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from errors import Unavailable

# Each takes 64 MiB and several threads of its own for a tenth of a second.
HASHES_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
MAX_WAITING = 32
RETRY_SECONDS = 5
# How far behind everything else the hashes stand in the queue for processors: so a flood of them takes what is left.
NICENESS = 10
T = TypeVar("T")


def step_back() -> None:
    """Linux counts a thread's niceness by itself, and its own threads inherit it."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class Hashers:
    """Raises Unavailable where more are waiting than can be served soon: each one costs, whoever asks."""

    def __init__(self, at_once: int = HASHES_AT_ONCE, waiting: int = MAX_WAITING) -> None:
        self._pool = ThreadPoolExecutor(at_once, "hasher", initializer=step_back)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        if not self._places.acquire(blocking=False):
            error = Unavailable("Too many people are signing in at this moment. Try again in a few seconds.")
            error.headers = {"Retry-After": str(RETRY_SECONDS)}
            raise error
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._places.release()
