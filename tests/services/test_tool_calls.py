# tests/services/test_tool_calls.py -- the audit trail: a person's tool calls in all conversations.
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, text
from sqlmodel import col

import access
from db import Database, Transaction
from llm.protocol import ModelError
from models import ToolCall
from models.recorded_call import MAX_ARGUMENT_LEVELS
from services.audit.tool_calls import build_page
from support.api.runs import begin, followed
from support.clients.mcp_client import called, token_of
from support.databases.query_plans import count_rows_read, explain
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, in_database, wait_until, with_database


def listed(person: Person, limit: int = 200, **filters: Any) -> Iterator[dict[str, Any]]:
    """All items, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = person.get("/v1/tool-calls", limit=limit, **filters, **cursor)
        assert set(page) == {"data", "next_cursor"}
        assert len(page["data"]) <= limit
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        assert len(page["data"]) == limit
        cursor = {"cursor": page["next_cursor"]}


def as_messages_show_them(person: Person) -> list[dict[str, Any]]:
    """The same, put together from every message."""
    calls = []
    for conversation in person.get("/v1/conversations")["data"]:
        for message in person.get(f"/v1/conversations/{conversation['id']}/messages")["data"]:
            for position, made in enumerate(message["tool_calls"] or []):
                place = {
                    "conversation_id": conversation["id"],
                    "message_id": message["id"],
                    "run_id": message["run_id"],
                    "created_at": message["created_at"],
                }
                calls.append((message["created_at"], message["id"], position, {**made, **place}))
    return [item for *_, item in sorted(calls, key=lambda found: found[:3], reverse=True)]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_calls_of_all_conversations_are_listed_newest_first_as_messages_show_them(ann: Person) -> None:
    ann.chat("add buy milk and call mom")
    ann.chat("what is on my list?")
    ann.chat("hello")
    ann.chat('add "quotes" \\ ü 😀')
    calls = list(listed(ann))
    assert calls == as_messages_show_them(ann)
    assert [made["name"] for made in calls] == ["add_task", "list_tasks", "add_task", "add_task"]
    for limit in (1, 2, 3, 4):
        assert list(listed(ann, limit)) == calls


def nest(levels: int) -> dict[str, Any]:
    """Arguments of so many levels."""
    nested: Any = "leaf"
    for _ in range(levels - 1):
        nested = [nested]
    return {"more": nested}


@pytest.mark.also_on_mariadb
def test_arguments_of_as_many_levels_as_every_engine_stores_are_on_record_and_deeper_ones_as_text(
    carl: Person, model: ScriptedModel
) -> None:
    deepest, deeper = nest(MAX_ARGUMENT_LEVELS), nest(MAX_ARGUMENT_LEVELS + 1)
    wrong = [call("add_task", arguments, f"call_{n}") for n, arguments in enumerate((deepest, deeper))]
    opaque = {"signature": nest(MAX_ARGUMENT_LEVELS - 1)}
    model.answers = [[*wrong, replace(wrong[0], opaque=opaque)], ["OK."]]
    answer = carl.chat("add something")
    assert answer["status"] == "completed"
    assert [made["arguments"] for made in answer["tool_calls"]] == [deepest, json.dumps(deeper), deepest]
    unknown, too_deep, _ = [made["error"] for made in answer["tool_calls"]]
    assert unknown.startswith("Wrong arguments for add_task: ")
    assert too_deep == "The arguments are not a JSON object of at most 27 levels."
    assert list(listed(carl)) == as_messages_show_them(carl)
    # The log of the run and the user stream show what the message shows.
    completed = [event for event in followed(carl, answer["run_id"]) if event.type == "message.completed"]
    created = [each for each in carl.get("/v1/changes", after=0)["data"] if each["type"] == "message.created"]
    for shown in (completed[-1].data["message"], created[-1]["message"]):
        assert shown["tool_calls"] == answer["tool_calls"]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_each_filter_and_all_of_them_together_select_what_they_say(
    carl: Person, model: ScriptedModel, engine_name: str
) -> None:
    """Every choice of them on one engine; on the others each alone, each two, and all."""
    add, wrong = call("add_task", {"title": "Buy milk"}), call("add_task", {})
    model.answers = [[add, wrong, call("list_tasks", {})], ["OK."], [add], ["OK."], [wrong, wrong], ["OK."]]
    first = carl.chat("one")
    carl.chat("two", conversation_id=first["conversation_id"])
    carl.chat("three")
    calls = as_messages_show_them(carl)
    assert len(calls) == 6
    middle = calls[2]["created_at"]
    filters: dict[str, tuple[Any, Callable[[dict[str, Any]], bool]]] = {
        "name": ("add_task", lambda made: made["name"] == "add_task"),
        "error": ("true", lambda made: made["error"] is not None),
        "conversation_id": (
            first["conversation_id"],
            lambda made: made["conversation_id"] == first["conversation_id"],
        ),
        "run_id": (first["run_id"], lambda made: made["run_id"] == first["run_id"]),
        "from": (middle, lambda made: made["created_at"] >= middle),
        "to": (middle, lambda made: made["created_at"] < middle),
    }
    for mask in range(2 ** len(filters)):
        if engine_name != "sqlite" and mask.bit_count() not in (0, 1, 2, len(filters)):
            continue
        chosen = {name: value for bit, (name, value) in enumerate(filters.items()) if mask >> bit & 1}
        expected = [made for made in calls if all(fits(made) for _, fits in chosen.values())]
        query = {name: value for name, (value, _) in chosen.items()}
        assert list(listed(carl, 2, **query)) == expected, query
    assert {made["error"] is None for made in listed(carl, error="false")} == {True}
    assert list(listed(carl, name="no_such_tool")) == []
    # Without the zone's colon encoded away: the same moment in another zone.
    assert list(listed(carl, **{"from": middle.replace("Z", "+00:00")})) == [
        made for made in calls if made["created_at"] >= middle
    ]


@pytest.mark.also_on_mariadb
def test_calls_of_failed_and_cancelled_runs_are_listed(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    never = threading.Event()
    model.answers = [
        [call("add_task", {"title": "Buy milk"})],
        [ModelError("The model is ill.", transient=False)],
        [call("add_task", {"title": "Buy eggs"})],  # an effect is stored before the model is asked again
        [never],
    ]
    failed = carl.chat("one")
    assert failed["status"] == "failed"
    cancelled = begin(carl, "two")
    wait_until(lambda: len(model.requests) == 4)
    assert list(listed(carl, run_id=cancelled)) == []  # the run has not ended
    carl.post(f"/v1/runs/{cancelled}/cancel")
    assert [(made["name"], made["run_id"]) for made in listed(carl)] == [
        ("add_task", cancelled),
        ("add_task", failed["run_id"]),
    ]


@pytest.mark.also_on_mariadb
@pytest.mark.anyio
@pytest.mark.busy
async def test_calls_over_mcp_are_listed(server: Server, ann: Person) -> None:
    token = token_of(ann)
    await called(server, token, "2026-07-28", "add_task", title="Buy milk")
    await called(server, token, "2026-07-28", "list_tasks", limit=5)
    calls = list(listed(ann))
    assert [made["name"] for made in calls] == ["list_tasks", "add_task"]
    assert calls == as_messages_show_them(ann)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_person_sees_no_call_of_another(ann: Person, bob: Person) -> None:
    theirs = ann.chat("add buy milk")
    bob.chat("add buy bread")
    assert [made["arguments"]["title"] for made in listed(bob)] == ["Buy bread"]
    cursor = ann.get("/v1/tool-calls", limit=1)
    assert cursor["next_cursor"] is None
    for query in ({"conversation_id": theirs["conversation_id"]}, {"run_id": theirs["run_id"]}):
        assert bob.http.get("/v1/tool-calls", params=query).status_code == 404


@pytest.mark.also_on_mariadb
def test_a_deleted_conversation_takes_its_calls_along(server: Server, ann: Person) -> None:
    gone = ann.chat("add buy milk")["conversation_id"]
    ann.chat("add buy bread")
    ann.delete(f"/v1/conversations/{gone}")
    assert [made["arguments"]["title"] for made in listed(ann)] == ["Buy bread"]

    async def count(tx: Transaction) -> int:
        rows = access.select(access.SYSTEM, ToolCall, func.count())
        found = await tx.execute(rows.where(col(ToolCall.conversation_id) == UUID(gone)))
        return int(found.scalar_one())

    assert in_database(server, count) == 0


@pytest.mark.also_on_mariadb
def test_whoever_inserts_a_message_by_hand_has_its_calls_listed(server: Server, ann: Person) -> None:
    """And what is no call is left out, whatever stands in the column."""
    conversation = ann.post("/v1/conversations")["id"]
    made = {"id": "a", "name": "x" * 150, "arguments": {"error": 1}, "result": None, "error": "No."}
    contents: list[Any] = [
        [made, 7, "text", {"name": None}, {"id": "b"}, [made]],
        {"name": "no list"},
        "text",
        [],
    ]
    for seq, content in enumerate(contents, 1):

        async def insert(tx: Transaction, seq: int = seq, content: Any = content) -> None:
            plain = tx.get_bind().dialect.name == "sqlite"
            ids = [
                value.replace("-", "") if plain else value
                for value in (str(uuid4()), conversation, str(ann.id))
            ]
            escaped = json.dumps(content).replace(":", "\\:")
            await tx.execute(
                text(
                    "INSERT INTO messages (id, conversation_id, user_id, role, content, seq, tool_calls) VALUES "
                    f"('{ids[0]}', '{ids[1]}', '{ids[2]}', 'agent', 'x', {seq}, '{escaped}')"
                )
            )

        in_database(server, insert)
    [found] = listed(ann)
    assert {name: found[name] for name in made} == made
    assert (found["conversation_id"], found["run_id"]) == (conversation, None)
    assert list(listed(ann, name="x" * 100, error="true")) == [found]


# 1,000 calls of two tools in 5,000 messages, one of a third, and five failures.
HISTORY = """
INSERT INTO messages (conversation_id, user_id, role, content, seq, created_at, tool_calls)
SELECT '{conversation}', '{person}', 'agent', '', n, now() - n * interval '1 minute', CASE WHEN n % 5 = 0 THEN
    jsonb_build_array(jsonb_build_object(
        'id', 'call', 'arguments', jsonb_build_object(), 'error', CASE WHEN n % 1000 = 0 THEN 'No.' END,
        'name', CASE WHEN n = 4000 THEN 'rare' WHEN n % 2 = 0 THEN 'add_task' ELSE 'list_tasks' END
    )) END
FROM generate_series(1, 5000) AS n
"""
FILTERS = ("name", "conversation_id", "since")
SUBSETS = [chosen for count in range(4) for chosen in combinations(FILTERS, count)]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_page_reads_the_rows_that_it_shows_and_no_others(server: Server, ann: Person) -> None:
    conversation = ann.post("/v1/conversations")["id"]
    values = {
        "caller_user_id": ann.id,
        "conversation_id": UUID(conversation),
        "since": datetime(2020, 1, 1, tzinfo=UTC),
        "page_limit": 21,
        "after_created_at": datetime.now(UTC) - timedelta(days=1),
        "after_message_id": uuid4(),
        "after_position": 0,
    }

    async def look(db: Database) -> None:
        await db._execute_sql(HISTORY.format(conversation=conversation, person=ann.id))
        await db._execute_sql("ANALYZE tool_calls")
        for filters, outcomes, after, tool in product(
            SUBSETS, [(False, True), (True,)], (False, True), ("rare", "add_task")
        ):
            built = build_page(filters, outcomes, after, "postgresql")
            plan = await explain(db, built, {**values, "name": tool})
            read = count_rows_read(plan, "tool_calls")
            assert read <= 21 * len(outcomes), (filters, outcomes, after, tool)

    with_database(server.settings.database_url.get_secret_value(), look)
    assert len(list(listed(ann, 50))) == 1000
    assert [made["name"] for made in listed(ann, 2, error="true", name="rare")] == ["rare"]
