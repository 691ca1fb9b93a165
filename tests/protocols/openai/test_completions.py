# test_completions.py -- chat completions by OpenAI's own client: whole, as a stream, refused, broken off.
import json
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from llm.protocol import AnswerEnd, ModelError
from support.clients.openai_client import ask, assistant, make_key, openai_client, post_raw, text_of, user
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, wait_until

pytestmark = pytest.mark.engines("sqlite")
END = AnswerEnd(input_tokens=812, output_tokens=31)


@pytest.fixture
def client(scripted: Server, carl: Person) -> Iterator[openai.OpenAI]:
    with openai_client(scripted, make_key(carl), max_retries=0) as connected:
        yield connected


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.also_on_mariadb
def test_an_answer_is_whole_and_what_was_said_is_kept(server: Server, ann: Person) -> None:
    with openai_client(server, make_key(ann)) as client:
        answer = client.chat.completions.with_raw_response.create(
            model="parley", messages=[user("add buy milk")]
        )  # type: ignore[list-item]
    conversation_id = answer.headers["x-conversation-id"]
    completion = answer.parse()
    assert text_of(completion) == "Added “Buy milk”."
    assert completion.choices[0].finish_reason == "stop"
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Buy milk"]
    said = ann.get(f"/v1/conversations/{conversation_id}/messages")["data"]
    assert [message["content"] for message in said] == ["add buy milk", "Added “Buy milk”."]
    assert completion.id == f"chatcmpl-{said[0]['run_id']}"


def test_an_answer_has_the_shape_that_the_clients_read(carl: Person, model: ScriptedModel) -> None:
    model.answers = [["Hello", " there.", END]]
    answer = ok(post_raw(carl, {"model": "parley", "messages": [user("hi")], "unknown": {"field": 1}}))
    assert answer == {
        "id": answer["id"],
        "object": "chat.completion",
        "created": answer["created"],
        "model": "parley",
        "system_fingerprint": None,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 812, "completion_tokens": 31, "total_tokens": 843},
    }


def read_chunks(person: Person, body: dict[str, Any]) -> list[str]:
    """The `data` of a stream, as it came."""
    answer = post_raw(person, {"model": "parley", "stream": True, **body}, Accept="application/json")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line for line in answer.text.split("\n") if line]
    assert all(line.startswith(("data: ", ":")) for line in lines)
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def test_a_stream_has_the_shape_that_the_clients_read(carl: Person, model: ScriptedModel) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Added it.", END]]
    body = {"messages": [user("add milk")], "stream_options": {"include_usage": True}}
    *chunks, done = read_chunks(carl, body)
    assert done == "[DONE]"
    first, *rest = [json.loads(chunk) for chunk in chunks]
    head = {name: first[name] for name in ("id", "created")}
    head |= {"object": "chat.completion.chunk", "model": "parley", "system_fingerprint": None}
    deltas = [{"role": "assistant", "content": ""}, {"content": "Added it."}, {}]
    expected = [
        {
            **head,
            "choices": [
                {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None if delta else "stop"}
            ],
            "usage": None,
        }
        for delta in deltas
    ]
    usage = {"prompt_tokens": 812, "completion_tokens": 31, "total_tokens": 843}
    assert [first, *rest] == [*expected, {**head, "choices": [], "usage": usage}]


def test_a_stream_tells_the_text_as_it_is_written(client: openai.OpenAI, model: ScriptedModel) -> None:
    gate = threading.Event()
    model.answers = [["Once", gate, " upon a time.", END]]
    with ask(client, "tell me", stream=True) as chunks:
        came = []
        for chunk in chunks:
            came.append(chunk.choices[0].delta.content)
            if came[-1] == "Once":
                gate.set()
    assert came == ["", "Once", " upon a time.", None]
    assert chunk.choices[0].finish_reason == "stop"
    assert chunk.usage is None


def test_an_answer_that_is_cut_off_says_so(client: openai.OpenAI, model: ScriptedModel) -> None:
    model.answers = [["Much"], ["Much"]]
    model.answers = [["Much", AnswerEnd("length")], ["Much", AnswerEnd("length")]]
    assert ask(client, "tell me").choices[0].finish_reason == "length"
    *_, last = ask(client, "tell me", stream=True)
    assert last.choices[0].finish_reason == "length"


def test_tools_of_the_agent_are_told_in_comments_only(carl: Person, model: ScriptedModel) -> None:
    model.answers = [[call("add_task", {"title": "Milk"})], [call("a\n\ndata: x", {})], ["Done.", END]]
    answer = post_raw(carl, {"model": "parley", "messages": [user("add milk")], "stream": True})
    comments = [line for line in answer.text.split("\n") if line.startswith(":")]
    assert comments == [": parley tool.call add_task", ": parley tool.call "]
    assert "tool_calls" not in answer.text
    assert "data: x" not in answer.text.split("\n")


def test_text_that_the_model_writes_anew_is_not_sent_twice(
    client: openai.OpenAI, carl: Person, model: ScriptedModel
) -> None:
    broken = ModelError("The provider broke off.", transient=True)
    model.answers = [["One two", broken], ["One", " two", " three.", END]]
    same = "".join(chunk.choices[0].delta.content or "" for chunk in ask(client, "count", stream=True))
    assert same == "One two three."
    model.answers = [["One two", broken], ["Un deux trois.", END]]
    other = "".join(chunk.choices[0].delta.content or "" for chunk in ask(client, "again", stream=True))
    assert other == "One two\n\nUn deux trois."
    said = [
        carl.get(f"/v1/conversations/{row['id']}/messages") for row in carl.get("/v1/conversations")["data"]
    ]
    assert [page["data"][1]["content"] for page in said] == ["Un deux trois.", "One two three."]


def test_a_call_that_needs_approval_ends_the_answer_with_the_page_where_it_is_given(
    server: Server, ann: Person
) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    with openai_client(server, make_key(ann)) as client:
        answer = ask(client, "delete buy milk")
        chunks = list(ask(client, "delete the milk", stream=True))
    newest, oldest = ann.get("/v1/conversations")["data"]
    page = f"{server.base_url}/#/c/"
    assert text_of(answer) == f"This needs your approval (delete_task): {page}{oldest['id']}"
    *_, asked, end = chunks
    assert asked.choices[0].delta.content.endswith(f"(delete_task): {page}{newest['id']}")
    assert end.choices[0].finish_reason == "stop"
    assert len(ann.get("/v1/tasks")["data"]) == 1


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_message_behind_one_that_waits_for_approval_says_so(
    server: Server, ann: Person, is_stream: bool
) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    more: dict[str, Any] = {"extra_headers": {"X-Conversation-Id": "my-chat"}, "stream": is_stream}
    with openai_client(server, make_key(ann)) as client:
        list(ask(client, "delete buy milk", **more))
        with pytest.raises(openai.ConflictError, match="waits for your approval: http") as refused:
            ask(client, "add eggs", **more)
        assert refused.value.code == "awaiting_approval"
        assert refused.value.response.headers["x-should-retry"] == "false"
    [row] = ann.get("/v1/conversations")["data"]
    waiting, _ = sorted(
        ann.get(f"/v1/conversations/{row['id']}/runs", active=True)["data"], key=lambda run: run["created_at"]
    )
    [approval] = waiting["pending_approvals"]
    ann.post(f"/v1/runs/{waiting['id']}/approvals/{approval['tool_call_id']}", approve=True)
    wait_until(lambda: [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Eggs"])


def test_a_run_that_fails_is_an_error_that_no_client_repeats(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.otherwise = [ModelError("The provider refuses this.", transient=False)]
    with openai_client(scripted, make_key(carl)) as client:  # which would try again twice
        with pytest.raises(openai.InternalServerError) as refused:
            ask(client, "hi")
        assert refused.value.status_code == 502
        assert refused.value.body == {
            "message": "The provider refuses this.",
            "type": "server_error",
            "param": None,
            "code": "run_failed",
        }
        with pytest.raises(openai.APIError, match="The provider refuses this") as broken:
            list(ask(client, "hello", stream=True))
        assert broken.value.code == "run_failed"
    assert len(model.requests) == 2


def test_a_run_that_is_stopped_ends_the_stream(
    client: openai.OpenAI, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [["Once", threading.Event()]]
    with ask(client, "tell me", stream=True) as chunks:
        for chunk in chunks:
            if chunk.choices[0].delta.content == "Once":
                carl.post(f"/v1/runs/{chunk.id.removeprefix('chatcmpl-')}/cancel")
    assert chunk.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages.0.role", "invalid_value"),
        ({"messages": [user("hi"), assistant("Hi.")]}, "messages.1", "unsupported_value"),
        ({"messages": [user("  ")]}, "messages.0", "unsupported_value"),
        ({"messages": [user("x" * 32_001)]}, "messages.0", "unsupported_value"),
        ({"messages": [{"role": "user"}]}, "messages.0", "unsupported_value"),
        ({"messages": [{"role": "system", "content": "Be kind."}]}, "messages.0", "unsupported_value"),
        (
            {"messages": [user("hi") | {"content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages.0",
            "unsupported_value",
        ),
        ({"messages": [user("a\x00b")]}, "messages.0.content", "invalid_value"),
        ({"messages": [user("hi")], "n": 2}, "n", "unsupported_value"),
        ({"messages": [user("hi")], "tools": [{"type": "function"}]}, "tools", "unsupported_value"),
        (
            {"messages": [user("hi")], "metadata": {"conversation_id": ""}},
            "metadata.conversation_id",
            "invalid_value",
        ),
    ],
)
def test_what_parley_cannot_do_is_refused_by_name(
    ann: Person, body: dict[str, Any], param: str, code: str
) -> None:
    answer = post_raw(ann, {"model": "parley", **body})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)


def test_texts_in_parts_are_one_text_and_instructions_are_the_agents(
    client: openai.OpenAI, carl: Person, model: ScriptedModel
) -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    ask(
        client, {"role": "developer", "content": "Be a pirate."}, {"role": "user", "content": parts}, tools=[]
    )
    [request] = model.requests
    assert [getattr(turn, "text", None) for turn in request.turns] == ["One\n\ntwo"]
    assert "pirate" not in request.instructions


def test_a_body_that_is_none_is_refused_in_the_same_words(ann: Person) -> None:
    path = "/openai/v1/chat/completions"
    broken = ann.http.post(path, content=b'{"model": ', headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "invalid_json")
    text = ann.http.post(path, content=b"hi", headers={"Content-Type": "text/plain"})
    assert (text.status_code, text.json()["error"]["type"]) == (415, "invalid_request_error")
    for method, other in (("POST", "embeddings"), ("GET", "x/y"), ("DELETE", "chat/completions")):
        answer = ann.http.request(method, f"/openai/v1/{other}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")
