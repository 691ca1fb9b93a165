# test_idempotency.py -- a POST that is sent again with its key: the first answer, and nothing done twice.
import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

import access
from access import SYSTEM, Caller
from clock import utc_now
from db import Database, Transaction
from errors import Conflict
from models import IdempotencyKey
from services import tasks
from services.idempotency import delete_old_keys
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, in_database, ok, read_events, serving, settings_for, wait_until
from timings import Timings

# What comes at once, waits and is deleted is tried on both; what a kept answer says is the same.
pytestmark = pytest.mark.engines("sqlite")

STREAM = {"Accept": "text/event-stream"}
CHAT = {"message": "hello"}


@pytest.fixture
def key() -> str:
    return f"key-{uuid4().hex}"


def post(person: Person, path: str, key: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return person.http.post(path, json=body, headers={"Idempotency-Key": key, **headers})


def change(server: Server, work: Callable[[Transaction], Awaitable[object]]) -> None:
    async def run() -> None:
        db = open_unchecked(server.settings.database_url.get_secret_value())
        try:
            await db.write(work)
        finally:
            await db.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/tasks", {"title": "Buy milk"}), ("/v1/conversations", {"title": "Shopping"})]
)
def test_a_repeated_request_gives_the_first_answer_and_makes_one_row(
    ann: Person, key: str, path: str, body: dict[str, Any]
) -> None:
    first, again = post(ann, path, key, body), post(ann, path, key, body)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert [row["id"] for row in ann.get(path)["data"]] == [first.json()["id"]]


def test_another_request_under_the_same_key_is_refused(ann: Person, key: str) -> None:
    first = ok(post(ann, "/v1/tasks", key, {"title": "Buy milk"}))
    assert post(ann, "/v1/tasks", key, {"title": "Buy bread"}).status_code == 422
    assert post(ann, "/v1/conversations", key, {"title": "Buy milk"}).status_code == 422
    assert ann.get("/v1/tasks")["data"] == [first]


def test_the_same_key_of_somebody_else_is_another_key(ann: Person, bob: Person, key: str) -> None:
    first = ok(post(ann, "/v1/tasks", key, {"title": "Buy milk"}))
    assert ok(post(bob, "/v1/tasks", key, {"title": "Buy milk"}))["id"] != first["id"]


@pytest.mark.engines("sqlite", "postgresql")
def test_another_worker_gives_the_first_answer_too(server: Server, ann: Person, key: str) -> None:
    first = ok(post(ann, "/v1/tasks", key, {"title": "Buy milk"}))
    ann.patch(f"/v1/tasks/{first['id']}", title="Buy oat milk")
    with serving(server.settings) as other:
        there = Person(ann.id, ann.email, other.client(Authorization=ann.http.headers["Authorization"]), {})
        assert ok(post(there, "/v1/tasks", key, {"title": "Buy milk"})) == first


@pytest.mark.engines("sqlite", "postgresql")
def test_eight_at_once_make_one_row(ann: Person, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(ann, "/v1/tasks", key, {"title": "Buy milk"}), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(ann.get("/v1/tasks")["data"]) == 1


def test_a_worker_that_died_before_it_kept_the_answer_leaves_one_row(
    server: Server, ann: Person, key: str
) -> None:
    first = ok(post(ann, "/v1/tasks", key, {"title": "Buy milk"}))

    async def forget(tx: Transaction) -> None:
        died = {"status": None, "body": None, "locked_until": utc_now() - timedelta(seconds=1)}
        await tx.execute(update(IdempotencyKey).where(col(IdempotencyKey.key) == key).values(**died))

    change(server, forget)
    again = post(ann, "/v1/tasks", key, {"title": "Buy milk"})
    assert again.json() == first
    assert "idempotent-replayed" not in again.headers
    assert len(ann.get("/v1/tasks")["data"]) == 1


def test_a_request_that_was_refused_may_be_mended_under_its_key(ann: Person, key: str) -> None:
    assert post(ann, "/v1/tasks", key, {"title": ""}).status_code == 422
    assert post(ann, "/v1/tasks", key, {"title": "Buy milk"}).status_code == 201


@pytest.mark.parametrize("timings", [Timings(idempotency_wait=0.2)])
@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_first_request_that_is_still_at_work_is_waited_for_and_then_named(
    carl: Person, model: ScriptedModel, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, carl, "/v1/chat", key, {"message": "hello"})
        wait_until(lambda: model.requests)
        assert post(carl, "/v1/chat", key, {"message": "hello"}).status_code == 409
        gate.set()
        answer = ok(first.result())
    assert ok(post(carl, "/v1/chat", key, {"message": "hello"})) == answer
    assert len(model.requests) == 1


def test_a_streamed_answer_is_streamed_again_from_the_same_run(ann: Person, key: str) -> None:
    def streamed() -> list[Any]:
        headers = {"Idempotency-Key": key, **STREAM}
        with ann.http.stream("POST", "/v1/chat", json={"message": "add milk"}, headers=headers) as answer:
            assert answer.status_code == 200
            return list(read_events(answer))

    assert streamed() == streamed()
    assert len(ann.get("/v1/tasks")["data"]) == 1
    assert len(ann.get("/v1/conversations")["data"]) == 1


def test_a_key_that_is_no_key_and_a_caller_who_is_none_are_refused(server: Server, ann: Person) -> None:
    for wrong in ("", "a b", "x" * 256, "ü".encode()):
        headers = {"Idempotency-Key": wrong}
        assert ann.http.post("/v1/tasks", json={"title": "x"}, headers=headers).status_code == 422  # type: ignore[arg-type]
    nobody = server.client().post("/v1/tasks", json={"title": "x"}, headers={"Idempotency-Key": "k"})
    assert nobody.status_code == 401


@pytest.mark.engines("sqlite", "postgresql")
def test_keys_go_after_two_days(server: Server, ann: Person, key: str) -> None:
    post(ann, "/v1/tasks", key, {"title": "Buy milk"})
    fresh = f"{key}-2"
    post(ann, "/v1/tasks", fresh, {"title": "Buy milk"})

    async def age(tx: Transaction) -> None:
        old = update(IdempotencyKey).where(col(IdempotencyKey.key) == key)
        await tx.execute(old.values(created_at=utc_now() - timedelta(hours=49)))
        await delete_old_keys(tx, SYSTEM)

    change(server, age)
    assert post(ann, "/v1/tasks", key, {"title": "Buy bread"}).status_code == 201
    assert post(ann, "/v1/tasks", fresh, {"title": "Buy bread"}).status_code == 422


@pytest.mark.busy
def test_a_chat_with_a_key_is_answered_once_after_a_restart(
    new_database: Callable[[str], str], engine_name: str
) -> None:
    settings = settings_for(new_database(engine_name))
    with serving(settings) as first:
        person = first.person()
        answer = ok(post(person, "/v1/chat", "k", {"message": "add milk"}))
        token = person.http.headers["Authorization"]
    with serving(settings) as second:
        there = Person(person.id, person.email, second.client(Authorization=token), {})
        assert ok(post(there, "/v1/chat", "k", {"message": "add milk"})) == answer
        assert len(there.get("/v1/tasks")["data"]) == 1


# What is deleted, and what waits


def kept_answers(server: Server, person: Person) -> list[tuple[int | None, str | None]]:
    async def work(tx: Transaction) -> list[tuple[int | None, str | None]]:
        rows = await tx.execute(access.select(Caller(person.id, None), IdempotencyKey))
        return [(row.status, row.body) for row in rows.scalars()]

    return in_database(server, work)


def assert_gone(answer: httpx.Response) -> None:
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/conversations"])
def test_a_repeated_request_does_not_give_back_what_was_deleted(
    server: Server, ann: Person, key: str, path: str
) -> None:
    first = ok(post(ann, path, key, {"title": "A secret plan"}))
    other = ok(post(ann, path, f"{key}-2", {"title": "Another"}))
    ann.delete(f"{path}/{first['id']}")
    assert_gone(post(ann, path, key, {"title": "A secret plan"}))
    assert post(ann, path, key, {"title": "Something else"}).status_code == 422
    assert ok(post(ann, path, f"{key}-2", {"title": "Another"})) == other
    assert [row["id"] for row in ann.get(path)["data"]] == [other["id"]]
    assert not any("secret" in (body or "") for _, body in kept_answers(server, ann))


def test_what_was_said_in_a_deleted_conversation_is_in_no_kept_answer(
    server: Server, ann: Person, key: str
) -> None:
    said = ok(post(ann, "/v1/chat", key, {"message": "add a secret plan"}))
    cancel = f"/v1/runs/{said['run_id']}/cancel"
    ok(post(ann, cancel, f"{key}-2", {}))
    [task] = ann.get("/v1/tasks")["data"]
    ann.delete(f"/v1/tasks/{task['id']}")
    assert (
        ok(post(ann, "/v1/chat", key, {"message": "add a secret plan"})) == said
    )  # it was said, and still stands
    ann.delete(f"/v1/conversations/{said['conversation_id']}")
    assert_gone(post(ann, "/v1/chat", key, {"message": "add a secret plan"}))
    assert_gone(post(ann, cancel, f"{key}-2", {}))
    assert kept_answers(server, ann) == [(410, None)] * 2
    assert ann.get("/v1/conversations")["data"] == []


def test_what_an_agent_deletes_is_gone_too(ann: Person, server: Server, key: str) -> None:
    first = ok(post(ann, "/v1/tasks", key, {"title": "A secret plan"}))
    ann.patch("/v1/me", approval="never")
    ann.chat("delete a secret plan")
    assert ann.http.get(f"/v1/tasks/{first['id']}").status_code == 404
    assert_gone(post(ann, "/v1/tasks", key, {"title": "A secret plan"}))


@pytest.mark.engines("sqlite", "postgresql")
def test_the_keys_of_a_deleted_account_go_with_it(server: Server, ann: Person, bob: Person, key: str) -> None:
    for person in (ann, bob):
        ok(post(person, "/v1/tasks", key, {"title": "Buy milk"}))
    ann.delete("/v1/me")
    assert kept_answers(server, ann) == []
    assert len(kept_answers(server, bob)) == 1


@pytest.mark.parametrize("timings", [Timings(poll=0.05)])
@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_requests_that_wait_for_one_key_write_nothing_and_all_get_the_answer(
    scripted: Server, carl: Person, model: ScriptedModel, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    db = scripted.state.db
    reads, writes = noted(monkeypatch, db, "read"), noted(monkeypatch, db, "write")
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(post, carl, "/v1/chat", key, CHAT)
        wait_until(lambda: model.requests)
        waiting = [pool.submit(post, carl, "/v1/chat", key, CHAT) for _ in range(8)]
        wait_until(lambda: sum(map(len, list(scripted.state.open_streams._others.values()))) == 8)
        wait_until(lambda: reads.count("look_up_key") > 0)
        # Each looks when it begins to wait, some of them together. What is counted begins three polls later.
        settled = len(reads)
        wait_until(lambda: reads[settled:].count("find_run_positions") >= 3)
        before = len(reads)
        wait_until(lambda: reads[before:].count("look_up_key") >= 5)
        looks = reads[before:]
        assert looks.count("look_up_key") <= looks.count("find_run_positions") + 1
        assert writes.count("claim_key") == 9
        gate.set()
        answer = ok(first.result())
        for one in waiting:
            assert ok(one.result()) == answer
            assert one.result().headers["idempotent-replayed"] == "true"
    assert writes.count("claim_key") == 9
    assert len(model.requests) == 1


def noted(monkeypatch: pytest.MonkeyPatch, db: Database, way: str) -> list[str]:
    """The names of what is read or written from now on."""
    names: list[str] = []
    real = getattr(db, way)

    async def note(work: Any, *args: Any, **kw: Any) -> Any:
        names.append(work.__name__)
        return await real(work, *args, **kw)

    monkeypatch.setattr(db, way, note)
    return names


@pytest.mark.parametrize("timings", [Timings(poll=60.0)])
@pytest.mark.engines("sqlite", "postgresql")
def test_who_waits_for_a_first_request_that_fails_makes_it(
    scripted: Server, carl: Person, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Event(), threading.Event()
    create = tasks.create_task

    async def fail_once(*args: Any) -> Any:
        if begun.is_set():
            return await create(*args)
        begun.set()
        while not gate.is_set():
            await asyncio.sleep(0.002)
        raise Conflict("Not now.")

    monkeypatch.setattr(tasks, "create_task", fail_once)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(post, carl, "/v1/tasks", key, {"title": "Buy milk"})
        wait_until(begun.is_set)
        waiting = [pool.submit(post, carl, "/v1/tasks", key, {"title": "Buy milk"}) for _ in range(3)]
        wait_until(lambda: sum(map(len, list(scripted.state.open_streams._others.values()))) == 3)
        gate.set()
        assert first.result().status_code == 409
        assert {one.result().status_code for one in waiting} == {201}
    assert len({one.result().text for one in waiting}) == 1
    assert len(carl.get("/v1/tasks")["data"]) == 1


@pytest.mark.busy
def test_a_request_of_a_revoked_session_that_waits_for_a_key_gets_401(
    scripted: Server, carl: Person, model: ScriptedModel, key: str
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    gone = scripted.sign_in(carl.email)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, carl, "/v1/chat", key, CHAT)
        wait_until(lambda: model.requests)
        waiting = pool.submit(post, gone, "/v1/chat", key, CHAT)
        wait_until(lambda: scripted.state.open_streams._others)
        [session_id] = [s["id"] for s in carl.get("/v1/me/sessions")["data"] if not s["current"]]
        carl.delete(f"/v1/me/sessions/{session_id}")
        assert waiting.result().status_code == 401
        assert not gate.is_set()
        gate.set()
        assert first.result().status_code == 200
