# test_run_events.py -- what protocols make of a run's stream: its events, and text that is sent once.
from collections.abc import AsyncGenerator

import pytest

from models.streams.run_events import MessageDeltaEvent
from protocols.run_events import SentText, read_run_events


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["Hello", " there"], ["Hello", " there"]),
        (["Hello", ("reset", ""), "Hello", " there"], ["Hello", "", " there"]),
        (["Hello", ("reset", ""), "Hel", "lo there"], ["Hello", "", " there"]),
        (["Hello", ("reset", ""), "Good", " day"], ["Hello", "\n\nGood", " day"]),
        (["Hello", ("reset", ""), "Hel", "p"], ["Hello", "", "\n\nHelp"]),
        (["One. ", "Two", ("reset", "One. "), "Two", " three"], ["One. ", "Two", "", " three"]),
        (["One. ", "Two", ("reset", "One. "), "Too"], ["One. ", "Two", "\n\nToo"]),
        # Broken off again before it had come as far as the first time.
        (["Hello there", ("reset", ""), "Hello", ("reset", ""), "Hello there!"], ["Hello there", "", "!"]),
        (["Hello there", ("reset", ""), "Hello", ("reset", "Hello"), " there!"], ["Hello there", "", "!"]),
        (["Hello", ("whole", "Hello there")], ["Hello", " there"]),
        ([("whole", "Hello")], ["Hello"]),
        (["Hello", ("whole", "Hello")], ["Hello", ""]),
        (["Hello", ("whole", "Something else")], ["Hello", ""]),
    ],
)
def test_what_was_sent_is_not_sent_again(steps: list[str | tuple[str, str]], expected: list[str]) -> None:
    sent = SentText()
    came = []
    for step in steps:
        if isinstance(step, str):
            came.append(sent.add(step))
        elif step[0] == "whole":
            came.append(sent.complete(step[1]))
        else:
            sent.reset(step[1])
    assert came == expected
    assert sent.has_begun


@pytest.mark.anyio
async def test_the_frames_of_a_stream_are_events_and_comments() -> None:
    frames = [
        b"retry: 2000\n\n"
        b"id: 2\nevent: message.delta\n"
        b'data: {"type":"message.delta","seq":2,"run_id":"3f0c4b5e-0000-4000-8000-00000000c0de","message_id":null,'
        b'"step":1,"text":"a\\n\\nb"}\n\n',
        b": ping\n\n",
    ]

    async def stream() -> AsyncGenerator[bytes, None]:
        for batch in frames:
            yield batch

    first, second = [event async for event in read_run_events(stream())]
    assert isinstance(first, MessageDeltaEvent)
    assert (first.text, second) == ("a\n\nb", None)
