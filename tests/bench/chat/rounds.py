# rounds.py -- writers and listeners of one server, for a stretch of time; what came of it.
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from statistics import quantiles

from bench.chat.arrivals import Arrivals
from bench.chat.side import Room, Side, read_database_seconds, spent_between, take_turn
from bench.load import Connection

OPENED_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Round:
    """`rate` is messages a second until the last one had reached the last member; seconds for each message: of the
    server's processor and of the database's; `delays` are from sending to the last member.
    """

    rate: float
    server: float
    database: float
    delays: list[float]

    @property
    def slowest(self) -> float:
        """99 % are under it, in seconds."""
        return quantiles(self.delays, n=100, method="inclusive")[98]


class Meeting:
    """A server all of whose members listen."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.bytes_each = 0.0
        self._arrivals = Arrivals()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Meeting"]:
        """`bytes_each` is what a member takes who listens while nothing is said, after the first few."""
        side, members = self.side, self.side.group.members
        hangs = []
        before = 0
        try:
            for start in range(0, len(members), OPENED_AT_ONCE):
                some = [
                    side.listen(
                        take_turn(side.listen_ports, number), members[number], self._arrivals.open_ear()
                    )
                    for number in range(start, min(start + OPENED_AT_ONCE, len(members)))
                ]
                hangs += await asyncio.gather(*some)
                before = before or side.server_bytes()
            later = len(members) - OPENED_AT_ONCE
            self.bytes_each = (side.server_bytes() - before) / later if later > 0 else 0.0
            yield self
        finally:
            for hang in hangs:
                hang()
            await asyncio.sleep(0.1)  # for the connections to close while this loop still runs

    async def hold(self, room: Room, writers: int, seconds: float, pause: float = 0.0) -> Round:
        """Each writer sends its next message when the one before is acknowledged, and not sooner than after `pause`."""
        side, arrivals = self.side, self._arrivals
        sent, spent = arrivals.count, side.server_seconds()
        in_database = await read_database_seconds(side.database_url)
        begun = time.perf_counter()

        async def write(connection: Connection, token: str, first_after: float) -> None:
            await asyncio.sleep(first_after)
            for turn in count(1):
                number = arrivals.send(len(room.members))
                answer = await connection.ask(side.request(token, room, number))
                assert answer.status == side.status, answer
                now = time.perf_counter()
                if now >= begun + seconds:
                    return
                await asyncio.sleep(max(0.0, begun + first_after + turn * pause - now))

        async with connections(side, writers) as opened:
            tokens = room.members[:writers]
            starts = [number * pause / writers for number in range(writers)]
            await asyncio.gather(*map(write, opened, tokens, starts))
            await arrivals.settle()
        messages = arrivals.count - sent
        spent = side.server_seconds() - spent
        of_database = spent_between(in_database, await read_database_seconds(side.database_url))
        rate = messages / (arrivals.last_came_at(sent) - begun)
        return Round(rate, spent / messages, of_database / messages, arrivals.delays(sent))


@asynccontextmanager
async def connections(side: Side, writers: int) -> AsyncIterator[list[Connection]]:
    """One for each writer."""
    loop = asyncio.get_running_loop()
    opened = []
    try:
        for number in range(writers):
            opened.append(
                (await loop.create_connection(Connection, "127.0.0.1", take_turn(side.write_ports, number)))[
                    1
                ]
            )
        yield opened
    finally:
        for connection in opened:
            connection.close()
