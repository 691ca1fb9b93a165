# test_changes.py -- every change reaches every open page of its person, and none that was rolled back.


import threading

import pytest
from sqlalchemy import event as sql_event

from access import Caller
from db import Database, RetryTransaction, Transaction
from identity import users
from llm.protocol import ModelError
from models.task import TaskCreate
from services import tasks
from support.api.user_streams import as_on, find_end, opened, reset, take, types, until
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, read_events, with_database

# What is told is the same on each engine; transactions that fail are tried on both.
pytestmark = pytest.mark.engines("sqlite")


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_every_kind_of_change_reaches_every_open_stream_of_any_worker(
    carl: Person, model: ScriptedModel, elsewhere: Server
) -> None:
    with opened(carl) as near, opened(as_on(elsewhere, carl)) as far:
        start = reset(near)
        assert reset(far) == start
        task = carl.post("/v1/tasks", title="Buy milk")
        changed = carl.patch(f"/v1/tasks/{task['id']}", completed=True)
        carl.delete(f"/v1/tasks/{task['id']}")
        thread = carl.post("/v1/conversations", title="Plans")
        renamed = carl.patch(f"/v1/conversations/{thread['id']}", title="Old plans")
        carl.delete(f"/v1/conversations/{thread['id']}")
        seen = take(near, 6)
        # What all readers of a conversation see alike.
        alike = ("id", "title", "created_at", "updated_at", "kind", "account_id", "agent_id")
        assert [(event.type, event.data) for event in seen] == [
            ("task.created", {"task": task}),
            ("task.updated", {"task": changed}),
            ("task.deleted", {"task_id": task["id"]}),
            ("conversation.created", {"conversation": {name: thread[name] for name in alike}}),
            ("conversation.updated", {"conversation": {name: renamed[name] for name in alike}}),
            ("conversation.deleted", {"conversation_id": thread["id"]}),
        ]
        assert [event.id - start for event in seen] == [1, 2, 3, 4, 5, 6]
        assert take(far, 6) == seen


@pytest.mark.busy
def test_a_message_tells_of_its_conversation_its_run_what_the_tools_did_and_the_answer(
    carl: Person, model: ScriptedModel
) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    with opened(carl) as stream:
        reset(stream)
        answer = carl.chat("add milk")
        seen = until(stream, "run.completed")
    assert types(seen) == [
        "conversation.created",
        "message.created",
        "run.queued",
        "run.started",
        "task.created",
        "message.created",
        "run.completed",
    ]
    assert seen[0].data["conversation"]["id"] == answer["conversation_id"]
    assert (seen[1].data["message"], seen[5].data["message"]) == (answer["user_message"], answer["message"])
    assert [seen[n].data["run"]["status"] for n in (2, 3, 6)] == ["queued", "running", "completed"]
    assert seen[6].data["run"] == carl.get(f"/v1/runs/{answer['run_id']}")
    assert seen[4].data["task"] == carl.get("/v1/tasks")["data"][0]


@pytest.mark.busy
def test_an_approval_a_failure_and_a_cancel_are_told(carl: Person, model: ScriptedModel) -> None:
    task = carl.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]}, "call_1")], ["Deleted."]]
    with opened(carl) as stream:
        reset(stream)
        answer = carl.chat("delete it")
        asked = until(stream, "approval.requested")[-1].data["run"]
        assert asked == carl.get(f"/v1/runs/{answer['run_id']}")
        assert asked["pending_approvals"] == answer["pending_approvals"]
        carl.post(f"/v1/runs/{answer['run_id']}/approvals/{answer['run_id']}:1", approve=True)
        seen = until(stream, "run.completed")
        assert types(seen) == [
            "approval.decided",
            "run.started",
            "task.deleted",
            "message.created",
            "run.completed",
        ]
        assert seen[0].data["run"]["pending_approvals"] == []
        model.otherwise = [ModelError("The key is wrong.", transient=False)]
        carl.chat("hello")
        failed = until(stream, "run.failed")[-1].data["run"]
        assert (failed["status"], failed["error"]) == ("failed", "The key is wrong.")
        never = threading.Event()
        model.answers = [["Half of", never]]
        with carl.http.stream(
            "POST", "/v1/chat", json={"message": "hello"}, headers={"Accept": "text/event-stream"}
        ) as run:
            until(read_events(run), "message.delta")
            carl.post(f"/v1/runs/{run.headers['X-Run-ID']}/cancel")
        *_, said, cancelled = until(stream, "run.cancelled")
        assert (said.type, said.data["message"]["content"]) == ("message.created", "Half of")
        assert cancelled.data["run"]["status"] == "cancelled"


@pytest.mark.busy
def test_a_request_that_is_repeated_is_told_once(ann: Person) -> None:
    with opened(ann) as stream:
        reset(stream)
        for path, body in (("/v1/tasks", {"title": "Milk"}), ("/v1/conversations", {"title": "Plans"})):
            for _ in range(2):
                ann.http.post(path, json=body, headers={"Idempotency-Key": path})
        ann.chat("hello", client_id="m-1")
        ann.chat("hello", client_id="m-1")
        ann.post("/v1/tasks", title="The end")
        seen = until(stream, "run.completed") + until(stream, "task.created")
    assert types(seen).count("task.created") == 2
    assert types(seen).count("conversation.created") == 2
    assert types(seen).count("message.created") == 2
    assert types(seen).count("run.queued") == 1


def test_a_change_that_changes_nothing_is_told_nevertheless(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    with opened(ann) as stream:
        reset(stream)
        ann.patch(f"/v1/tasks/{task['id']}", title="Buy milk")
        assert next(stream).type == "task.updated"


@pytest.mark.engines("sqlite", "postgresql")
def test_a_change_that_is_rolled_back_is_not_told_and_notifies_nobody(database_url: str, ann: Person) -> None:
    caller = Caller(ann.id, None)
    start = find_end(ann)
    notified: list[str] = []
    tries = []

    async def fail(tx: Transaction) -> None:
        await tasks.create_task(tx, caller, TaskCreate(title="Never"))
        raise ZeroDivisionError

    async def twice(tx: Transaction) -> None:
        tries.append(1)
        await tasks.create_task(tx, caller, TaskCreate(title=f"Try {len(tries)}"))
        if len(tries) == 1:
            raise RetryTransaction

    async def work(db: Database) -> None:
        db.notify_log = lambda: notified.append("")
        with pytest.raises(ZeroDivisionError):
            await db.write(fail)
        assert notified == []
        await db.write(twice)
        await tasks.add_task(db, caller, TaskCreate(title="Alone"))
        await db.write(users.get_me, caller)

    with_database(database_url, work)
    assert len(notified) == 2
    with opened(ann, after=start) as stream:
        assert [event.data["task"]["title"] for event in take(stream, 2)] == ["Try 2", "Alone"]


@pytest.mark.engines("sqlite", "postgresql")
def test_a_commit_that_fails_is_not_told(scripted: Server, carl: Person) -> None:
    def fail(connection: object) -> None:
        raise OSError("the disk is full")

    engine = scripted.state.db.engine.sync_engine
    sql_event.listen(engine, "commit", fail)
    answer = carl.http.post("/v1/conversations", json={"title": "Never"})
    sql_event.remove(engine, "commit", fail)
    assert answer.status_code == 503
    carl.post("/v1/conversations", title="Shopping")
    with opened(carl, after=0) as stream:
        assert next(stream).data["conversation"]["title"] == "Shopping"
