# test_records.py -- calls over MCP are on record, and take effect once.

import functools
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp_types import CallToolResult
from sqlalchemy import select
from sqlmodel import col

from db import Transaction
from models import Run
from models.recorded_call import MAX_ARGUMENT_LEVELS
from support.api.user_streams import find_end, opened
from support.clients.mcp_client import KEY, aside, called, connected, on_record, token_of, words
from support.servers import (
    Event,
    Person,
    Server,
    in_database,
    serving,
    settings_for,
)

# Calls are recorded by the same statements as those of a chat.
pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite")]

# More than twice as many as a worker has connections to the database.
CALLERS = 24


@pytest.mark.also_on_mariadb
@pytest.mark.busy
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


@pytest.mark.also_on_mariadb
async def test_arguments_of_as_many_levels_as_every_engine_stores_are_on_record(
    server: Server, ann: Person, era: str
) -> None:
    nested: Any = "leaf"
    for _ in range(MAX_ARGUMENT_LEVELS - 1):
        nested = [nested]
    async with connected(server, token_of(ann), era) as client:
        for name in ("list_tasks", "add_task"):
            wrong = await client.call_tool(name, {"more": nested})
            assert words(wrong).startswith(f"Wrong arguments for {name}: ")
            refused = await client.call_tool(name, {"more": [nested]})
            assert words(refused) == "The arguments hold more than 27 levels."
    calls = [message["tool_calls"][0] for message in on_record(ann)[1::2]]
    assert [call["arguments"] for call in calls] == [{"more": nested}] * 2


@pytest.mark.busy
async def test_open_pages_are_told_of_calls_what_rest_shows_of_them(
    server: Server, ann: Person, era: str
) -> None:
    token = token_of(ann)
    await aside(functools.partial(ann.patch, "/v1/me", display_name="Ann"))
    after = await aside(find_end, ann)
    await called(server, token, era, "list_tasks", limit=5)  # makes the conversation

    def seen() -> list[Event]:
        with opened(ann, after) as stream:
            told = []
            for event in stream:
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


@pytest.mark.busy
async def test_a_call_brings_its_conversation_to_the_top(server: Server, ann: Person, era: str) -> None:
    def titles() -> list[str]:
        return [conversation["title"] for conversation in ann.get("/v1/conversations")["data"]]

    token = token_of(ann)
    for name in ("list_tasks", "add_task", "list_tasks"):
        await called(server, token, era, name, **({"title": "Buy milk"} if name == "add_task" else {}))
        assert (await aside(titles))[0] == "Claude"
        await aside(ann.chat, "hello")
        assert (await aside(titles))[0] == "hello"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
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


@pytest.mark.busy
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
@pytest.mark.slow
async def test_many_callers_at_once_are_all_answered_and_all_on_record(
    server: Server, ann: Person, bob: Person, era: str
) -> None:
    people = {person.email: (person, token_of(person)) for person in (ann, bob)}
    for person in (ann, bob):
        person.patch("/v1/me", approval="never")  # they make more changes than go unasked

    async def one(client: Client, number: int) -> None:
        if number % 2:
            answer = await client.call_tool("list_tasks", {})
        else:
            answer = await client.call_tool("add_task", {"title": f"Task {number}"})
        assert not answer.is_error

    # Two clients each; a call is a request of its own, and they are all sent at once.
    tokens = [token for _, token in people.values()] * 2
    async with AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(connected(server, token, era)) for token in tokens]
        async with anyio.create_task_group() as group:
            for number in range(CALLERS):
                group.start_soon(one, clients[number // 2 % 4], number)
    for person, _ in people.values():
        calls = [m["tool_calls"][0]["name"] for m in on_record(person)[1::2]]
        assert len(person.get("/v1/tasks")["data"]) == calls.count("add_task")
    assert sum(len(on_record(person)) for person, _ in people.values()) == 2 * CALLERS


@pytest.mark.busy
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
@pytest.mark.busy
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
