# abuses.py -- clients that misbehave on the wire: too much, too slowly, half, or not to the end.
import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from attacks.victim import Victim
from support.servers import Person

PIECE = 64 * 1024
# Whoever abuses gives up after so many seconds: every loop here ends by itself.
SECONDS = 30.0
DRIP_SECONDS = 0.2


@dataclass
class Outcome:
    """What the server did: the statuses it answered, and how many connections it closed or left open."""

    statuses: list[int]
    closed: int = 0
    left_open: int = 0


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: victim",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def status_of(answer: bytes) -> int:
    """The status in the first line of an answer; 0 where there is none."""
    words = answer[:64].split()
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else 0


async def send_endlessly(victim: Victim, opening: bytes, piece: bytes, most_bytes: int) -> Outcome:
    """One connection that sends `piece` again and again, until the server stops it or `most_bytes` have gone."""
    reader, writer = await asyncio.open_connection(victim.host, victim.port)
    outcome = Outcome([])

    async def send() -> None:
        writer.write(opening)
        sent = 0
        while sent < most_bytes and not reader.at_eof():
            writer.write(piece)
            sent += len(piece)
            await writer.drain()

    async def read_answer() -> None:
        if (status := status_of(await reader.read(PIECE))) != 0:
            outcome.statuses.append(status)
        await reader.read()

    try:
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionError):
                await send()
            with suppress(ConnectionError):
                await read_answer()
        outcome.closed = 1
    except TimeoutError:
        outcome.left_open = 1
    finally:
        writer.transport.abort()
    return outcome


async def hold_half_sent(
    victim: Victim, beginnings: Sequence[bytes], count: int, seconds: float, drip: bytes = b""
) -> Outcome:
    """`count` connections for each beginning, which send it and then nothing more, or `drip` again and again.

    Counts how many the server closes.
    """
    sent = [beginning for beginning in beginnings for _ in range(count)]
    opened = [await asyncio.open_connection(victim.host, victim.port) for _ in sent]
    outcome = Outcome([])

    async def wait_for_end(reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            answer = await reader.read()
            if (status := status_of(answer)) != 0:
                outcome.statuses.append(status)
        outcome.closed += 1

    async def send_drips(writer: asyncio.StreamWriter) -> None:
        while drip and not writer.is_closing():
            writer.write(drip)
            await asyncio.sleep(DRIP_SECONDS)

    try:
        for (_, writer), beginning in zip(opened, sent, strict=True):
            writer.write(beginning)
        dripping = asyncio.gather(*(send_drips(writer) for _, writer in opened))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(wait_for_end(reader) for reader, _ in opened))
        dripping.cancel()
        outcome.left_open = len(opened) - outcome.closed
    finally:
        for _, writer in opened:
            writer.transport.abort()
    return outcome


async def hang_up_on(victim: Victim, request: bytes, count: int, read_bytes: int) -> Outcome:
    """Ask `count` times and go away: at once, or after so many bytes of the answer."""
    outcome = Outcome([])
    for _ in range(count):
        reader, writer = await asyncio.open_connection(victim.host, victim.port)
        writer.write(request)
        await writer.drain()
        if read_bytes:
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(SECONDS):
                    outcome.statuses.append(status_of(await reader.read(read_bytes)))
            writer.transport.abort()
        else:
            # A reset would take the request along, unread.
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        outcome.closed += 1
    return outcome


@contextmanager
def never_reading(victim: Victim, request: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Connections that ask and take nothing of the answer, with the smallest buffer that the system gives."""
    sockets = []
    try:
        for _ in range(count):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect((victim.host, victim.port))
            reader.sendall(request)
            sockets.append(reader)
        yield sockets
    finally:
        for reader in sockets:
            reader.close()


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": person.http.headers["Authorization"]}


def json_request(method: str, path: str, person: Person, body: object = None, accept: str = "*/*") -> bytes:
    """A whole request of a person who is signed in."""
    if body is None:
        return head(method, path, bearer(person))
    content = json.dumps(body).encode()
    headers = {
        **bearer(person),
        "Accept": accept,
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
    }
    return head(method, path, headers) + content


ABUSES: dict[str, Callable[[Victim, Person, int], Awaitable[Outcome]]] = {
    # What is sent before anybody knows who sends it; `much` is in bytes.
    "headers without end": lambda victim, person, much: send_endlessly(
        victim, b"GET /healthz HTTP/1.1\r\nHost: victim\r\n", b"a:b\r\n" * 10_000, much
    ),
    "one header without end": lambda victim, person, much: send_endlessly(
        victim, b"GET /healthz HTTP/1.1\r\nHost: victim\r\nX: ", b"a" * PIECE, much
    ),
    "a request line without end": lambda victim, person, much: send_endlessly(
        victim, b"GET /", b"a" * PIECE, much
    ),
    "trailers without end": lambda victim, person, much: send_endlessly(
        victim,
        head("POST", "/v1/auth/refresh", {"Transfer-Encoding": "chunked", "Content-Type": "application/json"})
        + b"2\r\n{}\r\n0\r\n",
        b"a:b\r\n" * 10_000,
        much,
    ),
    "a chunked body without end": lambda victim, person, much: send_endlessly(
        victim,
        head(
            "POST", "/v1/auth/register", {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
        ),
        b"10000\r\n" + b"a" * 0x10000 + b"\r\n",
        much,
    ),
    "a body without end of one who is signed in": lambda victim, person, much: send_endlessly(
        victim,
        head("POST", "/v1/tasks", {**bearer(person), "Transfer-Encoding": "chunked"}),
        b"10000\r\n" + b"a" * 0x10000 + b"\r\n",
        much,
    ),
}

SLOW_HEADS = (b"GET /healthz HTTP/1.1\r\nHost: victim\r\nX: a",)
# What is begun and never ended: the server waits 10 s for a head, and 30 s for the next piece of a body.
HALF_HEADS = (b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: vic")
HALF_BODIES = (head("POST", "/v1/auth/refresh", {"Content-Length": "1000"}) + b"{",)

HANG_UPS: dict[str, Callable[[Person], tuple[bytes, int]]] = {
    # The request, and how much of the answer is read before the client is gone.
    "a list, unread": lambda person: (json_request("GET", "/v1/tasks?limit=200", person), 0),
    "a list, begun": lambda person: (json_request("GET", "/v1/tasks?limit=200", person), 100),
    "a search of messages": lambda person: (
        json_request("GET", "/v1/search?q=" + "a" * 199 + "b", person),
        0,
    ),
    "a search": lambda person: (json_request("GET", "/v1/tasks?q=" + "a" * 199 + "b", person), 0),
    "an answer that is waited for": lambda person: (
        json_request("POST", "/v1/chat", person, {"message": "show all my tasks"}),
        0,
    ),
    "an answer that is streamed": lambda person: (
        json_request("POST", "/v1/chat", person, {"message": "show all my tasks"}, "text/event-stream"),
        200,
    ),
    "a run's stream": lambda person: (
        json_request("GET", f"/v1/runs/{person.chat('show all my tasks')['run_id']}/events", person),
        200,
    ),
    "the caller's stream": lambda person: (json_request("GET", "/v1/events/stream", person), 200),
    "Markdown": lambda person: (json_request("POST", "/v1/render", person, {"text": "*a_" * 16_000}), 0),
    "the API's document": lambda person: (json_request("GET", "/openapi.json", person), 100),
}
