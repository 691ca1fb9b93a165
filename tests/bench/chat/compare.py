# compare.py -- `make bench PEERS=synapse`: people who talk on two workers of Parley and on two of Synapse, by turns.
"""All members of a group listen all the time, also to nothing. The two servers take turns in short rounds on one
machine, and a ratio is of rounds that were neighbours, so that what else the machine does hits both alike.
"""

import asyncio
import os
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from uuid import uuid4

import uvloop

from bench.chat.parley_side import open_parley
from bench.chat.report import Result, print_report
from bench.chat.rounds import Meeting, Round
from bench.chat.side import Side
from bench.chat.synapse_server import Installation, find_synapse
from bench.chat.synapse_side import open_synapse
from bench.people import server_version, settle
from bench.processes import KEY
from support.databases.postgres import PostgresServer, postgres_server

# No turn begins that might end later than the first, and nothing is waited for beyond the second.
TURNS_SECONDS, WHOLE_SECONDS = 140.0, 175.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One kind of round: where, how many write, for how many seconds, and how long each writer waits in between."""

    name: str
    is_group: bool
    writers: int
    seconds: float
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Gathering:
    people: int
    turns: int
    stretches: list[Stretch]


FULL = Gathering(
    people=100,
    turns=3,
    stretches=[
        Stretch("direct, 2 people who write", False, 2, 2.0),
        Stretch("group of 100, 10 who write", True, 10, 3.0),
        Stretch("the same, 2.5 messages a second", True, 10, 6.0, pause=4.0),
    ],
)
QUICK = Gathering(
    people=4,
    turns=1,
    stretches=[
        Stretch("direct, 2 people who write", False, 2, 0.05),
        Stretch("group of 4, 2 who write", True, 2, 0.05),
        Stretch("the same, 20 messages a second", True, 2, 0.1, pause=0.1),
    ],
)
WARM_UP_SECONDS = 1.0


def compare_with_synapse(quick: bool) -> int:
    found = find_synapse()
    if isinstance(found, str):
        print(f"synapse: not measured: {found}")
        return 0
    gathering, load = QUICK if quick else FULL, os.getloadavg()[0]
    server = postgres_server()
    with ExitStack() as cleanup:
        cleanup.callback(server.release)
        databases = {name: make_database(server, name, cleanup) for name in ("parley", "synapse")}
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                results, memory = runner.run(measure_both(found, databases, gathering))
            except TimeoutError:
                print(
                    f"synapse: not measured in {WHOLE_SECONDS:.0f} s, at a load average of {os.getloadavg()[0]:.1f}"
                )
                return 1
            version = runner.run(server_version(databases["parley"]))
    processes = (
        "two processes each" if found.redis else "one process each: Synapse found no Redis for a second one"
    )
    conditions = (
        f"Synapse {found.version}, PostgreSQL {version} without fsync, {processes}, "
        f"{len(results[0].rounds['parley'])} turns, load average {load:.1f} before and {os.getloadavg()[0]:.1f} after"
    )
    print_report(results, memory, conditions, judged=not quick)
    return 0


def make_database(server: PostgresServer, name: str, cleanup: ExitStack) -> str:
    database = f"bench_{name}_{uuid4().hex}"
    server.create_database(database)
    cleanup.callback(server.drop_database, database)
    return server.url(database)


async def measure_both(
    found: Installation, databases: dict[str, str], gathering: Gathering
) -> tuple[list[Result], dict[str, float]]:
    """What came of each stretch, and the bytes of a member who listens, by server. Never takes longer than
    WHOLE_SECONDS.
    """
    workers, begun = 2 if found.redis else 1, time.monotonic()
    async with asyncio.timeout(WHOLE_SECONDS), AsyncExitStack() as opened:
        await settle(databases["parley"], KEY, 1)
        parley = await opened.enter_async_context(open_parley(databases["parley"], gathering.people, workers))
        synapse = await opened.enter_async_context(
            open_synapse(found, databases["synapse"], gathering.people)
        )
        return await measure([parley, synapse], gathering, begun)


async def measure(
    sides: list[Side], gathering: Gathering, begun: float
) -> tuple[list[Result], dict[str, float]]:
    """At least one turn, and as many as there is time for since `begun`."""
    async with AsyncExitStack() as opened:
        meetings = [await opened.enter_async_context(Meeting(side).opened()) for side in sides]
        memory = {meeting.side.name: meeting.bytes_each for meeting in meetings}
        for meeting in meetings:
            for room in (meeting.side.direct, meeting.side.group):
                await meeting.hold(room, 2, min(WARM_UP_SECONDS, gathering.stretches[0].seconds))
        rounds: dict[str, dict[str, list[Round]]] = {
            stretch.name: {side.name: [] for side in sides} for stretch in gathering.stretches
        }
        for turn in range(gathering.turns):
            turn_begun = time.monotonic()
            for stretch in gathering.stretches:
                for meeting in meetings if turn % 2 == 0 else reversed(meetings):
                    rounds[stretch.name][meeting.side.name].append(await hold(meeting, stretch))
            now = time.monotonic()
            if now + (now - turn_begun) > begun + TURNS_SECONDS:
                break
    paced = {stretch.name for stretch in gathering.stretches if stretch.pause}
    return [Result(name, name not in paced, held) for name, held in rounds.items()], memory


async def hold(meeting: Meeting, stretch: Stretch) -> Round:
    room = meeting.side.group if stretch.is_group else meeting.side.direct
    return await meeting.hold(room, stretch.writers, stretch.seconds, stretch.pause)
