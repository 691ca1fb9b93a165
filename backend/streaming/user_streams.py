# streaming/user_streams.py -- open streams and waiting requests: ended, woken, and reads shared between them.
import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

import access
from access import SYSTEM, Caller
from db import Database, Transaction
from errors import Unauthorized
from failure_causes import cause_of, place_of
from models import Run
from services import events, runs
from services.identity import api_tokens
from streaming import sse
from streaming.notifier import Bells
from streaming.shared_reads import Flights

log = structlog.get_logger()
T = TypeVar("T")

# A session that was revoked is cut within 1 s: this, and what the guard at the door remembers.
LOOK_SECONDS = 0.4
LOOKED_AT_ONCE = 500
# A bell that rings for everybody must not take all connections to the database.
READS_AT_ONCE = 4

# What a seat waits for: the next change of its person, the next line of a run's log, a run's end, or something else.
Kind = Literal["changes", "log", "end", "other"]


@dataclass(eq=False, slots=True)
class Seat:
    """One open stream or waiting request: how far it is, the bell that wakes it, and whether its session has ended."""

    bell: asyncio.Event
    kind: Kind
    after: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What comes next, framed, and the number of its last event; no frames where nothing does.

    `more`: it is not all that there is. `last`: nothing will come after it.
    """

    frames: bytes
    after: int
    more: bool = False
    last: bool = False


class Watch:
    """All streams and waiting requests of this worker. None asks the database by itself while nothing happens."""

    def __init__(self, db: Database, bells: Bells) -> None:
        self._db = db
        self._bells = bells
        self._seats: dict[UUID, set[Seat]] = {}
        self._of_tokens: dict[UUID, set[Seat]] = {}
        self._of_runs: dict[UUID, set[Seat]] = {}
        self._others: dict[UUID, set[Seat]] = {}
        self._any_open = asyncio.Event()
        reads = asyncio.Semaphore(READS_AT_ONCE)
        self._batches = Flights[Batch | None](reads, lambda batch: batch is None or bool(batch.frames))
        self._answers = Flights[Any](reads, lambda answer: answer is not None)

    async def run(self) -> None:
        """For as long as the app lives, while streams are open: looks after all of them at once."""
        while True:
            await self._any_open.wait()
            try:
                await self._look()
            except Exception as error:
                log.error("looking after streams failed", cause=cause_of(error), place=place_of(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Cut whose session has ended; wake who has missed a bell."""
        for chunk in in_chunks(self._seats):
            standings = await self._db.read(events.find_standings, SYSTEM, chunk)
            for session_id, seat in seats_of(self._seats, chunk):
                standing = standings.get(session_id)
                seat.cut = standing is None
                if standing is None or (seat.kind == "changes" and standing.is_past(seat.after)):
                    seat.bell.set()
        for chunk in in_chunks(self._of_tokens):
            live = await self._db.read(api_tokens.find_live, SYSTEM, chunk)
            for token_id, seat in seats_of(self._of_tokens, chunk):
                if token_id not in live:
                    seat.cut = True
                    seat.bell.set()
        for chunk in in_chunks(self._of_runs):
            found = await self._db.read(runs.find_standings, SYSTEM, chunk)
            for run_id, seat in seats_of(self._of_runs, chunk):
                if is_behind(seat, found.get(run_id)):
                    seat.bell.set()
        for _, seat in seats_of(self._others, list(self._others)):
            seat.bell.set()

    def follow(self, caller: Caller, after: int | None) -> AsyncGenerator[bytes, None]:
        """What changes for the caller past `after`, framed, for as long as the session and the server live.

        Begins with `reset` where `after` is None or the log does not reach back to it.
        """
        return self._stream(caller, "changes", caller.user_id, after, read_changes)

    def follow_run(self, caller: Caller, run_id: UUID, after: int) -> AsyncGenerator[bytes, None]:
        """The run's log past `after`, framed, as it grows, until its last event or the end of session or server."""

        async def read(db: Database, caller: Caller, at: int | None) -> Batch:
            return await read_log(db, caller, run_id, at or 0)

        return self._stream(caller, "log", run_id, after, read)

    async def wait_for_end(self, caller: Caller, run_id: UUID) -> None:
        """Returns when the run has ended or waits for an approval, its own or of a run ahead; or the server stops.

        Raises Unauthorized where the caller's session or token ends before.
        """

        async def is_over(tx: Transaction) -> bool | None:
            run = await access.get_row(tx, caller, Run, run_id)
            return None if await runs.is_awaited(tx, caller, run) else True

        await self._wait(caller, "end", run_id, lambda: self._db.read(is_over))

    async def wait_for(self, caller: Caller, id_: UUID, find: Callable[[], Awaitable[T | None]]) -> T | None:
        """What `find` gives, once that is something; None where the server stops before.

        It is asked at each bell of `id_` and at each look, once for all of a caller's requests that wait for this id.
        Raises Unauthorized where the caller's session or token ends before.
        """
        return await self._wait(caller, "other", id_, find)

    async def _wait(
        self, caller: Caller, kind: Kind, id_: UUID, find: Callable[[], Awaitable[T | None]]
    ) -> T | None:
        with self._seated(caller, kind, id_) as seat:
            while not self._bells.closed:
                seat.bell.clear()
                found = cast(T | None, await self._answers.share((caller.user_id, id_), find))
                if seat.cut:
                    raise Unauthorized
                if found is not None:
                    return found
                await seat.bell.wait()
        return None

    async def _stream(
        self,
        caller: Caller,
        kind: Kind,
        id_: UUID,
        after: int | None,
        read: Callable[[Database, Caller, int | None], Awaitable[Batch]],
    ) -> AsyncGenerator[bytes, None]:
        with self._seated(caller, kind, id_, after) as seat:
            seat.bell.set()
            spoken_at = time.monotonic()
            while True:
                heard = await rung(seat.bell, spoken_at + sse.HEARTBEAT_SECONDS - time.monotonic())
                if self._bells.closed or seat.cut:
                    return
                batch = None
                frames = KEEPALIVE_COMMENT
                if heard:
                    seat.bell.clear()
                    reading = partial(self._or_nothing, read, caller, seat.after)
                    batch = await self._batches.share((caller.user_id, id_, seat.after), reading)
                    if batch is None:
                        return
                    seat.after, frames = batch.after, batch.frames
                    if batch.more:
                        seat.bell.set()
                if frames:
                    yield frames
                    spoken_at = time.monotonic()
                if batch is not None and batch.last:
                    return

    async def _or_nothing(
        self,
        read: Callable[[Database, Caller, int | None], Awaitable[Batch]],
        caller: Caller,
        after: int | None,
    ) -> Batch | None:
        """None where there is nothing more to be had."""
        try:
            return await read(self._db, caller, after)
        except Unauthorized:
            return None  # the account was deleted a moment ago
        except Exception as error:
            log.error(
                "reading events failed: their streams end", cause=cause_of(error), place=place_of(error)
            )
            return None

    @contextmanager
    def _seated(self, caller: Caller, kind: Kind, id_: UUID, after: int | None = None) -> Iterator[Seat]:
        """A seat with the bell of `id_`, among those of its session or token, and of its run."""
        asks = caller.session_id or caller.token_id
        assert asks is not None
        rows = [(self._seats if caller.session_id else self._of_tokens, asks)]
        if kind != "changes":
            rows.append((self._others if kind == "other" else self._of_runs, id_))
        with self._bells.listen(id_) as bell:
            seat = Seat(bell, kind, after)
            for seats, key in rows:
                seats.setdefault(key, set()).add(seat)
            self._any_open.set()
            try:
                yield seat
            finally:
                for seats, key in rows:
                    seats[key].discard(seat)
                    if not seats[key]:
                        del seats[key]
                if not (self._seats or self._of_tokens):
                    self._any_open.clear()


def in_chunks(seats: dict[UUID, set[Seat]]) -> Iterator[list[UUID]]:
    ids = list(seats)
    for start in range(0, len(ids), LOOKED_AT_ONCE):
        yield ids[start : start + LOOKED_AT_ONCE]


def seats_of(seats: dict[UUID, set[Seat]], ids: Sequence[UUID]) -> Iterator[tuple[UUID, Seat]]:
    """Those that are still taken: a look takes its time."""
    for id_ in ids:
        for seat in seats.get(id_, ()):
            yield id_, seat


def is_behind(seat: Seat, standing: runs.Standing | None) -> bool:
    """Whether there is something to be had for a seat that follows or awaits a run; None: the run is gone."""
    if standing is None:
        return True
    if seat.kind == "end":
        return not standing.awaited
    return standing.last_seq != seat.after or not standing.active


async def read_changes(db: Database, caller: Caller, after: int | None) -> Batch:
    """Number what waits, then read on: one batch of the log, or `reset`."""
    standing = await db.read(events.find_standing, caller)
    last_seq = standing.last_seq if standing else 0
    if standing is None or standing.waiting:
        found = events.NUMBERED_AT_ONCE
        while found == events.NUMBERED_AT_ONCE:
            found, last_seq = await db.write(events.number, caller, caller.user_id)
    if after == last_seq:
        return Batch(b"", last_seq)
    lines = [] if after is None or after > last_seq else await db.read(events.read, caller, after)
    if not lines:
        return Batch(format_sse_event(id=str(last_seq), event="reset", data_str="{}"), last_seq)
    frames = [format_sse_event(id=str(line.seq), event=line.type, data_str=line.data) for line in lines]
    return Batch(b"".join(frames), lines[-1].seq, more=lines[-1].seq < last_seq)


async def read_log(db: Database, caller: Caller, run_id: UUID, after: int) -> Batch:
    """One batch of a run's log. Nothing more comes after the run's last event, nor where the run is gone."""
    lines = await db.read(runs.read_events, caller, run_id, after)
    over = False
    if not lines:
        run = await db.read(runs.find_run, caller, run_id)
        over = run is None or not runs.is_active(run)
        if over:  # its last event may have come between the two reads
            lines = await db.read(runs.read_events, caller, run_id, after)
    if not lines:
        return Batch(b"", after, last=over)
    frames = b"".join(sse.framed(line) for line in lines)
    more = len(lines) == runs.EVENTS_AT_ONCE
    return Batch(frames, lines[-1].seq, more, last=lines[-1].type in runs.ENDED)


async def rung(bell: asyncio.Event, seconds: float) -> bool:
    """Whether the bell rang within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await bell.wait()
    return bell.is_set()
