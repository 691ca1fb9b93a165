# test_providers.py -- the adapter of real providers, over HTTP, against a scripted provider on loopback.
import asyncio
import builtins
import json
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from llm import provider_errors, providers
from llm.protocol import (
    AgentTurn,
    ModelError,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolSpec,
    Turn,
    Usage,
    UserTurn,
)
from llm.provider_model import ProviderModel
from llm.providers import open_provider_model
from support.scripted_provider import (
    Answer,
    BreakAfter,
    Calls,
    Garbage,
    Hang,
    Raw,
    ScriptedProvider,
    Slow,
    Status,
    Text,
    scripted_provider,
)

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret-0123456789"
TOOL = ToolSpec(
    "create_task",
    "Create a task.",
    {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1"), f"a test tried to reach {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[ScriptedProvider]:
    with scripted_provider() as started:
        yield started


@pytest.fixture
def provider(shared_provider: ScriptedProvider) -> ScriptedProvider:
    shared_provider.script.clear()
    shared_provider.requests.clear()
    return shared_provider


def asking(*turns: Turn, timezone: str = "UTC", tools: tuple[ToolSpec, ...] = (TOOL,)) -> ModelRequest:
    now = datetime(2025, 1, 7, 8, 30, tzinfo=UTC)
    return ModelRequest("Be brief.", turns or (UserTurn("Hello?"),), tools, now, timezone)


@cache
def open_once(model: str, base_url: str | None, key: str | None = KEY) -> ProviderModel:
    return cast(ProviderModel, open_provider_model(model, base_url, key))


def opened(provider: ScriptedProvider, idle_seconds: float = 5) -> ProviderModel:
    model = open_once("scripted", provider.base_url)
    return ProviderModel(model.name, model.backend, idle_seconds=idle_seconds, secrets=[KEY])


async def answer_of(model: ProviderModel, request: ModelRequest | None = None) -> list[ModelEvent]:
    async with asyncio.timeout(20):
        return [event async for event in model.respond(request or asking())]


async def error_of(model: ProviderModel, request: ModelRequest | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await answer_of(model, request)
    for secret in (KEY, "127.0.0.1", "scripted", "http"):
        assert secret not in caught.value.reason
        assert secret not in str(caught.value)
    return caught.value


async def fails(provider: ScriptedProvider, *script: Answer) -> ModelError:
    provider.script[:] = script
    error = await error_of(opened(provider))
    assert len(provider.requests) == 1, "the SDK tried again"
    return error


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls_of(events: list[ModelEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]


async def test_text_arrives_in_pieces_and_usage_at_the_end(provider: ScriptedProvider) -> None:
    provider.script.append(Text(pieces=("Good", " mor", "ning.")))
    assert await answer_of(opened(provider)) == [
        TextDelta("Good"),
        TextDelta(" mor"),
        TextDelta("ning."),
        Usage(11, 7),
    ]


async def test_a_piece_is_passed_on_before_the_answer_has_ended(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    async with asyncio.timeout(5), aclosing(opened(provider).respond(asking())) as events:
        assert await anext(events) == TextDelta("First")


async def test_instructions_time_tools_and_key_are_sent(provider: ScriptedProvider) -> None:
    provider.script.append(Text("Yes"))
    await answer_of(opened(provider), asking(UserTurn("Hello?"), timezone="Europe/Berlin"))
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
    await answer_of(opened(provider), asking(timezone=timezone))
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
    await answer_of(opened(provider), asking(*history))
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
    await answer_of(opened(provider), asking(UserTurn("Do"), AgentTurn("", (ToolCall("a", "do", {}),))))
    assert provider.requests[0].body["messages"][-1]["content"] == "null"


async def test_history_with_nul_and_lone_surrogates_is_sent_without_them(provider: ScriptedProvider) -> None:
    provider.script.append(Text("Done"))
    call = ToolCall("a", "do", {"k\ud800": ["\0"]}, result={"r": "\udc00"})
    await answer_of(opened(provider), asking(UserTurn("a\0b\ud83d"), AgentTurn("t\0", (call,))))
    _, user, agent, result = provider.requests[0].body["messages"]
    assert (user["content"], agent["content"]) == ("a\ufffdb\ufffd", "t\ufffd")
    assert json.loads(agent["tool_calls"][0]["function"]["arguments"]) == {"k\ufffd": ["\ufffd"]}
    assert json.loads(result["content"]) == {"r": "\ufffd"}


async def test_parallel_calls_come_whole_and_in_order_after_the_text(provider: ScriptedProvider) -> None:
    names = ["b", "a", "c"]
    calls = [(name, f'{{"n": "{name}"}}') for name in names]
    provider.script.append(Calls(calls, text="One moment."))
    events = await answer_of(opened(provider))
    assert text_of(events) == "One moment."
    assert [(call.name, call.arguments) for call in calls_of(events)] == [
        (name, {"n": name}) for name in names
    ]
    assert isinstance(events[-1], Usage)
    assert all(isinstance(event, ToolCall) for event in events[-4:-1])


async def test_parallel_calls_of_one_index_stay_apart(provider: ScriptedProvider) -> None:
    provider.script.append(Calls([("a", '{"n": 1}'), ("b", '{"n": 2}')], one_index=True))
    calls = calls_of(await answer_of(opened(provider)))
    assert [(call.name, call.arguments) for call in calls] == [("a", {"n": 1}), ("b", {"n": 2})]


async def test_empty_and_repeated_call_ids_become_unique(provider: ScriptedProvider) -> None:
    provider.script.append(Calls([("a", "{}")] * 5, ids=("", "same", "same", "old", "")))
    history = AgentTurn("", (ToolCall("old", "a", {}, result=1),))
    calls = calls_of(await answer_of(opened(provider), asking(UserTurn("Go"), history)))
    ids = [call.id for call in calls]
    assert len(set(ids)) == 5
    assert all(ids)
    assert ids[1] == "same"
    assert "old" not in ids


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", {}),
        ("  ", {}),
        ('{"a": 1.5}', {"a": 1.5}),
        ('{"a": "\\u0000\\ud800"}', {"a": "\ufffd\ufffd"}),
        ('{"a": ', '{"a": '),
        ('["a"]', '["a"]'),
        ("null", "null"),
        ('{"a": NaN}', '{"a": NaN}'),
        ('{"a": 1e999}', '{"a": 1e999}'),
        ('{"a":' * 3000, '{"a":' * 3000),
    ],
)
async def test_arguments_are_an_object_or_the_text_as_written(
    provider: ScriptedProvider, written: str, read: dict[str, Any] | str
) -> None:
    provider.script.append(Calls([("a", written)]))
    (call,) = calls_of(await answer_of(opened(provider)))
    assert call.arguments == read


async def test_text_without_nul_or_lone_surrogates(provider: ScriptedProvider) -> None:
    provider.script.append(Text(pieces=("a\0b", "\ud83d", "\ude00", "\udc00", "z\ud800")))
    assert text_of(await answer_of(opened(provider))) == "a\ufffdb😀\ufffdz\ufffd"


async def test_reasoning_is_left_out(provider: ScriptedProvider) -> None:
    provider.script.append(Text(pieces=("<think>", "Hmm.", "</think>", "Yes.")))
    assert text_of(await answer_of(opened(provider))) == "Yes."


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.filterwarnings("ignore:Failed to extract usage")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (12.5, 12),
        (37.25, 37),
        (3.0, 3),
        (-5, 0),
        (2**31, 0),
        (2147483653, 0),
        (1e300, 0),
        (2**31 - 1, 2**31 - 1),
    ],
)
async def test_counts_of_tokens_are_made_whole_or_dropped(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, sent: float, kept: int
) -> None:
    warned: list[str] = []
    log = SimpleNamespace(warning=lambda event, **words: warned.append(event))
    monkeypatch.setattr("llm.provider_model.log", log)
    usage = {"prompt_tokens": sent, "completion_tokens": 7, "total_tokens": 7}
    said = {
        "choices": [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": "stop"}],
        "usage": usage,
    }
    provider.script.append(Raw(f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n"))
    counted = (await answer_of(opened(provider)))[-1]
    assert isinstance(counted, Usage)
    assert counted.input_tokens == kept
    assert isinstance(counted.input_tokens, int)
    assert warned == (["the provider's token count is invalid"] if kept == 0 and sent > 0 else [])


@pytest.mark.parametrize("answer", [Calls([("add", "x" * 60_000)]), Calls([("add", "{}")] * 500)])
async def test_calls_without_end_are_an_error(provider: ScriptedProvider, answer: Answer) -> None:
    provider.script.append(answer)
    error = await error_of(opened(provider), replace(asking(), answer_bytes=50_000))
    assert (error.reason, error.transient) == (
        "The model's calls and thoughts are longer than 50000 bytes.", False
    )  # fmt: skip


@pytest.mark.parametrize("script", [Text(""), Text(" \n "), Text(pieces=("<think>", "Hmm.", "</think>"))])
async def test_an_empty_answer_is_an_error_worth_a_retry(provider: ScriptedProvider, script: Answer) -> None:
    error = await fails(provider, script)
    assert (error.reason, error.transient) == ("The model gave an empty answer.", True)


@pytest.mark.parametrize(
    ("status", "reason", "transient"),
    [
        (400, "The model provider rejected the request (400).", False),
        (401, "The model provider refused the key.", False),
        (402, "The quota at the model provider is used up.", False),
        (403, "The model provider refused the key.", False),
        (404, "The model provider rejected the request (404).", False),
        (408, "The model provider failed (408).", True),
        (409, "The model provider failed (409).", True),
        (422, "The model provider rejected the request (422).", False),
        (429, "The model provider is busy (rate limit).", True),
        (500, "The model provider failed (500).", True),
        (503, "The model provider failed (503).", True),
        (529, "The model provider failed (529).", True),
    ],
)
async def test_a_status_becomes_a_reason(
    provider: ScriptedProvider, status: int, reason: str, transient: bool
) -> None:
    echo = {"message": f"bad key {KEY} at {provider.base_url}", "type": "scripted"}
    error = await fails(provider, Status(status, error=echo))
    assert (error.reason, error.transient) == (reason, transient)
    assert error.__cause__ is not None
    assert str(status) in error.cause
    assert "bad key" in error.cause


async def test_retry_after_is_passed_on_as_seconds(provider: ScriptedProvider) -> None:
    assert (await fails(provider, Status(429, retry_after="17"))).retry_after == 17
    provider.requests.clear()
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < ((await fails(provider, Status(429, retry_after=date))).retry_after or 0) <= 90
    provider.requests.clear()
    assert (await fails(provider, Status(429, retry_after="soon"))).retry_after is None


async def test_a_used_up_quota_is_not_taken_for_a_rate_limit(provider: ScriptedProvider) -> None:
    error = await fails(provider, Status(429, error={"message": "", "code": "insufficient_quota"}))
    assert not error.transient


async def test_a_conversation_that_is_too_long_is_named_as_such(provider: ScriptedProvider) -> None:
    error = await fails(provider, Status(400, error={"message": "", "code": "context_length_exceeded"}))
    assert (error.reason, error.transient) == ("The conversation is too long for the model.", False)


async def test_nobody_listening_is_a_broken_connection(provider: ScriptedProvider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = await error_of(open_once("m", f"http://127.0.0.1:{port}/v1"))
    assert (error.reason, error.transient) == (provider_errors.BROKEN, True)


async def test_a_cut_in_the_middle_is_a_broken_connection(provider: ScriptedProvider) -> None:
    provider.script.append(BreakAfter("Half of"))
    answer = opened(provider).respond(asking())
    assert [await anext(answer), await anext(answer)] == [TextDelta("Half"), TextDelta(" of")]
    with pytest.raises(ModelError) as caught:
        await anext(answer)
    assert (caught.value.reason, caught.value.transient) == (provider_errors.BROKEN, True)


async def test_an_answer_without_an_end_is_not_taken_for_whole(provider: ScriptedProvider) -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "Half of"}, "finish_reason": None}]}
    error = await fails(provider, Raw(f"data: {json.dumps(chunk)}\n\n"))
    assert (error.reason, error.transient) == (provider_errors.BROKEN, True)


@pytest.mark.parametrize(
    "script",
    [
        Garbage(),
        Raw(""),
        Raw("data: [1, 2]\n\n"),
        Raw('data: {"choices": 5}\n\n'),
        Raw("data: \xff\n\n"),
        Raw("<html></html>"),
    ],
)
async def test_garbage_is_an_error_worth_a_retry(provider: ScriptedProvider, script: Answer) -> None:
    assert (await fails(provider, script)).transient


async def test_an_error_in_mid_stream_is_the_providers_failure(provider: ScriptedProvider) -> None:
    error = await fails(provider, Raw('data: {"error": {"message": "scripted", "type": "oops"}}\n\n'))
    assert (error.reason, error.transient) == ("The model provider failed.", True)


async def test_a_content_filter_is_told_and_not_tried_again(provider: ScriptedProvider) -> None:
    error = await fails(provider, Text("I", finish="content_filter"))
    assert (error.reason, error.transient) == (provider_errors.FILTERED, False)
    provider.requests.clear()
    error = await fails(provider, Status(400, error={"message": "", "code": "content_filter"}))
    assert (error.reason, error.transient) == (provider_errors.FILTERED, False)


@pytest.mark.parametrize("text", ["", "Well"])
async def test_silence_ends_the_wait(provider: ScriptedProvider, text: str) -> None:
    provider.script.append(Hang(60, text=text))
    error = await error_of(opened(provider, idle_seconds=0.3))
    assert (error.reason, error.transient) == (provider_errors.LATE, True)
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_a_slow_answer_is_no_silence(provider: ScriptedProvider) -> None:
    provider.script.append(Slow("one two three", 0.25))
    assert text_of(await answer_of(opened(provider, idle_seconds=0.6))) == "one two three"


async def test_closing_early_closes_the_connection(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    async with aclosing(opened(provider).respond(asking())) as events:
        await anext(events)
        assert not provider.requests[0].left.is_set()
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_another_task_may_close_early(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    events = opened(provider).respond(asking())
    assert await asyncio.create_task(anext(events)) == TextDelta("First")
    await asyncio.create_task(events.aclose())
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_cancelling_closes_the_connection(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    model, begun = opened(provider), asyncio.Event()

    async def run() -> None:
        async for _ in model.respond(asking()):
            begun.set()

    task = asyncio.create_task(run())
    await asyncio.wait_for(begun.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_one_model_answers_many_at_once(provider: ScriptedProvider) -> None:
    model = opened(provider)
    provider.script.extend([Text("a b c")] * 20)
    answers = await asyncio.gather(*(answer_of(model) for _ in range(20)))
    assert {text_of(answer) for answer in answers} == {"a b c"}


ANTHROPIC_STREAM = """\
event: message_start
data: {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant",
 "model": "claude", "content": [], "stop_reason": null,
 "stop_sequence": null, "usage": {"input_tokens": 5, "output_tokens": 1}}}

event: content_block_start
data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}

event: content_block_delta
data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Sure."}}

event: content_block_stop
data: {"type": "content_block_stop", "index": 0}

event: content_block_start
data: {"type": "content_block_start", "index": 1,
 "content_block": {"type": "tool_use", "id": "toolu_1", "name": "create_task", "input": {}}}

event: content_block_delta
data: {"type": "content_block_delta", "index": 1,
 "delta": {"type": "input_json_delta", "partial_json": "{\\"title\\": \\"A\\"}"}}

event: content_block_stop
data: {"type": "content_block_stop", "index": 1}

event: message_delta
data: {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
 "usage": {"output_tokens": 9}}

event: message_stop
data: {"type": "message_stop"}

""".replace(",\n ", ", ")

GOOGLE_STREAM = (
    'data: {"candidates": [{"content": {"role": "model", "parts": [{"text": "Sure."}]}}]}\r\n\r\n'
    'data: {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": '
    '{"name": "create_task", "args": {"title": "A"}}}]}, "finishReason": "STOP"}], '
    '"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 9}}\r\n\r\n'
)


def responses_stream() -> str:
    whole: dict[str, Any] = {
        "id": "r", "object": "response", "created_at": 1, "model": "gpt", "output": [], "tools": [],
        "parallel_tool_calls": True, "tool_choice": "auto", "status": "in_progress",
    }  # fmt: skip
    usage = {
        "input_tokens": 5, "output_tokens": 9, "total_tokens": 14,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    message = {"id": "msg", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    call = {"id": "fc", "type": "function_call", "call_id": "c", "name": "create_task", "arguments": ""}
    arguments = '{"title": "A"}'
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": whole},
        {"type": "response.output_item.added", "output_index": 0, "item": message},
        {
            "type": "response.output_text.delta", "item_id": "msg", "output_index": 0, "content_index": 0,
            "delta": "Sure.", "logprobs": [],
        },
        {"type": "response.output_item.added", "output_index": 1, "item": call},
        {
            "type": "response.function_call_arguments.delta", "item_id": "fc", "output_index": 1,
            "delta": arguments,
        },
        {"type": "response.output_item.done", "output_index": 1, "item": call | {"arguments": arguments}},
        {"type": "response.completed", "response": whole | {"status": "completed", "usage": usage}},
    ]  # fmt: skip
    lines = (json.dumps(event | {"sequence_number": number}) for number, event in enumerate(events))
    return "".join(f"event: {json.loads(line)['type']}\ndata: {line}\n\n" for line in lines)


DIALECTS = {
    "openai:gpt-5": ("/v1/responses", responses_stream()),
    "anthropic:claude-sonnet-5": ("/v1/messages", ANTHROPIC_STREAM),
    "google:gemini-2.5-flash": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", GOOGLE_STREAM),
}


@pytest.fixture(params=DIALECTS)
def dialect(
    request: pytest.FixtureRequest, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> tuple[ProviderModel, str, str]:
    """A provider's own API, its default address bent to loopback."""
    name = request.param.partition(":")[0]
    url = provider.base_url if name == "openai" else provider.root_url
    monkeypatch.setitem(providers.BASE_URLS, name, url)
    return open_once(request.param, None), *DIALECTS[request.param]


async def test_every_api_is_spoken(
    dialect: tuple[ProviderModel, str, str], provider: ScriptedProvider
) -> None:
    model, path, stream = dialect
    provider.script.append(Raw(stream))
    call = ToolCall("a/b", "create_task", {"title": "A"}, result={"id": 1})
    failed = ToolCall("a/b", "create_task", "{", error="No.")
    events = await answer_of(model, asking(UserTurn("Go"), AgentTurn("", (call, failed)), UserTurn("Go on")))
    assert text_of(events) == "Sure."
    assert [(call.name, call.arguments) for call in calls_of(events)] == [("create_task", {"title": "A"})]
    assert all(call.id for call in calls_of(events))
    assert events[-1] == Usage(5, 9)
    (sent,) = provider.requests
    assert sent.path.partition("?")[0] == path
    text = json.dumps(sent.body)
    for part in ("Be brief.", "2025-01-07T08:30", "Create a task.", "Go on", "No.", "INVALID_JSON"):
        assert part in text
    assert KEY in " ".join(sent.headers.values())
    assert KEY not in sent.path
    assert sent.body.get("store", False) is False
    assert path != "/v1/responses" or "store" in sent.body


@pytest.mark.parametrize(
    ("status", "reason", "transient"),
    [
        (400, "The model provider rejected the request (400).", False),
        (401, "The model provider refused the key.", False),
        (429, "The model provider is busy (rate limit).", True),
        (503, "The model provider failed (503).", True),
    ],
)
async def test_every_api_has_the_same_errors_and_no_hidden_retries(
    dialect: tuple[ProviderModel, str, str],
    provider: ScriptedProvider,
    status: int,
    reason: str,
    transient: bool,
) -> None:
    provider.script.append(Status(status, retry_after="3", error={"message": KEY, "code": status}))
    error = await error_of(dialect[0])
    assert (error.reason, error.transient) == (reason, transient)
    assert error.retry_after == (3 if transient else None)
    assert len(provider.requests) == 1


async def test_every_api_notices_silence_breaks_and_missing_ends(
    dialect: tuple[ProviderModel, str, str], provider: ScriptedProvider
) -> None:
    model, _, stream = dialect
    cut = stream[: stream.index("Sure.")].rindex("data:")
    head, _, _ = stream[cut:].partition("\n")
    provider.script.append(Raw(stream[:cut] + head.rstrip() + "\n\n"))
    assert (await error_of(model)).reason == provider_errors.BROKEN
    provider.script.append(BreakAfter(""))
    assert (await error_of(model)).transient
    provider.script.append(Hang(60))
    assert (
        await error_of(ProviderModel("m", model.backend, idle_seconds=0.3))
    ).reason == provider_errors.LATE
    assert await asyncio.to_thread(provider.requests[-1].left.wait, 5)


async def test_every_api_connects_in_ten_seconds_or_not_at_all(
    dialect: tuple[ProviderModel, str, str], provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx2

    limits: list[Any] = []
    handle = httpx2.AsyncHTTPTransport.handle_async_request

    async def recording(self: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> httpx2.Response:
        limits.append(request.extensions["timeout"]["connect"])
        return await handle(self, request)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", recording)
    provider.script.append(Raw(dialect[2]))
    await answer_of(dialect[0])
    assert limits == [10]


async def test_an_answer_that_the_provider_gave_up_is_its_failure(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.BASE_URLS, "google", provider.root_url)
    provider.script.append(Raw(GOOGLE_STREAM.replace('"STOP"', '"MALFORMED_FUNCTION_CALL"')))
    error = await error_of(open_once("google:gemini-2.5-flash", None))
    assert (error.reason, error.transient) == ("The model provider failed.", True)


@pytest.mark.parametrize(
    ("name", "reason", "transient"),
    [
        ("KeyError", provider_errors.UNREADABLE, True),
        ("ConnectionResetError", provider_errors.BROKEN, True),
        ("TimeoutError", provider_errors.LATE, True),
        ("UserError", "The model cannot take such a request.", False),
        ("ContentFilterError", provider_errors.FILTERED, False),
        ("UnexpectedModelBehavior", provider_errors.UNREADABLE, True),
    ],
)
async def test_whatever_breaks_inside_is_a_model_error(name: str, reason: str, transient: bool) -> None:
    from pydantic_ai import exceptions
    from pydantic_ai.models.function import FunctionModel

    kind = getattr(exceptions, name, None) or getattr(builtins, name)

    async def broken(*_: Any) -> AsyncIterator[str]:
        yield "Half of"
        raise kind(KEY)

    error = await error_of(ProviderModel("m", FunctionModel(stream_function=broken)))
    assert (error.reason, error.transient) == (reason, transient)


async def test_ollama_needs_no_key(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.BASE_URLS["ollama"] == "http://localhost:11434/v1"
    monkeypatch.setitem(providers.BASE_URLS, "ollama", provider.base_url)
    provider.script.append(Text("Yes"))
    model = open_once("ollama:llama3.2:3b", None, None)
    assert text_of(await answer_of(model)) == "Yes"
    assert provider.requests[0].body["model"] == "llama3.2:3b"
    assert model.name == "ollama:llama3.2:3b"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("openai:gpt-5", "gpt-5"),
        ("ollama:qwen3", "qwen3"),
        ("llama3.2:3b", "llama3.2:3b"),
        ("meta-llama/llama-3:free", "meta-llama/llama-3:free"),
        (" mistral-small ", "mistral-small"),
    ],
)
async def test_a_base_url_is_where_chat_completions_go_with_or_without_a_key(
    provider: ScriptedProvider, model: str, sent: str
) -> None:
    provider.script.append(Text("Yes"))
    assert text_of(await answer_of(open_once(model, provider.base_url, None))) == "Yes"
    assert provider.requests[0].path == "/v1/chat/completions"
    assert provider.requests[0].body["model"] == sent


async def test_the_environment_lends_no_key_and_no_address(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.1/")
    provider.script.append(Text("Yes"))
    await answer_of(cast(ProviderModel, open_provider_model("openai:gpt-5", provider.base_url, None)))
    assert "from-environment" not in json.dumps(provider.requests[0].headers)
    with pytest.raises(ValueError, match="MODEL_API_KEY"):
        open_provider_model("openai:gpt-5", None, None)


@pytest.mark.parametrize(
    ("model", "base_url", "key", "line"),
    [
        ("", None, KEY, "MODEL needs a provider"),
        ("", "http://localhost/v1", KEY, "MODEL needs a provider"),
        ("gpt-5", None, KEY, "MODEL needs a provider"),
        ("acme:gpt-5", None, KEY, "known are openai, anthropic, google, ollama"),
        ("compatible:gpt-5", None, KEY, "unknown provider"),
        ("openai:", None, KEY, "names no model"),
        ("openai:gpt-5", None, None, "needs MODEL_API_KEY"),
        ("openai:gpt-5", "", " ", "needs MODEL_API_KEY"),
        ("anthropic:claude-sonnet-5", None, None, "needs MODEL_API_KEY"),
        ("google:gemini-2.5-flash", None, None, "needs MODEL_API_KEY"),
        ("openai:gpt-5", None, f"{KEY} {KEY}", "characters"),
        ("openai:gpt-5", None, f"{KEY}é", "characters"),
        ("gpt-5", "localhost:8000/v1", KEY, "MODEL_BASE_URL must be"),
        ("gpt-5", "ftp://localhost/v1", KEY, "MODEL_BASE_URL must be"),
        ("gpt-5", "http://localhost:99999/v1", KEY, "MODEL_BASE_URL must be"),
        ("gpt-5", "http://[localhost/v1", KEY, "MODEL_BASE_URL must be"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_line(
    model: str, base_url: str | None, key: str | None, line: str
) -> None:
    with pytest.raises(ValueError, match=line) as caught:
        open_provider_model(model, base_url, key)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(ValueError, match=r"pydantic-ai-slim\[anthropic\]"):
        open_provider_model("anthropic:claude-sonnet-5", None, KEY)


def test_importing_the_module_does_not_import_pydantic_ai() -> None:
    environment = {"PYTHONPATH": str(Path(providers.__file__).parent.parent)}
    code = "import sys, llm.providers; print({'pydantic_ai', 'httpx2', 'openai'} & set(sys.modules))"
    run = [sys.executable, "-B", "-c", code]
    assert subprocess.check_output(run, env=environment, stderr=subprocess.STDOUT) == b"set()\n"


def test_the_scripted_provider_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with scripted_provider() as started:
        started.script.append(Hang(60))
        with socket.create_connection(("127.0.0.1", started.port)) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            assert client.recv(12) == b"HTTP/1.1 200"
    assert set(threading.enumerate()) <= before
