# test_hanging_up.py -- what happens when the client of a waiting request goes, or its session ends.
import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import literal_column, select, text

from access import Caller
from db import Database, Transaction
from errors import Unauthorized
from services import tasks
from streaming.notifier import Notifier
from streaming.open_streams import OpenStreams
from support.api.open_streams import CHAT, at_work, has_no_places_taken, list_open, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, wait_until, with_database
from timings import Timings

# Who hangs up is noticed before the database is; that it is told so is tried on all.
pytestmark = pytest.mark.engines("sqlite")


def sign_out_others(person: Person) -> None:
    for session in person.get("/v1/me/sessions")["data"]:
        if not session["current"]:
            person.delete(f"/v1/me/sessions/{session['id']}")


@contextmanager
def raw_request(
    server: Server, person: Person, method: str, path: str, body: Any = None, **headers: str
) -> Iterator[socket.socket]:
    """A request that was sent and not answered yet; the connection is closed at the end of the block."""
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    content = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: test",
        f"Authorization: {person.http.headers['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        yield raw


@pytest.mark.busy
def test_a_run_behind_one_that_waits_for_its_person_is_not_waited_for(
    carl: Person, scripted: Server, model: ScriptedModel
) -> None:
    """Found by the look: no bell of the run behind rings when the one ahead begins to wait."""
    gate = threading.Event()
    task = carl.post("/v1/tasks", title="Buy milk")
    model.answers = [[gate, call("delete_task", {"task_id": task["id"]}, "call_1")]]
    thread = carl.post("/v1/conversations", title="Plans")
    path = f"/v1/conversations/{thread['id']}/messages"
    with ThreadPoolExecutor(2) as pool:
        ahead = pool.submit(carl.post, path, content="tidy up")
        wait_until(lambda: model.requests)
        behind = pool.submit(carl.post, path, content="and then?")
        wait_until(lambda: len(list_open(scripted, "end")) == 2)
        gate.set()
        assert ahead.result()["status"] == "awaiting_approval"
        assert behind.result()["status"] == "queued"
    carl.post(f"/v1/runs/{ahead.result()['run_id']}/cancel")


def test_a_waiting_post_of_a_revoked_session_gets_401_and_not_the_answer(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "The answer."]]
    gone = scripted.sign_in(carl.email)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gone.http.post, "/v1/chat", json=CHAT)
        wait_until(lambda: list_open(scripted, "end"))
        sign_out_others(carl)
        refused = waiting.result()
    assert not gate.is_set()
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    gate.set()


@pytest.mark.busy
def test_a_request_that_waits_for_a_revoked_token_is_told_so(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    made = carl.post("/v1/me/tokens", name="A program", scopes=["read", "write"])
    program = Caller(carl.id, None, token_id=UUID(made["id"]))

    async def work(db: Database, run_id: UUID) -> None:
        watch = OpenStreams(db, Notifier(), Timings())
        waiting = asyncio.ensure_future(watch.wait_for_end(program, run_id))
        while not watch._of_credentials or watch._answers._pending:
            await asyncio.sleep(0)
        await watch._poll()
        await settled()
        assert not waiting.done()
        await asyncio.to_thread(carl.delete, f"/v1/me/tokens/{made['id']}")
        await watch._poll()
        with pytest.raises(Unauthorized):
            await waiting
        assert not watch._any_open.is_set()

    with at_work(scripted, carl, model) as (run_id, _):
        with_database(own_database_url, lambda db: work(db, run_id))


@pytest.mark.parametrize("key", [None, "a-key"])
def test_waiting_posts_end_when_their_clients_hang_up(
    scripted: Server, carl: Person, model: ScriptedModel, key: str | None
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    headers = {} if key is None else {"Idempotency_Key": key}
    with ExitStack() as clients:
        for number in range(5):
            body = {**CHAT, "client_id": "m-1"}
            clients.enter_context(raw_request(scripted, carl, "POST", "/v1/chat", body, **headers))
            if number == 0:
                wait_until(lambda: list_open(scripted, "end"))
        kinds = ("end", "other")
        wait_until(lambda: sum(len(list_open(scripted, kind)) for kind in kinds) == 5)
        assert len(list_open(scripted, "end")) == (5 if key is None else 1)
    wait_until(lambda: not any(list_open(scripted, kind) for kind in kinds))
    wait_until(lambda: has_no_places_taken(scripted))
    assert not gate.is_set()
    wait_until(lambda: len(model.requests) == 1)
    gate.set()


SLOW = {"sqlite": None, "postgresql": "pg_sleep(3600)", "mariadb": "sleep(3600)"}
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.mark.parametrize("way", ["read", "fetch"])
@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("timings", [Timings(disconnect_watch_delay=0.01)])
def test_a_read_whose_client_hangs_up_is_cancelled_in_the_database_too(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch, engine_name: str, way: str
) -> None:
    drivers: list[Any] = []

    async def slow_read(tx: Transaction) -> None:
        connection = await (await tx.connection()).get_raw_connection()
        drivers.append(connection.driver_connection)
        await tx.execute(text(ENDLESS if engine_name == "sqlite" else f"SELECT {SLOW[engine_name]}"))

    async def slow_list(db: Database, *_: Any) -> bytes:
        if way == "read" or engine_name == "sqlite":
            await db.read(slow_read)
        else:
            drivers.append(None)
            kind = "text" if engine_name == "postgresql" else "char"
            await db.fetch_rows(select(literal_column(f"CAST({SLOW[engine_name]} AS {kind})")), {})
        raise AssertionError("it was not slow")

    pool: Any = scripted.state.db.readers.pool
    database_url = scripted.settings.database_url.get_secret_value()
    with monkeypatch.context() as slow:
        slow.setattr(tasks, "list_tasks", slow_list)
        with ExitStack() as clients:
            for _ in range(4):
                clients.enter_context(raw_request(scripted, carl, "GET", "/v1/tasks"))
            wait_until(lambda: len(drivers) == 4 and pool.checkedout() >= 4)
            if engine_name == "postgresql":  # which takes no notice of a cancellation before the statement
                with_database(database_url, lambda db: until_asleep(db, 4))
    wait_until(lambda: pool.checkedout() == 0)
    if engine_name == "sqlite":
        wait_until(lambda: not any(driver._thread.is_alive() for driver in drivers))
    if engine_name == "postgresql":
        with_database(database_url, lambda db: until_asleep(db, 0))
    for _ in range(12):  # more than the pool has connections
        assert carl.get("/v1/tasks")["data"] == []


async def until_asleep(db: Database, number: int) -> None:
    """Until so many sessions of this database are at work on pg_sleep."""
    sleeping = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'active' AND query ~ '[p]g_sleep'"
    )
    async with db.engine.connect() as connection:
        while (await connection.execute(sleeping)).scalar_one() != number:
            await connection.rollback()  # a transaction would see the same sessions for ever
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("timings", [Timings(disconnect_watch_delay=0.0)])
@pytest.mark.engines("sqlite", "postgresql")
def test_a_write_whose_client_hangs_up_is_carried_out(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = threading.Event(), threading.Event()
    add = tasks.add_task

    async def held(*args: Any) -> Any:
        begun.set()
        await asyncio.to_thread(gate.wait, 10)
        return await add(*args)

    monkeypatch.setattr(tasks, "add_task", held)
    with raw_request(scripted, carl, "POST", "/v1/tasks", {"title": "Buy milk"}):
        wait_until(begun.is_set)
    gate.set()
    wait_until(lambda: [task["title"] for task in carl.get("/v1/tasks")["data"]] == ["Buy milk"])


@pytest.mark.parametrize("timings", [Timings(disconnect_watch_delay=0.0)])
def test_a_slow_read_whose_client_stays_is_answered(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def slow(*_: Any) -> bytes:
        await asyncio.sleep(0.01)
        return b'{"data":[],"next_cursor":null}'

    monkeypatch.setattr(tasks, "list_tasks", slow)
    for _ in range(3):
        assert carl.get("/v1/tasks")["data"] == []
