# watch.py -- the open streams of callers: who is cut off, who is woken, and one read for all at the same place.
import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

import streams
from access import SYSTEM, Caller
from bells import Bells
from db import Database
from errors import Unauthorized
from services import events

log = structlog.get_logger()

# A session that was revoked is cut within 1 s: this, and what the guard at the door remembers.
LOOK_SECONDS = 0.4
SESSIONS_AT_ONCE = 500
# A bell that rings for everybody must not take all connections to the database.
READS_AT_ONCE = 4


@dataclass(eq=False, slots=True)
class Seat:
    """One open stream: how far it is, the bell that wakes it, and whether its session has ended."""

    bell: asyncio.Event
    after: int | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What comes next, framed, and the number of its last event; no frames where nothing does.

    `more`: it is not all that there is.
    """

    frames: bytes
    after: int
    more: bool = False


@dataclass(eq=False, slots=True)
class Flight:
    """A read that is under way, and when it began, as a number that rises with each; 0 while it has not."""

    task: "asyncio.Task[Batch | None]"
    begun: int = 0


class Watch:
    """All callers' streams of this worker. None of them asks the database by itself while nothing happens."""

    def __init__(self, db: Database, bells: Bells) -> None:
        self._db = db
        self._bells = bells
        self._seats: dict[UUID, set[Seat]] = {}
        self._any_open = asyncio.Event()
        self._flights: dict[tuple[UUID, int | None], Flight] = {}
        self._clock = itertools.count(1)
        self._newest = 0
        self._reads = asyncio.Semaphore(READS_AT_ONCE)

    async def run(self) -> None:
        """For as long as the app lives, while streams are open: looks after all of them at once."""
        while True:
            await self._any_open.wait()
            try:
                await self._look()
            except Exception as error:
                log.error("looking after streams failed", exc_info=error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Cut whose session has ended; wake who has missed a bell."""
        session_ids = list(self._seats)
        for start in range(0, len(session_ids), SESSIONS_AT_ONCE):
            chunk = session_ids[start : start + SESSIONS_AT_ONCE]
            standings = await self._db.read(events.find_standings, SYSTEM, chunk)
            for session_id in chunk:
                standing = standings.get(session_id)
                for seat in self._seats.get(session_id, ()):
                    if standing is None:
                        seat.cut = True
                    if standing is None or standing.waiting or standing.last_seq != seat.after:
                        seat.bell.set()

    async def follow(self, caller: Caller, after: int | None) -> AsyncGenerator[bytes, None]:
        """What changes for the caller past `after`, framed, for as long as the session and the server live.

        Begins with `reset` where `after` is None or the log does not reach back to it.
        """
        with self._seated(caller, after) as seat:
            seat.bell.set()
            spoken_at = time.monotonic()
            while True:
                heard = await rung(seat.bell, spoken_at + streams.HEARTBEAT_SECONDS - time.monotonic())
                if self._bells.closed or seat.cut:
                    return
                frames = KEEPALIVE_COMMENT
                if heard:
                    seat.bell.clear()
                    batch = await self._next(caller, seat.after)
                    if batch is None:
                        return
                    seat.after, frames = batch.after, batch.frames
                    if batch.more:
                        seat.bell.set()
                if frames:
                    yield frames
                    spoken_at = time.monotonic()

    @contextmanager
    def _seated(self, caller: Caller, after: int | None) -> Iterator[Seat]:
        assert caller.session_id is not None
        with self._bells.listen(caller.user_id) as bell:
            seat = Seat(bell, after)
            seats = self._seats.setdefault(caller.session_id, set())
            seats.add(seat)
            self._any_open.set()
            try:
                yield seat
            finally:
                seats.discard(seat)
                if not seats:
                    self._seats.pop(caller.session_id, None)
                if not self._seats:
                    self._any_open.clear()

    async def _next(self, caller: Caller, after: int | None) -> Batch | None:
        """The next batch past `after`, as it is now; None where there is nothing more to be had.

        Readers at the same place share one read. One that began before this was asked for counts only if it found
        something: it may not have seen what the last bell was about.
        """
        asked = self._newest
        while True:
            flight = self._flights.get((caller.user_id, after)) or self._begin(caller, after)
            batch = await asyncio.shield(flight.task)
            if flight.begun > asked or batch is None or batch.frames:
                return batch

    def _begin(self, caller: Caller, after: int | None) -> Flight:
        place = (caller.user_id, after)

        async def fly() -> Batch | None:
            try:
                async with self._reads:
                    flight.begun = self._newest = next(self._clock)
                    return await read_batch(self._db, caller, after)
            except Unauthorized:
                return None  # the account was deleted a moment ago
            except Exception as error:
                log.error("reading events failed: their streams end", exc_info=error)
                return None
            finally:
                del self._flights[place]

        flight = self._flights[place] = Flight(asyncio.create_task(fly()))
        return flight


async def read_batch(db: Database, caller: Caller, after: int | None) -> Batch:
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


async def rung(bell: asyncio.Event, seconds: float) -> bool:
    """Whether the bell rang within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await bell.wait()
    return bell.is_set()
