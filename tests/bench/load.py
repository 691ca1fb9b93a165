# load.py -- a client on loopback that costs far less than the servers it measures.
import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

TIMEOUT = 20.0
LAST_PIECE = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: `least` answers on each connection however long they take."""

    rounds: int
    warm_up: float
    seconds: float
    least: int = 0


@dataclass(slots=True)
class Round:
    """What a contender answered within a stretch of time; everything in seconds."""

    seconds: float
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def request_bytes(
    method: str, path: str, token: str | None, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    named = {"Host": "bench", "User-Agent": "bench", "Accept": "application/json", **(headers or {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def join_pieces(body: bytes) -> bytes:
    """The pieces of a chunked body, each after a line with its length."""
    return b"".join(body.split(b"\r\n")[1::2])


class Connection(asyncio.Protocol):
    """One keep-alive connection. It reads a head with Content-Length, as our servers send it, and a body; or pieces
    of JSON, in which no line ends.
    """

    def __init__(self) -> None:
        self._received = b""
        self._body_at = 0
        self._ends_at = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._answered.done():
            self._answered.set_exception(ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._ends_at:
            head, blank, _ = self._received.partition(b"\r\n\r\n")
            if not blank:
                return
            self._body_at = len(head) + len(blank)
            head = head.lower()
            if b"transfer-encoding: chunked" in head:
                if self._received.endswith(LAST_PIECE):
                    self._answer(join_pieces(self._received[self._body_at :]))
                return
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._ends_at = self._body_at + int(length)
        if len(self._received) == self._ends_at:
            self._ends_at = 0
            self._answer(self._received[self._body_at :])

    def _answer(self, body: bytes) -> None:
        if not self._answered.done():
            self._answered.set_result(Answer(int(self._received[9:12]), body))

    async def ask(self, request: bytes) -> Answer:
        self._received = b""
        self._answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def connection_limits(port: int, count: int) -> AsyncIterator[list[Connection]]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, "127.0.0.1", port) for _ in range(count)]
    try:
        yield [connection for _, connection in made]
    finally:
        for _, connection in made:
            connection.close()


async def ask(port: int, request: bytes) -> Answer:
    async with asyncio.timeout(TIMEOUT), connection_limits(port, 1) as [connection]:
        return await connection.ask(request)


async def press(port: int, requests: Sequence[bytes], status: int, effort: Effort) -> Round:
    """Each request on a connection of its own, again and again; counted are the answers after the warm-up."""
    begin = time.perf_counter() + effort.warm_up
    end = begin + effort.seconds
    result = Round(effort.seconds)

    async def repeat(connection: Connection, request: bytes) -> None:
        counted = 0
        while (asked := time.perf_counter()) < end or counted < effort.least:
            answer = await connection.ask(request)
            assert answer.status == status, answer
            if begin <= (answered := time.perf_counter()) < end or counted < effort.least:
                counted += 1
                result.latencies.append(answered - asked)

    async with asyncio.timeout(effort.seconds + TIMEOUT), connection_limits(port, len(requests)) as opened:
        await asyncio.gather(*map(repeat, opened, requests))
    if len(result.latencies) <= effort.least * len(requests):
        result.seconds = time.perf_counter() - begin
    return result
