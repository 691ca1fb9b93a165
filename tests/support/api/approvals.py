# support/api/approvals.py -- deciding on calls that wait, and reading what became of them.
from typing import Any

import httpx

from support.servers import Person, wait_for_end


def decide(
    person: Person, run_id: str, approve: bool = True, call_id: str | int = 1, **body: Any
) -> httpx.Response:
    """`call_id` may be the number of the call within the run."""
    if isinstance(call_id, int):
        call_id = f"{run_id}:{call_id}"
    return person.http.post(f"/v1/runs/{run_id}/approvals/{call_id}", json={"approve": approve, **body})


def calls_of(person: Person, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls on record, once the run has ended."""
    wait_for_end(person, answer["run_id"])
    messages = person.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    calls: list[dict[str, Any]] = messages[-1]["tool_calls"]
    return calls
