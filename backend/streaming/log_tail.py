# streaming/log_tail.py -- reads the end of the log once for all streams of a worker, and hands each its events.
import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from access import SYSTEM, Caller
from db import Database
from events import changes, event_log
from events.changes import StreamEvent
from events.event_log import LogEntry
from events.seats import list_seats
from failure_causes import log_failure
from metrics.recorder import get_recorder
from models.event import Audience
from streaming.delivery_marks import find_message
from streaming.notifier import LOG, Notifier
from streaming.seats import MEMBERSHIP_TYPES, Seats
from streaming.sse import Batch, frame_event
from streaming.typing_notes import TypingNote

TAIL_BATCH = 1_000
# What waits for a stream whose client reads slowly; with more it reads from the database when its client is ready.
MAX_WAITING_BYTES = 256 * 1024
# Of those who are typing wait at most so many for a stream, and for the log to be handed out.
MAX_STREAM_NOTES = 50
MAX_NOTES = 1_000


class Feed:
    """The events of one open stream that have come since it was opened. `wake` is set with each."""

    __slots__ = ("_frames", "_last_seq", "_messages", "_notes", "_size", "is_complete", "wake")

    def __init__(self, wake: asyncio.Event) -> None:
        self.wake = wake
        # Whether everything is kept that comes; otherwise the stream reads from the database.
        self.is_complete = False
        self._frames: list[tuple[int, bytes]] = []
        self._notes: dict[TypingNote, bytes] = {}
        self._messages: dict[UUID, int] = {}
        self._size = 0
        self._last_seq = 0

    def add(self, seq: int, frame: bytes, message: tuple[UUID, int] | None = None) -> None:
        """Keep a frame, and which message is in it; one that came before, because a read failed half way, is not kept
        twice.
        """
        if self.is_complete and seq > self._last_seq:
            self._frames.append((seq, frame))
            if message is not None:
                self._messages[message[0]] = message[1]
            self._size += len(frame)
            self._last_seq = seq
            if self._size > MAX_WAITING_BYTES:
                self.drop()
        self.wake.set()

    def add_note(self, note: TypingNote, frame: bytes) -> None:
        """Keep who is typing, once however long the client reads nothing; a stream that is behind goes without."""
        if self.is_complete and len(self._notes) < MAX_STREAM_NOTES:
            self._notes[note] = frame
            self.wake.set()

    def drop(self) -> None:
        """Keep nothing more: the stream has to read from the database again."""
        self.is_complete = False
        self._frames, self._notes, self._messages, self._size, self._last_seq = [], {}, {}, 0, 0

    def take(self, after: int) -> Batch:
        """The frames after `after`. Notes have no number, and come last."""
        frames = [frame for seq, frame in self._frames if seq > after] + list(self._notes.values())
        last = max(after, self._frames[-1][0]) if self._frames else after
        messages = self._messages
        self._frames, self._notes, self._messages, self._size = [], {}, {}, 0
        return Batch(b"".join(frames), last, messages=messages)


class LogTail:
    """One reader of the log for all open streams: an event is read and framed once, however many see it."""

    def __init__(self, db: Database, notifier: Notifier, poll_seconds: float) -> None:
        self._db = db
        self._notifier = notifier
        self._poll_seconds = poll_seconds
        self._feeds: dict[UUID, set[Feed]] = {}
        self._seats = Seats()
        # Whose seats the log has changed while somebody's are read from the database.
        self._moved: set[UUID] = set()
        self._is_needed = asyncio.Event()
        self._starting = asyncio.Lock()
        # The number up to which the log is handed out; None while nobody listens.
        self._after: int | None = None
        self.behind = 0
        # Who is typing, to be told once everything is handed out that was committed before.
        self._notes: dict[TypingNote, None] = {}
        notifier.on_typing = self._note_typing

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
                notes, self._notes = self._notes, {}
                began = time.perf_counter()
                try:
                    if handed_out := await self._read():
                        get_recorder().count_log_read(handed_out, time.perf_counter() - began)
                    for note in notes:
                        self._hand_out_note(note)
                except Exception as error:
                    log_failure("reading the log failed", error)
                    await asyncio.sleep(self._poll_seconds)

    @contextmanager
    def subscribe(self, user_id: UUID, feed: Feed) -> Iterator[None]:
        """Hand the events that the user may see to the feed, from `start` on until the end of the block."""
        self._feeds.setdefault(user_id, set()).add(feed)
        self._is_needed.set()
        try:
            yield
        finally:
            self._feeds[user_id].discard(feed)
            if not self._feeds[user_id]:
                del self._feeds[user_id]
                self._seats.forget(user_id)
            if not self._feeds:
                self._is_needed.clear()
                self._after = None

    async def start(self, caller: Caller) -> None:
        """Returns when all that the caller may see and is committed from now on will be handed out.

        What was before is in the database.
        """
        async with self._starting:
            if self._after is None:
                position = await event_log.find_numbered_position(self._db)
                self._after = position.last_seq
            if not self._seats.knows(caller.user_id):
                await self._find_seats(caller)

    async def _find_seats(self, caller: Caller) -> None:
        """What the database says holds up to where the log is handed out, unless a change was handed out meanwhile."""
        while True:
            self._moved.clear()
            seats = await self._db.read(list_seats, caller)
            if caller.user_id not in self._moved:
                break
        if caller.user_id in self._feeds:  # else the last stream has closed
            self._seats.set_all(caller.user_id, seats)

    async def _read(self) -> int:
        """Hand out what is new, and return how much; `_after` is None until the first stream has begun."""
        count = 0
        position = await event_log.find_numbered_position(self._db)
        while self._after is not None and self._after < position.last_seq:
            self.behind = position.last_seq - self._after
            entries = await self._db.read(event_log.read_tail, SYSTEM, self._after, TAIL_BATCH)
            if not entries:  # deleted as soon as they were numbered
                self._after = position.last_seq
                break
            await self._hand_out(entries)
            count += len(entries)
            if self._after is not None:
                self._after = entries[-1].seq
        self.behind = 0
        return count

    async def _hand_out(self, entries: Sequence[LogEntry]) -> None:
        start = 0
        while wanted := [n for n in range(start, len(entries)) if self._is_wanted(entries[n])]:
            batch = wanted[: changes.READ_BATCH]
            numbers = {entries[n].seq: n for n in batch}
            ids = [entries[n].event_id for n in batch]
            found = await self._db.read(changes.read_logged_events, SYSTEM, ids)
            # Where nothing was found, the first one is gone, and others may not have fitted behind it.
            start = batch[0] + 1
            for event in found:
                start = numbers[event.seq] + 1
                if self._hand_out_event(entries[start - 1], event):
                    break  # events that nobody saw before may be among those that follow

    def _note_typing(self, note: TypingNote) -> None:
        """Keep a note for those who listen here. Who was removed before it was sent is gone once the log is read."""
        if self._find_listeners(note) and len(self._notes) < MAX_NOTES:
            self._notes[note] = None
            self._notifier.notify_local(LOG)

    def _hand_out_note(self, note: TypingNote) -> None:
        frame = note.frame()
        for user_id in self._find_listeners(note):
            for feed in self._feeds.get(user_id, ()):
                feed.add_note(note, frame)

    def _find_listeners(self, note: TypingNote) -> list[UUID]:
        """The others who take part and have streams here."""
        users = self._seats.list_users(Audience("conversation", note.conversation_id))
        return [user_id for user_id in users if user_id != note.user_id]

    def _hand_out_event(self, entry: LogEntry, event: StreamEvent) -> bool:
        """Hand the event to those who may see it; whether a user sees more from here on."""
        frame, message = frame_event(event.seq, event.type, event.data), find_message(event)
        for user_id in self._find_users(entry):
            for feed in self._feeds.get(user_id, ()):
                feed.add(event.seq, frame, message)
        if entry.audience != "user" or event.type not in MEMBERSHIP_TYPES:
            return False
        if self._starting.locked():
            self._moved.add(entry.audience_id)
        return self._seats.follow(entry.audience_id, entry.event_id, event)

    def _is_wanted(self, entry: LogEntry) -> bool:
        return any(user_id in self._feeds for user_id in self._find_users(entry))

    def _find_users(self, entry: LogEntry) -> Iterator[UUID]:
        """Those of this worker who may see the event, as far as the log is handed out."""
        if entry.audience == "user":
            if entry.audience_id in self._feeds:
                yield entry.audience_id
        else:
            yield from self._seats.find_users(Audience(entry.audience, entry.audience_id), entry.event_id)
