# test_approvals.py -- calls that need approval.


from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitResult

import access
from access import SYSTEM
from db import Transaction
from models import Approval, RunEvent
from support.clients.mcp_client import ERAS, KEY, aside, called, connected, on_record, token_of, words
from support.servers import (
    Person,
    Server,
    in_database,
    serving,
    settings_for,
    wait_for_end,
    wait_until,
)

# Over MCP the same rows are asked for as in a chat; the protocol is the same on each engine.
pytestmark = [pytest.mark.anyio, pytest.mark.engines("sqlite")]


def decide(person: Person, run_id: str, approve: bool) -> None:
    person.post(f"/v1/runs/{run_id}/approvals/{run_id}:1", approve=approve)
    wait_until(lambda: person.get(f"/v1/runs/{run_id}")["status"] == "completed")


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.busy
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
        assert told["tool_call_id"] == f"{told['run_id']}:1"
        where = f"{server.base_url}/#approve/{told['run_id']}/{told['tool_call_id']}"
        assert told["approve_at"] == where
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


def asking(answer: Callable[[Any], Awaitable[ElicitResult]]) -> dict[str, Any]:
    async def callback(_: Any, params: Any) -> ElicitResult:
        return await answer(params)

    return {"elicitation_callback": callback}


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.busy
async def test_a_client_of_the_current_protocol_gets_the_question(
    server: Server, ann: Person, approve: bool
) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    questions: list[Any] = []

    async def answer(question: Any) -> ElicitResult:
        questions.append(question)
        run_id = question.url.partition("/#approve/")[2].partition("/")[0]
        await aside(decide, ann, run_id, approve)
        return ElicitResult(action="accept")

    async with connected(server, token_of(ann), ERAS[0], **asking(answer)) as client:
        done = await client.call_tool("delete_task", {"task_id": task["id"]})
    [question] = questions
    assert (question.mode, question.message) == (
        "url",
        "Delete task “Buy milk”? Parley asks you on its own page, where you are signed in.",
    )
    assert done.is_error is not approve
    assert len(ann.get("/v1/tasks")["data"]) == (0 if approve else 1)


@pytest.mark.busy
async def test_a_client_that_has_opened_the_page_waits_for_the_person(server: Server, ann: Person) -> None:
    """Accepting says that the page is open, and no more."""
    task = ann.post("/v1/tasks", title="Buy milk")

    async def open_page(_: Any) -> ElicitResult:
        return ElicitResult(action="accept")

    async with (
        anyio.create_task_group() as tasks,
        connected(server, token_of(ann), ERAS[0], **asking(open_page)) as client,
    ):

        async def approve() -> None:
            await aside(wait_until, lambda: server.state.open_streams.count_readers()["other"] > 0)
            [record] = [c for c in ann.get("/v1/conversations")["data"] if c["title"] == "Claude"]
            [run] = ann.get(f"/v1/conversations/{record['id']}/runs")["data"]
            await aside(decide, ann, run["id"], True)

        tasks.start_soon(approve)
        done = await client.call_tool("delete_task", {"task_id": task["id"]})
    assert not done.is_error
    assert ann.get("/v1/tasks")["data"] == []


def test_a_client_that_has_forms_alone_is_asked_by_one(server: Server, ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    capabilities = {"elicitation": {"form": {}}}
    sent = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "delete_task",
            "arguments": {"task_id": task["id"]},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": ERAS[0],
                "io.modelcontextprotocol/clientInfo": {"name": "a test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": capabilities,
            },
        },
    }
    headers = {"MCP-Protocol-Version": ERAS[0], "Mcp-Method": "tools/call", "Mcp-Name": "delete_task"}
    http = server.client(Authorization=f"Bearer {token_of(ann)}", **headers)
    asked = http.post("/mcp", json=sent).json()["result"]["inputRequests"]["approval"]["params"]
    assert asked["mode"] == "form"
    assert f"{server.base_url}/#approve/" in asked["message"]


@pytest.mark.busy
async def test_what_is_said_in_the_client_approves_nothing(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.mcp.server.DECISION_SECONDS", 0.1)
    task = ann.post("/v1/tasks", title="Buy milk")

    async def agree(_: str) -> ElicitResult:
        return ElicitResult(action="accept", content={})

    async with connected(server, token_of(ann), ERAS[0], **asking(agree)) as client:
        waits = await client.call_tool("delete_task", {"task_id": task["id"]})
    assert waits.structured_content["status"] == "awaiting_approval"
    program = server.client(Authorization=f"Bearer {token_of(ann)}")
    told = waits.structured_content
    where = f"/v1/runs/{told['run_id']}/approvals/{told['tool_call_id']}"
    assert program.post(where, json={"approve": True}).status_code == 403
    assert ann.get("/v1/tasks")["data"] == [task]


@pytest.mark.busy
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


@pytest.mark.busy
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
@pytest.mark.busy
async def test_only_so_many_calls_wait(own_database_url: str, era: str) -> None:
    with serving(settings_for(own_database_url, runs_per_user=2)) as server:
        person = await aside(server.person)
        token = await aside(lambda: token_of(person))
        ids = [(await aside(lambda: person.post("/v1/tasks", title="x")))["id"] for _ in range(3)]
        answers = [await called(server, token, era, "delete_task", task_id=task_id) for task_id in ids]
    assert [answer.is_error for answer in answers] == [False, False, True]
    assert "waiting already" in words(answers[2])


@pytest.mark.busy
async def test_a_message_behind_a_declined_call_is_answered_at_once(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find_nothing() -> None:
        pass

    monkeypatch.setattr(server.state.worker, "poll", find_nothing)  # no poll comes to its help
    task = ann.post("/v1/tasks", title="Buy milk")
    queued: list[str] = []

    def send_message(run_id: str) -> None:
        conversation_id = ann.get(f"/v1/runs/{run_id}")["conversation_id"]
        body = {"message": "hello", "conversation_id": conversation_id}
        with ann.http.stream("POST", "/v1/chat", json=body, headers={"Accept": "text/event-stream"}) as sent:
            queued.append(sent.headers["X-Run-ID"])
        assert ann.get(f"/v1/runs/{queued[0]}")["status"] == "queued"

    async def decline(question: Any) -> ElicitResult:
        await aside(send_message, question.url.partition("/#approve/")[2].partition("/")[0])
        return ElicitResult(action="decline")

    async with connected(server, token_of(ann), ERAS[0], **asking(decline)) as client:
        await client.call_tool("delete_task", {"task_id": task["id"]})
    await aside(wait_until, lambda: ann.get(f"/v1/runs/{queued[0]}")["status"] == "completed")


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
async def test_a_call_that_waits_since_an_older_version_keeps_its_id_and_is_made_after_the_yes(
    server: Server, ann: Person
) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    token = token_of(ann)

    async def age(tx: Transaction) -> None:
        """Runs of programs had one id for all their calls."""
        for line in (await tx.execute(access.select(SYSTEM, RunEvent))).scalars():
            if "id" in line.data:
                line.data = {**line.data, "id": "call"}
        for approval in (await tx.execute(access.select(SYSTEM, Approval))).scalars():
            approval.tool_call_id = "call"

    async with connected(server, token, ERAS[1]) as client:

        async def delete() -> CallToolResult:
            return await client.call_tool("delete_task", {"task_id": task["id"]}, meta={KEY: "once"})  # type: ignore[typeddict-unknown-key]

        run_id = (await delete()).structured_content["run_id"]
        await aside(in_database, server, age)
        waits = (await delete()).structured_content
        assert waits["tool_call_id"] == "call"
        await aside(lambda: ann.post(f"/v1/runs/{run_id}/approvals/call", approve=True))
        await aside(wait_for_end, ann, run_id)
        assert (await delete()).structured_content["title"] == "Buy milk"
    [_, answer] = on_record(ann)
    assert [kept["id"] for kept in answer["tool_calls"]] == ["call"]
