# synapse_side.py -- a Synapse with the same people in the same rooms, and members who ask it again and again.
import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from bench.chat.arrivals import Hear, write_text
from bench.chat.side import Hang, Room, Side
from bench.chat.synapse_server import Installation, running_synapse
from bench.load import Connection, ask, request_bytes

API = "/_matrix/client/v3"
AT_ONCE = 10
POLL_SECONDS = 30
# Messages of rooms, and nothing else of what an answer could hold.
NOTHING: dict[str, Any] = {"types": []}
FILTER = {
    "presence": NOTHING,
    "account_data": NOTHING,
    "room": {
        "ephemeral": NOTHING,
        "account_data": NOTHING,
        "state": {"lazy_load_members": True},
        "timeline": {"limit": 1_000},
    },
}
NEXT_BATCH = re.compile(rb'"next_batch":"([^"]+)"')


@asynccontextmanager
async def open_synapse(found: Installation, url: str, people: int) -> AsyncIterator[Side]:
    with running_synapse(found, url) as server:
        port = server.ports[0]
        members = await in_turns([sign_up(port, server.secret, f"member{n}") for n in range(people)])
        tokens = [token for token, _ in members]
        wanted = {"preset": "public_chat", "name": "Cakes"}
        group = Room((await create(port, tokens[0], "/createRoom", wanted))["room_id"], tokens)
        await in_turns([join(port, token, group) for token in tokens[1:]])
        wanted = {"preset": "trusted_private_chat", "is_direct": True, "invite": [members[1][1]]}
        direct = Room((await create(port, tokens[0], "/createRoom", wanted))["room_id"], tokens[:2])
        await join(port, tokens[1], direct)
        filters = dict(await in_turns([set_filter(port, token, user_id) for token, user_id in members]))

        async def listen(port: int, token: str, hear: Hear) -> Hang:
            return await open_poll(port, token, filters[token], hear)

        # Synapse's first process is the one that stores what is said, so that a second one costs least where it only
        # answers those who listen.
        ports = server.ports
        yield Side(
            "synapse",
            url,
            ports[:1],
            ports[-1:],
            server.process_ids,
            direct,
            group,
            200,
            write_request,
            listen,
        )


async def in_turns(work: Sequence[Awaitable[Any]]) -> list[Any]:
    """The results, of some at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def pass_gate(one: Awaitable[Any]) -> Any:
        async with gate:
            return await one

    return await asyncio.gather(*map(pass_gate, work))


async def create(port: int, token: str | None, path: str, body: Any, api: str = API) -> Any:
    answer = await ask(port, request_bytes("POST", f"{api}{path}", token, json.dumps(body).encode()))
    assert answer.status == 200, answer
    return json.loads(answer.body)


async def sign_up(port: int, secret: str, name: str) -> tuple[str, str]:
    """The token and the id of somebody new, by the secret that the server shares with whoever started it."""
    path = "/_synapse/admin/v1/register"
    nonce = json.loads((await ask(port, request_bytes("GET", path, None))).body)["nonce"]
    signed = "\0".join([nonce, name, "a password", "notadmin"]).encode()
    mac = hmac.new(secret.encode(), signed, hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": name, "password": "a password", "admin": False, "mac": mac}
    made = await create(port, None, path, body, "")
    return made["access_token"], made["user_id"]


async def join(port: int, token: str, room: Room) -> None:
    await create(port, token, f"/join/{quote(room.id)}", {})


async def set_filter(port: int, token: str, user_id: str) -> tuple[str, str]:
    made = await create(port, token, f"/user/{quote(user_id)}/filter", FILTER)
    return token, made["filter_id"]


def write_request(token: str, room: Room, number: int) -> bytes:
    path = f"{API}/rooms/{quote(room.id)}/send/m.room.message/bench-{number}"
    body = {"msgtype": "m.text", "body": write_text(number)}
    return request_bytes("PUT", path, token, json.dumps(body).encode())


async def open_poll(port: int, token: str, filter_id: str, hear: Hear) -> Hang:
    """Returns once the first answer is there; from then on the next one is always being waited for."""
    path = f"{API}/sync?filter={filter_id}&set_presence=offline"
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)

    async def poll(since: str, seconds: int) -> str:
        wanted = f"{path}&since={since}&timeout={seconds * 1_000}" if since else path
        answer = await connection.ask(request_bytes("GET", wanted, token))
        found = NEXT_BATCH.search(answer.body)
        assert answer.status == 200 and found, answer
        hear(answer.body)
        return found[1].decode()

    async def poll_on(since: str) -> None:
        while True:
            since = await poll(since, POLL_SECONDS)

    polling = asyncio.create_task(poll_on(await poll("", 0)))

    def hang() -> None:
        polling.cancel()
        connection.close()

    return hang
