# tests/services/undo/test_undo_in_runs.py -- what agents and programs have done is undone together, also in chat.
from typing import Any

import pytest
from mcp_types import CallToolResult

from support.clients.mcp_client import aside, called, token_of
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, serving, settings_for, wait_for_end, wait_until


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


def states_of(person: Person) -> list[dict[str, Any]]:
    return [task | {"updated_at": None} for task in person.get("/v1/tasks")["data"]]


def steps_of(person: Person) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = person.get("/v1/undo")["data"]
    return data


@pytest.mark.also_on_mariadb
def test_all_that_a_run_did_is_undone_together(ann: Person) -> None:
    said = ann.chat("add buy milk, call mom and pay rent")
    assert len(titles(ann)) == 3
    assert {step["run_id"] for step in steps_of(ann)} == {said["run_id"]}
    assert {step["tool_call_id"] for step in steps_of(ann)} == {f"{said['run_id']}:{n}" for n in (1, 2, 3)}
    done = ann.post("/v1/undo", run_id=said["run_id"])
    assert [step["action"] for step in done["steps"]] == ["deleted"] * 3
    assert titles(ann) == []
    assert ann.http.post("/v1/undo", json={"run_id": said["run_id"]}).status_code == 409
    ann.post("/v1/undo")
    assert len(titles(ann)) == 3


@pytest.mark.also_on_mariadb
def test_a_run_is_undone_wholly_or_not_at_all(ann: Person) -> None:
    said = ann.chat("add buy milk and call mom")
    last = ann.get("/v1/tasks")["data"][0]
    ann.patch(f"/v1/tasks/{last['id']}", completed=True)
    answer = ann.http.post("/v1/undo", json={"run_id": said["run_id"]})
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        f"“{last['title']}” was changed after that.",
    )
    assert len(titles(ann)) == 2
    assert not any(step["is_undone"] for step in steps_of(ann))


@pytest.mark.also_on_mariadb
def test_undo_in_chat_brings_back_what_it_was(ann: Person) -> None:
    ann.patch("/v1/me", approval="never")
    task = ann.post("/v1/tasks", title="Buy milk", description="2 litres")
    ann.post("/v1/tasks", title="Call mom")
    said = ann.chat("delete buy milk")
    where = {"conversation_id": said["conversation_id"]}
    assert titles(ann) == ["Call mom"]
    back = ann.chat("undo", **where)["message"]
    assert back["content"] == "“Buy milk” is back on the list."
    assert [made["name"] for made in back["tool_calls"]] == ["undo"]
    assert ann.get(f"/v1/tasks/{task['id']}") == task
    assert ann.chat("undo", **where)["message"]["content"] == "“Buy milk” is off the list again."
    assert titles(ann) == ["Call mom"]


@pytest.mark.also_on_mariadb
def test_undo_in_chat_says_what_stands_in_the_way(ann: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    said = ann.chat("rename buy milk to Buy bread")
    [task] = ann.get("/v1/tasks")["data"]
    ann.patch(f"/v1/tasks/{task['id']}", title="Buy cake")
    answer = ann.chat("undo", conversation_id=said["conversation_id"])["message"]["content"]
    assert answer == "I could not undo the change of “Buy bread”: “Buy bread” was changed after that."
    assert titles(ann) == ["Buy cake"]


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("asked", ["finish everything on the shopping list", "move overdue to tomorrow"])
def test_what_was_done_to_many_at_once_is_taken_back_by_one_word(ann: Person, asked: str) -> None:
    for n in range(5):
        ann.post("/v1/tasks", title=f"Thing {n}", list="Shopping", due_on=f"2026-01-0{n + 1}")
    before = states_of(ann)
    said = ann.chat(asked)
    where = {"conversation_id": said["conversation_id"]}
    assert "these 5 tasks?" in said["message"]["content"]
    assert states_of(ann) == before
    changed = ann.chat("yes", **where)["message"]
    assert len([made for made in changed["tool_calls"] if made["name"] != "list_tasks"]) == 5
    assert not [task for task in states_of(ann) if task in before]
    back = ann.chat("undo", **where)["message"]
    assert [made["name"] for made in back["tool_calls"]] == ["undo"]
    assert states_of(ann) == before


@pytest.mark.also_on_mariadb
def test_many_that_were_deleted_at_once_come_back_by_one_word(ann: Person) -> None:
    ann.patch("/v1/me", approval="never")
    for n in range(4):
        ann.post("/v1/tasks", title=f"Thing {n}", completed=True)
    before = states_of(ann)
    where = {"conversation_id": ann.chat("delete all done tasks")["conversation_id"]}
    ann.chat("yes", **where)
    assert titles(ann) == []
    ann.chat("undo", **where)
    assert states_of(ann) == before


def test_undo_in_chat_leaves_what_was_not_done_there(ann: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    assert ann.chat("undo")["message"]["content"] == "There is nothing that I can undo."
    assert titles(ann) == ["Buy milk"]


@pytest.fixture
def scripted(own_database_url: str) -> Any:
    model = ScriptedModel()
    with serving(settings_for(own_database_url), model) as server:
        yield model, server.person()


def test_an_undo_within_its_own_run_is_undone_with_the_run(scripted: tuple[ScriptedModel, Person]) -> None:
    model, ann = scripted
    kept = ann.post("/v1/tasks", title="Kept")
    model.answers = [
        [call("add_task", {"title": "One"})],
        [call("update_task", {"task_id": kept["id"], "title": "Changed"})],
        [call("undo", {})],
        [call("add_task", {"title": "Two"})],
        ["Done."],
    ]
    said = ann.chat("go")
    assert titles(ann) == ["Two", "Kept"]
    done = ann.post("/v1/undo", run_id=said["run_id"])
    assert [step["title"] for step in done["steps"]] == ["Two"]
    assert titles(ann) == ["Kept"]
    ann.post("/v1/undo", change_id=done["change_id"])
    assert titles(ann) == ["Two", "Kept"]


def test_a_person_who_is_always_asked_sees_what_would_be_undone(
    scripted: tuple[ScriptedModel, Person],
) -> None:
    model, ann = scripted
    ann.patch("/v1/me", approval="always")
    ann.post("/v1/tasks", title="One")
    model.answers = [[call("undo", {})], ["Done."]]
    asked = ann.chat("undo that")
    [approval] = asked["pending_approvals"]
    made = steps_of(ann)[0]["change_id"]
    assert approval["shown"]["change"] == {
        "count": 1,
        "steps": [{"action": "created", "change_id": made, "title": "One"}],
    }
    # What is approved is what was shown: a newer change is asked for anew.
    ann.post("/v1/tasks", title="Two")
    path = f"/v1/runs/{asked['run_id']}/approvals/{approval['tool_call_id']}"
    ann.post(path, approve=True)
    run = wait_for_question(ann, asked["run_id"], approval["digest"])
    [again] = run["pending_approvals"]
    assert again["shown"]["change"]["steps"][0]["title"] == "Two"
    assert titles(ann) == ["Two", "One"]
    ann.post(path, approve=True)
    wait_for_end(ann, asked["run_id"])
    assert titles(ann) == ["One"]


def wait_for_question(person: Person, run_id: str, old_digest: str) -> Any:
    def asks_anew() -> Any:
        run = person.get(f"/v1/runs/{run_id}")
        digests = [pending["digest"] for pending in run["pending_approvals"]]
        return run if digests and digests != [old_digest] else None

    return wait_until(asks_anew)


@pytest.mark.also_on_mariadb
@pytest.mark.anyio
async def test_a_program_undoes_over_mcp_and_what_it_did_is_undone(server: Server, ann: Person) -> None:
    token = await aside(token_of, ann)

    async def use(name: str, **arguments: Any) -> CallToolResult:
        return await called(server, token, "2026-07-28", name, **arguments)

    await use("add_task", title="One")
    undone = (await use("undo")).structured_content
    assert [(task["title"], task["action"]) for task in undone["tasks"]] == [("One", "deleted")]
    assert await aside(titles, ann) == []
    again = (await use("undo", change_id=undone["change_id"])).structured_content
    assert [(task["title"], task["action"]) for task in again["tasks"]] == [("One", "created")]
    refused = await use("undo", change_id=undone["change_id"])
    assert refused.is_error
    assert len({step["run_id"] for step in await aside(steps_of, ann)}) == 3
    assert ok(ann.http.post("/v1/undo"))["steps"][0]["action"] == "deleted"
