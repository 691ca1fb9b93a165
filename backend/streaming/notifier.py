# streaming/notifier.py -- wakes readers: publish and subscribe in this process, by the id of a run or a user.
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

# A notification of PostgreSQL holds less than 8,000 bytes.
ID_BATCH = 200


class Notifier:
    """In-process publish and subscribe, by the id of a run or a user.

    A notification only says "read again", and may be lost: the rows are the truth.
    """

    def __init__(self) -> None:
        self._subscribers: dict[UUID, set[asyncio.Event]] = {}
        self._unsent: set[UUID] = set()
        self._has_unsent = asyncio.Event()
        # Whether somebody relays notifications to other workers.
        self.is_relayed = False
        self.is_closed = False

    @contextmanager
    def subscribe(self, id_: UUID) -> Iterator[asyncio.Event]:
        """An event that is set at each notification of this id; the subscriber clears it."""
        event = asyncio.Event()
        self._subscribers.setdefault(id_, set()).add(event)
        try:
            yield event
        finally:
            self._subscribers[id_].discard(event)
            if not self._subscribers[id_]:
                del self._subscribers[id_]

    def notify(self, *ids: UUID) -> None:
        """Something was committed for these: wake readers here at once, and on other workers with the next batch."""
        for id_ in ids:
            self.notify_local(id_)
        if self.is_relayed and ids:
            self._unsent.update(ids)
            self._has_unsent.set()

    def notify_local(self, id_: UUID) -> None:
        for event in self._subscribers.get(id_, ()):
            event.set()

    async def next_batch(self) -> list[UUID]:
        """The ids that other workers have not heard of; waits for the first one."""
        await self._has_unsent.wait()
        batch = [self._unsent.pop() for _ in range(min(len(self._unsent), ID_BATCH))]
        if not self._unsent:
            self._has_unsent.clear()
        return batch

    def close(self) -> None:
        """The server shuts down: every stream ends now; its reader resumes elsewhere."""
        self.is_closed = True
        for id_ in list(self._subscribers):
            self.notify_local(id_)
