# agent/histories/shortening.py -- tool results as a model reads them: whole where they fit, else shorter.
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import is_
from typing import Any

from llm.protocol import AgentTurn, ToolCall, Turn

# A rule of thumb for English text and JSON alike; the limit it serves is soft.
CHARACTERS_PER_TOKEN = 4
# One result may have this part of what a model reads, all results together that part.
RESULT_SHARE = 4
ALL_RESULTS_SHARE = 2
MIN_RESULT_CHARACTERS = 500
# The longest texts that are tried, one after the other, before items of lists are left out.
TEXT_CHARACTERS = (4_000, 1_000, 300)
# The end of a cut text stays: a task's due date stands there.
END_CHARACTERS = 60

# Built once: each result of a history is measured for each request.
write_json = json.JSONEncoder(ensure_ascii=False).encode


def shorten_results(turns: Sequence[Turn], context_tokens: int) -> list[Turn]:
    """The turns with results that leave room for the rest; the newest get it first. The record is not touched."""
    room = context_tokens * CHARACTERS_PER_TOKEN
    left = room // ALL_RESULTS_SHARE
    shortened: list[Turn] = []
    for turn in reversed(turns):
        if not isinstance(turn, AgentTurn) or not turn.tool_calls:
            shortened.append(turn)
            continue
        calls: list[ToolCall] = []
        for call in reversed(turn.tool_calls):
            most = max(MIN_RESULT_CHARACTERS, min(room // RESULT_SHARE, left))
            shorter, size = shorten_call(call, most)
            calls.append(shorter)
            left -= size
        is_same = all(map(is_, calls, reversed(turn.tool_calls)))
        shortened.append(turn if is_same else replace(turn, tool_calls=tuple(reversed(calls))))
    return shortened[::-1]


def shorten_call(call: ToolCall, most: int) -> tuple[ToolCall, int]:
    """The call with a result of at most `most` characters of JSON, roughly, and how many they are."""
    size = measure_json(call.result)
    if size <= most:
        return call, size
    shorter = replace(call, result=shorten_value(call.result, most))
    return shorter, measure_json(shorter.result)


def shorten_value(value: Any, most: int) -> Any:
    """Long texts are cut first, then items of lists are left out; ids and short texts stay as long as they can."""
    for longest in TEXT_CHARACTERS:
        value = cut_texts(value, longest)
        if measure_json(value) <= most:
            return value
    longest_list = max(map(len, find_lists(value)), default=0)
    while longest_list > 1:
        longest_list //= 2
        shorter = cut_lists(value, longest_list)
        if measure_json(shorter) <= most:
            return shorter
    text = write_json(value)
    kept = most // 2  # as text its quotes are escaped
    return f"{text[:kept]} … ({len(text) - kept:,} more characters are left out)"


def measure_json(value: Any) -> int:
    return len(write_json(value)) if value is not None else 0


def cut_texts(value: Any, longest: int) -> Any:
    """Without the middle of longer texts. An object that loses something is marked `shortened`, as by list_tasks."""
    if isinstance(value, str) and len(value) > longest:
        gap = f" … ({len(value) - longest:,} characters are left out) … "
        return value[: longest - END_CHARACTERS] + gap + value[-END_CHARACTERS:]
    if isinstance(value, list):
        return [cut_texts(item, longest) for item in value]
    if isinstance(value, dict):
        cut = {key: cut_texts(item, longest) for key, item in value.items()}
        lost = any(isinstance(item, str) and cut[key] != item for key, item in value.items())
        return {**cut, "shortened": True} if lost else cut
    return value


def cut_lists(value: Any, most: int) -> Any:
    """With at most so many items in each list; an object that loses some says how many."""
    if isinstance(value, list):
        return [cut_lists(item, most) for item in value[:most]]
    if isinstance(value, dict):
        cut = {key: cut_lists(item, most) for key, item in value.items()}
        lost = {
            f"{key}_left_out": f"{len(item) - most} more are not shown: ask for fewer at a time"
            for key, item in value.items()
            if isinstance(item, list) and len(item) > most
        }
        return {**cut, **lost}
    return value


def find_lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from find_lists(item)
