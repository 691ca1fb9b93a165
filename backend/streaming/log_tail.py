# streaming/log_tail.py -- reads the end of the log once for all streams of a worker, and hands each its events.
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from access import SYSTEM
from db import Database
from failure_causes import log_failure
from services.events import changes, event_log
from services.events.event_log import LogEntry
from streaming.notifier import LOG, Notifier
from streaming.sse import frame_event

TAIL_BATCH = 1_000
# What waits for a stream whose client reads slowly; with more it reads from the database when its client is ready.
MAX_WAITING_BYTES = 256 * 1024

Addressee = tuple[str, UUID]


class Feed:
    """The events of one open stream that have come since it was opened. `wake` is set with each."""

    __slots__ = ("_frames", "_last_seq", "_size", "is_complete", "wake")

    def __init__(self, wake: asyncio.Event) -> None:
        self.wake = wake
        # Whether everything is kept that comes; otherwise the stream reads from the database.
        self.is_complete = False
        self._frames: list[tuple[int, bytes]] = []
        self._size = 0
        self._last_seq = 0

    def add(self, seq: int, frame: bytes) -> None:
        """Keep a frame; one that came before, because a read failed half way, is not kept twice."""
        if self.is_complete and seq > self._last_seq:
            self._frames.append((seq, frame))
            self._size += len(frame)
            self._last_seq = seq
            if self._size > MAX_WAITING_BYTES:
                self.drop()
        self.wake.set()

    def drop(self) -> None:
        """Keep nothing more: the stream has to read from the database again."""
        self.is_complete = False
        self._frames, self._size, self._last_seq = [], 0, 0

    def take(self, after: int) -> tuple[bytes, int]:
        """The frames after `after`, and the number of the last one."""
        frames = [frame for seq, frame in self._frames if seq > after]
        last = max(after, self._frames[-1][0]) if self._frames else after
        self._frames, self._size = [], 0
        return b"".join(frames), last


class LogTail:
    """One reader of the log for all open streams: an event is read and framed once, however many see it."""

    def __init__(self, db: Database, notifier: Notifier, poll_seconds: float) -> None:
        self._db = db
        self._notifier = notifier
        self._poll_seconds = poll_seconds
        self._feeds: dict[Addressee, set[Feed]] = {}
        self._is_needed = asyncio.Event()
        self._starting = asyncio.Lock()
        # The number up to which the log is handed out; None while nobody listens.
        self._after: int | None = None

    async def run(self) -> None:
        """Read what is new while streams are open, until cancelled. A lost notification costs one interval."""
        with self._notifier.subscribe(LOG) as news:
            while True:
                await self._is_needed.wait()
                try:
                    async with asyncio.timeout(self._poll_seconds):
                        await news.wait()
                except TimeoutError:
                    pass
                news.clear()
                try:
                    await self._read()
                except Exception as error:
                    log_failure("reading the log failed", error)
                    await asyncio.sleep(self._poll_seconds)

    @contextmanager
    def subscribe(self, addressee: Addressee, feed: Feed) -> Iterator[None]:
        """Hand the events for this addressee to the feed, until the end of the block."""
        self._feeds.setdefault(addressee, set()).add(feed)
        self._is_needed.set()
        try:
            yield
        finally:
            self._feeds[addressee].discard(feed)
            if not self._feeds[addressee]:
                del self._feeds[addressee]
            if not self._feeds:
                self._is_needed.clear()
                self._after = None

    async def start(self) -> None:
        """Returns when all that is committed from now on will be handed out; what was before is in the database."""
        async with self._starting:
            if self._after is None:
                position = await event_log.find_numbered_position(self._db)
                self._after = position.last_seq

    async def _read(self) -> None:
        """Hand out what is new; `_after` is None until the first stream has begun."""
        position = await event_log.find_numbered_position(self._db)
        while self._after is not None and self._after < position.last_seq:
            entries = await self._db.read(event_log.read_tail, SYSTEM, self._after, TAIL_BATCH)
            if not entries:  # deleted as soon as they were numbered
                self._after = position.last_seq
                return
            await self._hand_out([entry for entry in entries if self._find_feeds(entry)])
            if self._after is not None:
                self._after = entries[-1].seq

    async def _hand_out(self, entries: Sequence[LogEntry]) -> None:
        by_seq = {entry.seq: entry for entry in entries}
        wanted = [entry.event_id for entry in entries]
        while wanted:
            batch = wanted[: changes.READ_BATCH]
            found = await self._db.read(changes.read_logged_events, SYSTEM, batch)
            for event in found:
                entry = by_seq[event.seq]
                frame = frame_event(event.seq, event.type, event.data)
                for feed in self._find_feeds(entry):
                    feed.add(event.seq, frame)
            # Where nothing was found, the first one is gone, and others may not have fitted behind it.
            last = by_seq[found[-1].seq].event_id if found else batch[0]
            wanted = wanted[wanted.index(last) + 1 :]

    def _find_feeds(self, entry: LogEntry) -> set[Feed]:
        return self._feeds.get((entry.audience, entry.audience_id), NO_FEEDS)


NO_FEEDS: set[Feed] = set()
