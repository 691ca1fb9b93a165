# test_fuzz.py -- good streams, cut, split, repeated and robbed at random: an end always, a wrong call never.
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.openai_wire.failures import ProviderRefusal
from llm.openai_wire.model import close_parser, read_chunks
from llm.openai_wire.reader import AnswerReader
from llm.openai_wire.sse import ChunkParser, Unreadable
from llm.openai_wire.thoughts import UntaggedThoughts
from llm.protocol import AnswerEnd, ModelError, ToolCall, ToolSpec
from support.llm.dialects import Call, load_dialects
from support.llm.providers import asking

DIALECTS = load_dialects()
TOOL = ToolSpec(
    "add_task", "Add.", {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
)
TEXT = ("Good", " mor", "ning: ", "“<b>”", " 🙂", "\n")
CALLS: list[Call] = [("add_task", {"title": "Buy milk"}), ("add_task", {"title": "Ring Zoë 🙂"})]
streams = st.tuples(st.sampled_from(sorted(DIALECTS)), st.sampled_from(["text", "calls"]))
fuzzed = settings(max_examples=100, deadline=None, derandomize=True)


def build_frames(stream: tuple[str, str]) -> list[str]:
    name, what = stream
    dialect = DIALECTS[name]
    chunks = dialect.text(TEXT) if what == "text" else dialect.calls(CALLS)
    if name == "bedrock":
        return [dialect.reply(chunks).body]
    return [dialect.frame(chunk) for chunk in chunks]


def read_answer(pieces: Sequence[bytes]) -> tuple[str, list[ToolCall]]:
    """As OpenAiWireModel reads, without a network; raises what becomes a ModelError there, or one."""
    parser, reader, text = ChunkParser(2**20), AnswerReader(asking(tools=(TOOL,))), []
    for piece in pieces:
        text += read_chunks(parser.add(piece), reader)
    text += read_chunks(close_parser(parser), reader)
    text.append(reader.close())
    *calls, end = reader.build_end(is_done=parser.is_done)
    assert isinstance(end, AnswerEnd)
    return "".join(text), [call for call in calls if isinstance(call, ToolCall)]


def try_to_read(pieces: Sequence[bytes]) -> tuple[str, list[ToolCall]] | None:
    """None for a plain failure."""
    try:
        return read_answer(pieces)
    except (ModelError, ProviderRefusal, Unreadable, UntaggedThoughts):
        return None


def is_right(call: ToolCall) -> bool:
    """A call of this answer, or one that no tool takes: its arguments are text, or none where some are required."""
    return (call.name, call.arguments) in CALLS or isinstance(call.arguments, str) or call.arguments == {}


def split(data: bytes, places: list[int]) -> list[bytes]:
    cuts = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(cuts)]


@fuzzed
@given(streams, st.lists(st.integers(0, 10_000), max_size=30))
@pytest.mark.busy
def test_any_split_of_the_bytes_gives_the_same(stream: tuple[str, str], places: list[int]) -> None:
    data = "".join(build_frames(stream)).encode()
    text, calls = read_answer(split(data, places))
    whole, _ = read_answer([data])
    assert text == whole
    assert [(call.name, call.arguments) for call in calls] == (CALLS if stream[1] == "calls" else [])
    assert len({call.id for call in calls}) == len(calls)


@fuzzed
@given(streams, st.integers(0, 10_000), st.lists(st.integers(0, 10_000), max_size=5))
def test_a_stream_that_ends_anywhere_gives_right_calls_or_a_failure(
    stream: tuple[str, str], end: int, places: list[int]
) -> None:
    data = "".join(build_frames(stream)).encode()
    whole, _ = read_answer([data])
    found = try_to_read(split(data[: end % len(data)], places))
    if found is not None:
        # Only the end was missing: nothing of the answer is.
        assert found[0] == whole
        assert [(call.name, call.arguments) for call in found[1]] == (CALLS if stream[1] == "calls" else [])


# Drops and repeats of whole events. A server that gives its calls no ids is left out: there nobody can tell whether
# a call was repeated by the wire or by the model.
NUMBERED = sorted(DIALECTS.keys() - {"gemini", "bedrock"})
changes = st.lists(
    st.tuples(st.sampled_from(["drop", "repeat", "swap", "comment"]), st.integers(0, 100)), max_size=6
)


@fuzzed
@given(st.sampled_from(NUMBERED), changes)
def test_lost_and_repeated_events_give_no_wrong_call(name: str, wanted: list[tuple[str, int]]) -> None:
    frames = build_frames((name, "calls"))
    for change, number in wanted:
        if not frames:
            break
        place = number % len(frames)
        if change == "drop":
            del frames[place]
        elif change == "repeat":
            frames.insert(place, frames[place])
        elif change == "swap":
            frames[place], frames[place - 1] = frames[place - 1], frames[place]
        else:
            frames.insert(place, ": keep-alive\n\n")
    found = try_to_read(["".join(frames).encode()])
    assert found is None or all(is_right(call) for call in found[1])


@fuzzed
@given(
    streams,
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=20), st.integers(0, 20)), max_size=4),
)
@pytest.mark.busy
def test_damaged_bytes_end_in_an_answer_or_a_failure(
    stream: tuple[str, str], damages: list[tuple[int, bytes, int]]
) -> None:
    data = "".join(build_frames(stream)).encode()
    for place, inserted, removed in damages:
        start = place % (len(data) + 1)
        data = data[:start] + inserted + data[start + removed :]
    try_to_read([data])


WORDS = st.sampled_from(
    "choices delta message content tool_calls function name arguments id index finish_reason usage prompt_tokens "
    "completion_tokens error code reasoning_content reasoning_details extra_content type text".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@fuzzed
@given(st.lists(st.dictionaries(WORDS, JSON, max_size=5), max_size=5))
@pytest.mark.busy
def test_any_json_ends_in_an_answer_or_a_failure(chunks: list[dict[str, Any]]) -> None:
    wrapped = [
        *chunks,
        {"choices": [{"delta": chunk} for chunk in chunks]},
        *({"choices": [chunk]} for chunk in chunks),
    ]
    try_to_read([f"data: {json.dumps(chunk)}\n\n".encode() for chunk in wrapped])
