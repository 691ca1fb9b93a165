# test_mcp_programs.py -- programs that act in a person's name over MCP: which words are theirs, what they may.
from typing import Any
from uuid import UUID

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy import delete, func, select
from sqlmodel import col

import protocols.mcp.server
from db import Transaction
from logs import configure_logs
from models import ApiToken, RateLimit
from models.agent import BUILT_IN_ID
from support.api.user_streams import find_end, opened
from support.clients.mcp_client import on_record
from support.clock import pass_time
from support.servers import Person, Server, in_database, ok, read_events, serving, settings_for, wait_until
from tools.approval_rules import MAX_UNAPPROVED_CHANGES

# Who is named as the author is the same on each engine; what is counted is SQL, tried on both.
pytestmark = pytest.mark.engines("sqlite")

WAITS = "awaiting_approval"


def make_token(person: Person, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = person.post(
        "/v1/me/tokens", **{"name": "Claude", "scopes": ["read", "write"], **fields}
    )
    return made


def call(server: Server, token: str, name: str, **arguments: Any) -> dict[str, Any]:
    """What comes of a call, as an MCP client gets it."""
    params = {"name": name, "arguments": arguments}
    answer = server.clients[0].post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
        headers={"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"},
    )
    result: dict[str, Any] = ok(answer)["result"]
    return result


def waits(result: dict[str, Any]) -> bool:
    return bool(result["structuredContent"].get("status") == WAITS)


def add(server: Server, token: str, count: int) -> list[dict[str, Any]]:
    return [call(server, token, "add_task", title=f"Task {number}") for number in range(count)]


# Who speaks


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("name", ["list_tasks", "add_task", "delete_task"])
def test_a_message_over_mcp_is_the_programs(server: Server, ann: Person, name: str) -> None:
    ann.patch("/v1/me", display_name="Ann")
    after = find_end(ann)
    task = ann.post("/v1/tasks", title="Spam")
    arguments = {"add_task": {"title": "x"}, "delete_task": {"task_id": task["id"]}}.get(name, {})
    token = make_token(ann, name="Claude on my laptop")
    for _ in range(2):  # the first makes the conversation, the second finds it
        call(server, token["token"], name, **arguments)
    program = {"type": "program", "id": token["id"], "name": "Claude on my laptop"}
    said = [message for message in on_record(ann, program["name"]) if message["role"] == "user"]
    assert len(said) == (1 if name == "delete_task" else 2)  # what waits is asked for once
    assert [message["sender"] for message in said] == [program] * len(said)
    told = []
    with opened(ann, after) as stream:
        for event in stream:
            if event.type == "message.created" and event.data["message"]["role"] == "user":
                told.append(event.data["message"])
            if len(told) == len(said):
                break
    assert told == said
    with ann.http.stream("GET", f"/v1/runs/{said[0]['run_id']}/events") as stream:
        started = next(read_events(stream)).data
    assert started["program"] == {"id": token["id"], "name": "Claude on my laptop"}


def test_its_name_stays_when_the_token_is_gone(server: Server, ann: Person) -> None:
    token = make_token(ann)
    call(server, token["token"], "list_tasks")
    before = on_record(ann)
    ann.delete(f"/v1/me/tokens/{token['id']}")

    async def forget(tx: Transaction) -> None:
        await tx.execute(delete(ApiToken).where(col(ApiToken.id) == UUID(token["id"])))

    in_database(server, forget)
    assert on_record(ann) == before
    assert before[0]["sender"] == {"type": "program", "id": token["id"], "name": "Claude"}


def test_a_program_with_the_token_of_a_sign_in_is_a_program_too(server: Server, ann: Person) -> None:
    call(server, ann.tokens["access_token"], "list_tasks")
    [asked, answer] = on_record(ann, "MCP")
    assert asked["sender"] == {"type": "program", "id": None, "name": "MCP"}
    assert answer["sender"] == {"type": "agent", "id": str(BUILT_IN_ID), "name": "Parley"}


def test_what_the_person_says_is_still_the_persons(server: Server, ann: Person) -> None:
    ann.patch("/v1/me", display_name="Ann")
    said = ann.chat("hello")
    assert said["user_message"]["sender"] == {"type": "user", "id": str(ann.id), "name": "Ann"}
    assert said["message"]["sender"]["type"] == "agent"


def test_a_line_of_the_log_says_which_token_it_is_about(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(protocols.mcp.server.DirectCalls, "call", broken)
    token = make_token(ann)
    configure_logs("error")
    client = server.client(
        Authorization=f"Bearer {token['token']}", Accept="application/json, text/event-stream"
    )
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "list_tasks", "arguments": {}},
    }
    assert ok(client.post("/mcp", json=body))["error"]["message"] == protocols.mcp.server.INTERNAL_ERROR
    line = next(line for line in capsys.readouterr().err.splitlines() if "mcp request failed" in line)
    assert f"token={token['id']}" in line
    assert f"user={ann.id}" in line


# How much goes unasked


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_program_makes_ten_changes_in_an_hour_and_asks_for_the_eleventh(
    server: Server, ann: Person
) -> None:
    token = make_token(ann)["token"]
    assert not any(map(waits, add(server, token, MAX_UNAPPROVED_CHANGES)))
    assert all(map(waits, add(server, token, 2)))
    assert len(ann.get("/v1/tasks")["data"]) == MAX_UNAPPROVED_CHANGES
    assert not call(server, token, "list_tasks").get("isError")
    other = make_token(ann, name="Cursor")["token"]
    assert not waits(call(server, other, "add_task", title="Of another program"))


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_overwriting_what_is_there_is_counted_and_asked_for_as_well(server: Server, ann: Person) -> None:
    tasks = [
        ann.post("/v1/tasks", title=f"Task {n}", description="Dear")
        for n in range(MAX_UNAPPROVED_CHANGES + 1)
    ]
    token = make_token(ann)["token"]
    results = [
        call(server, token, "update_task", task_id=task["id"], title="Gone", description=None)
        for task in tasks
    ]
    assert [waits(result) for result in results] == [False] * MAX_UNAPPROVED_CHANGES + [True]
    last = results[-1]["structuredContent"]["run_id"]
    [question] = ann.get(f"/v1/runs/{last}")["pending_approvals"]
    assert question["shown"] == {"task": tasks[-1]}
    ok(
        ann.http.post(
            f"/v1/runs/{last}/approvals/{last}:1", json={"approve": True, "digest": question["digest"]}
        )
    )
    wait_until(lambda: ann.get(f"/v1/runs/{last}")["status"] == "completed")
    assert ann.get(f"/v1/tasks/{tasks[-1]['id']}")["title"] == "Gone"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_what_was_overwritten_before_the_yes_is_not_deleted_by_it(server: Server, ann: Person) -> None:
    """The program asks to delete spam, and makes tax papers of it while its person looks at the question."""
    token = make_token(ann)["token"]
    added = call(server, token, "add_task", title="Spam")["structuredContent"]
    waiting = call(server, token, "delete_task", task_id=added["id"])
    assert "Delete task “Spam”" in waiting["content"][0]["text"]
    run_id = waiting["structuredContent"]["run_id"]
    call(server, token, "update_task", task_id=added["id"], title="Tax papers")
    ann.post(f"/v1/runs/{run_id}/approvals/{run_id}:1", approve=True)
    again = wait_until(lambda: question_of(ann, run_id))
    assert again["shown"]["task"]["title"] == "Tax papers"
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Tax papers"]
    repeated = call(server, token, "delete_task", task_id=added["id"])
    assert "Delete task “Tax papers”" in repeated["content"][0]["text"]
    assert repeated["structuredContent"]["run_id"] == run_id


def question_of(person: Person, run_id: str) -> dict[str, Any] | None:
    """The one that waits, once it is not the first any more."""
    for found in person.get(f"/v1/runs/{run_id}")["pending_approvals"]:
        if found["shown"]["task"]["title"] != "Spam":
            question: dict[str, Any] = found
            return question
    return None


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_workers_count_together_and_a_new_hour_begins_anew(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(settings_for(own_database_url)) as one, serving(settings_for(own_database_url)) as other:
        person, _ = one.person(), other.client()
        token = make_token(person)["token"]
        results = [add(server, token, 1)[0] for server in [one, other] * 6]
        assert [waits(result) for result in results] == [False] * 10 + [True] * 2

        async def rows(tx: Transaction) -> int:
            return int((await tx.execute(select(func.count()).select_from(RateLimit))).scalar_one())

        assert in_database(one, rows) == 1
        pass_time(monkeypatch, minutes=61)
        assert not waits(call(other, token, "add_task", title="In the next hour"))


@pytest.mark.busy
def test_programs_with_the_tokens_of_sign_ins_are_counted_together(server: Server, ann: Person) -> None:
    add(server, ann.tokens["access_token"], MAX_UNAPPROVED_CHANGES)
    again = server.sign_in(ann.email)
    assert waits(call(server, again.tokens["access_token"], "add_task", title="x"))


@pytest.mark.parametrize(("policy", "asks"), [("always", True), ("never", False)])
@pytest.mark.busy
def test_the_persons_own_rule_goes_before_the_count(
    server: Server, ann: Person, policy: str, asks: bool
) -> None:
    ann.patch("/v1/me", approval=policy)
    token = make_token(ann)["token"]
    results = [call(server, token, "add_task", title=str(n)) for n in range(9)]
    results += [] if asks else add(server, token, 3)
    assert [waits(result) for result in results] == [asks] * len(results)


@pytest.mark.busy
def test_a_call_that_cannot_be_made_is_not_counted(server: Server, ann: Person) -> None:
    token = make_token(ann)["token"]
    for _ in range(MAX_UNAPPROVED_CHANGES + 1):
        assert call(server, token, "add_task", title="")["isError"]
    assert not waits(call(server, token, "add_task", title="x"))


# How many calls


@pytest.mark.parametrize("scopes", [["read"], ["read", "write"]])
@pytest.mark.busy
def test_calls_past_the_limit_leave_nothing_and_say_when_to_come_back(
    own_database_url: str, scopes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocols.mcp.server, "CALLS_PER_PROGRAM", RateLimitItemPerMinute(3))
    with serving(settings_for(own_database_url, rate_limits="on")) as running:
        person = running.person()
        token = make_token(person, scopes=scopes)["token"]
        results = [call(running, token, "list_tasks") for _ in range(5)]
        assert [bool(result.get("isError")) for result in results] == [False] * 3 + [True] * 2
        assert 0 < results[-1]["_meta"][protocols.mcp.server.RETRY_AFTER_META] <= 60
        assert "Try again in" in results[-1]["content"][0]["text"]
        assert len(on_record(person)) == 6
        other = make_token(person, name="Cursor", scopes=scopes)["token"]
        assert not call(running, other, "list_tasks").get("isError")
