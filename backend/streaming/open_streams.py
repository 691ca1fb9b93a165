# streaming/open_streams.py -- open streams and waiting requests of this worker: woken, and ended with their session.
import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

import structlog
from fastapi.sse import KEEPALIVE_COMMENT

import access
from access import SYSTEM, Caller
from db import Database, Transaction
from errors import Unauthorized
from failure_causes import describe_cause, find_place
from models import Run
from services import events, runs
from services.identity import api_tokens
from streaming import sse
from streaming.notifier import Notifier
from streaming.run_stream import read_run_batch
from streaming.shared_reads import SharedReads
from streaming.sse import Batch
from streaming.user_stream import read_user_batch

log = structlog.get_logger()
T = TypeVar("T")

# Together with the session cache (0.5 s) this keeps the promise: a revoked session stops within 1 s.
POLL_SECONDS = 0.4
POLL_BATCH = 500
# A notification for everybody must not take all connections to the database.
MAX_CONCURRENT_READS = 4

# What a reader waits for: the next event of its user, the next event of a run, the end of a run, or something else.
ReaderKind = Literal["user events", "run events", "run end", "other"]
# Reads what comes after a position in a log.
ReadBatch = Callable[[Database, Caller, int | None], Awaitable[Batch]]


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream or waiting request. `event` wakes it; `after` is its position in the log that it reads."""

    event: asyncio.Event
    kind: ReaderKind
    after: int | None = None
    is_revoked: bool = False


class OpenStreams:
    """All streams and waiting requests of this worker. None asks the database by itself while nothing happens."""

    def __init__(self, db: Database, notifier: Notifier) -> None:
        self._db = db
        self._notifier = notifier
        self._of_sessions: dict[UUID, set[Reader]] = {}
        self._of_tokens: dict[UUID, set[Reader]] = {}
        self._of_runs: dict[UUID, set[Reader]] = {}
        self._others: dict[UUID, set[Reader]] = {}
        self._any_open = asyncio.Event()
        limit = asyncio.Semaphore(MAX_CONCURRENT_READS)
        self._batches = SharedReads[Batch | None](limit, lambda batch: batch is None or bool(batch.frames))
        self._answers = SharedReads[Any](limit, lambda answer: answer is not None)

    async def run(self) -> None:
        """For as long as the app lives: poll for all readers together, while there are any."""
        while True:
            await self._any_open.wait()
            try:
                await self._poll()
            except Exception as error:
                log.error("polling for streams failed", cause=describe_cause(error), place=find_place(error))
            await asyncio.sleep(POLL_SECONDS)

    async def _poll(self) -> None:
        """End readers whose session or token has ended; wake those that have missed a notification."""
        for chunk in split_ids(self._of_sessions):
            positions = await self._db.read(events.find_log_positions, SYSTEM, chunk)
            for session_id, reader in list_readers(self._of_sessions, chunk):
                position = positions.get(session_id)
                reader.is_revoked = position is None
                if position is None or (reader.kind == "user events" and position.is_past(reader.after)):
                    reader.event.set()
        for chunk in split_ids(self._of_tokens):
            active = await self._db.read(api_tokens.find_active_tokens, SYSTEM, chunk)
            for token_id, reader in list_readers(self._of_tokens, chunk):
                if token_id not in active:
                    reader.is_revoked = True
                    reader.event.set()
        for chunk in split_ids(self._of_runs):
            found = await self._db.read(runs.find_standings, SYSTEM, chunk)
            for run_id, reader in list_readers(self._of_runs, chunk):
                if has_news(reader, found.get(run_id)):
                    reader.event.set()
        for _, reader in list_readers(self._others, list(self._others)):
            reader.event.set()

    def follow_user(self, caller: Caller, after: int | None) -> AsyncGenerator[bytes, None]:
        """Frames of the caller's events past `after`, for as long as the session and the server live.

        Begins with `reset` where `after` is None or the log does not reach back to it.
        """
        return self._stream(caller, "user events", caller.user_id, after, read_user_batch)

    def follow_run(self, caller: Caller, run_id: UUID, after: int) -> AsyncGenerator[bytes, None]:
        """Frames of the run's events past `after`, until its last one or the end of the session or the server."""

        async def read(db: Database, caller: Caller, at: int | None) -> Batch:
            return await read_run_batch(db, caller, run_id, at or 0)

        return self._stream(caller, "run events", run_id, after, read)

    async def wait_for_end(self, caller: Caller, run_id: UUID) -> None:
        """Returns when the run has ended or waits for an approval, its own or of a run ahead; or the server stops.

        Raises Unauthorized where the caller's session or token ends before.
        """

        async def is_over(tx: Transaction) -> bool | None:
            run = await access.get(tx, caller, Run, run_id)
            return None if await runs.is_awaited(tx, caller, run) else True

        await self._wait(caller, "run end", run_id, lambda: self._db.read(is_over))

    async def wait_for(self, caller: Caller, id_: UUID, find: Callable[[], Awaitable[T | None]]) -> T | None:
        """The first result of `find` that is not None; None where the server stops before.

        It is called at each notification of `id_` and at each poll, once for all of a caller's requests that wait for
        this id. Raises Unauthorized where the caller's session or token ends before.
        """
        return await self._wait(caller, "other", id_, find)

    async def _wait(
        self, caller: Caller, kind: ReaderKind, id_: UUID, find: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        with self._register(caller, kind, id_) as reader:
            while not self._notifier.is_closed:
                reader.event.clear()
                found = cast(T | None, await self._answers.share((caller.user_id, id_), find))
                if reader.is_revoked:
                    raise Unauthorized
                if found is not None:
                    return found
                await reader.event.wait()
        return None

    async def _stream(
        self, caller: Caller, kind: ReaderKind, id_: UUID, after: int | None, read: ReadBatch
    ) -> AsyncGenerator[bytes, None]:
        with self._register(caller, kind, id_, after) as reader:
            reader.event.set()
            sent_at = time.monotonic()
            while True:
                is_woken = await wait_for_event(
                    reader.event, sent_at + sse.HEARTBEAT_SECONDS - time.monotonic()
                )
                if self._notifier.is_closed or reader.is_revoked:
                    return
                batch = None
                frames = KEEPALIVE_COMMENT
                if is_woken:
                    reader.event.clear()
                    reading = partial(self._read_or_end, read, caller, reader.after)
                    batch = await self._batches.share((caller.user_id, id_, reader.after), reading)
                    if batch is None:
                        return
                    reader.after, frames = batch.after, batch.frames
                    if batch.more:
                        reader.event.set()
                if frames:
                    yield frames
                    sent_at = time.monotonic()
                if batch is not None and batch.last:
                    return

    async def _read_or_end(self, read: ReadBatch, caller: Caller, after: int | None) -> Batch | None:
        """None where the stream has to end: the account was deleted a moment ago, or reading failed."""
        try:
            return await read(self._db, caller, after)
        except Unauthorized:
            return None
        except Exception as error:
            log.error(
                "reading events failed: their streams end",
                cause=describe_cause(error),
                place=find_place(error),
            )
            return None

    @contextmanager
    def _register(
        self, caller: Caller, kind: ReaderKind, id_: UUID, after: int | None = None
    ) -> Iterator[Reader]:
        """A reader that notifications of `id_` wake, listed under its session or token, and its run."""
        owner = caller.session_id or caller.token_id
        assert owner is not None
        rows = [(self._of_sessions if caller.session_id else self._of_tokens, owner)]
        if kind != "user events":
            rows.append((self._others if kind == "other" else self._of_runs, id_))
        with self._notifier.subscribe(id_) as event:
            reader = Reader(event, kind, after)
            for readers, key in rows:
                readers.setdefault(key, set()).add(reader)
            self._any_open.set()
            try:
                yield reader
            finally:
                for readers, key in rows:
                    readers[key].discard(reader)
                    if not readers[key]:
                        del readers[key]
                if not (self._of_sessions or self._of_tokens):
                    self._any_open.clear()


def split_ids(readers: dict[UUID, set[Reader]]) -> Iterator[list[UUID]]:
    ids = list(readers)
    for start in range(0, len(ids), POLL_BATCH):
        yield ids[start : start + POLL_BATCH]


def list_readers(readers: dict[UUID, set[Reader]], ids: Sequence[UUID]) -> Iterator[tuple[UUID, Reader]]:
    """Those of these ids that are still open: a poll takes its time."""
    for id_ in ids:
        for reader in readers.get(id_, ()):
            yield id_, reader


def has_news(reader: Reader, position: runs.Standing | None) -> bool:
    """Whether there is something for a reader of a run; None: the run is gone."""
    if position is None:
        return True
    if reader.kind == "run end":
        return not position.awaited
    return position.last_seq != reader.after or not position.active


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event was set within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    return event.is_set()
