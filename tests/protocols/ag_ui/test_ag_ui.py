# test_ag_ui.py -- AG-UI: its own client, runs of the same name, what breaks, whose it is.
import json
import re
import threading
from typing import Any

import httpx
import pytest

from llm.protocol import AnswerEnd, ModelError
from support.api.doors import ENDED
from support.api.problems import problem_of
from support.clients.node import needs_node, run_node
from support.clients.openai_client import make_key
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, wait_until
from support.source import BACKEND

pytestmark = pytest.mark.engines("sqlite")
END = AnswerEnd(input_tokens=812, output_tokens=31)
DELETED, KEPT = (
    "Deleted “Buy milk”.",
    "I could not delete “Buy milk”: This was not approved; nothing was changed.",
)


@needs_node
@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_its_own_client_runs_an_agent_and_resolves_an_interrupt(
    server: Server, ann: Person, decision: str
) -> None:
    """AG-UI's HttpAgent"""
    found = run_node("ag_ui.mjs", server, ann.tokens["access_token"], decision)
    call = ["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT"]
    text = ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
    assert found["first"]["events"] == ["RUN_STARTED", *call, *text, "RUN_FINISHED"]
    [asked] = found["asked"]["interrupts"]
    assert found["asked"]["type"] == "interrupt"
    assert asked["message"] == "Allow delete_task?"
    assert found["last"] == {"type": "success"}
    roles = [message[0] for message in found["messages"]]
    assert roles == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
    ]
    assert found["messages"][-1][1] == (DELETED if decision == "approve" else KEPT)
    assert found["distinct"]
    assert "HTTP 401" in found["refused"]
    left = [task["title"] for task in ann.get("/v1/tasks")["data"]]
    assert left == ([] if decision == "approve" else ["Buy milk"])
    assert len(ann.get("/v1/conversations")["data"]) == 1


def run(person: Person, text: str, run_id: str = "r1", path: str = "", **more: Any) -> httpx.Response:
    body = {"threadId": "my-thread", "runId": run_id, "messages": [{"role": "user", "content": text}], **more}
    return person.http.post(f"/ag-ui{path}", json=body)


def read_events(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    return [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: ")]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.also_on_mariadb
def test_a_run_of_the_same_name_is_the_same_run(server: Server, ann: Person) -> None:
    first = read_events(run(ann, "add buy milk"))
    assert read_events(run(ann, "add buy milk")) == first
    assert read_events(run(ann, "add buy milk", "r2"))[-1]["result"] != first[-1]["result"]
    parts = [{"type": "text", "text": "add"}, {"type": "text", "text": "eggs"}]
    more = {
        "messages": [{"role": "user", "content": parts}],
        "threadId": first[-1]["result"]["conversation_id"],
    }
    assert (
        read_events(run(ann, "", "r3", tools=[{"name": "x"}], state={}, **more))[-1]["outcome"]["type"]
        == "success"
    )
    assert len(ann.get("/v1/conversations")["data"]) == 1
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]][1:] == ["Buy milk", "Buy milk"]


def test_a_run_that_is_stopped_is_cancelled_and_one_that_fails_says_why(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [["Half", threading.Event()], [ModelError("The provider refuses this.", transient=False)]]
    ended: list[list[dict[str, Any]]] = []
    waiting = threading.Thread(target=lambda: ended.append(read_events(run(carl, "tell me"))))
    waiting.start()
    stopper = scripted.sign_in(carl.email)
    wait_until(lambda: bool(model.requests))
    [row] = stopper.get("/v1/conversations")["data"]
    [at_work] = stopper.get(f"/v1/conversations/{row['id']}/runs", active=True)["data"]
    stopper.post(f"/v1/runs/{at_work['id']}/cancel")
    waiting.join(30)
    assert ended[0][-1]["outcome"] == {"type": "cancelled"}
    assert ended[0][-2]["type"] == "TEXT_MESSAGE_END"
    failed = read_events(run(carl, "again", "r2"))
    assert failed[-1] == {"type": "RUN_ERROR", "message": "The provider refuses this.", "code": "run_failed"}


def test_text_that_the_model_writes_anew_is_not_sent_twice(carl: Person, model: ScriptedModel) -> None:
    broken = ModelError("The provider broke off.", transient=True)
    model.answers = [["One two", broken], ["One", " two", " three.", END]]
    events = read_events(run(carl, "count"))
    deltas = [event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    assert "".join(deltas) == "One two three."


def test_only_who_may_approve_resolves_an_interrupt(server: Server, ann: Person, bob: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    asked = read_events(run(ann, "delete buy milk"))[-1]["outcome"]["interrupts"][0]["id"]
    yes = {"interruptId": asked, "status": "resolved", "payload": {"approve": True}}
    program = server.client(Authorization=f"Bearer {make_key(ann)}")
    body = {"threadId": "my-thread", "runId": "r2", "messages": [], "resume": [yes]}
    problem_of(program.post("/ag-ui", json=body), 403)
    missing = {**yes, "interruptId": "3f0c4b5e-0000-4000-8000-00000000c0de:1"}
    foreign = [
        problem_of(run(bob, "", resume=[each]), 404) for each in (yes, missing, {**yes, "interruptId": "x"})
    ]
    assert {problem["type"] for problem in foreign} == {"urn:parley:problem:not-found"}
    assert len(ann.get("/v1/tasks")["data"]) == 1
    no = {"interruptId": asked, "status": "cancelled"}
    texts = [event["delta"] for event in read_events(run(ann, "", resume=[no])) if "delta" in event]
    assert texts == [KEPT]
    assert len(ann.get("/v1/tasks")["data"]) == 1


def test_what_is_no_run_is_refused(server: Server, ann: Person, bob: Person) -> None:
    for more in (
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "hi"}]},
        {"messages": [{"role": "user", "content": "x" * 32_001}]},
        {"threadId": ""},
        {"runId": "x" * 201},
        {"resume": [{"interruptId": "x:1", "status": "y"}, {"interruptId": "z:1", "status": "y"}]},
    ):
        problem_of(run(ann, "hi", **more), 422)
    agent = ann.post(f"/v1/accounts/{ann.id}/agents", name="Support")["id"]
    assert read_events(run(ann, "add buy milk", path=f"/{agent}"))[-1]["outcome"]["type"] == "success"
    problem_of(run(ann, "hi", "r2"), 422)  # the thread is with the other agent
    problem_of(run(bob, "hi", path=f"/{agent}"), 404)
    theirs = ann.get("/v1/conversations")["data"][0]["id"]
    read_events(run(bob, "hi", threadId=theirs))
    assert theirs not in {row["id"] for row in bob.get("/v1/conversations")["data"]}
    for key in (None, *(make(server) for make in ENDED.values())):
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        problem_of(server.client().post("/ag-ui", json={}, headers=headers), 401)
    problem_of(server.client(Authorization=f"Bearer {make_key(ann, 'read')}").post("/ag-ui", json={}), 403)


def test_the_page_names_the_routes(server: Server) -> None:
    text = (BACKEND.parent / "specs/api/ag-ui.md").read_text()
    assert re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE) == ["POST /ag-ui", "POST /ag-ui/{agent_id}"]
