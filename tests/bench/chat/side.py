# side.py -- a server with a group and a direct conversation, as the comparison sees it.
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from bench.chat.arrivals import Hear
from bench.listeners import resident_bytes
from bench.runs.answers import read_processor_seconds

# What ends a member's listening.
Hang = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Room:
    """Its address in requests, and the tokens of its members."""

    id: str
    members: list[str]


@dataclass(frozen=True, slots=True)
class Side:
    """`request` is a message to a room, by its token, with its number; `listen` opens what a member listens by. Writers
    and listeners use their ports by turns.
    """

    name: str
    database_url: str
    write_ports: list[int]
    listen_ports: list[int]
    process_ids: list[int]
    direct: Room
    group: Room
    status: int
    request: Callable[[str, Room, int], bytes]
    listen: Callable[[int, str, Hear], Awaitable[Hang]]

    def server_seconds(self) -> float:
        return sum(map(read_processor_seconds, self.process_ids))

    def server_bytes(self) -> int:
        return sum(map(resident_bytes, self.process_ids))


async def read_database_seconds(url: str) -> dict[int, float]:
    """The processor of each process that serves this database, by its number."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    return {row["pid"]: read_processor_seconds(row["pid"]) for row in rows}


def take_turn(ports: list[int], number: int) -> int:
    return ports[number % len(ports)]


def spent_between(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(seconds - before.get(process_id, 0.0) for process_id, seconds in after.items())
