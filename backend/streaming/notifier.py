# streaming/notifier.py -- publish and subscribe in one process, by the id of a run or a request, or for the log.
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

# PostgreSQL takes less than 8,000 bytes in one notification; an id has 37 with its separator.
ID_BATCH = 200
# In place of an id: events were committed.
LOG = UUID(int=0)


class Wake(asyncio.Event):
    """What a reader waits for: news, or only that a heartbeat is due."""

    is_heartbeat = False

    def set(self) -> None:
        self.is_heartbeat = False
        super().set()

    def set_heartbeat(self) -> None:
        if not self.is_set():
            self.is_heartbeat = True
            super().set()


class Notifier:
    """A notification only says "read again" and may be lost: the rows are the truth."""

    def __init__(self) -> None:
        self._subscribers: dict[UUID, set[Wake]] = {}
        self._outgoing: set[UUID] = set()
        self._has_outgoing = asyncio.Event()
        # Whether something relays notifications to other workers.
        self.is_relayed = False
        self.closed = False

    @contextmanager
    def subscribe(self, id_: UUID) -> Iterator[Wake]:
        """An event that is set with each notification of `id_`, until the end of the block."""
        event = Wake()
        self._subscribers.setdefault(id_, set()).add(event)
        try:
            yield event
        finally:
            self._subscribers[id_].discard(event)
            if not self._subscribers[id_]:
                del self._subscribers[id_]

    def notify(self, *ids: UUID) -> None:
        """Something was committed for these: wake readers here now, those of other workers by the relay."""
        for id_ in ids:
            self.notify_local(id_)
        if self.is_relayed and ids:
            self._outgoing.update(ids)
            self._has_outgoing.set()

    def notify_local(self, id_: UUID) -> None:
        for event in self._subscribers.get(id_, ()):
            event.set()

    async def next_batch(self) -> list[UUID]:
        """The ids to relay that have come together since the last call; waits for the first one."""
        await self._has_outgoing.wait()
        batch = [self._outgoing.pop() for _ in range(min(len(self._outgoing), ID_BATCH))]
        if not self._outgoing:
            self._has_outgoing.clear()
        return batch

    def wake_relay(self) -> None:
        """Let `next_batch` return, also without ids."""
        self._has_outgoing.set()

    def close(self) -> None:
        """The server shuts down: every stream ends now, and its reader resumes on another worker."""
        self.closed = True
        for id_ in list(self._subscribers):
            self.notify_local(id_)
