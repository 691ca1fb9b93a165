# test_stream.py -- the AI SDK's UI message stream: its parts, what is sent again, what breaks, whose it is.
import json
import threading
from typing import Any

import httpx
import pytest

from llm.protocol import AnswerEnd, ModelError
from support.api.accounts import make_people, make_team
from support.api.bots import add_bot
from support.api.doors import ENDED, revoke_token
from support.clients.openai_client import make_key
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, wait_until

pytestmark = pytest.mark.engines("sqlite")
API = "/ai-sdk/chat"
END = AnswerEnd(input_tokens=812, output_tokens=31)


def text_message(text: str, own_id: str = "m1", role: str = "user") -> dict[str, Any]:
    return {"id": own_id, "role": role, "parts": [{"type": "text", "text": text}]}


def send(person: Person, *messages: dict[str, Any], chat: str = "my-chat", **more: Any) -> httpx.Response:
    body = {"id": chat, "messages": list(messages), "trigger": "submit-message", **more}
    return person.http.post(API, json=body)


def read_parts(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-vercel-ai-ui-message-stream"] == "v1"
    data = [line.removeprefix("data: ") for line in answer.text.split("\n") if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    return [json.loads(part) for part in data[:-1]]


def said(person: Person) -> list[list[str]]:
    ids = [row["id"] for row in reversed(person.get("/v1/conversations")["data"])]
    pages = [person.get(f"/v1/conversations/{each}/messages")["data"] for each in ids]
    return [[message["content"] for message in page] for page in pages]


def test_the_parts_of_an_answer(carl: Person, model: ScriptedModel) -> None:
    model.answers = [["Let me.", call("add_task", {"title": "Milk"})], [call("nothing", {})], ["Done.", END]]
    parts = read_parts(send(carl, text_message("add milk")))
    [row] = carl.get("/v1/conversations")["data"]
    question, answer = carl.get(f"/v1/conversations/{row['id']}/messages")["data"]
    metadata = {"run_id": question["run_id"], "conversation_id": row["id"]}
    here = {"dynamic": True, "providerExecuted": True}
    first, second = [
        {"toolCallId": f"{question['run_id']}:{number}", "toolName": name, **here}
        for number, name in ((1, "add_task"), (2, "nothing"))
    ]
    made = answer["tool_calls"]
    outcome = {name: first[name] for name in ("toolCallId", "dynamic", "providerExecuted")}
    assert parts == [
        {"type": "start", "messageId": answer["id"], "messageMetadata": metadata},
        {"type": "start-step"},
        {"type": "text-start", "id": "text-1"},
        {"type": "text-delta", "id": "text-1", "delta": "Let me."},
        {"type": "text-end", "id": "text-1"},
        {"type": "tool-input-start", **first},
        {"type": "tool-input-available", **first, "input": {"title": "Milk"}},
        {"type": "tool-output-available", **outcome, "output": made[0]["result"]},
        {"type": "finish-step"},
        {"type": "start-step"},
        {"type": "tool-input-start", **second},
        {"type": "tool-input-available", **second, "input": {}},
        {
            "type": "tool-output-error",
            **outcome,
            "toolCallId": second["toolCallId"],
            "errorText": made[1]["error"],
        },
        {"type": "finish-step"},
        {"type": "start-step"},
        {"type": "text-start", "id": "text-2"},
        {"type": "text-delta", "id": "text-2", "delta": "Done."},
        {"type": "text-end", "id": "text-2"},
        {"type": "finish-step"},
        {
            "type": "finish",
            "finishReason": "stop",
            "messageMetadata": {"usage": {"input_tokens": 812, "output_tokens": 31}},
        },
    ]


def test_a_message_that_is_sent_again_is_answered_once_and_an_answer_given_anew_is_another(
    carl: Person, model: ScriptedModel
) -> None:
    first = read_parts(send(carl, text_message("hi")))
    assert read_parts(send(carl, text_message("hi"))) == first
    assert len(model.requests) == 1
    # Another chat may have a message of the same id.
    read_parts(send(carl, text_message("hello"), chat="another"))
    history = [text_message("hi"), text_message("OK.", "a1", "assistant")]
    again = read_parts(send(carl, *history, trigger="regenerate-message", messageId="a1"))
    assert again[0]["messageId"] != first[0]["messageId"]
    assert said(carl) == [["hello", "OK."], ["hi", "OK.", "OK."]]
    assert [turn.text for turn in model.requests[-1].turns] == ["hi"]


def test_a_message_that_the_page_has_changed_begins_a_branch(carl: Person, model: ScriptedModel) -> None:
    """As `sendMessage` with `messageId` sends it: under the same id, and without what came after it."""
    history = [text_message("one", "m1"), text_message("OK.", "a1", "assistant")]
    for messages in ([history[0]], [*history, text_message("two", "m2")]):
        read_parts(send(carl, *messages))
    changed = [*history, text_message("TWO", "m2")]
    for _ in range(2):  # one that is sent again is asked once
        read_parts(send(carl, *changed, messageId="m2"))
        assert [turn.text for turn in model.requests[-1].turns] == ["one", "OK.", "TWO"]
    again = [*changed, text_message("OK.", "a2", "assistant")]
    read_parts(send(carl, *again, trigger="regenerate-message", messageId="a2"))
    assert said(carl) == [["one", "OK.", "two", "OK.", "TWO", "OK.", "OK."]]
    assert len(model.requests) == 4
    read = ok(carl.http.get(f"{API}/my-chat/messages"))
    assert [part["text"] for message in read for part in message["parts"] if "text" in part] == [
        *("one", "OK.", "TWO", "OK.")
    ]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.also_on_mariadb
def test_a_chat_is_named_as_the_page_likes_and_read_again_by_its_ids(server: Server, ann: Person) -> None:
    long = "an id that is much longer than a client_id has room for"
    for chat in ("my-chat", "Überall 🙂", ann.post("/v1/conversations", title="Mine")["id"]):
        read_parts(send(ann, text_message("add buy milk", "m1"), chat=chat))
        answer = text_message("Added.", "a1", "assistant")
        read_parts(
            send(ann, text_message("add buy milk", "m1"), answer, text_message("add eggs", long), chat=chat)
        )
        history = ok(ann.http.get(f"{API}/{chat}/messages"))
        assert [message["role"] for message in history] == ["user", "assistant"] * 2
        assert [message["parts"][-1]["text"] for message in history][::2] == ["add buy milk", "add eggs"]
        assert history[0]["id"] == "m1"
        assert history[2]["id"] != long  # one that Parley can find again
        before = history[2]["metadata"]["run_id"]
        assert before
    assert [len(texts) for texts in said(ann)] == [4, 4, 4]
    assert ok(ann.http.get(f"{API}/unknown/messages")) == []
    assert ann.http.get(f"{API}/unknown/stream").status_code == 204


def test_an_answer_at_work_is_resumed_from_its_beginning(carl: Person, model: ScriptedModel) -> None:
    gate = threading.Event()
    model.answers = [["Once", gate, " upon a time.", END]]
    body = {"id": "my-chat", "messages": [text_message("tell me")]}
    with carl.http.stream("POST", API, json=body) as answer:
        lines = answer.iter_lines()
        assert any('"delta":"Once"' in line for line in lines)
    with carl.http.stream("GET", f"{API}/my-chat/stream") as resumed:
        gate.set()
        parts = [json.loads(line[6:]) for line in resumed.iter_lines() if line.startswith("data: {")]
    assert "".join(part["delta"] for part in parts if part["type"] == "text-delta") == "Once upon a time."
    assert parts[-1]["finishReason"] == "stop"


def test_a_stream_ends_with_the_token_that_has_opened_it(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["Once", gate, " upon a time.", END]]
    body = {"id": "my-chat", "messages": [text_message("tell me")]}
    token = make_key(carl)
    program = scripted.client(Authorization=f"Bearer {token}")
    with program.stream("POST", API, json=body) as answer:
        lines = answer.iter_lines()
        assert any('"delta":"Once"' in line for line in lines)
        revoke_token(carl, token)
        rest = list(lines)
    gate.set()
    assert not [line for line in rest if "DONE" in line or "finish" in line]
    assert program.get(f"{API}/my-chat/stream").status_code == 401


def test_a_run_that_is_stopped_aborts_and_one_that_fails_says_why(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [["Half", threading.Event()], [ModelError("The provider refuses this.", transient=False)]]
    ended: list[list[dict[str, Any]]] = []
    waiting = threading.Thread(target=lambda: ended.append(read_parts(send(carl, text_message("tell me")))))
    waiting.start()
    stopper = scripted.sign_in(carl.email)
    wait_until(lambda: bool(model.requests))
    [row] = stopper.get("/v1/conversations")["data"]
    [run] = stopper.get(f"/v1/conversations/{row['id']}/runs", active=True)["data"]
    stopper.post(f"/v1/runs/{run['id']}/cancel")
    waiting.join(30)
    assert ended[0][-1] == {"type": "abort", "reason": "cancelled"}
    failed = read_parts(send(carl, text_message("again", "m2")))
    assert failed[-1] == {"type": "error", "errorText": "The provider refuses this."}


def test_text_that_the_model_writes_anew_is_not_shown_twice(carl: Person, model: ScriptedModel) -> None:
    broken = ModelError("The provider broke off.", transient=True)
    model.answers = [["One two", broken], ["One", " two", " three.", END]]
    parts = read_parts(send(carl, text_message("count")))
    assert "".join(part["delta"] for part in parts if part["type"] == "text-delta") == "One two three."
    assert "reset-step" not in {part["type"] for part in parts}  # version 6 knows none


def approve(call_id: str, approved: bool = True) -> dict[str, Any]:
    part = {
        "type": "dynamic-tool",
        "state": "approval-responded",
        "toolName": "delete_task",
        "toolCallId": call_id,
    }
    return {
        "id": "a1",
        "role": "assistant",
        "parts": [{**part, "approval": {"id": call_id, "approved": approved}}],
    }


def test_a_decision_counts_once_and_only_of_who_may_give_it(server: Server, ann: Person, bob: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    asked = read_parts(send(ann, text_message("delete buy milk")))
    *_, request, step, finish = asked
    assert (step["type"], finish["finishReason"]) == ("finish-step", "tool-calls")
    assert request == {
        "type": "tool-approval-request",
        "approvalId": request["toolCallId"],
        "toolCallId": request["toolCallId"],
    }
    decision = approve(request["approvalId"])
    program = server.client(Authorization=f"Bearer {make_key(ann)}")
    refused = program.post(API, json={"id": "my-chat", "messages": [decision]})
    assert (refused.status_code, refused.text) == (403, "An approval is given in a signed-in session.")
    missing = "3f0c4b5e-0000-4000-8000-00000000c0de:1"
    foreign = [send(bob, approve(call_id)) for call_id in (request["approvalId"], missing, "x")]
    assert len({(answer.status_code, answer.text) for answer in foreign}) == 1
    assert foreign[0].status_code == 404
    assert len(ann.get("/v1/tasks")["data"]) == 1
    made = read_parts(send(ann, text_message("delete buy milk"), decision))
    assert made[0] == asked[0]
    assert [part["type"] for part in made[1:4]] == ["tool-output-available", "finish-step", "start-step"]
    # Sent again, also with another word, it shows what came of the first one.
    assert read_parts(send(ann, approve(request["approvalId"], approved=False))) == made
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [text_message("")]}, "A message has 1 to 32,000 characters."),
        ({"messages": [text_message("x" * 32_001)]}, "A message has 1 to 32,000 characters."),
        ({"messages": [text_message("hi", role="assistant")]}, "The last message must be the user's."),
        (
            {"messages": [{"id": "1", "role": "user", "parts": [{"type": "file", "url": "x"}]}]},
            "Parley reads text only.",
        ),
        ({"messages": [text_message("hi")], "id": ""}, "id"),
        ({"messages": [text_message("hi")], "trigger": "x"}, "trigger"),
        (
            {"messages": [text_message("hi", role="assistant")], "trigger": "regenerate-message"},
            "The last message",
        ),
    ],
)
def test_what_parley_cannot_do_is_refused_in_a_sentence(
    ann: Person, body: dict[str, Any], words: str
) -> None:
    answer = ann.http.post(API, json={"id": "my-chat", **body})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain; charset=utf-8")
    assert words in answer.text


def test_nobody_comes_in_without_a_credential_that_counts(server: Server, ann: Person) -> None:
    body = {"id": "my-chat", "messages": [text_message("hi")]}
    routes = [
        ("POST", API, body),
        ("GET", f"{API}/my-chat/stream", None),
        ("GET", f"{API}/my-chat/messages", None),
    ]
    for method, path, content in routes:
        for name, key in [("nobody", None), *((name, make(server)) for name, make in ENDED.items())]:
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            answer = server.client().request(method, path, json=content, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer"), name
    reader = server.client(Authorization=f"Bearer {make_key(ann, 'read')}")
    assert reader.post(API, json=body).status_code == 403
    assert reader.get(f"{API}/my-chat/messages").json() == []


def test_anothers_chat_is_a_name_like_any_other(server: Server, ann: Person, bob: Person) -> None:
    theirs = ann.chat("add buy milk")["conversation_id"]
    before = ann.get(f"/v1/conversations/{theirs}/messages")
    for chat in (theirs, "my-chat"):
        assert ok(bob.http.get(f"{API}/{chat}/messages")) == []
        assert bob.http.get(f"{API}/{chat}/stream").status_code == 204
        read_parts(send(bob, text_message("hi"), chat=chat))
    assert ann.get(f"/v1/conversations/{theirs}/messages") == before
    assert len(ann.get("/v1/conversations")["data"]) == 1
    assert theirs not in {row["id"] for row in bob.get("/v1/conversations")["data"]}


def test_an_agent_of_an_account_answers_and_the_chat_stays_with_it(server: Server) -> None:
    team = make_team(make_people(server, "owner"))
    bot, owner = add_bot(server, team), team.people["owner"]
    answers: list[list[dict[str, Any]]] = []
    ask = threading.Thread(
        target=lambda: answers.append(read_parts(send(owner, text_message("hi"), agent_id=bot.id)))
    )
    ask.start()
    watcher = server.sign_in(owner.email)
    wait_until(lambda: bool(watcher.get("/v1/conversations")["data"]))
    [row] = watcher.get("/v1/conversations")["data"]
    ok(bot.http.post(f"/v1/conversations/{row['id']}/messages", json={"content": "Twelve."}))
    ask.join(30)
    assert [part["delta"] for part in answers[0] if part["type"] == "text-delta"] == ["Twelve."]
    other = send(owner, text_message("hi", "m2"), agent_id="00000000-0000-4000-8000-000000000001")
    assert (other.status_code, other.text) == (422, "This chat is with another agent.")
