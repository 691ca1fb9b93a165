# test_open_streams.py -- what is open for long: what it costs, how much of it one may have, and how it ends.
import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import literal_column, select, text

from access import Caller
from db import Database, Transaction
from errors import Busy, Unauthorized
from services import tasks
from storage.engines import open_engine
from streaming.concurrency_limits import Searches
from streaming.notifier import Bells
from streaming.user_streams import Seat, Watch
from support.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, read_events, serving, settings_for, wait_until

STREAM = "/v1/events/stream"
CHAT = {"message": "hello"}


def caller_of(person: Person) -> Caller:
    sessions = person.get("/v1/me/sessions")["data"]
    return Caller(person.id, UUID(next(s["id"] for s in sessions if s["current"])))


def sign_out_others(person: Person) -> None:
    for session in person.get("/v1/me/sessions")["data"]:
        if not session["current"]:
            person.delete(f"/v1/me/sessions/{session['id']}")


def here(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    """`work` with an engine of its own, which rings nobody's bell."""

    async def run() -> None:
        db = Database(open_engine(url))
        try:
            async with asyncio.timeout(15):
                await work(db)
        finally:
            await db.close()

    asyncio.run(run())


def counted(db: Database) -> list[str]:
    """Every statement that is sent from now on; on PostgreSQL lists go past SQLAlchemy, but none is read here."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    for engine in {db.engine.sync_engine, db.readers.sync_engine}:
        if engine is db.engine.sync_engine or engine.pool is not db.engine.sync_engine.pool:
            sql_event.listen(engine, "before_cursor_execute", note)
    return statements


async def settled() -> None:
    """Everything that can go on without the database has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


def waits_for_approval(person: Person, model: ScriptedModel) -> dict[str, Any]:
    task = person.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]}, "call_1")], ["Done."]]
    answer: dict[str, Any] = person.chat("tidy up")
    assert answer["status"] == "awaiting_approval"
    return answer


@contextmanager
def at_work(
    server: Server, person: Person, model: ScriptedModel, **body: str
) -> Iterator[tuple[UUID, threading.Event]]:
    """A run of the person's whose model has not answered, and the event that lets it."""
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    headers = {"Accept": "text/event-stream"}
    try:
        with person.http.stream("POST", "/v1/chat", json={**CHAT, **body}, headers=headers) as answer:
            run_id = UUID(answer.headers["X-Run-ID"])
            next(read_events(answer))
        yield run_id, gate
    finally:
        gate.set()


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


def seats(server: Server, kind: str) -> list[Seat]:
    found: list[Seat] = []
    for by_id in (server.parts.watch._of_runs, server.parts.watch._others, server.parts.watch._seats):
        found += [seat for of_one in list(by_id.values()) for seat in of_one if seat.kind == kind]
    return list({id(seat): seat for seat in found}.values())


def has_no_places_taken(server: Server) -> bool:
    return not server.parts.places._taken


# What it costs


@pytest.mark.parametrize("readers", [1, 50])
def test_a_look_after_an_idle_run_takes_three_statements_however_many_read_it(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str, readers: int
) -> None:
    run_id = UUID(waits_for_approval(carl, model)["run_id"])
    caller = caller_of(carl)

    async def work(db: Database) -> None:
        watch = Watch(db, Bells())
        streams = [watch.follow_run(caller, run_id, 0) for _ in range(readers)]
        await asyncio.gather(*map(anext, streams))
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await settled()
        statements = counted(db)
        for _ in range(3):
            await watch._look()
            await settled()
        assert len(statements) == 3 * 3
        assert not any(reading.done() for reading in coming)
        for reading in coming:
            reading.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        assert (watch._seats, watch._of_runs) == ({}, {})

    here(own_database_url, work)


def test_what_no_bell_told_of_is_read_and_framed_once_for_all_readers(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    answer = waits_for_approval(carl, model)
    run_id, caller = UUID(answer["run_id"]), caller_of(carl)

    async def work(db: Database) -> None:
        watch = Watch(db, Bells())
        streams = [watch.follow_run(caller, run_id, 0) for _ in range(50)]
        await asyncio.gather(*map(anext, streams))
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await settled()
        await asyncio.to_thread(carl.post, f"/v1/runs/{run_id}/cancel")
        statements = counted(db)
        await watch._look()
        seen = await asyncio.gather(*coming)
        assert b"event: run.cancelled" in seen[0]
        assert all(frames is seen[0] for frames in seen)
        assert len(statements) == 3 + 1
        for stream in streams:
            assert [frames async for frames in stream] == []  # the run's last event was the stream's

    here(own_database_url, work)


def test_those_who_wait_for_one_run_share_each_look_and_end_with_it(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    caller = caller_of(carl)

    async def work(db: Database, run_id: UUID) -> None:
        bells = Bells()
        watch = Watch(db, bells)
        statements = counted(db)
        waiting = [asyncio.ensure_future(watch.wait_for_end(caller, run_id)) for _ in range(50)]
        while len(watch._of_runs.get(run_id, ())) < 50 or watch._answers._flights:
            await asyncio.sleep(0)
        assert len(statements) == 2  # the run, and whether one ahead of it waits
        bells.ring(run_id)
        await settled()
        while watch._answers._flights:
            await asyncio.sleep(0)
        assert len(statements) == 4
        await watch._look()
        await settled()
        assert len(statements) == 7
        await asyncio.to_thread(carl.post, f"/v1/runs/{run_id}/cancel")
        await watch._look()
        await asyncio.gather(*waiting)

    with at_work(scripted, carl, model) as (run_id, _):
        here(own_database_url, lambda db: work(db, run_id))


def test_those_who_wait_for_one_answer_ask_once_for_all_at_each_bell_and_each_look(
    database_url: str, ann: Person
) -> None:
    caller, id_ = caller_of(ann), uuid4()
    asked: list[str] = []
    answers: list[str] = []

    async def find() -> str | None:
        asked.append("")
        await asyncio.sleep(0)
        return answers[0] if answers else None

    async def work(db: Database) -> None:
        bells = Bells()
        watch = Watch(db, bells)
        waiting = [asyncio.ensure_future(watch.wait_for(caller, id_, find)) for _ in range(50)]
        await settled()
        assert len(asked) == 1
        await watch._look()
        await settled()
        assert len(asked) == 2
        answers.append("the answer")
        bells.ring_here(id_)
        assert set(await asyncio.gather(*waiting)) == {"the answer"}
        assert len(asked) == 3

    here(database_url, work)


# How it ends


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
        wait_until(lambda: len(seats(scripted, "end")) == 2)
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
        wait_until(lambda: seats(scripted, "end"))
        sign_out_others(carl)
        refused = waiting.result()
    assert not gate.is_set()
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    gate.set()


def test_a_request_that_waits_for_a_revoked_token_is_told_so(
    scripted: Server, carl: Person, model: ScriptedModel, own_database_url: str
) -> None:
    made = carl.post("/v1/me/tokens", name="A program", scopes=["read", "write"])
    program = Caller(carl.id, None, token_id=UUID(made["id"]))

    async def work(db: Database, run_id: UUID) -> None:
        watch = Watch(db, Bells())
        waiting = asyncio.ensure_future(watch.wait_for_end(program, run_id))
        while not watch._of_tokens or watch._answers._flights:
            await asyncio.sleep(0)
        await watch._look()
        await settled()
        assert not waiting.done()
        await asyncio.to_thread(carl.delete, f"/v1/me/tokens/{made['id']}")
        await watch._look()
        with pytest.raises(Unauthorized):
            await waiting
        assert not watch._any_open.is_set()

    with at_work(scripted, carl, model) as (run_id, _):
        here(own_database_url, lambda db: work(db, run_id))


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
                wait_until(lambda: seats(scripted, "end"))
        kinds = ("end", "other")
        wait_until(lambda: sum(len(seats(scripted, kind)) for kind in kinds) == 5)
        assert len(seats(scripted, "end")) == (5 if key is None else 1)
    wait_until(lambda: not any(seats(scripted, kind) for kind in kinds))
    wait_until(lambda: has_no_places_taken(scripted))
    assert not gate.is_set()
    wait_until(lambda: len(model.requests) == 1)
    gate.set()


SLOW = {"sqlite": None, "postgresql": "pg_sleep(3600)", "mariadb": "sleep(3600)"}
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.mark.parametrize("way", ["read", "fetch"])
@pytest.mark.parametrize("engine_name", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_a_read_whose_client_hangs_up_is_cancelled_in_the_database_too(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch, engine_name: str, way: str
) -> None:
    monkeypatch.setattr("streaming.disconnects.WATCHED_AFTER_SECONDS", 0.01)
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

    pool: Any = scripted.parts.db.readers.pool
    database_url = scripted.settings.database_url.get_secret_value()
    with monkeypatch.context() as slow:
        slow.setattr(tasks, "list_tasks", slow_list)
        with ExitStack() as clients:
            for _ in range(4):
                clients.enter_context(raw_request(scripted, carl, "GET", "/v1/tasks"))
            wait_until(lambda: len(drivers) == 4 and pool.checkedout() >= 4)
            if engine_name == "postgresql":  # which takes no notice of a cancellation before the statement
                here(database_url, lambda db: until_asleep(db, 4))
    wait_until(lambda: pool.checkedout() == 0)
    if engine_name == "sqlite":
        wait_until(lambda: not any(driver._thread.is_alive() for driver in drivers))
    if engine_name == "postgresql":
        here(database_url, lambda db: until_asleep(db, 0))
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
            await asyncio.sleep(0.01)


def test_a_write_whose_client_hangs_up_is_carried_out(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.disconnects.WATCHED_AFTER_SECONDS", 0.0)
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


def test_a_slow_read_whose_client_stays_is_answered(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.disconnects.WATCHED_AFTER_SECONDS", 0.0)

    async def slow(*_: Any) -> bytes:
        await asyncio.sleep(0.01)
        return b'{"data":[],"next_cursor":null}'

    monkeypatch.setattr(tasks, "list_tasks", slow)
    for _ in range(3):
        assert carl.get("/v1/tasks")["data"] == []


# How much of it


@pytest.fixture
def narrow(new_database: Callable[[str], str], engine_name: str) -> Iterator[Server]:
    """Two streams a session, three a person, four a worker."""
    settings = settings_for(
        new_database(engine_name), streams_per_session=2, streams_per_user=3, streams_per_worker=4
    )
    with serving(settings, ScriptedModel()) as running:
        yield running


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    detail: str = answer.json()["detail"]
    return detail


def test_streams_are_bounded_per_session_per_person_and_per_worker(narrow: Server) -> None:
    person = narrow.person()
    again = narrow.sign_in(person.email)
    others = [narrow.person() for _ in range(2)]
    run_id = person.chat("hello")["run_id"]
    with ExitStack() as streams:

        def hold(who: Person) -> None:
            streams.enter_context(held_open(who))

        hold(person)
        hold(person)
        assert "This sign-in has 2 " in refused(person.http.get(STREAM))
        assert "This sign-in has 2 " in refused(person.http.get(f"/v1/runs/{run_id}/events"))
        hold(again)
        assert "You have 3 " in refused(again.http.get(STREAM))
        hold(others[0])
        assert "This server has 4 " in refused(others[1].http.get(STREAM))
        assert others[1].get("/v1/tasks")["data"] == []
    wait_until(lambda: has_no_places_taken(narrow))
    assert person.chat("hello")["status"] == "completed"


@contextmanager
def held_open(person: Person) -> Iterator[None]:
    """A stream of the person's, for the block."""
    with person.http.stream("GET", STREAM) as answer:
        assert answer.status_code == 200, answer.read()
        events = read_events(answer)  # kept: an iterator that is dropped closes the connection
        assert next(events).type == "reset"
        yield


def test_a_post_that_finds_no_place_stores_nothing(narrow: Server) -> None:
    person = narrow.person()
    thread = person.post("/v1/conversations", title="Plans")
    path = f"/v1/conversations/{thread['id']}/messages"
    with ExitStack() as streams:
        for _ in range(2):
            streams.enter_context(held_open(person))
        for accept in ("application/json", "text/event-stream"):
            headers = {"Accept": accept}
            refused(person.http.post("/v1/chat", json=CHAT, headers=headers))
            refused(person.http.post(path, json={"content": "hello"}, headers=headers))
            keyed = {**headers, "Idempotency-Key": accept}
            refused(person.http.post("/v1/chat", json=CHAT, headers=keyed))
        assert person.get(path)["data"] == []
        assert len(person.get("/v1/conversations")["data"]) == 1
    wait_until(lambda: has_no_places_taken(narrow))
    keyed = {"Idempotency-Key": "application/json"}
    assert ok(person.http.post("/v1/chat", json=CHAT, headers=keyed))["status"] == "completed"


def test_posts_that_wait_take_the_places_of_streams(narrow: Server) -> None:
    model: Any = narrow.app.state.model
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    person = narrow.person()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(person.chat, "hello", client_id="m-1") for _ in range(2)]
        wait_until(lambda: len(seats(narrow, "end")) == 2)
        refused(person.http.get(STREAM))
        refused(person.http.post("/v1/chat", json={**CHAT, "client_id": "m-1"}))
        gate.set()
        assert waiting[0].result() == waiting[1].result()
    assert has_no_places_taken(narrow)


def test_a_person_has_two_searches_at_once_and_one_more_waits_a_moment(
    server: Server, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.concurrency_limits.SEARCH_PATIENCE_SECONDS", 0.05)
    held: list[str] = []
    gate = threading.Event()
    list_tasks = tasks.list_tasks

    async def slow(db: Database, caller: Caller, wanted: tasks.TaskFilter, page: Any) -> bytes:
        if wanted.q == "slow":
            held.append(wanted.q)
            await asyncio.to_thread(gate.wait, 10)
        return await list_tasks(db, caller, wanted, page)

    monkeypatch.setattr(tasks, "list_tasks", slow)
    with ThreadPoolExecutor(3) as pool:
        slow_ones = [pool.submit(ann.get, "/v1/tasks", q="slow") for _ in range(2)]
        wait_until(lambda: len(held) == 2)
        assert "2 searches" in refused(ann.http.get("/v1/tasks", params={"q": "milk"}))
        assert "2 searches" in refused(ann.http.get("/v1/conversations", params={"q": "milk"}))
        assert ann.get("/v1/tasks")["data"] == []
        assert bob.get("/v1/tasks", q="milk")["data"] == []
        monkeypatch.setattr("streaming.concurrency_limits.SEARCH_PATIENCE_SECONDS", 10.0)
        third = pool.submit(ann.get, "/v1/tasks", q="milk")
        gate.set()
        assert third.result()["data"] == []
        assert [one.result()["data"] for one in slow_ones] == [[], []]


@pytest.mark.anyio
async def test_a_search_that_ends_or_is_cancelled_leaves_its_turn_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streaming.concurrency_limits.SEARCH_PATIENCE_SECONDS", 0.0)
    searches, caller = Searches(), Caller(uuid4(), uuid4())

    async def hold() -> None:
        async with searches.turn(caller):
            await asyncio.Event().wait()

    for _ in range(3):
        running = [asyncio.ensure_future(hold()) for _ in range(2)]
        await settled()
        with pytest.raises(Busy):
            async with searches.turn(caller):
                raise AssertionError("a third one")
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert len(searches._lines) == 0
