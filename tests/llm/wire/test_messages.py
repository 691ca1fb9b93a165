# test_messages.py -- histories in an order that the strictest template takes.
import itertools

import pytest

from llm.openai_wire.messages import GO_ON, NO_ANSWER, NO_BEGINNING, build_messages
from llm.protocol import AgentTurn, ToolCall, Turn, UserTurn
from support.llm.dialects import Dialect

CALLED = AgentTurn("", (ToolCall("a", "add_task", {}, result=1),))
KINDS: list[Turn] = [
    UserTurn("Do."),
    UserTurn(" "),
    AgentTurn("Done."),
    CALLED,
    AgentTurn("Both.", CALLED.tool_calls),
]


@pytest.mark.parametrize("with_tools", [True, False])
@pytest.mark.parametrize("length", range(5))
def test_no_order_of_turns_is_refused(length: int, with_tools: bool) -> None:
    for turns in itertools.product(KINDS, repeat=length):
        messages = build_messages(turns, with_tools=with_tools)
        assert Dialect().refuse_order(messages) is None, (turns, messages)
        assert with_tools or {message["role"] for message in messages} <= {"user", "assistant"}


def test_a_run_that_failed_after_a_call_leaves_a_bridge() -> None:
    roles = [message["role"] for message in build_messages([UserTurn("Do."), CALLED, UserTurn("And?")])]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert build_messages([UserTurn("Do."), CALLED, UserTurn("And?")])[3]["content"] == NO_ANSWER


def test_a_run_that_said_nothing_leaves_its_question_beside_the_next() -> None:
    assert build_messages([UserTurn("One?"), UserTurn("Two?")]) == [
        {"role": "user", "content": "One?\n\nTwo?"}
    ]


def test_a_history_without_its_beginning_or_its_question_is_completed() -> None:
    assert build_messages([AgentTurn("Done.")]) == [
        {"role": "user", "content": NO_BEGINNING},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": GO_ON},
    ]


def test_opaque_fields_go_back_with_their_step_and_their_call() -> None:
    signed = {"google": {"thought_signature": "c2ln"}}
    call = ToolCall("x", "add_task", {}, result=1, opaque={"extra_content": signed})
    turns = [UserTurn("Do."), AgentTurn("", (call,), opaque={"reasoning_content": "Hm."})]
    told = build_messages(turns)[1]
    assert told["reasoning_content"] == "Hm."
    assert told["tool_calls"][0]["extra_content"] == signed
    untold = build_messages(turns, with_opaque=False)[1]
    assert "reasoning_content" not in untold
    assert "extra_content" not in untold["tool_calls"][0]


def test_an_id_that_holds_a_signature_goes_back_and_its_outcome_names_it() -> None:
    call = ToolCall("x", "add_task", {}, result=1, opaque={"id": "c__thought__s"})
    _, told, outcome = build_messages([UserTurn("Do."), AgentTurn("", (call,))])
    assert told["tool_calls"][0]["id"] == outcome["tool_call_id"] == "c__thought__s"


def test_a_model_without_tools_reads_of_the_calls() -> None:
    failed = ToolCall("b", "list_tasks", {"q": "x"}, error="No.")
    _, told, _ = build_messages(
        [UserTurn("Do."), AgentTurn("On it.", (*CALLED.tool_calls, failed))], with_tools=False
    )
    assert told["content"] == 'On it.\n[add_task {}: 1]\n[list_tasks {"q":"x"}: {"error":"No."}]'
