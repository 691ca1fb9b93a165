# support/clients/mcp_client.py -- the official client, connected to a server of a test.


from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from support.servers import (
    Person,
    Server,
)

ERAS = ["2026-07-28", "legacy"]
KEY = "parley/idempotency_key"


def token_of(person: Person, **fields: Any) -> str:
    made = person.post("/v1/me/tokens", **{"name": "Claude", "scopes": ["read", "write"], **fields})
    token: str = made["token"]
    return token


@asynccontextmanager
async def connected(server: Server, token: str, era: str, **options: Any) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=20, trust_env=False) as http,
        Client(
            streamable_http_client(f"{server.base_url}/mcp", http_client=http), mode=era, **options
        ) as client,
    ):
        with anyio.fail_after(30):
            yield client


async def called(server: Server, token: str, era: str, name: str, **arguments: Any) -> CallToolResult:
    async with connected(server, token, era) as client:
        return await client.call_tool(name, arguments)


async def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """Blocking calls of a person, from within an asynchronous test."""
    return await anyio.to_thread.run_sync(work, *arguments)


def words(answer: CallToolResult) -> str:
    [block] = answer.content
    assert block.type == "text"
    return block.text


def on_record(person: Person, title: str = "Claude") -> list[dict[str, Any]]:
    """The messages of the conversation in which a token's calls are."""
    [found] = [c for c in person.get("/v1/conversations")["data"] if c["title"] == title]
    messages: list[dict[str, Any]] = person.get(f"/v1/conversations/{found['id']}/messages", limit=200)[
        "data"
    ]
    return messages


CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "add_task", "arguments": {"title": "Mine"}},
}


def post_call(server: Server, headers: list[tuple[str, str]]) -> httpx.Response:
    """One call by hand, with these headers for its credentials."""
    credentials = [(name, value) for name, value in headers if name.lower() == "authorization"]
    return server.client().post("/mcp", json=CALL, headers=[("Accept", "application/json"), *credentials])
