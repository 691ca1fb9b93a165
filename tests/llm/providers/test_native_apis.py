# test_native_apis.py -- the APIs of Anthropic and Google, spoken alike.
import asyncio
import json
from typing import Any

import pytest

from llm import provider_errors, providers
from llm.model_options import ModelOptions
from llm.protocol import AgentTurn, AnswerEnd, ContextOverflow, Model, ToolCall, UserTurn
from llm.providers import open_provider_model
from support.llm.providers import (
    KEY,
    answer_of,
    asking,
    calls_of,
    error_of,
    open_sdk_model,
    text_of,
)
from support.llm.scripted_provider import (
    BreakAfter,
    Hang,
    Raw,
    ScriptedProvider,
    Status,
)

pytestmark = [pytest.mark.anyio, pytest.mark.busy]
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


APIS = {
    "anthropic:claude-sonnet-5": ("/v1/messages", ANTHROPIC_STREAM),
    "google:gemini-2.5-flash": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", GOOGLE_STREAM),
}


@pytest.fixture(params=APIS)
def api(
    request: pytest.FixtureRequest, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> tuple[Model, str, str]:
    """A provider's own API, its default address bent to loopback."""
    monkeypatch.setitem(providers.BASE_URLS, request.param.partition(":")[0], provider.root_url)
    return open_sdk_model(request.param), *APIS[request.param]


@pytest.mark.busy
async def test_every_api_is_spoken(api: tuple[Model, str, str], provider: ScriptedProvider) -> None:
    model, path, stream = api
    provider.script.append(Raw(stream))
    call = ToolCall("a/b", "create_task", {"title": "A"}, result={"id": 1})
    failed = ToolCall("a/b", "create_task", "{", error="No.")
    events = await answer_of(model, asking(UserTurn("Go"), AgentTurn("", (call, failed)), UserTurn("Go on")))
    assert text_of(events) == "Sure."
    assert [(call.name, call.arguments) for call in calls_of(events)] == [("create_task", {"title": "A"})]
    assert all(call.id for call in calls_of(events))
    assert events[-1] == AnswerEnd("tool_calls", 5, 9)
    (sent,) = provider.requests
    assert sent.path.partition("?")[0] == path
    text = json.dumps(sent.body)
    for part in ("Be brief.", "2025-01-07T08:30", "Create a task.", "Go on", "No.", "INVALID_JSON"):
        assert part in text
    assert KEY in " ".join(sent.headers.values())
    assert KEY not in sent.path


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
    api: tuple[Model, str, str],
    provider: ScriptedProvider,
    status: int,
    reason: str,
    transient: bool,
) -> None:
    provider.script.append(Status(status, retry_after="3", error={"message": KEY, "code": status}))
    error = await error_of(api[0])
    assert (error.reason, error.transient) == (reason, transient)
    assert error.retry_after == (3 if transient else None)
    assert len(provider.requests) == 1


async def test_every_api_notices_silence_breaks_and_missing_ends(
    api: tuple[Model, str, str], provider: ScriptedProvider
) -> None:
    model, _, stream = api
    impatient = open_sdk_model(model.name, ModelOptions(timeout_seconds=0.3))
    cut = stream[: stream.index("Sure.")].rindex("data:")
    head, _, _ = stream[cut:].partition("\n")
    provider.script.append(Raw(stream[:cut] + head.rstrip() + "\n\n"))
    assert (await error_of(model)).reason == provider_errors.BROKEN
    provider.script.append(BreakAfter(""))
    assert (await error_of(model)).transient
    provider.script.append(Hang(60))
    assert (await error_of(impatient)).reason == provider_errors.LATE
    assert await asyncio.to_thread(provider.requests[-1].left.wait, 5)


async def test_every_api_connects_in_ten_seconds_or_not_at_all(
    api: tuple[Model, str, str], provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx2

    limits: list[Any] = []
    handle = httpx2.AsyncHTTPTransport.handle_async_request

    async def recording(self: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> httpx2.Response:
        limits.append(request.extensions["timeout"]["connect"])
        return await handle(self, request)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", recording)
    provider.script.append(Raw(api[2]))
    await answer_of(api[0])
    assert limits == [10]


async def test_an_answer_that_the_provider_gave_up_is_its_failure(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.BASE_URLS, "google", provider.root_url)
    provider.script.append(Raw(GOOGLE_STREAM.replace('"STOP"', '"MALFORMED_FUNCTION_CALL"')))
    error = await error_of(open_sdk_model("google:gemini-2.5-flash"))
    assert (error.reason, error.transient) == ("The model provider failed.", True)


@pytest.mark.parametrize("said", ["max_tokens", "model_context_window_exceeded", "pause_turn"])
async def test_an_answer_of_anthropic_that_was_cut_off_says_so(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setitem(providers.BASE_URLS, "anthropic", provider.root_url)
    cut = ANTHROPIC_STREAM.replace('{\\"title\\": \\"A\\"}', '{\\"title\\": \\"A')
    assert cut != ANTHROPIC_STREAM
    provider.script.append(Raw(cut.replace('"stop_reason": "tool_use"', f'"stop_reason": "{said}"')))
    events = await answer_of(open_sdk_model("anthropic:claude-sonnet-5"))
    (call,) = calls_of(events)
    assert (call.truncated, call.arguments) == (True, '{"title": "A')
    assert events[-1] == AnswerEnd("length", 5, 9)


async def test_an_answer_of_google_that_was_cut_off_says_so(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(providers.BASE_URLS, "google", provider.root_url)
    provider.script.append(Raw(GOOGLE_STREAM.replace('"STOP"', '"MAX_TOKENS"')))
    events = await answer_of(open_sdk_model("google:gemini-2.5-flash"))
    assert events[-1] == AnswerEnd("length", 5, 9)
    assert not any(call.truncated for call in calls_of(events))


async def test_every_api_is_sent_the_operators_options(
    api: tuple[Model, str, str], provider: ScriptedProvider
) -> None:
    options = ModelOptions(max_output_tokens=77, extra_headers={"X-Team": "a"})
    provider.script.append(Raw(api[2]))
    await answer_of(open_provider_model(api[0].name, None, KEY, options))
    (sent,) = provider.requests
    assert sent.headers["x-team"] == "a"
    assert "77" in json.dumps(sent.body)


async def test_every_api_tells_of_a_request_that_was_too_long(
    api: tuple[Model, str, str], provider: ScriptedProvider
) -> None:
    provider.script.append(
        Status(400, error={"message": "prompt is too long: 205000 tokens > 200000 maximum"})
    )
    assert isinstance(await error_of(api[0]), ContextOverflow)
