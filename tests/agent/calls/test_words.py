# test_words.py -- the words around calls: what the agent says before one, and what the person says to one that asks.
import pytest

from llm.protocol import AgentTurn
from services import approvals
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, wait_for_end


@pytest.mark.also_on_mariadb
def test_a_message_says_how_much_of_it_came_before_each_call(carl: Person, model: ScriptedModel) -> None:
    model.answers = [
        [call("list_tasks", {}, "one")],
        ["Let me add it. 🙂", call("add_task", {"title": "Milk"}, "two"), call("list_tasks", {}, "three")],
        ["Done."],
    ]
    answer = carl.chat("add milk")["message"]
    assert answer["content"] == "Let me add it. 🙂\n\nDone."
    said = [kept.get("said_before") for kept in answer["tool_calls"]]
    assert said == [None, 16, 16]
    assert answer["content"][: said[1]] == "Let me add it. 🙂"
    conversation = carl.get("/v1/conversations")["data"][0]["id"]
    assert carl.get(f"/v1/conversations/{conversation}/messages")["data"][-1] == answer


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize(("approve", "words"), [(True, "yes"), (False, "make it two bottles")])
def test_what_the_person_says_stands_with_the_decision(
    carl: Person, model: ScriptedModel, approve: bool, words: str
) -> None:
    carl.patch("/v1/me", approval="always")
    model.answers = [[call("add_task", {"title": "Milk"})], ["I see."]]
    asked = carl.chat("add milk")
    path = f"/v1/runs/{asked['run_id']}/approvals/{asked['pending_approvals'][0]['tool_call_id']}"
    assert carl.http.post(path, json={"approve": approve, "words": ""}).status_code == 422
    carl.http.post(path, json={"approve": approve, "words": words}).raise_for_status()
    wait_for_end(carl, asked["run_id"])
    [kept] = carl.get(f"/v1/runs/{asked['run_id']}/answer")["tool_calls"]
    assert (kept["approval"]["decision"], kept["approval"]["words"]) == (
        "approved" if approve else "denied",
        words,
    )
    told = model.requests[-1].turns[-1]
    assert isinstance(told, AgentTurn)
    refused = None if approve else f"{approvals.REFUSALS['denied']} The person said: “{words}”"
    assert told.tool_calls[0].error == kept["error"] == refused
