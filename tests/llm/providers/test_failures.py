# test_failures.py -- every failure of a provider becomes a reason, and is known to be worth a retry or not.
import asyncio
import json
import socket
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from llm import provider_errors
from llm.protocol import (
    ModelError,
    TextDelta,
)
from support.llm.providers import (
    KEY,
    answer_of,
    asking,
    error_of,
    fails,
    open_model,
    open_scripted,
    text_of,
)
from support.llm.scripted_provider import (
    Answer,
    BreakAfter,
    Garbage,
    Hang,
    Raw,
    ScriptedProvider,
    Slow,
    Status,
    Text,
)

pytestmark = pytest.mark.anyio


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
    error = await error_of(open_model("m", f"http://127.0.0.1:{port}/v1"))
    assert (error.reason, error.transient) == (provider_errors.BROKEN, True)


async def test_a_cut_in_the_middle_is_a_broken_connection(provider: ScriptedProvider) -> None:
    provider.script.append(BreakAfter("Half of"))
    answer = open_scripted(provider).respond(asking())
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
    error = await error_of(open_scripted(provider, idle_seconds=0.3))
    assert (error.reason, error.transient) == (provider_errors.LATE, True)
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_a_slow_answer_is_no_silence(provider: ScriptedProvider) -> None:
    provider.script.append(Slow("one two three", 0.25))
    assert text_of(await answer_of(open_scripted(provider, idle_seconds=0.6))) == "one two three"


async def test_closing_early_closes_the_connection(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    async with aclosing(open_scripted(provider).respond(asking())) as events:
        await anext(events)
        assert not provider.requests[0].left.is_set()
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_another_task_may_close_early(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    events = open_scripted(provider).respond(asking())
    assert await asyncio.create_task(anext(events)) == TextDelta("First")
    await asyncio.create_task(events.aclose())
    assert await asyncio.to_thread(provider.requests[0].left.wait, 5)


async def test_cancelling_closes_the_connection(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    model, begun = open_scripted(provider), asyncio.Event()

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
    model = open_scripted(provider)
    provider.script.extend([Text("a b c")] * 20)
    answers = await asyncio.gather(*(answer_of(model) for _ in range(20)))
    assert {text_of(answer) for answer in answers} == {"a b c"}
