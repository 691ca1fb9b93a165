# test_requests.py -- what is sent to a provider: instructions, history, tools and the key.


import json

import pytest

from llm import providers
from llm.model_options import ModelOptions
from llm.protocol import (
    AgentTurn,
    ToolCall,
    UserTurn,
)
from support.llm.providers import KEY, answer_of, asking, open_model, open_scripted
from support.llm.scripted_provider import (
    ScriptedProvider,
    Text,
)

pytestmark = pytest.mark.anyio


async def test_instructions_time_tools_and_key_are_sent(provider: ScriptedProvider) -> None:
    provider.script.append(Text("Yes"))
    await answer_of(open_scripted(provider), asking(UserTurn("Hello?"), timezone="Europe/Berlin"))
    sent = provider.requests[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.body["model"] == "scripted"
    assert sent.body["messages"] == [
        {"role": "system", "content": "Be brief.\n\nIt is Tuesday, 2025-01-07T09:30+01:00 (Europe/Berlin)."},
        {"role": "user", "content": "Hello?"},
    ]
    (tool,) = sent.body["tools"]
    assert tool["function"]["name"] == "create_task"
    assert tool["function"]["description"] == "Create a task."
    assert tool["function"]["parameters"]["required"] == ["title"]
    assert "strict" not in tool["function"]


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "Europe", "", "../etc/passwd", "a\0b"])
async def test_an_unknown_zone_falls_back_to_utc(provider: ScriptedProvider, timezone: str) -> None:
    provider.script.append(Text("Yes"))
    await answer_of(open_scripted(provider), asking(timezone=timezone))
    assert "2025-01-07T08:30+00:00 (UTC)" in provider.requests[0].body["messages"][0]["content"]


async def test_history_holds_every_call_with_its_outcome(provider: ScriptedProvider) -> None:
    provider.script.append(Text("Done"))
    history = (
        UserTurn("Two tasks"),
        AgentTurn(
            "On it.",
            (
                ToolCall("x", "create_task", {"title": "A"}, result={"id": 1}),
                ToolCall("x", "no.such tool", '{"a": NaN}', error="There is no such tool."),
            ),
        ),
        AgentTurn("", (ToolCall("y", "list_tasks", {}, result=["A", None]),)),
        AgentTurn("Listed."),
        AgentTurn("  "),
        UserTurn("And now?"),
    )
    await answer_of(open_scripted(provider), asking(*history))
    first, second, third = "call00001", "call00002", "call00003"
    _, asked, calls, done, failed, more, listed, said, last = provider.requests[0].body["messages"]
    assert (asked["content"], last) == ("Two tasks", {"role": "user", "content": "And now?"})
    assert calls["content"] == "On it."
    assert [(call["id"], call["function"]["name"]) for call in calls["tool_calls"]] == [
        (first, "create_task"),
        (second, "no_such_tool"),
    ]
    assert json.loads(calls["tool_calls"][0]["function"]["arguments"]) == {"title": "A"}
    assert json.loads(calls["tool_calls"][1]["function"]["arguments"]) == {"INVALID_JSON": '{"a": NaN}'}
    assert done == {"role": "tool", "tool_call_id": first, "content": '{"id":1}'}
    assert failed["tool_call_id"] == second
    assert json.loads(failed["content"]) == {"error": "There is no such tool."}
    assert more["tool_calls"][0]["id"] == third
    assert listed == {"role": "tool", "tool_call_id": third, "content": '["A",null]'}
    assert said == {"role": "assistant", "content": "Listed."}


async def test_a_call_without_a_result_is_still_answered(provider: ScriptedProvider) -> None:
    provider.script.append(Text("Done"))
    await answer_of(
        open_scripted(provider), asking(UserTurn("Do"), AgentTurn("", (ToolCall("a", "do", {}),)))
    )
    assert provider.requests[0].body["messages"][-1]["content"] == "null"


async def test_history_with_nul_and_lone_surrogates_is_sent_without_them(provider: ScriptedProvider) -> None:
    provider.script.append(Text("Done"))
    call = ToolCall("a", "do", {"k\ud800": ["\0"]}, result={"r": "\udc00"})
    await answer_of(open_scripted(provider), asking(UserTurn("a\0b\ud83d"), AgentTurn("t\0", (call,))))
    _, user, agent, result = provider.requests[0].body["messages"]
    assert (user["content"], agent["content"]) == ("a\ufffdb\ufffd", "t\ufffd")
    assert json.loads(agent["tool_calls"][0]["function"]["arguments"]) == {"k\ufffd": ["\ufffd"]}
    assert json.loads(result["content"]) == {"r": "\ufffd"}


async def test_openai_itself_is_told_to_forget_and_gets_its_own_name_of_a_limit(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.BASE_URLS, "openai", provider.base_url)
    provider.script += [Text("Yes"), Text("Yes")]
    await answer_of(open_model("openai:gpt-5", None, options=ModelOptions(max_output_tokens=50)))
    await answer_of(open_scripted(provider, max_output_tokens=50, parallel_tool_calls=False))
    own, other = (request.body for request in provider.requests)
    assert (own["store"], own["max_completion_tokens"], "max_tokens" in own) == (False, 50, False)
    assert ("store" in other, "max_completion_tokens" in other, other["max_tokens"]) == (False, False, 50)
    assert ("parallel_tool_calls" in own, other["parallel_tool_calls"]) == (False, False)
