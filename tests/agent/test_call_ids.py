# test_call_ids.py -- the ids of a run's calls: unique, whatever a provider sends
from collections.abc import Callable
from typing import Any

from agent.loop import assign_call_ids
from llm.protocol import ToolCall
from support.processor_time import cost


def test_thousands_of_calls_of_one_name_are_numbered_in_one_go() -> None:
    def named(count: int) -> Callable[[], list[dict[str, Any]]]:
        return lambda: assign_call_ids([ToolCall("x", "list_tasks", {})] * count, [])

    assert [call["id"] for call in named(3)()] == ["x", "x-2", "x-3"]
    half, whole = cost(named(2_000)), cost(named(4_000))
    assert whole < max(3 * half, 0.1)
