# tests/services/undo/test_undo.py -- changes of tasks that are taken back, and what stands in the way.
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, text
from sqlmodel import col

import access
from access import SYSTEM
from models import UndoStep
from services.undo.undo_steps import RETENTION, delete_old_steps
from support.clients.mcp_client import token_of
from support.clock import pass_time
from support.servers import Person, Server, in_database, ok


def steps_of(person: Person) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = person.get("/v1/undo", limit=200)["data"]
    return data


def undo(person: Person, **wanted: Any) -> Any:
    return person.post("/v1/undo", **wanted)


def refusal(person: Person, status: int, **wanted: Any) -> str:
    answer = person.http.post("/v1/undo", json=wanted)
    assert answer.status_code == status, answer.text
    detail: str = answer.json()["detail"]
    return detail


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


@pytest.mark.also_on_mariadb
def test_a_deleted_task_comes_back_as_it_was_and_where_it_was(ann: Person) -> None:
    first, second, third = (ann.post("/v1/tasks", title=f"Task {n}") for n in range(3))
    second = ann.patch(f"/v1/tasks/{second['id']}", description="é" * 10_000, completed=True, title="ü" * 255)
    ann.delete(f"/v1/tasks/{second['id']}")
    done = undo(ann)
    assert [(step["action"], step["row_id"], step["title"]) for step in done["steps"]] == [
        ("created", second["id"], second["title"])
    ]
    assert ann.get("/v1/tasks")["data"] == [third, second, first]


@pytest.mark.also_on_mariadb
def test_every_kind_of_change_is_undone_and_the_undo_is_undone(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    path = f"/v1/tasks/{task['id']}"
    undo(ann)
    assert titles(ann) == []
    undo(ann)
    assert ann.get(path) == task
    ann.patch(path, title="Buy bread", description="2", completed=True)
    back = undo(ann)["change_id"]
    assert {**ann.get(path), "updated_at": ""} == {**task, "updated_at": ""}
    assert ann.get(path)["updated_at"] > task["updated_at"]
    again = undo(ann, change_id=back)["change_id"]
    assert ann.get(path)["title"] == "Buy bread"
    third = undo(ann, change_id=again)["change_id"]
    assert ann.get(path)["title"] == "Buy milk"
    marks = {step["change_id"]: (step["is_undo"], step["is_undone"]) for step in steps_of(ann)}
    assert (marks[back], marks[again], marks[third]) == ((True, True), (True, True), (True, False))


@pytest.mark.also_on_mariadb
def test_changes_are_undone_one_after_the_other_by_their_ids(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="One")
    path = f"/v1/tasks/{task['id']}"
    for title in ("Two", "Three"):
        ann.patch(path, title=title)
    ann.delete(path)
    for change, expected in zip(steps_of(ann), ("Three", "Two", "One", None), strict=True):
        undo(ann, change_id=change["change_id"])
        assert titles(ann) == ([expected] if expected else [])
    assert [step["is_undone"] for step in steps_of(ann)] == [False] * 4 + [True] * 4


@pytest.mark.also_on_mariadb
def test_a_later_change_stands_in_the_way(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="One")
    path = f"/v1/tasks/{task['id']}"
    ann.patch(path, title="Two")
    ann.patch(path, completed=True)
    last, rename, create = (step["change_id"] for step in steps_of(ann))
    assert refusal(ann, 409, change_id=rename) == "“Two” was changed after that."
    assert refusal(ann, 409, change_id=create) == "“One” was changed after that."
    ann.delete(path)
    assert refusal(ann, 409, change_id=last) == "“Two” was deleted after that."
    delete = steps_of(ann)[0]["change_id"]
    undo(ann, change_id=delete)
    assert refusal(ann, 409, change_id=delete) == "This was undone already."
    assert ann.get(path)["completed"] is True
    assert len(steps_of(ann)) == 5


@pytest.mark.also_on_mariadb
def test_a_change_by_hand_in_the_database_stands_in_the_way(server: Server, ann: Person) -> None:
    task = ann.post("/v1/tasks", title="One", description="x" * 1_000)

    async def change(tx: Any) -> None:
        await tx.execute(text("UPDATE tasks SET description = NULL WHERE title = 'One'"))

    in_database(server, change)
    assert refusal(ann, 409) == "“One” was changed after that."
    assert ann.get(f"/v1/tasks/{task['id']}")["description"] is None


@pytest.mark.also_on_mariadb
def test_of_two_who_undo_a_change_at_once_one_wins(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="One")
    ann.delete(f"/v1/tasks/{task['id']}")
    wanted = {"change_id": steps_of(ann)[0]["change_id"]}
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ann.http.post("/v1/undo", json=wanted), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert titles(ann) == ["One"]
    assert len(steps_of(ann)) == 3


@pytest.mark.also_on_mariadb
def test_a_repeated_undo_with_its_key_is_done_once(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="One")
    ann.delete(f"/v1/tasks/{task['id']}")
    key = {"Idempotency-Key": "again"}
    answers = [ok(ann.http.post("/v1/undo", headers=key)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert titles(ann) == ["One"]


def test_a_late_repeat_of_a_request_whose_task_was_undone_makes_no_other(ann: Person) -> None:
    key = {"Idempotency-Key": "once"}
    ok(ann.http.post("/v1/tasks", json={"title": "One"}, headers=key))
    undo(ann)
    assert ann.http.post("/v1/tasks", json={"title": "One"}, headers=key).status_code == 410
    assert titles(ann) == []


def test_nothing_that_was_changed_by_nothing_is_undone(ann: Person) -> None:
    assert refusal(ann, 409) == "There is nothing to undo."
    task = ann.post("/v1/tasks", title="One")
    ann.patch(f"/v1/tasks/{task['id']}", title="One")
    assert len(steps_of(ann)) == 1


@pytest.mark.also_on_mariadb
def test_what_others_did_is_not_there(server: Server, ann: Person) -> None:
    ben = server.person()
    ann.post("/v1/tasks", title="One")
    change_id = steps_of(ann)[0]["change_id"]
    assert steps_of(ben) == []
    assert refusal(ben, 404, change_id=change_id) == refusal(ben, 404, change_id=str(uuid4()))
    assert refusal(ben, 404, run_id=str(uuid4())) == "There is no such change."
    assert titles(ann) == ["One"]


def test_a_program_undoes_what_its_scopes_let_it(server: Server, ann: Person) -> None:
    ann.post("/v1/tasks", title="One")
    reader, writer = (server.client(Authorization=f"Bearer {token_of(ann, scopes=[scope])}")
                      for scope in ("tasks:read", "tasks:write"))  # fmt: skip
    assert reader.post("/v1/undo").status_code == 403
    assert len(ok(reader.get("/v1/undo"))["data"]) == 1
    assert ok(writer.post("/v1/undo"))["steps"][0]["action"] == "deleted"
    assert titles(ann) == []


@pytest.mark.also_on_mariadb
def test_after_thirty_days_it_is_gone_for_good(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = ann.post("/v1/tasks", title="One")
    ann.delete(f"/v1/tasks/{task['id']}")
    change_id = steps_of(ann)[0]["change_id"]

    async def clean(tx: Any) -> int:
        deleted = -1
        while deleted:
            deleted = await delete_old_steps(tx, SYSTEM)
        rows = await tx.execute(count_steps(ann.id))
        count: int = rows.scalar_one()
        return count

    assert in_database(server, clean) == 2
    pass_time(monkeypatch, days=RETENTION.days, minutes=-5)
    assert in_database(server, clean) == 2
    pass_time(monkeypatch, days=RETENTION.days, minutes=5)
    later = server.sign_in(ann.email)
    assert steps_of(later) == []
    assert refusal(later, 404, change_id=change_id) == "There is no such change."
    assert refusal(later, 409) == "There is nothing to undo."
    assert in_database(server, clean) == 0


def count_steps(user_id: UUID) -> Any:
    return access.select(SYSTEM, UndoStep, func.count()).where(col(UndoStep.user_id) == user_id)


def test_an_undo_is_told(ann: Person) -> None:
    ann.post("/v1/tasks", title="One")
    made = steps_of(ann)[0]["change_id"]
    after = ann.get("/v1/changes")["next_after"]
    done = undo(ann)
    told = ann.get("/v1/changes", after=after)["data"]
    assert [event["type"] for event in told] == ["task.deleted", "change.undone"]
    assert told[1]["change_id"] == done["change_id"]
    assert told[1]["undone_change_ids"] == [made]


@pytest.mark.also_on_mariadb
def test_completing_what_repeats_is_undone_with_the_next_task(ann: Person) -> None:
    task = ann.post(
        "/v1/tasks",
        title="Water plants",
        due_on="2030-01-01",
        repeats="FREQ=DAILY",
        list="Home",
        priority="high",
    )
    path = f"/v1/tasks/{task['id']}"
    ann.patch(path, completed=True)
    assert titles(ann) == ["Water plants"] * 2
    done = undo(ann)
    assert sorted(step["action"] for step in done["steps"]) == ["deleted", "updated"]
    [back] = ann.get("/v1/tasks")["data"]
    assert {**back, "updated_at": ""} == {**task, "updated_at": ""}
    undo(ann)
    assert sorted(task["completed"] for task in ann.get("/v1/tasks")["data"]) == [False, True]
    following = next(task for task in ann.get("/v1/tasks")["data"] if not task["completed"])
    ann.patch(f"/v1/tasks/{following['id']}", priority="low")
    both = next(step for step in steps_of(ann) if step["is_undo"])["change_id"]
    assert refusal(ann, 409, change_id=both) == "“Water plants” was changed after that."
