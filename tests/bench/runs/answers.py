# answers.py -- what an answer of a model costs a worker, how soon it begins, and how many are streamed at once.
import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

from bench.load import request_bytes

TIMEOUT = 60.0
JOB = "an answer, 2 requests, 1 tool, 40 pieces"


# What is asked for, as model_server.py reads it: pieces, milliseconds between them, whether a tool is called first.
AT_ONCE, PLAIN = "40-0-1", "40-0-0"


@dataclass(frozen=True, slots=True)
class Talk:
    """`answers` one after the other; `rounds` of some at once; `streams` at once of `pieces` each, 30 a second."""

    answers: int
    rounds: int
    streams: tuple[int, ...]
    pieces: int
    together: int = 50
    paced_together: int = 8
    paced_pieces: int = 40


FULL = Talk(answers=100, rounds=5, streams=(100, 200), pieces=150)
QUICK = Talk(answers=3, rounds=1, streams=(3,), pieces=3, together=3, paced_together=1, paced_pieces=3)


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


async def stream_answer(
    port: int, token: str, wanted: str = AT_ONCE, conversation_id: UUID | None = None
) -> Streamed:
    """One message, and its answer read to the end. Fails unless the run completes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    where = {"conversation_id": str(conversation_id)} if conversation_id else {}
    body = json.dumps({"message": f"What is there to do? {wanted}", **where}).encode()
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


async def measure_processor(
    port: int, process_id: int, token: str, answers: int, conversation_id: UUID | None = None
) -> tuple[float, list[Streamed]]:
    """Seconds of the worker for each of the answers, which are asked for one after the other."""
    before = read_processor_seconds(process_id)
    streamed = [await stream_answer(port, token, AT_ONCE, conversation_id) for _ in range(answers)]
    return (read_processor_seconds(process_id) - before) / answers, streamed


async def measure_cost(
    port: int, process_id: int, token: str, talk: Talk
) -> tuple[float, list[tuple[str, str]]]:
    """Of answers with one tool call and 40 pieces of text, one after the other: seconds, and rows for the table."""
    await measure_processor(port, process_id, token, min(10, talk.answers))
    cost, streamed = await measure_processor(port, process_id, token, talk.answers)
    first = median(each.first_text for each in streamed)
    return cost, [
        (f"{JOB}: processor", f"{cost * 1000:.1f} ms"),
        (f"{JOB}: first text, with both requests and the tool", f"{first * 1000:.1f} ms"),
    ]


async def measure_paced_cost(
    port: int, process_id: int, tokens: Sequence[str], talk: Talk
) -> list[tuple[str, str]]:
    wanted, before = f"{talk.paced_pieces}-33-1", read_processor_seconds(process_id)
    for _ in range(talk.rounds):
        await asyncio.gather(*(stream_answer(port, token, wanted) for token in tokens[: talk.paced_together]))
    cost = (read_processor_seconds(process_id) - before) / (talk.rounds * talk.paced_together)
    name = f"the same, pieces 33 ms apart, {talk.paced_together} at once: processor of each"
    return [(name, f"{cost * 1000:.1f} ms")]


async def measure_first_text(
    port: int, provider: int, tokens: Sequence[str], talk: Talk
) -> list[tuple[str, str]]:
    """From the POST to the first text, less what the provider itself takes that long for, asked in the same way."""
    rows = []
    for count, rounds, aim in ((1, talk.answers, 6), (talk.together, talk.rounds, 40)):
        through: list[float] = []
        alone: list[float] = []
        for _ in range(rounds):
            some = [stream_answer(port, token, PLAIN) for token in tokens[:count]]
            through += [each.first_text for each in await asyncio.gather(*some)]
            alone += await asyncio.gather(*(ask_provider(provider) for _ in range(count)))
        added, own = median(through) - median(alone), median(alone)
        name = "one at a time" if count == 1 else f"{count} at once"
        rows.append(
            (
                f"first text after POST, added to the model's own, {name}: median",
                f"{added * 1000:.1f} ms, to {own * 1000:.1f} ms (aim: {aim})",
            )
        )
    return rows


async def ask_provider(port: int) -> float:
    """Seconds until the first piece of an answer without a tool, asked for past any server of ours."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    body = json.dumps({"messages": [{"role": "user", "content": PLAIN}]}).encode()
    began = time.monotonic()
    writer.write(request_bytes("POST", "/v1/chat/completions", None, body))
    try:
        async with asyncio.timeout(TIMEOUT):
            await reader.readuntil(b'"content"')
            took = time.monotonic() - began
            await reader.readuntil(b"\r\n0\r\n\r\n")
            return took
    finally:
        writer.close()


async def measure_streams_at_once(
    port: int, process_id: int, tokens: Sequence[str], count: int, pieces: int
) -> list[tuple[str, str]]:
    before, began = read_processor_seconds(process_id), time.monotonic()
    wanted = f"{pieces}-33-0"
    streamed = await asyncio.gather(*(stream_answer(port, token, wanted) for token in tokens[:count]))
    share = (read_processor_seconds(process_id) - before) / (time.monotonic() - began)
    lags = sorted(lag for each in streamed for lag in each.lags)
    under = [lags[min(int(len(lags) * part), len(lags) - 1)] * 1000 for part in (0.5, 0.9, 0.99)]
    name = f"{count} answers at once, 30 pieces a second"
    return [
        (f"{name}: processor", f"{share:.0%} of a core"),
        (
            f"{name}: lag, 50, 90, 99 % under",
            "{:.0f}, {:.0f}, {:.0f} ms (aim: 99 % under 200)".format(*under),
        ),
    ]
