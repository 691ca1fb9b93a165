# test_shown_approvals.py -- what is approved is what is done: a changed row is asked for anew.
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from agent import loop
from db import Transaction
from models import Approval
from services import approvals
from storage.dialects import read_clock
from storage.engines import open_engine
from support.api.approvals import calls_of, decide
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, in_database, ok, read_events, serving, settings_for, wait_until

# What is shown is the same on each engine; locks, times and takeovers are tried on both.
pytestmark = pytest.mark.engines("sqlite")

AGAIN = ["approval.requested", "approval.decided"] * 2


def with_task(person: Person, title: str, **fields: Any) -> dict[str, Any]:
    task: dict[str, Any] = person.post("/v1/tasks", title=title, **fields)
    return task


def request_calls(person: Person, model: ScriptedModel, *calls: Any) -> dict[str, Any]:
    """A chat whose agent makes these calls, up to where it waits."""
    model.answers = [list(calls), ["So be it."]]
    answer: dict[str, Any] = person.chat("go on")
    assert answer["status"] == "awaiting_approval"
    return answer


def make_deletions(*tasks: dict[str, Any]) -> list[Any]:
    return [call("delete_task", {"task_id": task["id"]}, f"call_{n}") for n, task in enumerate(tasks, 1)]


def asked_again(person: Person, run_id: str, before: dict[str, Any]) -> dict[str, Any]:
    """The question as it stands once it is another one."""

    def question() -> dict[str, Any] | None:
        for found in person.get(f"/v1/runs/{run_id}")["pending_approvals"]:
            if found["tool_call_id"] == before["tool_call_id"] and found["digest"] != before["digest"]:
                other: dict[str, Any] = found
                return other
        return None

    found: dict[str, Any] = wait_until(question)
    return found


def log_of(person: Person, run_id: str) -> list[tuple[str, dict[str, Any]]]:
    with person.http.stream("GET", f"/v1/runs/{run_id}/events") as stream:
        return [(event.type, event.data) for event in read_events(stream)]


# What is shown


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_question_shows_the_row_beside_what_is_to_become_of_it(carl: Person, model: ScriptedModel) -> None:
    carl.patch("/v1/me", approval="always")
    task = with_task(carl, "Tax papers", description="In the blue folder")
    change = {"task_id": task["id"], "title": "Old papers", "description": None}
    answer = request_calls(
        carl, model, call("update_task", change, "call_1"), call("add_task", {"title": "x"}, "call_2")
    )
    question, adding = answer["pending_approvals"]
    assert (question["arguments"], question["shown"]) == (change, {"task": task})
    assert adding["shown"] == {}
    run_id = answer["run_id"]
    assert carl.get(f"/v1/runs/{run_id}")["pending_approvals"] == [question, adding]
    for one in (question, adding):
        ok(decide(carl, run_id, call_id=one["tool_call_id"], digest=one["digest"]))
    made, added = calls_of(carl, answer)
    assert made["approval"]["shown"] == {"task": task}
    assert added["approval"]["shown"] == {}
    told = next(data for kind, data in log_of(carl, run_id) if kind == "approval.requested")
    assert (told["shown"], told["digest"]) == ({"task": task}, question["digest"])


# What has changed since


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_row_that_changed_after_the_question_is_asked_for_anew(carl: Person, model: ScriptedModel) -> None:
    task = with_task(carl, "Spam")
    answer = request_calls(carl, model, *make_deletions(task))
    run_id, [first] = answer["run_id"], answer["pending_approvals"]
    changed = carl.patch(f"/v1/tasks/{task['id']}", title="Tax papers")
    ok(decide(carl, run_id, digest=first["digest"]))
    second = asked_again(carl, run_id, first)
    assert second["shown"] == {"task": changed}
    assert second["arguments"] == first["arguments"]
    assert carl.get("/v1/tasks")["data"] == [changed]
    ok(decide(carl, run_id, digest=second["digest"]))
    [made] = calls_of(carl, answer)
    assert made["result"]["title"] == "Tax papers"
    assert made["approval"]["shown"] == {"task": changed}
    log = [(kind, data) for kind, data in log_of(carl, run_id) if kind.startswith("approval.")]
    assert [kind for kind, _ in log] == AGAIN
    assert [data["shown"]["task"]["title"] for _, data in log if "shown" in data] == ["Spam", "Tax papers"]
    assert carl.get("/v1/tasks")["data"] == []


@pytest.mark.busy
def test_open_pages_are_told_of_the_new_words(carl: Person, model: ScriptedModel) -> None:
    task = with_task(carl, "Spam")
    answer = request_calls(carl, model, *make_deletions(task))
    carl.patch(f"/v1/tasks/{task['id']}", title="Tax papers")
    ok(decide(carl, answer["run_id"]))
    asked_again(carl, answer["run_id"], answer["pending_approvals"][0])
    ok(decide(carl, answer["run_id"]))
    questions = []
    with carl.http.stream("GET", "/v1/events/stream", headers={"Last-Event-ID": "0"}) as stream:
        for event in read_events(stream):
            if event.type == "approval.requested":
                [question] = event.data["run"]["pending_approvals"]
                questions.append(question["shown"]["task"]["title"])
            if event.type == "run.completed":
                break
    assert questions == ["Spam", "Tax papers"]


@pytest.mark.busy
def test_it_may_change_as_often_as_it_likes_and_a_no_ends_it(carl: Person, model: ScriptedModel) -> None:
    task = with_task(carl, "Version 0")
    answer = request_calls(carl, model, *make_deletions(task))
    [question] = answer["pending_approvals"]
    for number in range(1, 4):
        carl.patch(f"/v1/tasks/{task['id']}", title=f"Version {number}")
        ok(decide(carl, answer["run_id"], digest=question["digest"]))
        question = asked_again(carl, answer["run_id"], question)
        assert question["shown"]["task"]["title"] == f"Version {number}"
    ok(decide(carl, answer["run_id"], approve=False))
    [left] = calls_of(carl, answer)
    assert left["error"] == approvals.REFUSALS["denied"]
    assert [task["title"] for task in carl.get("/v1/tasks")["data"]] == ["Version 3"]


@pytest.mark.busy
def test_all_that_has_changed_is_asked_for_together_and_what_has_not_is_done(
    carl: Person, model: ScriptedModel
) -> None:
    tasks = [with_task(carl, title) for title in ("One", "Two", "Three")]
    answer = request_calls(carl, model, *make_deletions(*tasks))
    for task in (tasks[0], tasks[2]):
        carl.patch(f"/v1/tasks/{task['id']}", completed=True)
    for question in answer["pending_approvals"]:
        ok(decide(carl, answer["run_id"], call_id=question["tool_call_id"]))
    asked_again(carl, answer["run_id"], answer["pending_approvals"][0])
    questions = carl.get(f"/v1/runs/{answer['run_id']}")["pending_approvals"]
    assert [question["tool_call_id"][-2:] for question in questions] == [":1", ":3"]
    for question in questions:
        ok(decide(carl, answer["run_id"], call_id=question["tool_call_id"], digest=question["digest"]))
    assert [made["result"]["title"] for made in calls_of(carl, answer)] == ["One", "Two", "Three"]


@pytest.mark.busy
def test_a_row_that_is_gone_is_no_reason_to_ask_again(carl: Person, model: ScriptedModel) -> None:
    task = with_task(carl, "Spam")
    answer = request_calls(carl, model, *make_deletions(task))
    carl.delete(f"/v1/tasks/{task['id']}")
    ok(decide(carl, answer["run_id"]))
    [made] = calls_of(carl, answer)
    assert (made["result"], made["error"]) == (None, "There is no such task.")


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_whoever_changes_the_row_meanwhile_only_what_was_shown_is_done(
    carl: Person, model: ScriptedModel
) -> None:
    """Changes race with decisions: whichever comes first, what is deleted is what the last yes was said to."""
    task = with_task(carl, "Version 0")
    answer = request_calls(carl, model, *make_deletions(task))
    run_id = answer["run_id"]

    def change() -> None:
        for number in range(1, 15):
            carl.http.patch(f"/v1/tasks/{task['id']}", json={"title": f"Version {number}"})

    def step() -> bool:
        run = carl.get(f"/v1/runs/{run_id}")
        for question in run["pending_approvals"]:
            decide(carl, run_id, digest=question["digest"])
        return bool(run["status"] == "completed")

    writer = threading.Thread(target=change)
    writer.start()
    wait_until(step)
    writer.join()
    [made] = calls_of(carl, answer)
    assert made["approval"]["shown"] == {"task": made["result"]}


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_from_the_last_look_to_the_effect_nobody_else_can_change_the_row(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = with_task(carl, "Spam")
    answer = request_calls(carl, model, *make_deletions(task))
    make = loop.execute_call
    locked: list[bool] = []

    async def made(*arguments: Any) -> dict[str, Any]:
        engine = open_engine(scripted.settings.database_url.get_secret_value())
        async with engine.connect() as other:
            try:
                await other.execute(text(f"SELECT 1 FROM tasks WHERE id = '{task['id']}' FOR UPDATE NOWAIT"))
            except DBAPIError as error:
                locked.append("could not obtain lock" in str(error))
        await engine.dispose()
        return await make(*arguments)

    monkeypatch.setattr(loop, "execute_call", made)
    ok(decide(carl, answer["run_id"]))
    assert calls_of(carl, answer)[0]["result"]["title"] == "Spam"
    assert locked == [True]


# What was read


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.busy
def test_a_decision_on_another_question_than_the_one_that_stands_is_refused(
    carl: Person, model: ScriptedModel, approve: bool
) -> None:
    task = with_task(carl, "Spam")
    answer = request_calls(carl, model, *make_deletions(task))
    [first] = answer["pending_approvals"]
    run_id = answer["run_id"]
    assert decide(carl, run_id, approve=approve, digest="0" * 64).status_code == 409
    carl.patch(f"/v1/tasks/{task['id']}", title="Tax papers")
    ok(decide(carl, run_id, digest=first["digest"]))
    second = asked_again(carl, run_id, first)
    late = decide(carl, run_id, approve=approve, digest=first["digest"])
    assert (late.status_code, late.json()["title"]) == (409, "Approval Changed")
    assert carl.get(f"/v1/runs/{run_id}")["pending_approvals"] == [second]
    ok(decide(carl, run_id, approve=approve, digest=second["digest"]))


def test_every_word_of_a_question_is_in_its_digest() -> None:
    one = {"name": "delete_task", "arguments": {"task_id": "1"}, "shown": {"task": {"title": "x"}}}
    others = [
        {**one, "name": "complete_task"},
        {**one, "arguments": {"task_id": "2"}},
        {**one, "shown": {"task": {"title": "y"}}},
        {**one, "shown": {"task": None}},
        {**one, "shown": {}},
    ]
    digests = {approvals.compute_digest(call) for call in [one, *others]}
    assert len(digests) == 1 + len(others)
    assert approvals.compute_digest({**one, "arguments": dict(one["arguments"])}) == approvals.compute_digest(
        one
    )  # type: ignore[call-overload]


# Around it


@pytest.mark.busy
def test_a_question_from_before_rows_were_kept_is_answered_as_it_was(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    task = with_task(carl, "Spam")
    answer = request_calls(carl, model, *make_deletions(task))

    async def forget(tx: Transaction) -> None:
        await tx.execute(
            update(Approval).values(shown=None, digest=None).where(col(Approval.decision).is_(None))
        )

    in_database(scripted, forget)
    [question] = carl.get(f"/v1/runs/{answer['run_id']}")["pending_approvals"]
    assert (question["shown"], question["digest"]) == (None, None)
    carl.patch(f"/v1/tasks/{task['id']}", title="Spam!")
    ok(decide(carl, answer["run_id"]))
    assert calls_of(carl, answer)[0]["result"]["title"] == "Spam!"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_waiting_for_the_second_yes_is_not_part_of_the_runs_time_either(
    own_database_url: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = timedelta()

    async def clock(tx: Transaction) -> datetime:
        return await read_clock(tx) + passed

    monkeypatch.setattr(approvals, "read_clock", clock)
    monkeypatch.setattr("clock.read_system_clock", lambda: datetime.now(UTC) + passed)
    with serving(settings_for(own_database_url, run_seconds=30, access_token_minutes=60), model) as server:
        person = server.person()
        task = with_task(person, "Spam")
        answer = request_calls(person, model, *make_deletions(task))
        [question] = answer["pending_approvals"]
        for number in range(2):
            passed += timedelta(minutes=20)
            if number == 0:
                person.patch(f"/v1/tasks/{task['id']}", title="Tax papers")
            ok(decide(person, answer["run_id"]))
            if number == 0:
                asked_again(person, answer["run_id"], question)
        assert calls_of(person, answer)[0]["result"]["title"] == "Tax papers"


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_worker_that_dies_before_it_asks_again_leaves_the_question_to_the_next(
    own_database_url: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The yes is stored, the worker ends: the next one sees that the row has changed as the first would have."""
    with serving(settings_for(own_database_url), model) as first:
        person = first.person()
        task = with_task(person, "Spam")
        answer = request_calls(person, model, *make_deletions(task))
        first.state.worker._stopping = True  # it takes up no run any more
        ok(decide(person, answer["run_id"]))
        person.patch(f"/v1/tasks/{task['id']}", title="Tax papers")
        [question] = answer["pending_approvals"]
    with serving(settings_for(own_database_url), model) as second:
        again = second.sign_in(person.email)
        found = asked_again(again, answer["run_id"], question)
        assert found["shown"]["task"]["title"] == "Tax papers"
        assert [kept["title"] for kept in again.get("/v1/tasks")["data"]] == ["Tax papers"]
