# parley_side.py -- two workers of Parley on one database, and members who hold event streams.
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any, cast
from uuid import UUID

from sqlalchemy import insert

from bench.chat.arrivals import Hear, write_text
from bench.chat.side import Hang, Room, Side
from bench.load import TIMEOUT, ask, request_bytes
from bench.people import LIFETIME, sign_up_many
from bench.processes import KEY, read_port, started
from models import AccountMember
from security import JwtSigner
from support.databases.unchecked import open_unchecked

WORKERS = 2


@asynccontextmanager
async def open_parley(url: str, people: int, workers: int) -> AsyncIterator[Side]:
    with ExitStack() as cleanup:
        processes = [cleanup.enter_context(started("parley", url)) for _ in range(workers)]
        ports = [read_port(process) for process in processes]
        tokens = await sign_up_many(url, KEY, people)
        ids = [JwtSigner(KEY, LIFETIME).decode(token).user_id for token in tokens]
        team = await create(ports[0], tokens[0], "/v1/accounts", {"name": "Bakery"})
        await add_members(url, UUID(team), ids[1:])
        made = {
            "kind": "group",
            "account_id": team,
            "title": "Cakes",
            "participant_ids": list(map(str, ids[1:])),
        }
        group = Room(await create(ports[0], tokens[0], "/v1/conversations", made), tokens)
        made = {"kind": "direct", "account_id": team, "participant_ids": [str(ids[1])]}
        direct = Room(await create(ports[0], tokens[0], "/v1/conversations", made), tokens[:2])
        process_ids = [process.pid for process in processes]
        yield Side("parley", url, ports, ports, process_ids, direct, group, 201, write_request, open_stream)


async def create(port: int, token: str, path: str, body: Any) -> str:
    """The id of what was made."""
    answer = await ask(port, request_bytes("POST", path, token, json.dumps(body).encode()))
    assert answer.status == 201, answer
    made: str = json.loads(answer.body)["id"]
    return made


async def add_members(url: str, account_id: UUID, ids: list[UUID]) -> None:
    """Past the API, where each would accept an invitation."""
    rows = [{"account_id": account_id, "user_id": user_id, "role": "member"} for user_id in ids]
    db = open_unchecked(url)
    try:
        async with db.transaction() as tx:
            await tx.execute(insert(AccountMember), rows)
    finally:
        await db.close()


def write_request(token: str, room: Room, number: int) -> bytes:
    """One that may be repeated, as each message of Synapse's clients may."""
    body = {"content": write_text(number), "client_id": f"bench-{number}"}
    return request_bytes("POST", f"/v1/conversations/{room.id}/messages", token, json.dumps(body).encode())


class Stream(asyncio.Protocol):
    """A member's open stream; each whole event is heard."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._rest = b""
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        whole, end, self._rest = (self._rest + data).rpartition(b"\n\n")
        if not end:
            return
        if not self.begun.done() and b"event: reset" in whole:
            self.begun.set_result(None)
        self._hear(whole)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(ConnectionError("the server closed a stream"))


async def open_stream(port: int, token: str, hear: Hear) -> Hang:
    """Returns once the stream has said where it begins."""
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(lambda: Stream(hear), "127.0.0.1", port)
    stream.transport.write(request_bytes("GET", "/v1/events/stream", token))
    async with asyncio.timeout(TIMEOUT):
        await stream.begun
    return stream.transport.close
