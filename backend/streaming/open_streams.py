# streaming/open_streams.py -- wakes the open streams and waiting requests of a worker, and ends those of ended callers.
import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar, cast
from uuid import UUID

from fastapi.sse import KEEPALIVE_COMMENT

import access
from access import SYSTEM, Caller
from db import Database, Transaction
from errors import InvalidCredential, Unauthorized
from failure_causes import log_failure
from models import Run
from services import events, runs
from services.identity import credentials
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier
from streaming.run_stream import read_run_batch
from streaming.shared_reads import SharedReads
from streaming.sse import RETRY, Batch
from streaming.user_stream import read_user_batch
from timings import Timings

T = TypeVar("T")

POLL_BATCH = 500
# A notification to all readers must not take all connections to the database.
MAX_CONCURRENT_READS = 4

# What a reader waits for: its user's next event, a run's next event, a run's end, or the result of a function.
ReaderKind = Literal["user", "run", "end", "other"]


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream or waiting request: the event that wakes it, its position, whether its credential
    (the session or the API token) has ended."""

    wake: asyncio.Event
    kind: ReaderKind
    after: int | None = None
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
        self._of_users: dict[UUID, set[Reader]] = {}
        self._of_runs: dict[UUID, set[Reader]] = {}
        self._others: dict[UUID, set[Reader]] = {}
        self._any_open = asyncio.Event()
        concurrency = asyncio.Semaphore(MAX_CONCURRENT_READS)
        self._batches = SharedReads[Batch | None](
            concurrency, lambda batch: batch is None or bool(batch.frames)
        )
        self._answers = SharedReads[object](concurrency, lambda answer: answer is not None)

    async def run(self) -> None:
        """Poll while streams are open, until cancelled."""
        while True:
            await self._any_open.wait()
            # What opens reads by itself: a stream that is short enough costs no poll.
            await asyncio.sleep(self._timings.poll)
            try:
                await self._poll()
            except Exception as error:
                log_failure("polling for open streams failed", error)

    async def _poll(self) -> None:
        """End readers whose session or token has ended; wake those that have missed a notification."""
        for chunk in split_ids(self._of_credentials):
            active = await self._db.read(credentials.find_active_credentials, SYSTEM, chunk)
            for credential_id, reader in list_readers(self._of_credentials, chunk):
                if credential_id not in active:
                    reader.credential_ended = True
                    reader.wake.set()
        for chunk in split_ids(self._of_users):
            positions = await self._db.read(events.find_log_positions, SYSTEM, chunk)
            for user_id, reader in list_readers(self._of_users, chunk):
                position = positions.get(user_id)
                if position is None or position.is_past(reader.after):
                    reader.wake.set()
        for chunk in split_ids(self._of_runs):
            run_positions = await self._db.read(runs.find_run_positions, SYSTEM, chunk)
            for run_id, reader in list_readers(self._of_runs, chunk):
                if has_news(reader, run_positions.get(run_id)):
                    reader.wake.set()
        for _, reader in list_readers(self._others, list(self._others)):
            reader.wake.set()

    def follow_user(self, caller: Caller, after: int | None) -> AsyncGenerator[bytes, None]:
        """The caller's events after `after` as frames, until the session or the server ends.

        Begins with `reset` if `after` is None or the log does not reach back to it.
        """
        return self._stream(caller, "user", caller.user_id, after, read_user_batch)

    def follow_run(self, caller: Caller, run_id: UUID, after: int) -> AsyncGenerator[bytes, None]:
        """The run's log after `after` as frames, while it grows, until the run, the session or the server ends."""

        async def read(db: Database, caller: Caller, position: int | None) -> Batch:
            return await read_run_batch(db, self._live_runs, caller, run_id, position or 0)

        return self._stream(caller, "run", run_id, after, read)

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
        self,
        caller: Caller,
        kind: ReaderKind,
        id_: UUID,
        after: int | None,
        read: Callable[[Database, Caller, int | None], Awaitable[Batch]],
    ) -> AsyncGenerator[bytes, None]:
        with self._register(caller, kind, id_, after) as reader:
            reader.wake.set()
            retry = RETRY
            sent_at = time.monotonic()
            while True:
                is_woken = await wait_for_event(
                    reader.wake, sent_at + self._timings.heartbeat - time.monotonic()
                )
                if self._notifier.closed or reader.credential_ended:
                    return
                batch = None
                frames = KEEPALIVE_COMMENT
                if is_woken:
                    reader.wake.clear()
                    read_batch = partial(self._read_or_end, read, caller, reader.after)
                    batch = await self._batches.share((caller.user_id, id_, reader.after), read_batch)
                    if batch is None:
                        return
                    reader.after, frames = batch.after, batch.frames
                    if batch.more:
                        reader.wake.set()
                if frames:
                    yield retry + frames
                    retry = b""
                    sent_at = time.monotonic()
                if batch is not None and batch.last:
                    return

    async def _read_or_end(
        self,
        read: Callable[[Database, Caller, int | None], Awaitable[Batch]],
        caller: Caller,
        after: int | None,
    ) -> Batch | None:
        """None if the stream has to end: the account is deleted, or the read failed."""
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
        of_kind = {"user": self._of_users, "other": self._others}.get(kind, self._of_runs)
        tables = [(self._of_credentials, caller.credential_id), (of_kind, id_)]
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


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event is set within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    return event.is_set()
