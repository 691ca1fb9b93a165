# test_pages.py -- the AI SDK's own chat, as useChat drives it, against Parley.
from typing import Any

import pytest

from support.clients.node import needs_node, run_node
from support.servers import Person, Server

pytestmark = [pytest.mark.engines("sqlite"), needs_node]


def texts(message: dict[str, Any]) -> list[str]:
    parts: list[str] = message["parts"]
    return parts


@pytest.mark.parametrize("package", ["ai", "ai6"])
@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_a_page_talks_approves_resumes_and_reads_what_was_said(
    server: Server, ann: Person, package: str, decision: str
) -> None:
    """AI SDK's useChat"""
    found = run_node("ai_chat.mjs", server, ann.tokens["access_token"], package, decision)
    question, answer = found["added"]
    assert (question["role"], texts(question)) == ("user", ["text add buy milk"])
    assert (answer["role"], texts(answer)) == (
        "assistant",
        ["step-start", "dynamic-tool output-available add_task", "step-start", "text done Added “Buy milk”."],
    )
    assert found["metadata"].keys() == {"run_id", "conversation_id", "usage"}
    looked = ["step-start", "dynamic-tool output-available list_tasks", "step-start"]
    assert texts(found["asked"]) == [*looked, "dynamic-tool approval-requested delete_task"]
    assert found["resumed"] == found["asked"]
    state = "output-available" if decision == "approve" else "output-denied"
    assert texts(found["decided"])[:-1] == [*looked, f"dynamic-tool {state} delete_task", "step-start"]
    assert found["decided"]["id"] == found["asked"]["id"]
    assert (found["status"], found["error"], found["same"], found["idle"]) == ("ready", None, True, 204)
    [*_, last] = found["history"]
    calls = ["dynamic-tool output-available list_tasks", f"dynamic-tool {state} delete_task"]
    assert texts(last)[:-1] == ["step-start", *calls]
    assert texts(found["regenerated"])[0] == "step-start"
    assert found["refused"] == "There is no such agent."
    left = [task["title"] for task in ann.get("/v1/tasks")["data"]]
    assert left == ([] if decision == "approve" else ["Buy milk"])
    assert len(ann.get("/v1/conversations")["data"]) == 1
