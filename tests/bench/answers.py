# answers.py -- what an answer of a model costs a worker, and how many it streams at once.
import asyncio
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import request_bytes

TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Talk:
    """`answers` one after the other, then `streams` at once of `pieces` each, 30 a second."""

    answers: int
    streams: int
    pieces: int


FULL = Talk(answers=100, streams=100, pieces=150)
QUICK = Talk(answers=3, streams=3, pieces=3)


def read_processor_seconds(process_id: int) -> float:
    """Of all threads of a process."""
    spent = 0
    for task in Path(f"/proc/{process_id}/task").iterdir():
        try:
            spent += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # a thread that has ended meanwhile
            continue
    return spent / 1e9


@dataclass(slots=True)
class Streamed:
    """In seconds: from the request to the first text, and for each piece from its sending to its arrival."""

    first_text: float
    lags: list[float]


async def stream_answer(port: int, token: str) -> Streamed:
    """One message, and its answer read to the end. Fails unless the run completes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    body = json.dumps({"message": "What is there to do?"}).encode()
    began, first, lags, ended = time.monotonic(), 0.0, [], b""
    writer.write(
        request_bytes("POST", "/v1/chat", token, body, {"Accept": "text/event-stream", "Connection": "close"})
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            event = b""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    event = line[7:].strip()
                    ended = event if event.startswith(b"run.") else ended
                elif line.startswith(b"data: ") and event == b"message.delta":
                    now = time.monotonic()
                    first = first or now
                    lags += [now - float(sent) for sent in re.findall(rb"\d+\.\d{6}", line)]
    finally:
        writer.close()
    if ended != b"run.completed":
        raise RuntimeError(f"a run did not complete: {ended!r}")
    return Streamed(first - began, lags)


async def measure_cost(port: int, process_id: int, token: str, talk: Talk) -> list[tuple[str, str]]:
    """Of answers with one tool call and 40 pieces of text, one after the other."""
    for _ in range(min(10, talk.answers)):
        await stream_answer(port, token)
    before = read_processor_seconds(process_id)
    streamed = [await stream_answer(port, token) for _ in range(talk.answers)]
    cost = (read_processor_seconds(process_id) - before) / talk.answers
    first = median(each.first_text for each in streamed)
    return [
        ("an answer, 2 requests, 1 tool, 40 pieces: processor", f"{cost * 1000:.1f} ms"),
        ("an answer: first text, with both requests and the tool", f"{first * 1000:.1f} ms"),
    ]


async def measure_streams_at_once(
    port: int, process_id: int, tokens: list[str], talk: Talk
) -> list[tuple[str, str]]:
    before, began = read_processor_seconds(process_id), time.monotonic()
    streamed = await asyncio.gather(*(stream_answer(port, token) for token in tokens[: talk.streams]))
    share = (read_processor_seconds(process_id) - before) / (time.monotonic() - began)
    lags = sorted(lag for each in streamed for lag in each.lags)
    most = lags[int(len(lags) * 0.99)]
    name = f"{talk.streams} answers at once, 30 pieces a second"
    return [
        (f"{name}: processor", f"{share:.0%} of a core"),
        (
            f"{name}: lag, half and 99 % under",
            f"{median(lags) * 1000:.0f}, {most * 1000:.0f} ms",
        ),
    ]
