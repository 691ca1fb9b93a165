# test_authentication.py -- who is let in: tokens, hosts, origins and bodies.


import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from clock import utc_now
from db import Transaction
from models import ApiToken
from protocols.mcp.conversation_tools import CONVERSATION_TOOLS
from support.clients.mcp_client import aside, called, connected, token_of, words
from support.servers import (
    Person,
    Server,
    in_database,
    next_answer,
    serving,
    settings_for,
    wait_until,
)
from support.servers import connected as sending
from tools.registry import TOOLS

# HTTP, headers and bodies ask no database; how a token ends, and what the database does not keep, is tried on both.
pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite")]


CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "add_task", "arguments": {"title": "Mine"}},
}
ACCEPTS = {"Accept": "application/json, text/event-stream"}


def post(server: Server, token: str | None, **headers: str) -> Any:
    sent = {**ACCEPTS, **({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    return server.client().post("/mcp", json=CALL, headers=sent)


def sent(person: Person, token: str, path: str, content: str, **headers: str) -> httpx.Response:
    """The bytes as they are: nothing that a client adds by itself."""
    request = person.http.build_request("POST", path, content=content)
    for name in ("accept", "content-type", "authorization"):
        request.headers.pop(name, None)
    request.headers.update({"authorization": f"Bearer {token}", **headers})
    return person.http.send(request)


LIST = '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {"content-type": "application/json", "accept": ""},
        {"content-type": "APPLICATION/JSON", "accept": "*/*"},
        {"content-type": "Application/Json; Charset=UTF-8", "accept": "application/json"},
    ],
)
def test_headers_count_as_http_has_them(ann: Person, path: str, headers: dict[str, str]) -> None:
    answer = sent(ann, token_of(ann), path, LIST, **headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["result"]["tools"]) == len(TOOLS) + len(CONVERSATION_TOOLS)


def test_who_takes_neither_json_nor_events_is_refused(ann: Person) -> None:
    headers = {"content-type": "application/json", "accept": "image/png"}
    assert sent(ann, token_of(ann), "/mcp", LIST, **headers).status_code == 406


@pytest.mark.parametrize("id_", ["1.5", "true", "[1]", "{}", "null"])
def test_a_request_with_an_id_of_a_wrong_kind_is_answered(ann: Person, id_: str) -> None:
    token = token_of(ann)
    call = f'{{"jsonrpc": "2.0", "id": {id_}, "method": "tools/list"}}'
    answer = sent(ann, token, "/mcp", call, **{"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32600
    assert answer.json()["id"] is None
    told = '{"jsonrpc": "2.0", "method": "notifications/initialized"}'
    answer = sent(ann, token, "/mcp", told, **{"content-type": "application/json"})
    assert (answer.status_code, answer.content) == (202, b"")


def test_a_notification_with_text_that_is_none_is_taken(ann: Person) -> None:
    told = r'{"jsonrpc": "2.0", "method": "notifications/progress", "params": {"message": "\ud800"}}'
    headers = {"content-type": "application/json", "mcp-protocol-version": "2026-07-28"}
    assert sent(ann, token_of(ann), "/mcp", told, **headers).status_code == 202


def test_a_request_is_answered_without_a_redirect(server: Server, ann: Person) -> None:
    answer = post(server, token_of(ann))
    assert answer.status_code == 200
    assert answer.json()["result"]["structuredContent"]["title"] == "Mine"
    assert server.client().get("/mcp").status_code == 405
    assert server.client().delete("/mcp").status_code == 405


@pytest.mark.parametrize("token", [None, "nonsense", "parley_" + "x" * 43])
def test_who_has_no_good_token_is_told_where_to_read_about_them(server: Server, token: str | None) -> None:
    answer = post(server, token)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    kind, _, fields = answer.headers["www-authenticate"].partition(" ")
    where = f"{server.base_url}/.well-known/oauth-protected-resource/mcp"
    wrong = 'error="invalid_token", ' if token else ""
    assert (kind, fields) == ("Bearer", f'{wrong}scope="read write", resource_metadata="{where}"')
    described = server.client().get(where).json()
    assert described["resource"] == f"{server.base_url}/mcp"
    assert described["scopes_supported"] == ["chat", "read", "tasks:read", "tasks:write", "write"]


@pytest.mark.engines("sqlite", "postgresql")
def test_half_a_surrogate_pair_is_one_more_wrong_argument(server: Server, ann: Person) -> None:
    call = json.dumps(CALL).replace("Mine", "\\ud800").encode()
    headers = {**ACCEPTS, "Authorization": f"Bearer {token_of(ann)}", "Content-Type": "application/json"}
    answer = server.client().post("/mcp", content=call, headers=headers)
    assert answer.status_code < 500
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ('{"title": NaN}', "a number that JSON does not have"),
        ('{"title": "Mine", "more": [{"deep": 1e999}]}', "a number that JSON does not have"),
        ('{"title": "Mine", "more": -Infinity}', "a number that JSON does not have"),
        ('{"title": "Mine", "a\\u0000b": 1}', "a\ufffdb: Extra inputs are not permitted"),
        ('{"title": "Mine", "more": ' + "[" * 150 + "]" * 150 + "}", "more than 27 levels"),
    ],
)
@pytest.mark.engines("sqlite", "postgresql")
def test_arguments_that_no_database_keeps_are_refused_in_words(
    server: Server, ann: Person, capfd: pytest.CaptureFixture[str], arguments: str, complaint: str
) -> None:
    call = json.dumps(CALL).replace('{"title": "Mine"}', arguments).encode()
    assert b"Mine" in call or b"NaN" in call
    headers = {**ACCEPTS, "Authorization": f"Bearer {token_of(ann)}", "Content-Type": "application/json"}
    answer = server.client().post("/mcp", content=call, headers=headers)
    assert answer.status_code == 200
    result = answer.json()["result"]
    assert result["isError"]
    assert complaint in result["content"][0]["text"]
    assert ann.get("/v1/tasks")["data"] == []
    assert capfd.readouterr().err == ""


@pytest.mark.busy
def test_a_body_of_very_many_values_is_refused_before_it_is_understood(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mcp.server.streamable_http_manager.StreamableHTTPSessionManager.handle_request", None
    )
    unknown = {f"a{number}": 1 for number in range(60_000)}
    bulk = [{"arguments": unknown}, {"arguments": {"title": [[]] * 200_000}}, {"name": "add_task", **unknown}]
    for params in bulk:
        headers = {**ACCEPTS, "Authorization": f"Bearer {token_of(ann)}"}
        answer = server.client().post("/mcp", json={**CALL, "params": params}, headers=headers)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


def test_who_has_no_good_token_is_told_so_before_they_have_sent_a_body(server: Server) -> None:
    head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n"
    with sending(server.base_url, head) as raw:
        assert next_answer(raw)[0] == 401
        raw.sendall(b" " * 900_000 + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert next_answer(raw)[0] == 200


async def test_very_many_wrong_arguments_are_counted_and_not_named(
    server: Server, ann: Person, era: str
) -> None:
    """Whoever makes the call: a model that loses its way makes such ones too."""
    unknown = {f"a{number}": 1 for number in range(900)}
    answer = await called(server, token_of(ann), era, "add_task", title="Buy milk", **unknown)
    assert answer.is_error
    assert words(answer) == "Wrong arguments for add_task: at least 891 of them are not known."
    assert await aside(lambda: ann.get("/v1/tasks")["data"]) == []


@pytest.mark.engines("sqlite", "postgresql")
def test_a_revoked_or_expired_token_stops_at_once(server: Server, ann: Person) -> None:
    token = token_of(ann)
    assert post(server, token).status_code == 200
    [listed] = ann.get("/v1/me/tokens")["data"]
    assert listed["last_used_at"] is not None
    ann.delete(f"/v1/me/tokens/{listed['id']}")
    assert post(server, token).status_code == 401


def test_a_token_past_its_end_does_not_count(server: Server, ann: Person) -> None:
    token = token_of(ann)

    async def end(tx: Transaction) -> None:
        mine = col(ApiToken.user_id) == ann.id
        await tx.execute(update(ApiToken).where(mine).values(expires_at=utc_now() - timedelta(seconds=1)))

    in_database(server, end)
    assert post(server, token).status_code == 401


@pytest.mark.engines("sqlite", "postgresql")
def test_a_token_that_another_worker_revoked_stops_within_a_second(server: Server, ann: Person) -> None:
    token = token_of(ann)
    with serving(settings_for(server.settings.database_url.get_secret_value())) as other:
        assert post(other, token).status_code == 200
        ann.delete(f"/v1/me/tokens/{ann.get('/v1/me/tokens')['data'][0]['id']}")
        wait_until(lambda: post(other, token).status_code == 401, seconds=1.0)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.x"])
def test_a_foreign_host_is_refused(server: Server, ann: Person, host: str) -> None:
    answer = post(server, token_of(ann), Host=host)
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "x"])
def test_a_foreign_origin_is_refused(server: Server, ann: Person, origin: str) -> None:
    assert post(server, token_of(ann), Origin=origin).status_code == 403
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_servers_own_names_are_let_in(database_url: str) -> None:
    settings = settings_for(
        database_url, public_url="https://parley.example.com", cors_origins=["https://app.example.com"]
    )
    with serving(settings) as server:
        token = token_of(server.person())
        assert post(server, token, Host="parley.example.com").status_code == 200
        assert post(server, token, Host="localhost:1234", Origin="http://localhost:6274").status_code == 200
        for origin in ("https://parley.example.com", "https://app.example.com"):
            assert post(server, token, Origin=origin).status_code == 200
        refused = post(server, None)
        assert "https://parley.example.com/.well-known/" in refused.headers["www-authenticate"]


@pytest.mark.busy
async def test_a_token_that_may_only_read_changes_nothing_with_any_tool(
    server: Server, ann: Person, era: str
) -> None:
    task = ann.post("/v1/tasks", title="Mine")
    token = token_of(ann, scopes=["read"])
    arguments = {
        "add_task": {"title": "More"},
        "update_task": {"task_id": task["id"], "title": "Other"},
        "undo": {},
    }
    async with connected(server, token, era) as client:
        for name, tool in TOOLS.items():
            answer = await client.call_tool(name, arguments.get(name, {"task_id": task["id"]}))
            if tool.effect == "read":
                continue
            assert answer.is_error
            assert words(answer) == f"{name} needs the scope tasks:write, which this API token lacks."
        assert (await client.call_tool("list_tasks", {})).structured_content == {
            "tasks": [task],
            "more": False,
        }
    assert ann.get("/v1/tasks")["data"] == [task]
