# tests/services/undo/test_deleted_conversations.py -- conversations that are deleted and brought back, or are gone
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import col

import access
from access import SYSTEM
from db import Transaction
from models import KeptPart
from services.undo import kept_parts
from services.undo.kept_parts import delete_old_parts
from services.undo.undo_steps import RETENTION
from support.clock import pass_time
from support.servers import Person, Server, in_database, ok


def everything(person: Person, conversation_id: str) -> list[Any]:
    """All that a person sees of a conversation, and where it stands among the others."""
    path = f"/v1/conversations/{conversation_id}"
    runs = person.get(f"{path}/runs")["data"]
    return [
        person.get(path),
        [each["id"] for each in person.get("/v1/conversations")["data"]],
        person.get(f"{path}/messages"),
        [person.get(f"/v1/runs/{run['id']}") for run in runs],
        [read_log(person, run["id"]) for run in runs],
        person.get("/v1/tool-calls", conversation_id=conversation_id),
        person.get("/v1/search", q="milk"),
        person.get("/v1/me/usage"),
    ]


def read_log(person: Person, run_id: str) -> list[Any]:
    """The events of a run that has ended; what comes from memory may have its members in another order."""
    lines = person.http.get(f"/v1/runs/{run_id}/events").text.splitlines()
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


@pytest.mark.also_on_mariadb
def test_a_deleted_conversation_comes_back_with_all_that_was_in_it(ann: Person) -> None:
    said = ann.chat("add buy milk", client_id="one")
    conversation_id = said["conversation_id"]
    ann.chat("complete buy milk", conversation_id=conversation_id)
    ann.chat("delete buy milk", conversation_id=conversation_id)  # awaits approval
    ann.post("/v1/runs/" + ann.get(f"/v1/conversations/{conversation_id}/runs")["data"][0]["id"] + "/cancel")
    ann.chat("hello")
    before = everything(ann, conversation_id)
    path = f"/v1/conversations/{conversation_id}"
    ann.delete(path)
    assert ann.http.get(path).status_code == 404
    assert ann.http.post(f"{path}/messages", json={"content": "hello"}).status_code == 404
    assert {hit["kind"] for hit in ann.get("/v1/search", q="milk")["data"]} == {"task"}
    [step] = ann.post("/v1/undo")["steps"]
    assert (step["noun"], step["action"], step["row_id"]) == ("conversation", "created", conversation_id)
    assert everything(ann, conversation_id) == before
    answer = ann.chat("what is open?", conversation_id=conversation_id)
    assert answer["status"] == "completed"
    again = ann.get("/v1/undo")["data"][0]
    ann.post("/v1/undo", change_id=again["change_id"])
    assert ann.http.get(path).status_code == 404
    ann.post("/v1/undo")
    assert len(ann.get(f"{path}/messages")["data"]) == 8


@pytest.mark.also_on_mariadb
def test_a_new_title_of_a_conversation_is_undone(ann: Person) -> None:
    made = ann.post("/v1/conversations", title="One")
    path = f"/v1/conversations/{made['id']}"
    ann.patch(path, title="Two")
    ann.chat("hello", conversation_id=made["id"])  # what is said there stands in no way
    ann.post("/v1/undo")
    assert ann.get(path)["title"] == "One"
    ann.patch(path, title="Three")
    rename = ann.get("/v1/undo")["data"][2]["change_id"]
    answer = ann.http.post("/v1/undo", json={"change_id": rename})
    assert answer.status_code == 409


@pytest.mark.also_on_mariadb
def test_a_conversation_of_a_team_comes_back_while_its_agent_is_there(ann: Person) -> None:
    team = ann.post("/v1/accounts", name="Bakery")["id"]
    agent = ann.post(f"/v1/accounts/{team}/agents", name="Robot")["id"]
    chat = ann.post(f"/v1/chats/{team}/{agent}")["id"]
    path = f"/v1/chats/{team}/{agent}/{chat}"
    ann.post(f"{path}/messages", content="hello")
    ann.delete(path)
    ann.post("/v1/undo")
    assert len(ann.get(f"{path}/messages")["data"]) == 2
    ann.delete(path)
    ann.delete(f"/v1/accounts/{team}/agents/{agent}")
    answer = ann.http.post("/v1/undo")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "Its account or its agent is not there any more.",
    )


@pytest.mark.also_on_mariadb
def test_what_was_said_again_since_stands_in_the_way(ann: Person) -> None:
    said = ann.chat("hello", client_id="one")
    ann.delete(f"/v1/conversations/{said['conversation_id']}")
    again = ann.chat("hello", client_id="one")
    assert again["conversation_id"] != said["conversation_id"]
    answer = ann.http.post("/v1/undo")
    assert answer.status_code == 409
    assert "stored again" in answer.json()["detail"]
    assert [each["id"] for each in ann.get("/v1/conversations")["data"]] == [again["conversation_id"]]


def count_parts(person: Person) -> Callable[[Transaction], Awaitable[int]]:
    async def count(tx: Transaction) -> int:
        found = access.select(SYSTEM, KeptPart, func.count()).where(col(KeptPart.user_id) == person.id)
        number: int = (await tx.execute(found)).scalar_one()
        return number

    return count


@pytest.mark.also_on_mariadb
def test_after_thirty_days_nothing_of_it_is_left(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ann.chat("a secret")
    ann.delete(f"/v1/conversations/{said['conversation_id']}")

    async def clean(tx: Transaction) -> int:
        while await delete_old_parts(tx, SYSTEM):
            pass
        return await count_parts(ann)(tx)

    assert in_database(server, clean) == 3
    pass_time(monkeypatch, seconds=(RETENTION + timedelta(minutes=5)).total_seconds())
    assert in_database(server, clean) == 0


@pytest.mark.also_on_mariadb
def test_a_very_long_conversation_is_hidden_and_comes_back(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_parts, "MAX_ROWS", 5)
    said = ann.chat("add buy milk")
    ann.chat("hello", conversation_id=said["conversation_id"])
    ann.chat("delete buy milk")
    before = everything(ann, said["conversation_id"])
    path = f"/v1/conversations/{said['conversation_id']}"
    ann.delete(path)
    assert ann.http.get(path).status_code == 404
    further = {"message": "hello", "conversation_id": said["conversation_id"]}
    assert ann.http.post("/v1/chat", json=further).status_code == 404
    assert in_database(server, count_parts(ann)) == 0
    for _ in range(3):
        ann.post("/v1/undo")
    assert everything(ann, said["conversation_id"]) == before


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("with_token", [True, False])
def test_a_program_goes_on_in_another_conversation_of_records(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch, with_token: bool
) -> None:
    monkeypatch.setattr(kept_parts, "MAX_ROWS", 1)
    if with_token:
        token = ann.post("/v1/me/tokens", name="A program", scopes=["read", "write"])["token"]
    else:
        token = ann.tokens["access_token"]
    http = server.client(Authorization=f"Bearer {token}", Accept="application/json, text/event-stream")
    call = {"name": "list_tasks", "arguments": {}}
    for _ in range(3):
        for number in range(2):
            asked = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
            assert "structuredContent" in ok(http.post("/mcp", json=asked))["result"]
        [record] = ann.get("/v1/conversations")["data"]
        assert len(ann.get(f"/v1/conversations/{record['id']}/messages")["data"]) == 4
        ann.delete(f"/v1/conversations/{record['id']}")
    for step in ann.get("/v1/undo")["data"]:
        ann.post("/v1/undo", change_id=step["change_id"])
    assert len(ann.get("/v1/conversations")["data"]) == 3


@pytest.mark.also_on_mariadb
def test_a_long_conversation_is_kept_in_parts(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_parts, "PART", 2)
    said = ann.chat("add buy milk")
    for text in ("add call mom", "what is open?", "complete it"):
        ann.chat(text, conversation_id=said["conversation_id"])
    before = everything(ann, said["conversation_id"])
    ann.delete(f"/v1/conversations/{said['conversation_id']}")
    ann.post("/v1/undo")
    assert everything(ann, said["conversation_id"]) == before
