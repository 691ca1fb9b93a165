# test_conversations.py -- tools on conversations: ask the agent, read, search, complete an id.
import json
from typing import Any
from uuid import uuid4

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference

from support.clients.mcp_client import KEY, aside, called, connected, on_record, token_of, words
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server

pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite")]


@pytest.mark.also_on_mariadb
@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
async def test_the_agent_is_asked_and_answers(server: Server, ann: Person, era: str) -> None:
    token = token_of(ann)
    first = (await called(server, token, era, "ask_agent", message="add buy milk")).structured_content
    assert first["status"] == "completed"
    assert "Buy milk" in first["answer"]
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Buy milk"]
    again = await called(
        server, token, era, "ask_agent", message="hello", conversation_id=first["conversation_id"]
    )
    assert again.structured_content["conversation_id"] == first["conversation_id"]


async def test_what_the_agent_waits_for_has_an_address(
    scripted: Server, carl: Person, model: ScriptedModel, era: str
) -> None:
    task = await aside(lambda: carl.post("/v1/tasks", title="Old"))
    model.answers = [[call("delete_task", {"task_id": task["id"]}, "one")], ["Done."]]
    answer = (
        await called(scripted, token_of(carl), era, "ask_agent", message="delete it")
    ).structured_content
    assert (answer["status"], answer["answer"]) == ("awaiting_approval", None)
    assert answer["approve_at"] == [f"{scripted.base_url}/#approve/{answer['run_id']}/{answer['run_id']}:1"]


async def test_a_question_with_a_key_is_asked_once(server: Server, ann: Person, era: str) -> None:
    async with connected(server, token_of(ann), era) as client:
        asked = {"message": "add buy milk"}
        answers = [await client.call_tool("ask_agent", asked, meta={KEY: "one"}) for _ in range(2)]
    assert answers[0].structured_content == answers[1].structured_content
    assert len(ann.get("/v1/tasks")["data"]) == 1


@pytest.mark.also_on_mariadb
@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
async def test_conversations_are_listed_read_and_searched(
    server: Server, ann: Person, bob: Person, era: str
) -> None:
    chat, theirs = ann.chat("remember the purple elephant"), bob.chat("my purple secret")
    one = chat["conversation_id"]
    async with connected(server, token_of(ann), era) as client:
        listed = (await client.call_tool("list_conversations", {})).structured_content
        assert [found["id"] for found in listed["conversations"]] == [one]
        read = (
            await client.call_tool("read_conversation", {"conversation_id": one, "limit": 1})
        ).structured_content
        assert [message["role"] for message in read["messages"]] == ["agent"]
        before = {"conversation_id": one, "limit": 1, "cursor": read["next_cursor"]}
        read = (await client.call_tool("read_conversation", before)).structured_content
        assert read["messages"][0]["content"] == "remember the purple elephant"
        found = (await client.call_tool("search_everything", {"q": "purple"})).structured_content
        hits = [hit for hit in found["data"] if hit["kind"] == "message"]
        assert {hit["conversation_id"] for hit in hits} == {one}
        for other in (theirs["conversation_id"], str(uuid4())):
            for name in ("read_conversation", "ask_agent"):
                asked = {"conversation_id": other, **({"message": "hello"} if name == "ask_agent" else {})}
                refused = await client.call_tool(name, asked)
                assert refused.is_error
                assert words(refused) == "There is no such conversation."
    # That it was read is on record, and not once more what it says.
    assert "elephant" not in json.dumps([message["tool_calls"] for message in on_record(ann)])
    assert "read_conversation" in json.dumps(on_record(ann))


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("ask_agent", {"message": ""}, "Wrong arguments for ask_agent: message"),
        ("ask_agent", {"message": "x", "more": 1}, "Wrong arguments for ask_agent: more"),
        ("read_conversation", {"conversation_id": "x\0"}, "Wrong arguments for read_conversation"),
        ("list_conversations", {"limit": 51}, "Wrong arguments for list_conversations: limit"),
        ("list_conversations", {"cursor": "nonsense"}, "The list gave no such"),
        ("search_everything", {"q": ""}, "Wrong arguments for search_everything: q"),
    ],
)
async def test_a_wrong_call_gives_an_error_that_a_model_can_act_on(
    server: Server, ann: Person, era: str, name: str, arguments: dict[str, Any], said: str
) -> None:
    answer = await called(server, token_of(ann), era, name, **arguments)
    assert answer.is_error
    assert words(answer).startswith(said) or said.startswith("The list")


async def test_a_token_that_may_only_read_asks_nobody(server: Server, ann: Person, era: str) -> None:
    answer = await called(server, token_of(ann, scopes=["read"]), era, "ask_agent", message="add buy milk")
    assert words(answer) == "ask_agent needs the scope chat, which this API token lacks."
    assert ann.get("/v1/tasks")["data"] == []


async def test_tasks_are_listed_to_the_last_one(server: Server, ann: Person, era: str) -> None:
    titles = [f"Task {number}" for number in range(7)]
    for title in titles:
        ann.post("/v1/tasks", title=title)
    seen: list[str] = []
    async with connected(server, token_of(ann), era) as client:
        cursor: dict[str, str] = {}
        for _ in range(3):
            page = (await client.call_tool("list_tasks", {"limit": 3, **cursor})).structured_content
            seen += [task["title"] for task in page["tasks"]]
            cursor = {"cursor": page.get("next_cursor", "")}
    assert seen == titles[::-1]
    assert cursor == {"cursor": ""}


async def test_an_id_is_completed_by_its_beginning_or_a_title(
    server: Server, ann: Person, bob: Person, era: str
) -> None:
    mine, theirs = (person.post("/v1/conversations", title="Shopping")["id"] for person in (ann, bob))
    ref = ResourceTemplateReference(uri="parley://conversations/{id}")
    async with connected(server, token_of(ann), era) as client:
        for typed, values in (
            (mine[:6], [mine]),
            ("shop", [mine]),
            ("nothing", []),
            ("", [mine]),
            ("\0", []),
        ):
            found = await client.complete(ref, {"name": "id", "value": typed})
            assert found.completion.values == values
        found = await client.complete(ref, {"name": "id", "value": theirs})
        assert found.completion.values == []
    async with connected(server, token_of(ann, scopes=["tasks:read"]), era) as client:
        assert (await client.complete(ref, {"name": "id", "value": ""})).completion.values == []


async def test_a_missing_resource_has_the_code_of_its_protocol(server: Server, ann: Person, era: str) -> None:
    uri = f"parley://conversations/{uuid4()}"
    async with connected(server, token_of(ann), era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(uri)
    assert refused.value.error.code == (-32002 if era == "legacy" else -32602)
    assert refused.value.error.data == {"uri": uri}
