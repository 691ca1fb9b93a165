# histories.py -- what a long conversation costs beside a short one: its history alone, and whole answers.
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from access import Caller
from agent.histories.history import read_history
from agent.histories.history_cache import HistoryCache
from bench.runs.answers import measure_processor
from support.databases.histories import write_long_conversation
from support.databases.unchecked import open_unchecked

CONTEXT_TOKENS = 32_000


@dataclass(frozen=True, slots=True)
class Lengths:
    """Messages of the two conversations, and how often their histories are read and their answers asked for."""

    short: int
    long: int
    reads: int
    rounds: int
    answers: int


FULL = Lengths(short=44, long=100_000, reads=50, rounds=10, answers=3)
QUICK = Lengths(short=44, long=400, reads=2, rounds=1, answers=1)


async def measure_histories(
    url: str, port: int, process_id: int, token: str, user_id: UUID, lengths: Lengths
) -> list[tuple[str, str]]:
    short = await write_long_conversation(url, user_id, lengths.short)
    long = await write_long_conversation(url, user_id, lengths.long)
    caller, names = Caller(user_id, None), f"{lengths.long:,} messages against {lengths.short}"
    kept = await compare_reads(url, caller, [(short, lengths.short), (long, lengths.long)], lengths.reads)
    anew = await compare_reads(url, caller, [(short, lengths.short), (long, lengths.long)], 3, keeps=False)
    costs: dict[UUID, list[float]] = {short: [], long: []}
    for conversation_id in (short, long) * (lengths.rounds + 1):
        where = (port, process_id, token, lengths.answers, conversation_id)
        costs[conversation_id].append((await measure_processor(*where))[0])
    less, more = (median(cost[1:]) for cost in costs.values())  # the first ones read everything
    return [
        (f"history of {names}, for the next message", f"{describe_ratio(*kept)} (aim: 1.2)"),
        (f"history of {names}, read anew", describe_ratio(*anew)),
        (f"an answer after {names}: processor", describe_ratio(less, more)),
    ]


def describe_ratio(less: float, more: float) -> str:
    return f"{more / less:.2f} times: {more * 1000:.2f} and {less * 1000:.2f} ms"


async def compare_reads(
    url: str, caller: Caller, conversations: Sequence[tuple[UUID, int]], times: int, *, keeps: bool = True
) -> list[float]:
    """Seconds of this process for the history of each, in turns; the first reading is not counted if it is kept."""
    db, cache = open_unchecked(url), HistoryCache() if keeps else None
    took: list[list[float]] = [[] for _ in conversations]
    try:
        for _ in range(times + 1):
            for (conversation_id, messages), each in zip(conversations, took, strict=True):
                begun = time.process_time()
                where = (caller, conversation_id, messages)
                assert await db.read(read_history, *where, CONTEXT_TOKENS, cache)
                each.append(time.process_time() - begun)
    finally:
        await db.close()
    return [median(each[1:]) for each in took]
