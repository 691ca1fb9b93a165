# cancellation.py -- ends tasks for certain.
import asyncio
from collections.abc import Iterable

# `asyncio.wait_for` of Python 3.11, which database drivers use, may swallow a cancellation: so it is repeated.
CANCEL_RETRY_SECONDS = 2.0
# So long a task may take to end well, as by storing what it has gathered, before it is cancelled once more.
END_SECONDS = 5.0


async def cancel_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Returns when all of them have ended, each of which is cancelled as often as it takes."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=END_SECONDS)
