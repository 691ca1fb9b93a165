# test_refused_parts.py -- a provider that refuses a part of a request is asked without it, from then on.
from typing import Any

import pytest

from llm.openai_wire import model as wire
from llm.protocol import AgentTurn, ContextOverflow, ToolCall, UserTurn
from support.llm.providers import answer_of, asking, error_of, open_scripted, text_of
from support.llm.scripted_provider import Reply, ScriptedProvider, Status, Text

pytestmark = pytest.mark.anyio
HISTORY = (
    UserTurn("Do."),
    AgentTurn(
        "", (ToolCall("a", "create_task", {"title": "A"}, result=1),), opaque={"reasoning_content": "Hm."}
    ),
)
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "stream_options": ("Unrecognized request argument supplied: stream_options", {}, "stream_options"),
    "tools": ("scripted does not support tools", {}, "tools"),
    "parallel": (
        "Unknown parameter: parallel_tool_calls",
        {"parallel_tool_calls": False},
        "parallel_tool_calls",
    ),
    "max_tokens": ("Use 'max_completion_tokens' instead.", {"max_output_tokens": 50}, "max_tokens"),
}


def refusing(said: str, name: str) -> Any:
    """Answers 400 as long as the body has the field."""
    return lambda body: Status(400, error={"message": said}) if name in body else Text("Yes.")


@pytest.mark.parametrize("case", CASES)
async def test_a_refused_field_is_left_out_at_once_and_remembered(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    said, options, name = CASES[case]
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(wire.log, "warning", lambda event, **words: told.append(words))
    provider.script += [refusing(said, name)] * 3
    model = open_scripted(provider, **options)
    for _ in range(2):
        assert text_of(await answer_of(model, asking(*HISTORY))) == "Yes."
    assert [name in request.body for request in provider.requests] == [True, False, False]
    (words,) = told
    assert words["refused"] == name
    assert said in words["cause"]


async def test_a_limit_goes_under_its_other_name(provider: ScriptedProvider) -> None:
    provider.script += [refusing("Use 'max_completion_tokens' instead.", "max_tokens")] * 2
    await answer_of(open_scripted(provider, max_output_tokens=50))
    assert provider.requests[1].body["max_completion_tokens"] == 50


async def test_instructions_go_before_the_first_message_where_there_is_no_system_role(
    provider: ScriptedProvider,
) -> None:
    def answer(body: Any) -> Status | Text:
        first = body["messages"][0]["role"]
        return (
            Status(400, error={"message": "System role not supported"}) if first == "system" else Text("Yes.")
        )

    provider.script += [answer] * 2
    await answer_of(open_scripted(provider))
    first = provider.requests[1].body["messages"][0]
    assert first["role"] == "user"
    assert first["content"].startswith("Be brief.")
    assert first["content"].endswith("\n\nHello?")


async def test_a_model_that_does_not_think_with_tools_is_told_not_to(provider: ScriptedProvider) -> None:
    said = "Function tools with reasoning_effort are not supported for scripted in /v1/chat/completions."
    provider.script += [
        Status(400, error={"message": said, "param": "reasoning_effort"}),
        Text("Yes."),
        Text("Yes."),
    ]
    model = open_scripted(provider)
    await answer_of(model)
    await answer_of(model, asking(tools=()))
    assert [request.body.get("reasoning_effort") for request in provider.requests] == [None, "none", None]


async def test_thoughts_that_may_not_come_back_stay_away(provider: ScriptedProvider) -> None:
    refusal = Status(400, error={"message": "property 'messages.2.reasoning_content' is unsupported"})
    provider.script += [refusal, Text("Yes.")]
    await answer_of(open_scripted(provider), asking(*HISTORY))
    before, after = (str(request.body["messages"]) for request in provider.requests)
    assert ("reasoning_content" in before, "reasoning_content" in after) == (True, False)


async def test_a_refusal_within_a_stream_counts_as_one(provider: ScriptedProvider) -> None:
    error = Reply('data: {"error": {"message": "scripted does not support tools", "code": 400}}\n\n')
    provider.script += [error, Text("Yes.")]
    assert text_of(await answer_of(open_scripted(provider))) == "Yes."


async def test_several_parts_are_left_out_one_after_the_other(provider: ScriptedProvider) -> None:
    provider.script += [
        Status(400, error={"message": "Unknown parameter: stream_options"}),
        Status(400, error={"message": "scripted does not support tools"}),
        Text("Yes."),
    ]
    assert text_of(await answer_of(open_scripted(provider))) == "Yes."
    assert {"stream_options", "tools"} & provider.requests[-1].body.keys() == set()


async def test_a_provider_that_refuses_for_ever_is_an_error(provider: ScriptedProvider) -> None:
    provider.otherwise = Status(
        400, error={"message": "Unknown parameter: stream_options; does not support tools"}
    )
    try:
        error = await error_of(open_scripted(provider))
    finally:
        provider.otherwise = Status(400, error={"message": "nothing is scripted"})
    assert not error.transient
    assert len(provider.requests) == 3


async def test_a_request_that_is_too_long_is_told_and_nothing_is_left_out(provider: ScriptedProvider) -> None:
    said = (
        "'max_tokens' is too large: 50. This model's maximum context length is 4096 tokens, tools included."
    )
    provider.script.append(Status(400, error={"message": said}))
    error = await error_of(open_scripted(provider, max_output_tokens=50))
    assert isinstance(error, ContextOverflow)
    assert said in error.cause
    assert len(provider.requests) == 1
