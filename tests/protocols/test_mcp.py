# test_mcp.py -- the tools over MCP: the official client, over real connections, in both eras of the protocol.
import dataclasses
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitResult
from sqlalchemy import select, update
from sqlmodel import col

from db import Transaction
from models import AccessToken, Run
from models.columns import now
from support.scripted_model import ScriptedModel
from support.servers import (
    Event,
    Person,
    Server,
    in_database,
    next_answer,
    read_events,
    serving,
    settings_for,
    wait_until,
)
from support.servers import connected as sending
from tools import registry
from tools.registry import TOOLS

ERAS = ["2026-07-28", "legacy"]
pytestmark = pytest.mark.anyio
KEY = "parley/idempotency_key"


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


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


# What there is


async def test_every_tool_is_listed_with_its_shapes_and_hints(server: Server, ann: Person, era: str) -> None:
    async with connected(server, token_of(ann), era) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert listed.keys() == TOOLS.keys()
    for name, tool in listed.items():
        known, hints = TOOLS[name], tool.annotations
        assert (tool.title, tool.description) == (known.title, known.description)
        assert hints is not None
        assert hints.read_only_hint == (known.effect == "read")
        assert hints.destructive_hint == (known.effect == "destructive")
        assert hints.idempotent_hint == known.idempotent
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"


async def test_models_are_shown_the_same_schemas(
    scripted: Server, carl: Person, model: ScriptedModel, era: str
) -> None:
    model.answers = [["Hello."]]
    await aside(carl.chat, "hello")
    shown = {spec.name: (spec.description, spec.parameters) for spec in model.requests[0].tools}
    async with connected(scripted, token_of(carl), era) as client:
        listed = (await client.list_tools()).tools
    assert {tool.name: (tool.description, tool.input_schema) for tool in listed} == shown


@pytest.mark.also_on_mariadb
async def test_every_tool_works_and_gives_a_structured_result(server: Server, ann: Person, era: str) -> None:
    ann.patch("/v1/me", approval="never")
    async with connected(server, token_of(ann), era) as client:
        added = (await client.call_tool("add_task", {"title": "Buy milk"})).structured_content
        assert added == (await aside(ann.get, f"/v1/tasks/{added['id']}"))
        one = {"task_id": added["id"]}
        done = (await client.call_tool("complete_task", one)).structured_content
        assert done["completed"] is True
        changed = (await client.call_tool("update_task", {**one, "title": "Buy oats"})).structured_content
        assert changed["title"] == "Buy oats"
        found = await client.call_tool("list_tasks", {"q": "OATS"})
        assert found.structured_content == {"tasks": [changed], "more": False}
        assert words(found).startswith('{"tasks":[{"id":')
        gone = await client.call_tool("delete_task", one)
        assert gone.structured_content["id"] == added["id"]
    assert ann.get("/v1/tasks")["data"] == []


async def test_a_session_token_works_too(server: Server, ann: Person, era: str) -> None:
    await called(server, ann.tokens["access_token"], era, "add_task", title="Buy milk")
    assert [message["role"] for message in on_record(ann, "MCP")] == ["user", "agent"]


async def test_resources_are_the_open_tasks_and_the_conversations(
    server: Server, ann: Person, bob: Person, era: str
) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    done = ann.post("/v1/tasks", title="Done before")
    ann.patch(f"/v1/tasks/{done['id']}", completed=True)
    chat = ann.chat("hello")
    theirs = bob.chat("hello")
    async with connected(server, token_of(ann), era) as client:
        listed = [resource.uri for resource in (await client.list_resources()).resources]
        assert listed == ["parley://tasks", f"parley://conversations/{chat['conversation_id']}"]
        [template] = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "parley://conversations/{id}"
        tasks = (await client.read_resource("parley://tasks")).contents[0].text  # type: ignore[union-attr]
        assert "Buy milk" in tasks
        assert "Done before" not in tasks
        said = (await client.read_resource(listed[1])).contents[0].text  # type: ignore[union-attr]
        assert chat["message"]["id"] in said
        for other in (theirs["conversation_id"], str(uuid4()), "nonsense"):
            with pytest.raises(MCPError, match="There is no such"):
                await client.read_resource(f"parley://conversations/{other}")


async def test_prompts_bring_the_open_tasks_along(server: Server, ann: Person, era: str) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    async with connected(server, token_of(ann), era) as client:
        prompts = (await client.list_prompts()).prompts
        assert [prompt.title for prompt in prompts] == ["Plan my day", "Weekly review"]
        for prompt in prompts:
            text, attached = (await client.get_prompt(prompt.name)).messages
            assert text.content.type == "text"
            assert attached.content.type == "resource"
            assert "Buy milk" in attached.content.resource.text  # type: ignore[union-attr]
        with pytest.raises(MCPError, match="There is no such prompt"):
            await client.get_prompt("nothing")


# What goes wrong


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("add_task", {"title": ""}, "Wrong arguments for add_task: title"),
        ("add_task", {"title": "x", "user_id": "y"}, "Wrong arguments for add_task: user_id"),
        ("list_tasks", {"limit": 0}, "Wrong arguments for list_tasks: limit"),
        ("complete_task", {"task_id": "x\0"}, "Wrong arguments for complete_task: task_id"),
        ("complete_task", {"task_id": str(uuid4())}, "There is no such task."),
        ("delete_task", {}, "Wrong arguments for delete_task: task_id"),
    ],
)
async def test_a_wrong_call_gives_an_error_that_a_model_can_act_on(
    server: Server, ann: Person, era: str, name: str, arguments: dict[str, Any], said: str
) -> None:
    answer = await called(server, token_of(ann), era, name, **arguments)
    assert answer.is_error
    assert words(answer).startswith(said)
    [_, kept] = on_record(ann)
    assert kept["tool_calls"][0]["error"] == words(answer)


async def test_an_unknown_tool_is_named_together_with_the_known_ones(
    server: Server, ann: Person, era: str
) -> None:
    async with connected(server, token_of(ann), era) as client:
        with pytest.raises(MCPError, match=r"There is no tool named rob_bank\. The tools are: add_task, "):
            await client.call_tool("rob_bank", {})


async def test_an_exception_of_ours_is_told_in_our_words(
    server: Server, ann: Person, era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("a secret of the house")

    monkeypatch.setitem(registry.TOOLS, "add_task", dataclasses.replace(TOOLS["add_task"], function=broken))
    token = token_of(ann)
    answer = await called(server, token, era, "add_task", title="x")
    assert words(answer) == "add_task failed on our side; nothing was changed."
    monkeypatch.setattr("protocols.mcp.resources.conversations.list_conversations", broken)
    async with connected(server, token, era) as client:
        with pytest.raises(MCPError, match=r"^Something went wrong on our side\.$"):
            await client.list_resources()


@pytest.mark.also_on_mariadb
async def test_one_person_sees_and_changes_nothing_of_anothers(
    server: Server, ann: Person, bob: Person, era: str
) -> None:
    ann.patch("/v1/me", approval="never")
    theirs = bob.post("/v1/tasks", title="A secret plan")
    token = token_of(ann)
    for name in ("complete_task", "update_task", "delete_task"):
        answers = [
            await called(server, token, era, name, task_id=task_id)
            for task_id in (theirs["id"], str(uuid4()))
        ]
        assert [words(answer) for answer in answers] == ["There is no such task."] * 2
    assert (await called(server, token, era, "list_tasks")).structured_content == {"tasks": [], "more": False}
    assert bob.get("/v1/tasks")["data"] == [theirs]


# Who is let in

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
    assert len(answer.json()["result"]["tools"]) == len(TOOLS)


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
    assert (kind, fields) == ("Bearer", f'{wrong}resource_metadata="{where}"')
    described = server.client().get(where).json()
    assert described["resource"] == f"{server.base_url}/mcp"
    assert described["scopes_supported"] == ["read", "write"]


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
        ('{"title": "Mine", "more": ' + "[" * 150 + "]" * 150 + "}", "more than 100 levels"),
    ],
)
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
    assert words(answer) == "Wrong arguments for add_task: at least 899 of them are not known."
    assert await aside(lambda: ann.get("/v1/tasks")["data"]) == []


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
        mine = col(AccessToken.user_id) == ann.id
        await tx.execute(update(AccessToken).where(mine).values(expires_at=now() - timedelta(seconds=1)))

    in_database(server, end)
    assert post(server, token).status_code == 401


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


async def test_a_token_that_may_only_read_changes_nothing_with_any_tool(
    server: Server, ann: Person, era: str
) -> None:
    task = ann.post("/v1/tasks", title="Mine")
    token = token_of(ann, scopes=["read"])
    arguments = {"add_task": {"title": "More"}, "update_task": {"task_id": task["id"], "title": "Other"}}
    async with connected(server, token, era) as client:
        for name, tool in TOOLS.items():
            answer = await client.call_tool(name, arguments.get(name, {"task_id": task["id"]}))
            if tool.effect == "read":
                continue
            assert answer.is_error
            assert words(answer) == f"{name} changes something, and this access token may only read."
        assert (await client.call_tool("list_tasks", {})).structured_content == {
            "tasks": [task],
            "more": False,
        }
    assert ann.get("/v1/tasks")["data"] == [task]


# On record


@pytest.mark.also_on_mariadb
async def test_calls_are_on_record_as_those_of_a_chat_are(server: Server, ann: Person, era: str) -> None:
    async with connected(server, token_of(ann), era) as client:
        for _ in range(2):
            await client.call_tool("list_tasks", {"limit": 5})
        await client.call_tool("add_task", {"title": "Buy milk"})
    messages = on_record(ann)
    assert [message["role"] for message in messages] == ["user", "agent"] * 3
    assert messages[0]["content"] == messages[2]["content"] == 'list_tasks {"limit":5}'
    for message in messages[1::2]:
        [call] = message["tool_calls"]
        assert call["error"] is None
        assert call["result"] is not None
        run = ann.get(f"/v1/runs/{message['run_id']}")
        assert run["status"] == "completed"
        log = ann.http.get(f"/v1/runs/{message['run_id']}/events").text
        events = [line.removeprefix("event: ") for line in log.splitlines() if line.startswith("event: ")]
        # What changes nothing leaves what every run does; what does, also the lines of its call.
        details = [] if call["name"] == "list_tasks" else ["tool.call", "tool.result"]
        assert events == ["run.started", *details, "message.completed", "run.completed"]
        assert '"source":"mcp"' in log
        assert message["id"] in log
    assert messages[1]["tool_calls"][0]["arguments"] == {"limit": 5}


async def test_open_pages_are_told_of_calls_what_rest_shows_of_them(
    server: Server, ann: Person, era: str
) -> None:
    token = token_of(ann)
    await aside(functools.partial(ann.patch, "/v1/me", display_name="Ann"))
    await called(server, token, era, "list_tasks", limit=5)  # makes the conversation

    def seen() -> list[Event]:
        with ann.http.stream("GET", "/v1/events/stream", headers={"Last-Event-ID": "0"}) as stream:
            told = []
            for event in read_events(stream):
                told.append(event)
                if len([e for e in told if e.type == "run.completed"]) == 3:
                    break
            return told

    await called(server, token, era, "list_tasks", limit=5)
    await called(server, token, era, "add_task", title="Buy milk")
    told = await aside(seen)
    assert [event.type for event in told] == [
        "conversation.created",
        *["message.created", "message.created", "run.completed"] * 2,
        "task.created",
        *["message.created", "message.created", "run.completed"],
    ]
    said = [event.data["message"] for event in told if event.type == "message.created"]
    assert said == await aside(on_record, ann)
    for event in told:
        if event.type == "run.completed":
            assert event.data["run"] == await aside(ann.get, f"/v1/runs/{event.data['run']['id']}")


async def test_a_call_brings_its_conversation_to_the_top(server: Server, ann: Person, era: str) -> None:
    def titles() -> list[str]:
        return [conversation["title"] for conversation in ann.get("/v1/conversations")["data"]]

    token = token_of(ann)
    for name in ("list_tasks", "add_task", "list_tasks"):
        await called(server, token, era, name, **({"title": "Buy milk"} if name == "add_task" else {}))
        assert (await aside(titles))[0] == "Claude"
        await aside(ann.chat, "hello")
        assert (await aside(titles))[0] == "hello"


async def test_the_log_of_a_call_that_changed_nothing_has_no_details_to_delete(
    server: Server, ann: Person, era: str
) -> None:
    token = token_of(ann)
    for _ in range(2):  # the first makes the conversation, the second finds it
        await called(server, token, era, "list_tasks")

    async def whole(tx: Transaction) -> int:
        mine = (col(Run.user_id) == ann.id, col(Run.details_deleted_at).is_(None))
        return len((await tx.execute(select(Run).where(*mine))).all())

    assert await aside(in_database, server, whole) == 0


async def test_every_token_has_a_conversation_of_its_own(server: Server, ann: Person, era: str) -> None:
    for name in ("Claude", "Cursor"):
        token = token_of(ann, name=name)
        await called(server, token, era, "list_tasks")
        assert len(on_record(ann, name)) == 2
    cursor = next(c for c in ann.get("/v1/conversations")["data"] if c["title"] == "Cursor")
    ann.delete(f"/v1/conversations/{cursor['id']}")
    await called(server, token, era, "list_tasks")
    assert len(on_record(ann, "Cursor")) == 2


@pytest.mark.also_on_mariadb
async def test_fifty_callers_at_once_are_all_answered_and_all_on_record(
    server: Server, ann: Person, bob: Person, era: str
) -> None:
    people = {person.email: (person, token_of(person)) for person in (ann, bob)}
    for person in (ann, bob):
        person.patch("/v1/me", approval="never")  # they make more changes than go unasked

    async def one(token: str, number: int) -> None:
        async with connected(server, token, era) as client:
            if number % 2:
                answer = await client.call_tool("list_tasks", {})
            else:
                answer = await client.call_tool("add_task", {"title": f"Task {number}"})
            assert not answer.is_error

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(one, list(people.values())[number // 2 % 2][1], number)
    for person, _ in people.values():
        calls = [m["tool_calls"][0]["name"] for m in on_record(person)[1::2]]
        assert len(person.get("/v1/tasks")["data"]) == calls.count("add_task")
    assert sum(len(on_record(person)) for person, _ in people.values()) == 100


async def test_a_worker_may_be_restarted_between_two_calls(own_database_url: str, era: str) -> None:
    with serving(settings_for(own_database_url)) as first:
        person = await aside(first.person)
        token = await aside(lambda: token_of(person))
        added = await called(first, token, era, "add_task", title="Buy milk")
    with serving(settings_for(own_database_url)) as second:
        listed = await called(second, token, era, "list_tasks")
    assert listed.structured_content == {"tasks": [added.structured_content], "more": False}


# Once


@pytest.mark.also_on_mariadb
async def test_a_call_with_a_key_takes_effect_once(own_database_url: str, era: str) -> None:
    async def call(server: Server, token: str, title: str = "Buy milk") -> CallToolResult:
        async with connected(server, token, era) as client:
            return await client.call_tool("add_task", {"title": title}, meta={KEY: "my own name"})  # type: ignore[typeddict-unknown-key]

    with serving(settings_for(own_database_url)) as first:
        person = await aside(first.person)
        token, other = [await aside(lambda: token_of(person)) for _ in range(2)]
        answers: list[CallToolResult] = []

        async def keep() -> None:
            answers.append(await call(first, token))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(keep)
        assert len({answer.structured_content["id"] for answer in answers}) == 1
        wrong = await call(first, token, "Buy oats")
        assert wrong.is_error
        assert words(wrong) == "This idempotency key was used for another call."
    with serving(settings_for(own_database_url)) as second:
        again = await call(second, token)
        assert again.structured_content == answers[0].structured_content
        another = await call(second, other)
        assert another.structured_content["id"] != again.structured_content["id"]
        person = await aside(second.sign_in, person.email)
        assert len(await aside(person.get, "/v1/tasks")) == 2


@pytest.mark.parametrize("key", ["", "ü", 5])
async def test_a_key_that_is_none_is_refused(server: Server, ann: Person, era: str, key: Any) -> None:
    async with connected(server, token_of(ann), era) as client:
        answer = await client.call_tool("add_task", {"title": "x"}, meta={KEY: key})  # type: ignore[misc]
    assert answer.is_error
    assert ann.get("/v1/tasks")["data"] == []


# What has to be approved


def decide(person: Person, run_id: str, approve: bool) -> None:
    person.post(f"/v1/runs/{run_id}/approvals/call", approve=approve)
    wait_until(lambda: person.get(f"/v1/runs/{run_id}")["status"] == "completed")


@pytest.mark.parametrize("approve", [True, False])
async def test_a_client_that_cannot_ask_is_told_where_to_approve(
    server: Server, ann: Person, era: str, approve: bool
) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    token = token_of(ann)
    async with connected(server, token, era) as client:

        async def call() -> CallToolResult:
            return await client.call_tool("delete_task", {"task_id": task["id"]}, meta={KEY: "once"})  # type: ignore[typeddict-unknown-key]

        waits = await call()
        assert not waits.is_error
        assert "Delete task “Buy milk”" in words(waits)
        told = waits.structured_content
        assert told["status"] == "awaiting_approval"
        assert told["approve_at"] == f"{server.base_url}/v1/runs/{told['run_id']}/approvals/call"
        assert (await call()).structured_content == told
        without_key = await client.call_tool("delete_task", {"task_id": task["id"]})
        assert without_key.structured_content == told
        assert len(await aside(lambda: ann.get("/v1/tasks")["data"])) == 1
        await aside(decide, ann, told["run_id"], approve)
        after = await call()
    if approve:
        assert after.structured_content == {**task, **after.structured_content, "title": "Buy milk"}
    else:
        assert (after.is_error, words(after)) == (True, "This was not approved; nothing was changed.")
    assert len(ann.get("/v1/tasks")["data"]) == (0 if approve else 1)
    [asked, answer] = on_record(ann)
    [kept] = answer["tool_calls"]
    assert kept["approval"]["decision"] == ("approved" if approve else "denied")
    assert asked["run_id"] == told["run_id"]


def asking(answer: Callable[[str], Awaitable[ElicitResult]]) -> dict[str, Any]:
    async def callback(_: Any, params: Any) -> ElicitResult:
        return await answer(params.message)

    return {"elicitation_callback": callback}


@pytest.mark.parametrize("approve", [True, False])
async def test_a_client_of_the_current_protocol_gets_the_question(
    server: Server, ann: Person, approve: bool
) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    questions: list[str] = []

    async def answer(question: str) -> ElicitResult:
        questions.append(question)
        run_id = question.partition("/v1/runs/")[2].partition("/")[0]
        await aside(decide, ann, run_id, approve)
        return ElicitResult(action="accept", content={})

    async with connected(server, token_of(ann), ERAS[0], **asking(answer)) as client:
        done = await client.call_tool("delete_task", {"task_id": task["id"]})
    [question] = questions
    assert question.startswith("Delete task “Buy milk”? Approve or deny it in Parley")
    assert done.is_error is not approve
    assert len(ann.get("/v1/tasks")["data"]) == (0 if approve else 1)


async def test_what_is_said_in_the_client_approves_nothing(server: Server, ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")

    async def agree(_: str) -> ElicitResult:
        return ElicitResult(action="accept", content={})

    async with connected(server, token_of(ann), ERAS[0], **asking(agree)) as client:
        waits = await client.call_tool("delete_task", {"task_id": task["id"]})
    assert waits.structured_content["status"] == "awaiting_approval"
    program = server.client(Authorization=f"Bearer {token_of(ann)}")
    where = waits.structured_content["approve_at"]
    assert program.post(where, json={"approve": True}).status_code == 401
    assert ann.get("/v1/tasks")["data"] == [task]


async def test_declining_in_the_client_withdraws_the_call(server: Server, ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")

    async def decline(_: str) -> ElicitResult:
        return ElicitResult(action="decline")

    async with connected(server, token_of(ann), ERAS[0], **asking(decline)) as client:
        gone = await client.call_tool("delete_task", {"task_id": task["id"]})
    assert gone.is_error
    [_, kept] = on_record(ann)
    run = ann.get(f"/v1/runs/{kept['run_id']}")
    assert (run["status"], run["pending_approvals"]) == ("cancelled", [])
    assert ann.get("/v1/tasks")["data"] == [task]


async def test_a_message_behind_a_declined_call_is_answered_at_once(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find_nothing() -> None:
        pass

    monkeypatch.setattr(server.parts.worker, "poll", find_nothing)  # no poll comes to its help
    task = ann.post("/v1/tasks", title="Buy milk")
    queued: list[str] = []

    def send_message(run_id: str) -> None:
        conversation_id = ann.get(f"/v1/runs/{run_id}")["conversation_id"]
        body = {"message": "hello", "conversation_id": conversation_id}
        with ann.http.stream("POST", "/v1/chat", json=body, headers={"Accept": "text/event-stream"}) as sent:
            queued.append(sent.headers["X-Run-ID"])
        assert ann.get(f"/v1/runs/{queued[0]}")["status"] == "queued"

    async def decline(question: str) -> ElicitResult:
        await aside(send_message, question.partition("/v1/runs/")[2].partition("/")[0])
        return ElicitResult(action="decline")

    async with connected(server, token_of(ann), ERAS[0], **asking(decline)) as client:
        await client.call_tool("delete_task", {"task_id": task["id"]})
    await aside(wait_until, lambda: ann.get(f"/v1/runs/{queued[0]}")["status"] == "completed")


async def test_a_state_that_was_not_given_for_this_call_is_refused(
    server: Server, ann: Person, bob: Person
) -> None:
    task = bob.post("/v1/tasks", title="Buy milk")
    waits = await called(server, token_of(bob), ERAS[0], "delete_task", task_id=task["id"])
    for person in (ann, bob):
        async with connected(server, token_of(person), ERAS[0]) as client:
            for name, state in (("complete_task", waits.structured_content["run_id"]), ("delete_task", "x")):
                with pytest.raises(MCPError, match="The request state is not one"):
                    await client.session.call_tool(name, {"task_id": task["id"]}, request_state=state)
    async with connected(server, token_of(ann), ERAS[0]) as client:
        state = waits.structured_content["run_id"]
        with pytest.raises(MCPError, match="The request state is not one"):
            await client.session.call_tool("delete_task", {"task_id": task["id"]}, request_state=state)


@pytest.mark.parametrize(("policy", "waiting"), [("always", True), ("destructive", False), ("never", False)])
async def test_the_persons_own_rule_says_what_waits(
    server: Server, ann: Person, era: str, policy: str, waiting: bool
) -> None:
    ann.patch("/v1/me", approval=policy)
    answer = await called(server, token_of(ann), era, "add_task", title="Buy milk")
    assert (answer.structured_content.get("status") == "awaiting_approval") is waiting


@pytest.mark.also_on_mariadb
async def test_only_so_many_calls_wait(own_database_url: str, era: str) -> None:
    with serving(settings_for(own_database_url, runs_per_user=2)) as server:
        person = await aside(server.person)
        token = await aside(lambda: token_of(person))
        ids = [(await aside(lambda: person.post("/v1/tasks", title="x")))["id"] for _ in range(3)]
        answers = [await called(server, token, era, "delete_task", task_id=task_id) for task_id in ids]
    assert [answer.is_error for answer in answers] == [False, False, True]
    assert "waiting already" in words(answers[2])
