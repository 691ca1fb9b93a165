# tests/services/undo/test_named_changes.py -- changes that a client names, and what of them is listed.
from typing import Any
from uuid import uuid4

import pytest

from db import Database
from pagination import build_page_statement
from services.undo.undo_steps import STEPS, select_steps
from support.databases.query_plans import count_rows_read, explain
from support.servers import Person, Server, ok, serving, settings_for, with_database

MANY = 1_000


def send(person: Person, method: str, path: str, change_id: str, **body: Any) -> Any:
    json = body or None
    return ok(person.http.request(method, path, json=json, headers={"Change-ID": change_id}))


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


def listed(person: Person, **asked: Any) -> list[str]:
    return [step["title"] for step in person.get("/v1/undo", **asked)["data"]]


@pytest.mark.also_on_mariadb
def test_requests_that_share_a_name_are_undone_as_one_change(ann: Person) -> None:
    tasks = [ann.post("/v1/tasks", title=title) for title in ("One", "Two", "Three")]
    name = str(uuid4())
    send(ann, "PATCH", f"/v1/tasks/{tasks[0]['id']}", name, completed=True)
    send(ann, "DELETE", f"/v1/tasks/{tasks[1]['id']}", name)
    send(ann, "POST", "/v1/tasks", name, title="Four")
    assert {step["change_id"] for step in ann.get("/v1/undo", limit=3)["data"]} == {name}
    done = ann.post("/v1/undo", change_id=name)
    assert sorted(step["action"] for step in done["steps"]) == ["created", "deleted", "updated"]
    assert titles(ann) == ["Three", "Two", "One"]
    ann.post("/v1/undo", change_id=done["change_id"])
    assert titles(ann) == ["Four", "Three", "One"]
    # What was named once, and undone and done again, is the same change still.
    ann.patch(f"/v1/tasks/{tasks[0]['id']}", title="Other")
    answer = ann.http.post("/v1/undo", json={"change_id": name})
    assert (answer.status_code, answer.json()["detail"]) == (409, "“One” was changed after that.")


def test_a_name_of_another_is_a_name_of_ones_own(server: Server, ann: Person) -> None:
    ben, name = server.person(), str(uuid4())
    for person in (ann, ben):
        send(person, "POST", "/v1/tasks", name, title=person.email)
    ann.post("/v1/undo", change_id=name)
    assert (titles(ann), titles(ben)) == ([], [ben.email])


def test_what_is_no_name_is_refused(ann: Person) -> None:
    answer = ann.http.post("/v1/tasks", json={"title": "One"}, headers={"Change-ID": "mine"})
    assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["header", "Change-ID"])
    assert titles(ann) == []


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("path", ["/v1/conversations/{}", "/v1/chats/{account}/{agent}/{}"])
def test_a_conversation_is_deleted_under_a_name_of_its_own(ann: Person, path: str) -> None:
    agent = ann.get(f"/v1/accounts/{ann.id}/agents")["data"][0]["id"]
    paths = [path.format(ann.chat("hello")["conversation_id"], account=ann.id, agent=agent) for _ in range(2)]
    name, other = str(uuid4()), str(uuid4())
    send(ann, "PATCH", paths[0].replace(f"chats/{ann.id}/{agent}", "conversations"), other, title="First")
    send(ann, "DELETE", paths[0], name)
    answer = ann.http.delete(paths[1], headers={"Change-ID": name})
    assert answer.status_code == 409
    assert len(ann.get("/v1/conversations")["data"]) == 1
    send(ann, "DELETE", paths[1], other)
    for change in (name, other):
        ann.post("/v1/undo", change_id=change)
    assert len(ann.get("/v1/conversations")["data"]) == 2
    assert len(ann.get(f"{paths[0]}/messages")["data"]) == 2


@pytest.mark.also_on_mariadb
def test_what_can_be_brought_back_and_what_a_run_did_are_listed(server: Server, ann: Person) -> None:
    said = ann.chat("add buy milk and call mom")
    milk, mom = reversed(ann.get("/v1/tasks")["data"])
    ann.patch(f"/v1/tasks/{milk['id']}", completed=True)
    for task in (milk, mom):
        ann.delete(f"/v1/tasks/{task['id']}")
    ann.delete(f"/v1/conversations/{said['conversation_id']}")
    assert listed(ann, deleted=True) == ["add buy milk and call mom", "Call mom", "Buy milk"]
    assert listed(ann, run_id=said["run_id"]) == ["Call mom", "Buy milk"]
    assert listed(ann, run_id=said["run_id"], deleted=True) == []
    first = ann.get("/v1/undo", deleted=True, limit=1)
    assert listed(ann, deleted=True, cursor=first["next_cursor"]) == ["Call mom", "Buy milk"]
    back = ann.get("/v1/undo", deleted=True)["data"][1]["change_id"]
    undone = ann.post("/v1/undo", change_id=back)
    assert listed(ann, deleted=True) == ["add buy milk and call mom", "Buy milk"]
    # The undo of that undo deletes it again: by the deletion, which is in effect once more.
    ann.post("/v1/undo", change_id=undone["change_id"])
    assert listed(ann, deleted=True) == ["add buy milk and call mom", "Call mom", "Buy milk"]
    ann.post("/v1/undo", change_id=back)
    assert listed(ann, deleted=True) == ["add buy milk and call mom", "Buy milk"]
    ben = server.person()
    assert listed(ben, deleted=True) == listed(ben, run_id=said["run_id"]) == []


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_what_was_deleted_is_found_without_a_look_at_all_that_was_changed(
    new_database: Any, engine_name: str
) -> None:
    url = new_database(engine_name)
    with serving(settings_for(url)) as server:
        ann = server.person()
        task = ann.post("/v1/tasks", title="One")
        ann.delete(f"/v1/tasks/{task['id']}")

    async def read(db: Database) -> int:
        await db._execute_sql(
            "INSERT INTO undo_steps (user_id, change_id, noun, row_id, action) "
            f"SELECT user_id, change_id, noun, row_id, 'updated' FROM undo_steps, generate_series(1, {MANY})"
        )
        await db._execute_sql("ANALYZE undo_steps")
        chosen = select_steps(of_tasks=False, of_run=False, deleted=True)
        paged = build_page_statement(STEPS, chosen, False, "postgresql")
        since = (await db._execute_sql("SELECT min(created_at) FROM undo_steps"))[0][0]
        values = {"caller_user_id": ann.id, "since": since, "page_limit": 51}
        return count_rows_read(await explain(db, paged, values), "undo_steps")

    assert with_database(url, read) == 1
