# identity/password_hashing.py -- computes password hashes in a few threads with a bounded queue.
import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from errors import Unavailable

# One hash takes 64 MiB, and four threads of its own for part of a second.
HASHING_THREADS = max(1, (os.cpu_count() or 1) // 2)
MAX_WAITING = 32
RETRY_SECONDS = 5
# A flood of sign-ins uses only the processor time that everything else leaves.
NICENESS = 10
T = TypeVar("T")


def lower_thread_priority() -> None:
    """Niceness belongs to the thread on Linux, and the threads that it starts inherit it. A process that is nice itself
    may not become less so, and what is above the most is the most.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        inherited = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, inherited + NICENESS)


class HashingPool:
    """A thread pool that refuses work with Unavailable when its queue is full: anybody can cause a hash."""

    def __init__(self, at_once: int = HASHING_THREADS, waiting: int = MAX_WAITING) -> None:
        self._pool = ThreadPoolExecutor(at_once, "hasher", initializer=lower_thread_priority)
        self._places = threading.BoundedSemaphore(at_once + waiting)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        if not self._places.acquire(blocking=False):
            error = Unavailable(
                "Too many people are signing in at this moment. Try again in a few seconds.",
                problem="sign-ins-busy",
            )
            error.headers = {"Retry-After": str(RETRY_SECONDS)}
            raise error
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._places.release()
