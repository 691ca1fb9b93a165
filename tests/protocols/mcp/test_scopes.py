# test_scopes.py -- what a token's scopes do: lists are cut to them, and an app is told what to ask for.
import re

import pytest

from support.clients.mcp_client import ERAS, connected, token_of
from support.clients.oauth_client import Storage, Visit, call_mcp, connected_by_oauth, open_app
from support.servers import Person, Server

pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite")]
READING = {"list_tasks", "search_everything"}
CHANGING = {"add_task", "complete_task", "update_task", "delete_task", "undo"}


@pytest.mark.parametrize(
    ("scopes", "tools"),
    [
        (["tasks:read"], READING),
        (["tasks:write"], CHANGING),
        (["read"], {*READING, "list_conversations", "read_conversation"}),
        (["chat", "tasks:read"], {*READING, "list_conversations", "read_conversation", "ask_agent"}),
        (["read", "write"], {*READING, *CHANGING, "list_conversations", "read_conversation", "ask_agent"}),
    ],
)
async def test_tools_are_listed_as_far_as_the_scopes_reach(
    server: Server, ann: Person, era: str, scopes: list[str], tools: set[str]
) -> None:
    async with connected(server, token_of(ann, scopes=scopes), era) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == tools
        prompts = (await client.list_prompts()).prompts
        assert bool(prompts) == bool({"tasks:read", "read"} & set(scopes))
        templates = (await client.list_resource_templates()).resource_templates
        assert bool(templates) == bool({"chat", "read"} & set(scopes))


@pytest.mark.parametrize(
    ("method", "params", "scope"),
    [
        ("tools/call", {"name": "add_task", "arguments": {"title": "x"}}, "tasks:read tasks:write"),
        ("tools/call", {"name": "ask_agent", "arguments": {"message": "x"}}, "chat tasks:read"),
        ("resources/read", {"uri": "parley://conversations/x"}, "chat tasks:read"),
    ],
)
def test_an_app_is_told_which_scope_to_ask_for(
    server: Server, ann: Person, method: str, params: dict[str, object], scope: str
) -> None:
    token = open_app(server).connect(ann, scope="tasks:read")["access_token"]
    refused = call_mcp(server, token, method, **params)
    assert refused.status_code == 403
    challenge = refused.headers["www-authenticate"]
    assert re.fullmatch(
        f'Bearer error="insufficient_scope", scope="{scope}", resource_metadata="{server.base_url}/.+"',
        challenge,
    )
    assert ann.get("/v1/tasks")["data"] == []
    assert call_mcp(server, token).status_code == 200


@pytest.mark.parametrize(
    "body", ["null", "[]", "{", '{"method": []}', '{"method": "tools/call", "params": 5}']
)
def test_a_body_that_is_no_request_is_refused_as_such(server: Server, ann: Person, body: str) -> None:
    token = open_app(server).connect(ann, scope="tasks:read")["access_token"]
    http = server.client(Authorization=f"Bearer {token}")
    answer = http.post("/mcp", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert "www-authenticate" not in answer.headers


@pytest.mark.busy
async def test_the_official_client_asks_the_person_for_more(server: Server, ann: Person) -> None:
    visit, storage = Visit(ann, granted=["read"]), Storage()
    async with connected_by_oauth(server, visit, ERAS[0], storage) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} & CHANGING == set()
        visit.granted = []
        added = await client.call_tool("add_task", {"title": "Buy milk"})
        assert not added.is_error
    assert [asked["scope"] for asked in visit.asked] == ["read write", "read write tasks:write"]
    assert storage.tokens is not None
    assert storage.tokens.scope == "read tasks:write write"
