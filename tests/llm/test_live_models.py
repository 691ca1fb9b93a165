# test_live_models.py -- the whole of Parley with a provider's model: scripted, but over real HTTP.
from collections.abc import Iterator

import pytest

from support.llm.scripted_provider import BreakAfter, Calls, ScriptedProvider, Status, Text
from support.servers import Person, read_events, serving, settings_for

# What a provider does ends where the record begins.
pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def ann_with_a_model(own_database_url: str, provider: ScriptedProvider) -> Iterator[Person]:
    settings = settings_for(
        own_database_url, model="some-model", model_base_url=provider.base_url, model_api_key="key"
    )
    with serving(settings) as server:
        object.__setattr__(server.state.worker.context, "backoff_seconds", 0.01)
        yield server.person()


def test_parallel_tool_calls_of_a_provider_are_made_and_kept(
    ann_with_a_model: Person, provider: ScriptedProvider
) -> None:
    calls = [("add_task", '{"title": "Buy milk"}'), ("add_task", '{"title": "Call mom"}')]
    provider.script += [Calls(calls, text="Adding."), Text("Both are on your list.")]
    answer = ann_with_a_model.chat("milk and mom")
    assert answer["status"] == "completed"
    assert answer["message"]["content"] == "Adding.\n\nBoth are on your list."
    assert [call["result"]["title"] for call in answer["tool_calls"]] == ["Buy milk", "Call mom"]
    sent = provider.requests[1].body["messages"]
    assert [message["role"] for message in sent][-3:] == ["assistant", "tool", "tool"]
    assert [call["function"]["name"] for call in sent[-3]["tool_calls"]] == ["add_task", "add_task"]


def test_invalid_arguments_are_handed_back_and_the_model_mends_them(
    ann_with_a_model: Person, provider: ScriptedProvider
) -> None:
    provider.script += [
        Calls([("add_task", '{"title": ')]),
        Calls([("add_task", '{"title": "Buy milk"}')]),
        Text("Done."),
    ]
    answer = ann_with_a_model.chat("add milk")
    assert answer["status"] == "completed"
    assert [call["error"] for call in answer["tool_calls"]] == [
        "The arguments are not a JSON object of at most 27 levels.",
        None,
    ]
    assert "not a JSON object" in str(provider.requests[1].body["messages"][-1])


@pytest.mark.parametrize("trouble", [Status(429, retry_after="0"), Status(500), BreakAfter("Half an ans")])
def test_a_provider_that_stumbles_once_is_asked_again(
    ann_with_a_model: Person, provider: ScriptedProvider, trouble: object
) -> None:
    provider.script += [trouble, Text("Here I am.")]  # type: ignore[list-item]
    answer = ann_with_a_model.chat("hello")
    assert (answer["status"], answer["message"]["content"]) == ("completed", "Here I am.")


def test_a_provider_that_stays_broken_fails_the_run_and_finished_calls_stay(
    ann_with_a_model: Person, provider: ScriptedProvider
) -> None:
    provider.script += [Calls([("add_task", '{"title": "Buy milk"}')]), *[BreakAfter("Half")] * 4]
    with ann_with_a_model.http.stream(
        "POST", "/v1/chat", json={"message": "add milk"}, headers={"Accept": "text/event-stream"}
    ) as answer:
        events = list(read_events(answer))
    assert events[-1].type == "run.failed"
    assert events[-1].data["error"] == "The connection to the model provider broke."
    message = events[-2].data["message"]
    assert message["content"] == "Half"
    assert message["tool_calls"][0]["result"]["title"] == "Buy milk"
    assert [task["title"] for task in ann_with_a_model.get("/v1/tasks")["data"]] == ["Buy milk"]


def test_a_refused_key_is_told_without_the_key(ann_with_a_model: Person, provider: ScriptedProvider) -> None:
    provider.script += [Status(401)]
    answer = ann_with_a_model.chat("hello")
    assert (answer["status"], answer["error"]) == ("failed", "The model provider refused the key.")
