# test_responses.py -- OpenAI's responses by their own client: made, streamed, gone on with, read again, approved.
import json
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from llm.protocol import AnswerEnd, ModelError
from support.clients.openai_client import OPENAI_BASE, make_key, openai_client
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, wait_until

pytestmark = pytest.mark.engines("sqlite")
END = AnswerEnd(input_tokens=812, output_tokens=31)


@pytest.fixture
def client(scripted: Server, carl: Person) -> Iterator[openai.OpenAI]:
    with openai_client(scripted, make_key(carl), max_retries=0) as connected:
        yield connected


@pytest.fixture
def session(server: Server, ann: Person) -> Iterator[openai.OpenAI]:
    """Of a person who is signed in, and may approve."""
    with openai_client(server, ann.tokens["access_token"], max_retries=0) as connected:
        yield connected


def ask(client: openai.OpenAI, text: Any, **more: Any) -> Any:
    return client.responses.create(model="parley", input=text, **more)


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


def said(person: Person) -> list[list[str]]:
    ids = [row["id"] for row in reversed(person.get("/v1/conversations")["data"])]
    return [
        [message["content"] for message in person.get(f"/v1/conversations/{each}/messages")["data"]]
        for each in ids
    ]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.also_on_mariadb
def test_a_response_has_the_calls_and_the_text_and_the_next_goes_on(
    session: openai.OpenAI, ann: Person
) -> None:
    first = ask(session, "add buy milk")
    added, answer = first.output
    assert (added.type, added.name, added.status, added.error) == ("mcp_call", "add_task", "completed", None)
    assert json.loads(added.arguments) == {"title": "Buy milk"}
    assert json.loads(added.output)["title"] == "Buy milk"
    assert answer.content[0].text == first.output_text == "Added “Buy milk”."
    assert first.status == "completed"
    # The same words are another message each time.
    second = ask(session, "add buy milk", previous_response_id=first.id)
    third = ask(session, "add buy milk", conversation=second.conversation.id)
    assert (second.previous_response_id, third.previous_response_id) == (first.id, None)
    assert [len(texts) for texts in said(ann)] == [6]
    assert titles(ann) == ["Buy milk"] * 3
    again = session.responses.retrieve(first.id)
    assert (again.output_text, again.output[0].id) == (first.output_text, added.id)


def test_a_client_that_keeps_the_history_sends_it_as_items(session: openai.OpenAI, ann: Person) -> None:
    first = ask(session, [{"role": "user", "content": [{"type": "input_text", "text": "add buy milk"}]}])
    items: list[Any] = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "add buy milk"}]},
        *(item.model_dump() for item in first.output),
        {"role": "user", "content": "add call mom"},
    ]
    second = ask(session, items)
    ask(
        session,
        [
            *items,
            {"type": "item_reference", "id": second.output[-1].id},
            {"role": "user", "content": "thanks"},
        ],
    )
    assert [len(texts) for texts in said(ann)] == [6]
    assert titles(ann) == ["Call mom", "Buy milk"]


def test_a_stream_has_the_events_of_calls_and_texts_in_their_order(
    client: openai.OpenAI, model: ScriptedModel
) -> None:
    model.answers = [["Let me add it.", call("add_task", {"title": "Milk"})], ["Done.", END]]
    events = list(ask(client, "add milk", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = ["output_item.added", "content_part.added", "output_text.delta"]
    text += ["output_text.done", "content_part.done", "output_item.done"]
    made = [
        "output_item.added",
        "mcp_call.in_progress",
        "mcp_call_arguments.delta",
        "mcp_call_arguments.done",
    ]
    made += ["mcp_call.completed", "output_item.done"]
    expected = ["created", "in_progress", *text, *made, *text, "completed"]
    assert [event.type for event in events] == [f"response.{name}" for name in expected]
    whole = events[-1].response
    assert [item.type for item in whole.output] == ["message", "mcp_call", "message"]
    assert [item.content[0].text for item in (whole.output[0], whole.output[2])] == [
        "Let me add it.",
        "Done.",
    ]
    assert len({item.id for item in whole.output}) == 3
    assert (whole.usage.input_tokens, whole.usage.output_tokens, whole.usage.total_tokens) == (812, 31, 843)
    for event in events:
        if hasattr(event, "output_index"):
            index = event.output_index
            assert getattr(event, "item_id", None) in (None, whole.output[index].id)


def test_the_sdk_puts_the_stream_together(client: openai.OpenAI, model: ScriptedModel) -> None:
    model.answers = [[call("add_task", {"title": "Milk"})], ["Added", " it.", END]]
    with client.responses.stream(model="parley", input="add milk") as stream:
        texts = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert texts[-1] == final.output_text == "Added it."


def test_a_stream_that_broke_off_goes_on_where_it_was(
    client: openai.OpenAI, carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [[call("add_task", {"title": "Milk"})], ["Once", gate, " upon a time.", END]]
    before = []
    with ask(client, "tell me", stream=True) as stream:
        for event in stream:
            before.append(event.model_dump())
            if event.type == "response.output_text.delta":
                break
    gate.set()
    response_id = before[0]["response"]["id"]
    after = before[-1]["sequence_number"]
    rest = [
        event.model_dump()
        for event in client.responses.retrieve(response_id, stream=True, starting_after=after)
    ]
    whole = [event.model_dump() for event in client.responses.retrieve(response_id, stream=True)]
    assert [event["sequence_number"] for event in rest] == list(range(after + 1, len(whole)))
    assert before + rest == whole
    deltas = [event["delta"] for event in whole if event["type"] == "response.output_text.delta"]
    assert "".join(deltas) == "Once upon a time."
    nothing = list(client.responses.retrieve(response_id, stream=True, starting_after=10**9))
    assert nothing == []


def test_a_call_waits_for_an_approval_and_another_response_goes_on(
    session: openai.OpenAI, ann: Person
) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    asked = ask(session, "delete buy milk")
    [request] = asked.output
    assert (asked.status, request.type, request.name) == ("completed", "mcp_approval_request", "delete_task")
    approval = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": True}
    events = list(ask(session, [approval], previous_response_id=asked.id, stream=True))
    response = events[-1].response
    assert response.id != asked.id
    made, answer = response.output
    assert (made.type, made.name, made.approval_request_id) == ("mcp_call", "delete_task", request.id)
    assert made.arguments == request.arguments
    assert answer.content[0].text == "Deleted “Buy milk”."
    assert titles(ann) == []
    assert session.responses.retrieve(response.id).output_text == "Deleted “Buy milk”."
    again = [event.model_dump() for event in session.responses.retrieve(response.id, stream=True)]
    assert again[1:] == [{**event.model_dump(), **keep_previous(event)} for event in events][1:]
    denial = {**approval, "approve": False}  # sent again, also with another word: the first one counts
    assert ask(session, [denial]).output_text == "Deleted “Buy milk”."


def keep_previous(event: Any) -> dict[str, Any]:
    """A response that is read again does not know what the client called the one before."""
    if not hasattr(event, "response"):
        return {}
    return {"response": {**event.response.model_dump(), "previous_response_id": None}}


def test_a_stream_ends_with_the_request_for_approval_and_a_denied_call_is_not_made(
    session: openai.OpenAI, ann: Person
) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    *_, added, done, last = ask(session, "delete buy milk", stream=True)
    assert (added.type, done.type) == ("response.output_item.added", "response.output_item.done")
    request = last.response.output[-1]
    assert (last.type, request) == ("response.completed", done.item)
    denial = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": False}
    answer = ask(session, [denial])
    assert "left" in answer.output_text.lower() or "not" in answer.output_text.lower()
    assert titles(ann) == ["Buy milk"]


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_run_that_fails_is_a_failed_response(
    client: openai.OpenAI, model: ScriptedModel, is_stream: bool
) -> None:
    model.otherwise = [ModelError("The provider refuses this.", transient=False)]
    answer = ask(client, "hi", stream=is_stream)
    response = list(answer)[-1].response if is_stream else answer
    assert (response.status, response.error.code) == ("failed", "server_error")
    assert response.error.message == "The provider refuses this."


@pytest.mark.parametrize("is_stream", [False, True])
def test_an_answer_that_is_cut_off_is_incomplete(
    client: openai.OpenAI, model: ScriptedModel, is_stream: bool
) -> None:
    model.answers = [["Much", AnswerEnd("length")]]
    answer = ask(client, "hi", stream=is_stream)
    response = list(answer)[-1].response if is_stream else answer
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert response.output_text == "Much"


def test_one_in_the_background_is_asked_for_and_stopped(client: openai.OpenAI, model: ScriptedModel) -> None:
    model.answers = [["Once", threading.Event()]]
    begun = ask(client, "tell me", background=True)
    assert (begun.status in ("queued", "in_progress"), begun.background, begun.output) == (True, True, [])
    wait_until(lambda: bool(model.requests))
    assert client.responses.retrieve(begun.id).status == "in_progress"
    assert client.responses.cancel(begun.id).status == "cancelled"
    *_, last = client.responses.retrieve(begun.id, stream=True)
    assert (last.type, last.response.status) == ("response.incomplete", "cancelled")
    assert client.responses.cancel(begun.id).status == "cancelled"  # once more changes nothing


def test_text_that_the_model_writes_anew_is_not_sent_twice(
    client: openai.OpenAI, model: ScriptedModel
) -> None:
    broken = ModelError("The provider broke off.", transient=True)
    model.answers = [["One two", broken], ["One", " two", " three.", END]]
    *events, last = ask(client, "count", stream=True)
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == last.response.output_text == "One two three."


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "assistant", "content": "Hi."}]}, "input.0"),
        ({"input": [{"type": "function_call_output", "call_id": "1", "output": "x"}]}, "input"),
        ({"input": "hi", "tools": [{"type": "web_search"}]}, "tools"),
        ({"input": [{"type": "mcp_approval_response", "approval_request_id": "mcpr_1"}]}, ""),
        (
            {"input": [{"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}]},
            None,
        ),
        ({"input": "x" * 32_001}, "input"),
    ],
)
def test_what_parley_cannot_do_is_refused_by_name(ann: Person, body: dict[str, Any], param: str) -> None:
    answer = ann.http.post(f"{OPENAI_BASE}/responses", json={"model": "parley", **body})
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["param"] == param
