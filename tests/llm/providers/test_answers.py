# test_answers.py -- what comes of an answer: text, calls and usage, made whole.
import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from llm.protocol import (
    AgentTurn,
    AnswerEnd,
    TextDelta,
    ToolCall,
    UserTurn,
)
from support.llm.providers import (
    answer_of,
    asking,
    calls_of,
    error_of,
    fails,
    open_scripted,
    text_of,
)
from support.llm.scripted_provider import (
    Answer,
    Calls,
    Hang,
    Raw,
    ScriptedProvider,
    Text,
)

pytestmark = pytest.mark.anyio


async def test_text_arrives_in_pieces_and_usage_at_the_end(provider: ScriptedProvider) -> None:
    provider.script.append(Text(pieces=("Good", " mor", "ning.")))
    assert await answer_of(open_scripted(provider)) == [
        TextDelta("Good"),
        TextDelta(" mor"),
        TextDelta("ning."),
        AnswerEnd("stop", 11, 7),
    ]


async def test_a_piece_is_passed_on_before_the_answer_has_ended(provider: ScriptedProvider) -> None:
    provider.script.append(Hang(60, text="First"))
    async with asyncio.timeout(5), aclosing(open_scripted(provider).respond(asking())) as events:
        assert await anext(events) == TextDelta("First")


async def test_parallel_calls_come_whole_and_in_order_after_the_text(provider: ScriptedProvider) -> None:
    names = ["b", "a", "c"]
    calls = [(name, f'{{"n": "{name}"}}') for name in names]
    provider.script.append(Calls(calls, text="One moment."))
    events = await answer_of(open_scripted(provider))
    assert text_of(events) == "One moment."
    assert [(call.name, call.arguments) for call in calls_of(events)] == [
        (name, {"n": name}) for name in names
    ]
    assert isinstance(events[-1], AnswerEnd)
    assert all(isinstance(event, ToolCall) for event in events[-4:-1])


async def test_parallel_calls_of_one_index_stay_apart(provider: ScriptedProvider) -> None:
    provider.script.append(Calls([("a", '{"n": 1}'), ("b", '{"n": 2}')], one_index=True))
    calls = calls_of(await answer_of(open_scripted(provider)))
    assert [(call.name, call.arguments) for call in calls] == [("a", {"n": 1}), ("b", {"n": 2})]


async def test_empty_and_repeated_call_ids_become_unique(provider: ScriptedProvider) -> None:
    provider.script.append(Calls([("a", "{}")] * 5, ids=("", "same", "same", "old", "")))
    history = AgentTurn("", (ToolCall("old", "a", {}, result=1),))
    calls = calls_of(await answer_of(open_scripted(provider), asking(UserTurn("Go"), history)))
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
    (call,) = calls_of(await answer_of(open_scripted(provider)))
    assert call.arguments == read


async def test_text_without_nul_or_lone_surrogates(provider: ScriptedProvider) -> None:
    provider.script.append(Text(pieces=("a\0b", "\ud83d", "\ude00", "\udc00", "z\ud800")))
    assert text_of(await answer_of(open_scripted(provider))) == "a\ufffdb😀\ufffdz\ufffd"


async def test_reasoning_is_left_out(provider: ScriptedProvider) -> None:
    provider.script.append(Text(pieces=("<think>", "Hmm.", "</think>", "Yes.")))
    assert text_of(await answer_of(open_scripted(provider))) == "Yes."


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
async def test_counts_of_credentials_are_made_whole_or_dropped(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, sent: float, kept: int
) -> None:
    warned: list[str] = []
    log = SimpleNamespace(warning=lambda event, **words: warned.append(event))
    monkeypatch.setattr("llm.token_counts.log", log)
    usage = {"prompt_tokens": sent, "completion_tokens": 7, "total_tokens": 7}
    said = {
        "choices": [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": "stop"}],
        "usage": usage,
    }
    provider.script.append(Raw(f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n"))
    counted = (await answer_of(open_scripted(provider)))[-1]
    assert isinstance(counted, AnswerEnd)
    assert counted.input_tokens == kept
    assert isinstance(counted.input_tokens, int)
    assert warned == (["the provider's token count is invalid"] if kept == 0 else [])


@pytest.mark.parametrize("answer", [Calls([("add", "x" * 60_000)]), Calls([("add", "{}")] * 500)])
async def test_calls_without_end_are_an_error(provider: ScriptedProvider, answer: Answer) -> None:
    provider.script.append(answer)
    error = await error_of(open_scripted(provider), replace(asking(), answer_bytes=50_000))
    assert (error.reason, error.transient) == (
        "The model's calls and thoughts are longer than 50000 bytes.", False
    )  # fmt: skip


@pytest.mark.parametrize("script", [Text(""), Text(" \n "), Text(pieces=("<think>", "Hmm.", "</think>"))])
async def test_an_empty_answer_is_an_error_worth_a_retry(provider: ScriptedProvider, script: Answer) -> None:
    error = await fails(provider, script)
    assert (error.reason, error.transient) == ("The model gave an empty answer.", True)
