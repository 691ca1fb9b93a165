# test_calls.py -- tool calls from pieces as servers cut them.
from typing import Any

import pytest

from llm.openai_wire.calls import CallCollector
from llm.openai_wire.tool_names import resolve_tool_name
from llm.protocol import ToolCall, ToolSpec

REQUIRED = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
TOOLS = (
    ToolSpec("add_task", "Add.", REQUIRED),
    ToolSpec("list_tasks", "List.", {"type": "object", "properties": {}}),
)
MILK = {"title": "Buy milk"}


def piece(name: str | None = None, arguments: Any = None, **fields: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"function": {key: value for key, value in function.items() if value is not None}, **fields}


def collect(*pieces: dict[str, Any], is_cut: bool = False) -> list[ToolCall]:
    collector = CallCollector(TOOLS)
    for one in pieces:
        collector.add_piece(one)
    return list(collector.build_calls(set(), is_cut=is_cut))


def said(*pieces: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in collect(*pieces)]


HALVES = ('{"title": "Buy', ' milk"}')
WHOLE = "".join(HALVES)
TWO = '{"title": "Two"}'
ONE_CALL = {
    "the name in each piece": [
        piece("add_task", "", index=0, id="c"),
        *(piece("add_task", half, index=0, id="c") for half in HALVES),
    ],
    "the name in each piece, no ids": [piece("add_task", half, index=0) for half in ("", *HALVES)],
    "the name once more at the end": [
        *(piece("add_task", half, index=0) for half in HALVES),
        piece("add_task", "", index=0),
    ],
    "a late id": [piece("add_task", HALVES[0], index=0), piece(None, HALVES[1], index=0, id="c")],
    "a late id, no index": [piece("add_task", HALVES[0]), piece(None, HALVES[1], id="c")],
    "an id without an index": [
        piece("add_task", "", id="c"),
        piece(None, HALVES[0], id="c"),
        piece(None, HALVES[1], id="c"),
    ],
    "an id for each piece": [piece("add_task", HALVES[0], index=0, id="a"), piece(None, HALVES[1], index=0, id="b")],
    "a name and an id for each piece": [
        piece("add_task", HALVES[0], index=0, id="a"),
        piece("add_task", HALVES[1], index=0, id="b"),
    ],
    "a null index": [piece("add_task", HALVES[0], index=None, id="c"), piece(None, HALVES[1], index=None)],
    "an index for each piece": [
        piece("add_task", "", index=0, id="c"),
        piece(None, HALVES[0], index=1),
        piece(None, HALVES[1], index=2),
    ],
    "the name in parts": [piece("add_", "", index=0, id="c"), piece("task", WHOLE, index=0)],
    "the name growing": [piece("add", "", index=0, id="c"), piece("add_task", WHOLE, index=0)],
    "an object": [piece("add_task", MILK, index=0, id="c")],
    "an object in parts": [piece("add_task", {}, index=0, id="c"), piece(None, MILK, index=0)],
    "JSON within JSON": [piece("add_task", '"{\\"title\\": \\"Buy milk\\"}"', index=0, id="c")],
    "an empty object first": [
        piece("add_task", "{}", index=0, id="c"),
        piece(None, HALVES[0], index=0),
        piece(None, HALVES[1], index=0),
    ],
    "an empty object and the name first": [piece("add_task", "{}", index=0), piece("add_task", WHOLE, index=0)],
    "the whole twice": [piece("add_task", WHOLE, index=0, id="c"), piece("add_task", WHOLE, index=0, id="c")],
    "the whole after its pieces": [
        piece("add_task", HALVES[0], index=0, id="c"),
        piece(None, HALVES[1], index=0),
        piece(None, WHOLE, index=0),
    ],
    "no function around it": [{"index": 0, "id": "c", "name": "add_task", "arguments": WHOLE}],
    "a name space": [piece("functions.add_task", WHOLE, index=0, id="c")],
}  # fmt: skip
TWO_CALLS = {
    "index 0 and no ids": [piece("add_task", WHOLE, index=0), piece("add_task", TWO, index=0)],
    "index 0 and empty ids": [piece("add_task", WHOLE, index=0, id=""), piece("add_task", TWO, index=0, id="")],
    "index 0, no ids, in pieces": [
        piece("add_task", HALVES[0], index=0),
        piece(None, HALVES[1], index=0),
        piece("add_task", "", index=0),
        piece(None, TWO, index=0),
    ],
    "index 0 and two ids": [piece("add_task", WHOLE, index=0, id="a"), piece("add_task", TWO, index=0, id="b")],
    "index 0, two ids, by turns": [
        piece("add_task", "", index=0, id="a"),
        piece("add_task", "", index=0, id="b"),
        piece(None, WHOLE, index=0, id="a"),
        piece(None, TWO, index=0, id="b"),
    ],
    "neither index nor id": [piece("add_task", WHOLE), piece("add_task", TWO)],
    "ids alone": [piece("add_task", WHOLE, id="a"), piece("add_task", TWO, id="b")],
    "one id for both": [piece("add_task", WHOLE, index=0, id="a"), piece("add_task", TWO, index=1, id="a")],
    "indexes from 1": [
        piece("add_task", "", index=1, id="a"),
        piece("add_task", TWO, index=2, id="b"),
        piece(None, WHOLE, index=1),
    ],
    "an id first, its name later": [
        piece("add_task", WHOLE, index=0, id="a"),
        piece(None, None, index=1, id="b"),
        piece("add_task", TWO, index=1),
    ],
}  # fmt: skip


@pytest.mark.parametrize("pieces", ONE_CALL.values(), ids=ONE_CALL)
def test_one_call_is_one(pieces: list[dict[str, Any]]) -> None:
    assert said(*pieces) == [("add_task", MILK)]


@pytest.mark.parametrize("pieces", TWO_CALLS.values(), ids=TWO_CALLS)
def test_two_calls_are_two(pieces: list[dict[str, Any]]) -> None:
    assert said(*pieces) == [("add_task", MILK), ("add_task", {"title": "Two"})]
    assert len({call.id for call in collect(*pieces)}) == 2


def test_two_tools_without_arguments_and_without_ids_stay_apart() -> None:
    assert said(piece("list_tasks", "", index=0), piece("add_task", WHOLE, index=0)) == [
        ("list_tasks", {}),
        ("add_task", MILK),
    ]
    assert said(piece("list_tasks", "{}"), piece("list_tasks", "{}")) == [("list_tasks", {})] * 2


def test_pieces_that_say_nothing_are_no_call() -> None:
    assert said({}, {"index": 0}, {"function": None, "index": 0, "id": ""}, piece("", "", index=0)) == []


@pytest.mark.parametrize("written", ["", '{"title": "Buy mi', '{"title"'])
def test_a_call_that_a_limit_cut_is_marked_and_has_no_object(written: str) -> None:
    whole, cut = collect(
        piece("add_task", WHOLE, index=0, id="a"), piece("list_tasks", written, index=1, id="b"), is_cut=True
    )
    assert (whole.truncated, whole.arguments) == (False, MILK)
    assert (cut.truncated, cut.arguments) == (True, written)


def test_signatures_are_kept_with_their_call_and_other_fields_are_not() -> None:
    signed = {"google": {"thought_signature": "c2lnbmVk"}}
    one, two, three = collect(
        piece("add_task", WHOLE, index=0, id="a", extra_content=signed, caller={"type": "direct"}),
        piece("add_task", TWO, index=1, id="b"),
        piece("add_task", TWO, index=2, id="c__thought__c2lnbmVk"),
    )
    assert (one.opaque, two.opaque) == ({"extra_content": signed}, None)
    assert three.opaque == {"id": "c__thought__c2lnbmVk"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("add_task", "add_task"),
        ("functions.add_task", "add_task"),
        ("default_api:add_task", "add_task"),
        ("add_task<|channel|>commentary", "add_task"),
        ("add_taskadd_task", "add_task"),
        ("addTask", "add_task"),
        ("add-task", "add_task"),
        ('"add_task"', "add_task"),
        ("add_task()", "add_task"),
        ("delete_task", "delete_task"),
        ("", ""),
    ],
)
def test_a_name_means_the_tool_that_it_resembles(name: str, meant: str) -> None:
    assert resolve_tool_name(name, {"add_task", "list_tasks"}) == meant


def test_a_name_that_resembles_two_tools_means_neither() -> None:
    assert resolve_tool_name("AddTask", {"add_task", "add-task"}) == "AddTask"
