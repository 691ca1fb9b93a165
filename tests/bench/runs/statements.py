# statements.py -- counts what a server sends to PostgreSQL, on the way: its wheel has no pg_stat_statements.
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url

START_UP = b"\x00\x03\x00\x00"
# A statement that was prepared, and one as text, such as BEGIN.
EXECUTE, QUERY = b"E", b"Q"


@dataclass
class Counter:
    """Statements that went through, BEGIN and COMMIT among them; `url` is the database behind it."""

    url: str
    statements: int = 0


@asynccontextmanager
async def counting_proxy(url: str) -> AsyncIterator[Counter]:
    """Stands between a server and its database on loopback."""
    target, carriers = make_url(url), set[asyncio.Task[None]]()
    assert target.port is not None

    async def connected(near: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        far, far_writer = await asyncio.open_connection(target.host, target.port)
        for carrying in (carry_counted(near, far_writer, counter), carry(far, near_writer)):
            carriers.add(asyncio.create_task(carrying))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    counter = Counter(target.set(port=port).render_as_string(hide_password=False))
    try:
        yield counter
    finally:
        server.close()
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
    finally:
        target.close()


async def carry_counted(source: asyncio.StreamReader, target: asyncio.StreamWriter, counter: Counter) -> None:
    """Message by message: a type, a length that counts itself, a body. What opens a connection has no type."""
    try:
        is_open = False
        while True:
            kind = await source.readexactly(1) if is_open else b""
            length = await source.readexactly(4)
            body = await source.readexactly(int.from_bytes(length) - 4)
            is_open = is_open or body.startswith(START_UP)
            counter.statements += kind in (EXECUTE, QUERY)
            target.write(kind + length + body)
    except asyncio.IncompleteReadError:
        pass  # the server has closed the connection
    finally:
        target.close()
