# test_shortening.py -- what a model reads of long tool results, and of a history that was too long for it.
import json
from typing import Any

import pytest

from agent.histories.shortening import measure_json, shorten_results
from llm.protocol import AgentTurn, AnswerEnd, ContextOverflow, ModelError, ToolCall, Turn, UserTurn
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person

# What a model reads is cut in memory.
pytestmark = pytest.mark.engines("sqlite")

LONG = "x" * 9_000 + " Due Friday"
TASKS = {
    "tasks": [{"id": f"id-{n}", "title": f"Task {n}", "description": LONG} for n in range(60)],
    "more": False,
}


def shorten(*results: Any, context_tokens: int = 32_000) -> list[Any]:
    turns: list[Turn] = [
        UserTurn("Go."),
        *(AgentTurn("", (ToolCall("a", "t", {}, result=one),)) for one in results),
    ]
    shortened = shorten_results(turns, context_tokens)
    assert shortened[0] == turns[0]
    return [turn.tool_calls[0].result for turn in shortened[1:] if isinstance(turn, AgentTurn)]


def test_a_result_that_fits_stays_as_it_is() -> None:
    small = {"id": 1, "items": [None, "x" * 5_000]}
    assert shorten(small, "text", None) == [small, "text", None]


def test_a_long_result_keeps_its_form_and_says_what_is_missing() -> None:
    (result,) = shorten(TASKS)
    assert measure_json(result) <= 32_000
    assert [task["id"] for task in result["tasks"]] == [task["id"] for task in TASKS["tasks"]]  # type: ignore[index]
    for task in result["tasks"]:
        assert task["shortened"] is True
        assert "characters are left out" in task["description"]
        assert task["description"].endswith(" Due Friday")


@pytest.mark.busy
def test_a_list_without_end_loses_items_and_says_how_many() -> None:
    (result,) = shorten({"tasks": [{"id": n} for n in range(20_000)]})
    assert measure_json(result) <= 32_000
    assert result["tasks_left_out"].startswith(f"{20_000 - len(result['tasks'])} more are not shown")


@pytest.mark.parametrize("value", ["x" * 500_000, [[1] * 200_000], {f"k{n}": n for n in range(50_000)}])
@pytest.mark.busy
def test_any_other_value_is_cut_with_words_that_say_so(value: Any) -> None:
    (result,) = shorten(value)
    assert measure_json(result) <= 33_000
    assert isinstance(result, list) or "left out" in result


def test_all_results_together_leave_half_of_the_room_and_the_newest_comes_first() -> None:
    results = shorten(*[TASKS] * 6, context_tokens=8_000)
    assert sum(map(measure_json, results)) <= 8_000 * 4 // 2 + 6 * 600
    assert measure_json(results[-1]) > 3 * measure_json(results[0])


@pytest.mark.busy
def test_the_record_keeps_what_the_model_does_not_read(carl: Person, model: ScriptedModel) -> None:
    for n in range(20):
        carl.post("/v1/tasks", title=f"Task {n}", description="x" * 9_000)
    model.answers = [[call("list_tasks", {})] * 8, ["Listed."]]
    answer = carl.chat("list them often")
    told = [
        made.result
        for turn in model.requests[1].turns
        if isinstance(turn, AgentTurn)
        for made in turn.tool_calls
    ]
    assert sum(len(json.dumps(result)) for result in told) < 32_000 * 4 // 2 + 8 * 600
    assert all(len(json.dumps(made["result"])) > 20_000 for made in answer["tool_calls"])


@pytest.mark.busy
def test_a_history_that_was_too_long_is_shortened_once(carl: Person, model: ScriptedModel) -> None:
    where = {"conversation_id": carl.chat("x" * 31_000)["conversation_id"]}
    for _ in range(3):
        carl.chat("y" * 31_000, **where)
    model.answers = [[ContextOverflow("too long")], ["Better.", AnswerEnd("stop", 5, 3)]]
    answer = carl.chat("hello", **where)
    assert (answer["status"], answer["message"]["content"]) == ("completed", "Better.")
    before, after = (sum(len(turn.text) for turn in request.turns) for request in model.requests[-2:])
    assert before > 100_000
    assert after <= 64_000


def test_a_history_that_stays_too_long_fails_the_run(carl: Person, model: ScriptedModel) -> None:
    model.otherwise = [ContextOverflow("too long")]
    answer = carl.chat("hello")
    assert (answer["status"], answer["error"]) == ("failed", "The conversation is too long for the model.")
    assert len(model.requests) == 2


def test_a_provider_that_wants_more_time_than_the_run_has_fails_it_at_once(
    carl: Person, model: ScriptedModel
) -> None:
    model.otherwise = [
        ModelError("The model provider is busy (rate limit).", transient=True, retry_after=3_000)
    ]
    answer = carl.chat("hello")
    assert (answer["status"], answer["error"]) == ("failed", "The model provider is busy (rate limit).")
    assert len(model.requests) == 1


def test_a_provider_is_given_the_time_that_it_asks_for(
    carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float, result: object = None) -> None:
        slept.append(seconds)

    busy = ModelError("The model provider is busy (rate limit).", transient=True, retry_after=120)
    model.answers = [[busy], ["Here."]]
    monkeypatch.setattr("agent.loop.sleep", sleep)
    assert carl.chat("hello")["status"] == "completed"
    assert slept == [120]
