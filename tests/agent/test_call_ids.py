# test_call_ids.py -- the ids of a run's calls: unique everywhere, whatever a provider sends
from uuid import UUID

from agent.tool_calls import assign_call_ids
from llm.protocol import ToolCall
from services.run_log import Step

RUN_ID = UUID(int=7)


def assign(step: list[ToolCall], steps: list[Step]) -> list[str]:
    return [call["id"] for call in assign_call_ids(RUN_ID, step, steps)]


def test_calls_are_counted_through_the_steps_of_a_run() -> None:
    first = assign_call_ids(RUN_ID, [ToolCall("x", "list_tasks", {})] * 2, [])
    steps = [Step(calls=first), Step("Nothing called."), Step()]
    assert assign([ToolCall("x", "list_tasks", {}), ToolCall("", "add_task", {})], steps) == [
        f"{RUN_ID}:3",
        f"{RUN_ID}:4",
    ]


def test_calls_of_a_run_that_an_older_version_began_keep_their_ids_and_are_counted() -> None:
    """A run may be taken over by a worker of this version."""
    begun = Step(calls=[{"id": "call_abc", "name": "list_tasks", "arguments": {}}])
    assert assign([ToolCall("call_abc", "list_tasks", {})], [begun, Step()]) == [f"{RUN_ID}:2"]


def test_what_the_provider_called_a_call_is_kept_only_where_it_has_to_come_back() -> None:
    signed = ToolCall("c__thought__s", "list_tasks", {}, opaque={"id": "c__thought__s"})
    [plain], [kept] = (
        assign_call_ids(RUN_ID, [call], []) for call in (ToolCall("secret", "list_tasks", {}), signed)
    )
    assert "secret" not in str(plain)
    assert (kept["id"], kept["opaque"]) == (f"{RUN_ID}:1", {"id": "c__thought__s"})
