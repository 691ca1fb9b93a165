# listeners.py -- open streams on one worker: what an idle one costs, and how fast a change reaches many.
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import cast

from bench.load import TIMEOUT, ask, request_bytes

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Audience:
    """How many streams are open and do nothing, for how many seconds they are watched, and how many changes reach
    the streams of one person."""

    idle: int
    seconds: float
    listening: int
    changes: int


FULL = Audience(idle=2_000, seconds=15.0, listening=200, changes=30)
QUICK = Audience(idle=20, seconds=0.2, listening=5, changes=2)


@dataclass(slots=True)
class Heard:
    """What was measured: bytes a stream, share of a core, seconds from the request of a change to each stream."""

    bytes_each: float = 0.0
    core: float = 0.0
    delays: list[float] = field(default_factory=list)

    def rows(self, audience: Audience) -> list[tuple[str, str]]:
        many, few = f"{audience.idle:,} idle streams", f"a change to {audience.listening} streams"
        return [
            (f"{many}: memory of each", f"{self.bytes_each / 1024:.0f} KiB"),
            (f"{many}: processor", f"{self.core:.1%} of a core"),
            (f"{few}: median", f"{median(self.delays) * 1000:.1f} ms"),
            (f"{few}: worst of {audience.changes}", f"{max(self.delays) * 1000:.1f} ms"),
        ]


class Listener(asyncio.Protocol):
    """One open stream; it notes when something of the awaited kind came."""

    def __init__(self, awaited: bytes) -> None:
        self.awaited = awaited
        self.heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.awaited in data and not self.heard.done():
            self.heard.set_result(time.perf_counter())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.heard.done():
            self.heard.set_exception(ConnectionError("the server closed a stream"))
            self.heard.exception()  # nobody may be waiting for it

    def expect(self, awaited: bytes) -> None:
        self.awaited = awaited
        self.heard = asyncio.get_running_loop().create_future()


async def listen(port: int, tokens: Sequence[str]) -> list[Listener]:
    """A stream for each token, once it has said where it begins."""
    loop = asyncio.get_running_loop()
    opened: list[Listener] = []
    for start in range(0, len(tokens), AT_ONCE):
        some = []
        for token in tokens[start : start + AT_ONCE]:
            _, listener = await loop.create_connection(lambda: Listener(b"event: reset"), "127.0.0.1", port)
            listener.transport.write(request_bytes("GET", "/v1/events/stream", token))
            some.append(listener)
        async with asyncio.timeout(TIMEOUT):
            await asyncio.gather(*(listener.heard for listener in some))
        opened += some
    return opened


async def measure_listeners(
    port: int, process_id: int, audience: Audience, tokens: Sequence[str], one: str, create: bytes
) -> Heard:
    """`tokens` are those of the idle, `one` is the person's to whom `create` tells something."""
    result = Heard()
    warm = await listen(port, [one] * 10)
    before = resident_bytes(process_id)
    idle = await listen(port, tokens)
    result.bytes_each = (resident_bytes(process_id) - before) / len(idle)
    spent, begun = cpu_seconds(process_id), time.perf_counter()
    await asyncio.sleep(audience.seconds)
    result.core = (cpu_seconds(process_id) - spent) / (time.perf_counter() - begun)
    listening = await listen(port, [one] * audience.listening)
    for _ in range(audience.changes):
        for listener in listening:
            listener.expect(b"event: task.created")
        asked = time.perf_counter()
        answer = await ask(port, create)
        assert answer.status == 201, answer
        async with asyncio.timeout(TIMEOUT):
            came = await asyncio.gather(*(listener.heard for listener in listening))
        result.delays += [at - asked for at in came]
    for listener in [*warm, *idle, *listening]:
        listener.transport.close()
    return result


def resident_bytes(process_id: int) -> int:
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
