# streaming/notifier.py -- publish and subscribe in one process, by the id of a run or a request, or for the log.
import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from streaming.typing_notes import TypingGate, TypingNote, read_word

# PostgreSQL takes less than 8,000 bytes in one notification; the longest word has 72 with its separator.
WORD_BATCH = 100
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
        self._outgoing: set[str] = set()
        self._has_outgoing = asyncio.Event()
        # Whether something relays notifications to other workers.
        self.is_relayed = False
        self.closed = False
        self._typing_gate = TypingGate()
        # Hands a note to the streams of this worker.
        self.on_typing: Callable[[TypingNote], None] | None = None

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
            self._relay(*map(str, ids))

    def _relay(self, *words: str) -> None:
        self._outgoing.update(words)
        self._has_outgoing.set()

    def notify_local(self, id_: UUID) -> None:
        for event in self._subscribers.get(id_, ()):
            event.set()

    def notify_typing(self, note: TypingNote) -> None:
        """Somebody is typing: tell the streams here and, by the relay, those of other workers."""
        if self._take_typing(note) and self.is_relayed:
            self._relay(note.write_word())

    def _take_typing(self, note: TypingNote) -> bool:
        passes = self._typing_gate.lets_pass(note)
        if passes and self.on_typing is not None:
            self.on_typing(note)
        return passes

    def receive(self, word: str) -> None:
        """Do what a word of another worker says; ValueError for one that says nothing."""
        if (note := read_word(word)) is not None:
            self._take_typing(note)
        else:
            self.notify_local(UUID(word))

    async def next_batch(self) -> list[str]:
        """The words to relay that have come together since the last call; waits for the first one."""
        await self._has_outgoing.wait()
        batch = [self._outgoing.pop() for _ in range(min(len(self._outgoing), WORD_BATCH))]
        if not self._outgoing:
            self._has_outgoing.clear()
        return batch

    def wake_relay(self) -> None:
        """Let `next_batch` return, also without words."""
        self._has_outgoing.set()

    def close(self) -> None:
        """The server shuts down: every stream ends now, and its reader resumes on another worker."""
        self.closed = True
        for id_ in list(self._subscribers):
            self.notify_local(id_)
