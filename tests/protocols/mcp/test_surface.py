# test_surface.py -- tools, resources and prompts as a client sees them, and their errors.
import dataclasses
from typing import Any
from uuid import uuid4

import pytest
from mcp.shared.exceptions import MCPError

from protocols.mcp.conversation_tools import CONVERSATION_TOOLS
from support.api.accounts import make_people, make_team
from support.api.asking import add_hosted, open_group_with, wait_for_status
from support.api.groups import say
from support.clients.mcp_client import aside, called, connected, on_record, token_of, words
from support.llm.scripted_model import ScriptedModel
from support.servers import (
    Person,
    Server,
)
from tools import registry
from tools.registry import TOOLS

# Names, shapes and words of the protocol are the same on each engine.
pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite")]


async def test_every_tool_is_listed_with_its_shapes_and_hints(server: Server, ann: Person, era: str) -> None:
    async with connected(server, token_of(ann), era) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert listed.keys() == TOOLS.keys() | CONVERSATION_TOOLS.keys()
    for name, tool in listed.items():
        known, hints = TOOLS.get(name) or CONVERSATION_TOOLS[name], tool.annotations
        assert (tool.title, tool.description) == (known.title, known.description)
        assert hints is not None
        assert hints.read_only_hint == (known.effect == "read")
        assert hints.destructive_hint == (known.effect == "destructive")
        assert hints.idempotent_hint == known.idempotent
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"


@pytest.mark.busy
async def test_models_are_shown_the_same_schemas(
    scripted: Server, carl: Person, model: ScriptedModel, era: str
) -> None:
    model.answers = [["Hello."]]
    await aside(carl.chat, "hello")
    shown = {spec.name: (spec.description, spec.parameters) for spec in model.requests[0].tools}
    async with connected(scripted, token_of(carl), era) as client:
        listed = (await client.list_tools()).tools
    alike = [tool for tool in listed if tool.name not in CONVERSATION_TOOLS]
    assert {tool.name: (tool.description, tool.input_schema) for tool in alike} == shown


@pytest.mark.also_on_mariadb
@pytest.mark.busy
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


@pytest.mark.busy
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


@pytest.mark.busy
async def test_conversations_of_people_are_resources_and_show_others_no_tool_calls(
    server: Server, era: str
) -> None:
    team = make_team(make_people(server, "owner", "member"))
    owner, member = team.people["owner"], team.people["member"]
    owner.post("/v1/tasks", title="A surprise")
    group_id = open_group_with(team, add_hosted(team), people=("member",), maker="owner")
    say(owner, group_id, "@Clerk what is open?")
    wait_for_status(owner, group_id, "completed")
    for person, is_whole in ((owner, True), (member, False)):
        token = await aside(token_of, person)
        async with connected(server, token, era) as client:
            uris = [resource.uri for resource in (await client.list_resources()).resources]
            assert uris == ["parley://tasks", f"parley://conversations/{group_id}"]
            said = (await client.read_resource(uris[1])).contents[0].text  # type: ignore[union-attr]
        assert '"name":"list_tasks"' in said.replace('": "', '":"')
        assert ("arguments" in said) == is_whole


@pytest.mark.busy
async def test_a_token_reads_the_resources_of_its_scopes_alone(server: Server, ann: Person, era: str) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    conversation = f"parley://conversations/{ann.chat('hello')['conversation_id']}"
    async with connected(server, token_of(ann, scopes=["tasks:read"]), era) as client:
        assert [resource.uri for resource in (await client.list_resources()).resources] == ["parley://tasks"]
        assert "Buy milk" in (await client.read_resource("parley://tasks")).contents[0].text  # type: ignore[union-attr]
        with pytest.raises(MCPError, match="scope"):
            await client.read_resource(conversation)
    async with connected(server, token_of(ann, scopes=["tasks:write", "chat"]), era) as client:
        assert [resource.uri for resource in (await client.list_resources()).resources] == [conversation]
        await client.read_resource(conversation)
        with pytest.raises(MCPError, match="scope"):
            await client.read_resource("parley://tasks")


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
    monkeypatch.setattr("protocols.mcp.resources.kinds.list_conversations", broken)
    async with connected(server, token, era) as client:
        with pytest.raises(MCPError, match=r"^Something went wrong on our side\.$"):
            await client.list_resources()


@pytest.mark.also_on_mariadb
@pytest.mark.busy
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
