# streaming/open_streams.py -- wakes the open streams and waiting requests of a worker, and ends those of ended callers.
import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar, cast, get_args
from uuid import UUID

from fastapi.sse import KEEPALIVE_COMMENT

import access
from access import SYSTEM, Caller
from db import Database, Transaction
from errors import InvalidCredential, Unauthorized
from failure_causes import log_failure
from identity import credentials
from models import Run
from services import runs
from streaming.delivery_marks import DeliveryMarks
from streaming.live_runs import LiveRuns
from streaming.log_tail import Feed, LogTail
from streaming.notifier import Notifier, Wake
from streaming.run_stream import frame_queued, read_run_batch
from streaming.shared_reads import SharedReads
from streaming.sse import RETRY, Batch
from streaming.user_stream import read_user_batch
from timings import Timings

T = TypeVar("T")

POLL_BATCH = 500
# A notification to all readers must not take all connections to the database.
MAX_CONCURRENT_READS = 4

# How often it is looked which streams need a heartbeat, in parts of its interval.
HEARTBEAT_PARTS = 10

# What a reader waits for: the next event of the log, a run's next event, a run's end, or the result of a function.
ReaderKind = Literal["log", "run", "end", "other"]


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream or waiting request: what wakes it, its position, when something was last sent to it, whether its
    credential (the session or the API token) has ended."""

    wake: Wake
    kind: ReaderKind
    after: int | None = None
    sent_at: float = field(default_factory=time.monotonic)
    credential_ended: bool = False


class OpenStreams:
    """All streams and waiting requests of this worker. An idle one makes no queries of its own: one poll of a few
    statements serves them all."""

    def __init__(
        self, db: Database, notifier: Notifier, timings: Timings, live_runs: LiveRuns | None = None
    ) -> None:
        self._db = db
        self._notifier = notifier
        self._timings = timings
        self._live_runs = live_runs or LiveRuns()
        self._of_credentials: dict[UUID, set[Reader]] = {}
        self._tail = LogTail(db, notifier, timings.poll)
        self._delivery_marks = DeliveryMarks(db, timings.delivery_marks)
        self._of_runs: dict[UUID, set[Reader]] = {}
        self._others: dict[UUID, set[Reader]] = {}
        self._any_open = asyncio.Event()
        concurrency = asyncio.Semaphore(MAX_CONCURRENT_READS)
        self._batches = SharedReads[Batch | None](
            concurrency, lambda batch: batch is None or bool(batch.frames)
        )
        self._answers = SharedReads[object](concurrency, lambda answer: answer is not None)

    async def run(self) -> None:
        """Serve the open streams until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tail.run())
            tasks.create_task(self._poll_forever())
            tasks.create_task(self._send_heartbeats())
            tasks.create_task(self._delivery_marks.run())

    def count_readers(self) -> Counter[str]:
        """How many are open of each kind."""
        kinds: Counter[str] = Counter(dict.fromkeys(get_args(ReaderKind), 0))
        kinds.update(
            reader.kind for _, reader in list_readers(self._of_credentials, list(self._of_credentials))
        )
        return kinds

    @property
    def log_behind(self) -> int:
        """How many events of the log have a number and were not handed out yet."""
        return self._tail.behind

    async def _poll_forever(self) -> None:
        while True:
            await self._any_open.wait()
            # What opens reads by itself: a stream that is short enough costs no poll.
            await asyncio.sleep(self._timings.poll)
            try:
                await self._poll()
            except Exception as error:
                log_failure("polling for open streams failed", error)

    async def _send_heartbeats(self) -> None:
        """One timer for all streams: a timer for each would be set and cancelled with every event."""
        while True:
            await self._any_open.wait()
            await asyncio.sleep(self._timings.heartbeat / HEARTBEAT_PARTS)
            silent_since = time.monotonic() - self._timings.heartbeat
            for _, reader in list_readers(self._of_credentials, list(self._of_credentials)):
                if reader.kind in ("log", "run") and reader.sent_at <= silent_since:
                    reader.wake.set_heartbeat()

    async def _poll(self) -> None:
        """End readers whose session or token has ended; wake those that have missed a notification."""
        for chunk in split_ids(self._of_credentials):
            active = await self._db.read(credentials.find_active_credentials, SYSTEM, chunk)
            for credential_id, reader in list_readers(self._of_credentials, chunk):
                if credential_id not in active:
                    reader.credential_ended = True
                    reader.wake.set()
        for chunk in split_ids(self._of_runs):
            run_positions = await self._db.read(runs.find_run_positions, SYSTEM, chunk)
            for run_id, reader in list_readers(self._of_runs, chunk):
                if has_news(reader, run_positions.get(run_id)):
                    reader.wake.set()
        for _, reader in list_readers(self._others, list(self._others)):
            reader.wake.set()

    async def follow_user(
        self, caller: Caller, after: int | None, *, delivers: bool = True
    ) -> AsyncGenerator[bytes, None]:
        """The events after `after` that the caller may see, as frames, until the session or the server ends.

        Begins with `reset` if `after` is None or the log does not reach back to it. `delivers`: the frames reach the
        caller, and with them the messages of people that are in them.
        """
        with self._register(caller, "log", caller.user_id, after) as reader:
            feed = Feed(reader.wake)

            async def read() -> Batch | None:
                if feed.is_complete:
                    return feed.take(reader.after or 0)
                await self._tail.start(caller)
                feed.is_complete = True
                batch = await self._share(caller, caller.user_id, reader, read_user_batch)
                if batch and batch.frames:
                    # Only an empty batch is surely as of now: others may have begun to read this one earlier.
                    feed.drop()
                    reader.wake.set()
                return batch

            with self._tail.subscribe(caller.user_id, feed):
                recipient = caller if delivers else None
                async with aclosing(self._stream(reader, read, recipient)) as frames:
                    async for each in frames:
                        yield each

    async def follow_run(
        self, caller: Caller, run: runs.StreamedRun, after: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The run's log after `after` as frames, while it grows, until the run, the session or the server ends.

        Begins with `run.queued` where the run waits, unless the reader has had that: `after` is 0 then.
        """

        async def read_log(db: Database, caller: Caller, position: int | None) -> Batch:
            return await read_run_batch(db, self._live_runs, caller, run, position or 0)

        queued = frame_queued(run) if after is None else b""
        with self._register(caller, "run", run.id, after or 0) as reader:

            async def read() -> Batch | None:
                nonlocal queued
                batch: Batch | None
                if queued:
                    batch, queued = Batch(queued, 0, more=True), b""
                else:
                    batch = await self._share(caller, run.id, reader, read_log)
                if batch and batch.more:
                    reader.wake.set()
                return batch

            async with aclosing(self._stream(reader, read)) as frames:
                async for each in frames:
                    yield each

    async def wait_for_end(self, caller: Caller, run_id: UUID) -> None:
        """Returns when the run has ended, when it or a run before it awaits approval, or when the server stops.

        Raises InvalidCredential if the caller's session or token ends first.
        """

        async def is_over(tx: Transaction) -> bool | None:
            run = await access.get_row(tx, caller, Run, run_id)
            return None if await runs.can_end_without_user(tx, caller, run) else True

        await self._wait(caller, "end", run_id, lambda: self._db.read(is_over))

    async def wait_for(self, caller: Caller, id_: UUID, find: Callable[[], Awaitable[T | None]]) -> T | None:
        """The first result of `find` that is not None; None if the server stops first.

        `find` is called at each notification of `id_` and at each poll, once for all requests of a caller that wait
        for this id. Raises InvalidCredential if the caller's session or token ends first.
        """
        return await self._wait(caller, "other", id_, find)

    async def _wait(
        self, caller: Caller, kind: ReaderKind, id_: UUID, find: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        with self._register(caller, kind, id_) as reader:
            while not self._notifier.closed:
                reader.wake.clear()
                result = cast(T | None, await self._answers.share((caller.user_id, id_), find))
                if reader.credential_ended:
                    raise InvalidCredential
                if result is not None:
                    return result
                await reader.wake.wait()
        return None

    async def _stream(
        self, reader: Reader, read: Callable[[], Awaitable[Batch | None]], recipient: Caller | None = None
    ) -> AsyncGenerator[bytes, None]:
        """What `read` gives each time that the reader is woken, until it gives None or the last batch.

        The messages among it are delivered to the recipient once their frames were taken to be sent.
        """
        reader.wake.set()
        retry = RETRY
        while True:
            await reader.wake.wait()
            if self._notifier.closed or reader.credential_ended:
                return
            is_heartbeat = reader.wake.is_heartbeat
            reader.wake.clear()
            is_last = False
            messages = None
            frames = KEEPALIVE_COMMENT
            if not is_heartbeat:
                batch = await read()
                if batch is None:
                    return
                reader.after, frames, is_last = batch.after, batch.frames, batch.last
                messages = batch.messages
            if frames:
                yield retry + frames
                retry = b""
                reader.sent_at = time.monotonic()
                if messages and recipient is not None:
                    self._delivery_marks.note(recipient.user_id, messages)
            if is_last:
                return

    async def _share(
        self,
        caller: Caller,
        id_: UUID,
        reader: Reader,
        read: Callable[[Database, Caller, int | None], Awaitable[Batch]],
    ) -> Batch | None:
        """One read for all streams of the caller that are at the same position; None if they have to end."""
        after = reader.after
        return await self._batches.share(
            (caller.user_id, id_, after), lambda: self._read_or_end(read, caller, after)
        )

    async def _read_or_end(
        self,
        read: Callable[[Database, Caller, int | None], Awaitable[Batch]],
        caller: Caller,
        after: int | None,
    ) -> Batch | None:
        """None if the stream has to end: the user is deleted, or the read failed."""
        try:
            return await read(self._db, caller, after)
        except Unauthorized:
            return None
        except Exception as error:
            log_failure("reading events failed: the streams that share the read end", error)
            return None

    @contextmanager
    def _register(
        self, caller: Caller, kind: ReaderKind, id_: UUID, after: int | None = None
    ) -> Iterator[Reader]:
        """A reader that `id_` wakes, registered under its session or API token and under `id_`."""
        assert caller.credential_id is not None
        tables = [(self._of_credentials, caller.credential_id)]
        if kind != "log":
            tables.append((self._others if kind == "other" else self._of_runs, id_))
        with self._notifier.subscribe(id_) as wake:
            reader = Reader(wake, kind, after)
            for readers, key in tables:
                readers.setdefault(key, set()).add(reader)
            self._any_open.set()
            try:
                yield reader
            finally:
                for readers, key in tables:
                    readers[key].discard(reader)
                    if not readers[key]:
                        del readers[key]
                if not self._of_credentials:
                    self._any_open.clear()


def split_ids(readers: dict[UUID, set[Reader]]) -> Iterator[list[UUID]]:
    ids = list(readers)
    for start in range(0, len(ids), POLL_BATCH):
        yield ids[start : start + POLL_BATCH]


def list_readers(readers: dict[UUID, set[Reader]], ids: Sequence[UUID]) -> Iterator[tuple[UUID, Reader]]:
    """The readers that are still open; some may have closed during the poll."""
    for id_ in ids:
        for reader in readers.get(id_, ()):
            yield id_, reader


def has_news(reader: Reader, position: runs.RunPosition | None) -> bool:
    """Whether a reader of a run has to be woken. `position` is None if the run is deleted."""
    if position is None:
        return True
    if reader.kind == "end":
        return not position.awaited
    return position.last_seq != reader.after or not position.active
