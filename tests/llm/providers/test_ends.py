# test_ends.py -- how an answer ends: the reason, the counts, what goes back, and what was cut off.
import json
from typing import Any

import pytest

from llm.openai_wire import model as wire
from llm.protocol import AnswerEnd, ContextOverflow, ModelError, TokensUsed
from llm.provider_errors import BROKEN, BUSY, CUT_OFF, FAILED, FILTERED, QUOTA
from support.llm.providers import answer_of, asking, calls_of, error_of, open_scripted, text_of
from support.llm.scripted_provider import Reply, ScriptedProvider

pytestmark = pytest.mark.anyio
DONE = "data: [DONE]\n\n"


def event(delta: dict[str, Any] | None = None, finish: Any = None, **fields: Any) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return f"data: {json.dumps({'choices': choices, **fields})}\n\n"


def usage(read: Any, written: Any) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": read, "completion_tokens": written}}


TEXT = event({"content": "Hello."})
CALL = event(
    {
        "tool_calls": [
            {"index": 0, "id": "c", "function": {"name": "create_task", "arguments": '{"title": "A'}}
        ]
    }
)
REST = event({"tool_calls": [{"index": 0, "function": {"arguments": '"}'}}]})


async def end_of(provider: ScriptedProvider, *frames: str) -> AnswerEnd:
    provider.script[:] = [Reply("".join(frames))]
    end = (await answer_of(open_scripted(provider)))[-1]
    assert isinstance(end, AnswerEnd)
    return end


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("something_new", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "length"),
    ],
)
async def test_every_reason_has_one_of_three_names(
    provider: ScriptedProvider, said: str, reason: str
) -> None:
    assert (await end_of(provider, TEXT, event({}, said), DONE)).finish_reason == reason


@pytest.mark.parametrize("said", ["stop", "tool_calls", "tool_use", "function_call", "", None])
async def test_an_answer_with_calls_ends_in_calls_whatever_is_said(
    provider: ScriptedProvider, said: str | None
) -> None:
    assert (await end_of(provider, CALL, REST, event({}, said), DONE)).finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("said", "reason", "transient"),
    [
        ("content_filter", FILTERED, False),
        ("SAFETY", FILTERED, False),
        ("error", FAILED, True),
        ("network_error", FAILED, True),
    ],
)
async def test_an_answer_that_was_stopped_is_an_error(
    provider: ScriptedProvider, said: str, reason: str, transient: bool
) -> None:
    provider.script.append(Reply(TEXT + event({}, said) + DONE))
    error = await error_of(open_scripted(provider))
    assert (error.reason, error.transient) == (reason, transient)
    assert said in error.cause


@pytest.mark.parametrize(
    "frames",
    [
        [TEXT, DONE],
        [event({"content": "Hello."}, ""), DONE],
        [TEXT, event(None, **usage(5, 2))],
        [event({"content": "Hello."}, "stop")],
        [TEXT, event({}, "stop"), event({}, "stop"), event(None, **usage(5, 2)), DONE],
        [TEXT, 'data: {"id": "x", "choices": [{"index": 0, "finish_reason": "stop"}]}\n\n'],
        [TEXT, event({}, "stop"), 'data: {"choices": [], "usa'],
        [json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})],
    ],
    ids=[
        "[DONE]",
        "an empty reason",
        "counts",
        "a reason",
        "two reasons",
        "no delta",
        "a cut after it",
        "a document",
    ],
)
async def test_an_end_is_known_by_any_of_its_signs(provider: ScriptedProvider, frames: list[str]) -> None:
    provider.script.append(Reply("".join(frames)))
    assert text_of(await answer_of(open_scripted(provider))) == "Hello."


@pytest.mark.parametrize(
    "frames", [[TEXT], [TEXT, event({"content": "x"}, None, **usage(5, 2))], [CALL, REST]]
)
async def test_without_any_sign_the_answer_was_broken_off(
    provider: ScriptedProvider, frames: list[str]
) -> None:
    provider.script.append(Reply("".join(frames)))
    error = await error_of(open_scripted(provider))
    assert (error.reason, error.transient) == (BROKEN, True)


@pytest.mark.parametrize(
    ("frames", "counts"),
    [
        ([event({"content": "a"}, None, **usage(3000, n)) for n in range(1, 400)], (3000, 399)),
        ([event({"content": "a"}, None, **usage(3, None)), event(None, **usage(None, 4))], (3, 4)),
        ([event({"content": "a"}, None, **usage(3, 4)), event(None, **usage(0, 0))], (3, 4)),
        ([event({"content": "a"}), event(None, usage={"input_tokens": 3, "output_tokens": 4})], (3, 4)),
        ([event({"content": "a"}), event({}, "stop", x_groq=usage(3, 4))], (3, 4)),
        ([event({"content": "a"}), f"data: {json.dumps({'choices': [{'delta': {}, **usage(3, 4)}]})}\n\n"], (3, 4)),
        ([event({"content": "a"}), event(None, **usage(12.5, 37.75))], (12, 38)),
        ([event({"content": "a"}), event(None, usage=None), event(None, usage={})], (0, 0)),
    ],
    ids=["cumulative", "one by one", "zeros at the end", "other names", "Groq's", "in the choice", "fractions", "none"],
)  # fmt: skip
async def test_the_last_count_holds(
    provider: ScriptedProvider, frames: list[str], counts: tuple[int, int]
) -> None:
    end = await end_of(provider, *frames, DONE)
    assert (end.input_tokens, end.output_tokens) == counts


@pytest.mark.parametrize(
    "frames",
    [[TEXT, event({"content": "x"}, None, **usage(5, 2))], [TEXT, event({}, "content_filter", **usage(5, 2)), DONE]],
    ids=["broken off", "filtered"],
)  # fmt: skip
async def test_what_a_failed_answer_has_used_is_told_before_its_failure(
    provider: ScriptedProvider, frames: list[str]
) -> None:
    provider.script.append(Reply("".join(frames)))
    told: list[Any] = []

    async def listen() -> None:
        async for item in open_scripted(provider).respond(asking()):
            told.append(item)

    with pytest.raises(ModelError):
        await listen()
    assert TokensUsed(5, 2) in told


async def test_a_call_that_a_limit_cut_is_marked(provider: ScriptedProvider) -> None:
    provider.script.append(Reply(CALL + event({}, "length") + DONE))
    *calls, end = await answer_of(open_scripted(provider))
    (call,) = calls_of(calls)
    assert (call.truncated, call.arguments) == (True, '{"title": "A')
    assert isinstance(end, AnswerEnd)
    assert end.finish_reason == "length"


async def test_an_answer_cut_off_in_its_thoughts_is_not_asked_for_again(provider: ScriptedProvider) -> None:
    provider.script.append(Reply(event({"reasoning_content": "Hm."}) + event({}, "length") + DONE))
    error = await error_of(open_scripted(provider))
    assert (error.reason, error.transient) == (CUT_OFF, False)


async def test_thoughts_and_signatures_of_a_step_are_what_goes_back(provider: ScriptedProvider) -> None:
    details = [
        {"type": "reasoning.text", "index": 0, "text": "One, "},
        {"type": "reasoning.text", "index": 0, "text": "two."},
        {"type": "reasoning.text", "index": 0, "signature": "c2ln"},
        {"type": "reasoning.encrypted", "index": 1, "data": "eHl6"},
    ]
    end = await end_of(
        provider,
        event({"reasoning_content": "I sho"}),
        event({"reasoning_content": "uld.", "reasoning": {"an": "object"}}),
        *(event({"reasoning_details": [entry]}) for entry in details),
        event({"content": "Hello.", "extra_content": {"google": {"thought_signature": "c2ln"}}}, "stop"),
    )
    assert end.opaque == {
        "reasoning_content": "I should.",
        "reasoning_details": [
            {"type": "reasoning.text", "index": 0, "text": "One, two.", "signature": "c2ln"},
            {"type": "reasoning.encrypted", "index": 1, "data": "eHl6"},
        ],
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }


async def test_a_model_whose_thoughts_have_no_beginning_is_asked_again_once(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(wire.log, "warning", lambda event, **words: told.append(event))
    answer = Reply(event({"content": "They greet me."}) + event({"content": "</think>\n\nHello."}, "stop"))
    provider.script += [answer, answer, answer]
    model = open_scripted(provider)
    assert (await error_of(model)).transient
    for _ in range(2):
        assert text_of(await answer_of(model)) == "Hello."
    assert told == ["the model sent its thoughts as text"]


@pytest.mark.parametrize(
    ("body", "reason", "transient"),
    [
        ('{"error": {"message": "no", "code": "rate_limit_exceeded"}}', BUSY, True),
        ('{"error": "out of memory"}', FAILED, True),
        ('{"object": "error", "message": "no such model", "code": 404}',
         "The model provider rejected the request (404).", False),
        ('data: {"error": {"message": "down", "code": 503}}\n\n', "The model provider failed (503).", True),
        ('data: {"type": "error", "message": "down"}\n\n', FAILED, True),
        ('data: {"detail": "down"}\n\n', FAILED, True),
        ('data: {"error": {"code": "insufficient_quota"}}\n\n', QUOTA, False),
        ('data: {"error": {"message": "prompt is too long"}}\n\n', ContextOverflow().reason, False),
    ],
)  # fmt: skip
async def test_an_error_with_status_200_is_one(
    provider: ScriptedProvider, body: str, reason: str, transient: bool
) -> None:
    provider.script.append(Reply(body))
    error = await error_of(open_scripted(provider))
    assert (error.reason, error.transient) == (reason, transient)
    assert error.cause
