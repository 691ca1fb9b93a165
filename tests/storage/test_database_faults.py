# test_database_faults.py -- a database that is silent, locked, full, slow or has too many guests: 503 in time.
import asyncio
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
import structlog
from anyio import fail_after
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from access import Caller
from db import Database, Transaction
from errors import DatabaseBusy
from logs import configure_logs
from models import User
from pagination import Page
from services import tasks
from storage import timeouts as engine_limits
from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap
from storage.timeouts import UNHURRIED, make_request_limits
from support.databases.postgres import PostgresServer
from support.databases.proxy import Proxy, proxy_to
from support.databases.unchecked import open_unchecked, uncheck
from support.servers import Person, Server, serving, settings_for

T = TypeVar("T")
ENGINES = ["sqlite", "postgresql", "mariadb"]
SECONDS = 0.4


@pytest.fixture(scope="module", params=ENGINES)
def url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """A database with our tables on each engine, shared by the tests here: make rows of your own."""
    made = new_database(request.param)
    with_database(made, lambda db: bootstrap(db.engine), seconds=20)
    return made


def with_database(url: str, work: Callable[[Database], Awaitable[T]], seconds: float = SECONDS) -> T:
    """`work` where no statement may take longer than so many seconds."""

    async def run() -> T:
        engine = open_engine(url, limits=make_request_limits(seconds))
        db = uncheck(Database(engine, unhurried=open_engine(url, pool_size=1, limits=UNHURRIED)))
        try:
            with fail_after(30):
                return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


def is_busy(answer: httpx.Response) -> bool:
    if answer.status_code != 503:
        return False
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["detail"] == "The database does not answer in time. Try again in a moment."
    return True


def one_line_each(logged: str, busy: int) -> None:
    """So many requests were refused, and the log has one line for each and no traceback."""
    assert "Traceback" not in logged
    assert len(re.findall(r"database busy .*reason=", logged)) == busy
    assert 'File "' not in logged


# Silence


@contextmanager
def behind_proxy(url: str, **settings: Any) -> Iterator[tuple[Server, Proxy]]:
    with proxy_to(make_url(url).port or 3306) as proxy:
        way = make_url(url).set(port=proxy.port).render_as_string(hide_password=False)
        with serving(settings_for(way, database_seconds=SECONDS, **settings)) as server:
            yield server, proxy


@pytest.mark.parametrize("engine_name", ["postgresql", "mariadb"], indirect=True)
def test_a_connection_that_falls_silent_is_thrown_away_and_the_read_done_on_a_new_one(
    engine_name: str, new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_limits, "SILENCE_SECONDS", 0.1)
    with behind_proxy(new_database(engine_name), database_pool_size=2) as (server, proxy):
        ann = server.person()
        ann.post("/v1/tasks", title="One")
        proxy.swallow()
        opened = proxy.opened
        assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["One"]
        assert proxy.opened > opened
        task = ann.post("/v1/tasks", title="Two")
        ann.patch(f"/v1/tasks/{task['id']}", completed=True)


@pytest.mark.parametrize("engine_name", ["postgresql", "mariadb"], indirect=True)
def test_a_change_that_meets_silence_before_its_commit_is_made_once_on_a_new_connection(
    engine_name: str, new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_limits, "SILENCE_SECONDS", 0.1)
    tries: list[int] = []
    database = new_database(engine_name)

    async def add(tx: Transaction, proxy: Proxy) -> None:
        tries.append(1)
        await tx.execute(text("SELECT 1"))
        tx.add(User(email=f"{len(tries)}@example.com", password_hash="x"))
        if len(tries) == 1:
            proxy.swallow()
        await tx.flush()

    async def count(tx: Transaction) -> list[str]:
        return list((await tx.execute(text("SELECT email FROM users"))).scalars())

    with proxy_to(make_url(database).port or 3306) as proxy:
        way = make_url(database).set(port=proxy.port).render_as_string(hide_password=False)

        async def work(db: Database) -> list[str]:
            await db.write(add, proxy)
            return await db.read(count)

        assert with_database(way, work) == ["2@example.com"]


# Locks


@contextmanager
def locked_tasks(url: str) -> Iterator[None]:
    """Somebody else holds the table of tasks, and on SQLite the file."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    held, done = threading.Event(), threading.Event()
    lock = "LOCK TABLE tasks" if url.startswith("postgres") else "LOCK TABLES tasks WRITE"

    async def hold() -> None:
        engine = open_engine(url, limits=UNHURRIED)
        async with engine.begin() as connection:
            if url.startswith("postgres"):
                await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await connection.execute(text(lock))
            held.set()
            await asyncio.to_thread(done.wait)
            if not url.startswith("postgres"):
                await connection.execute(text("UNLOCK TABLES"))
        await engine.dispose()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(asyncio.run, hold())
        assert held.wait(20)
        try:
            yield
        finally:
            done.set()
        holding.result()


def test_who_meets_a_lock_is_refused_in_time_and_the_others_are_served(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(url, database_seconds=1, database_pool_size=4, log_level="warning")
    with serving(settings) as server:
        ann = server.person()
        server.state.session_cache.forget(None)
        with locked_tasks(url), ThreadPoolExecutor(20) as pool:
            writers = [
                pool.submit(ann.http.post, "/v1/tasks", json={"title": f"task {n}"}) for n in range(20)
            ]
            if url.startswith("sqlite"):  # readers have connections of their own
                assert ann.get("/v1/tasks")["data"] == []
                assert ann.http.get("/readyz").status_code == 200
            refused = [is_busy(writer.result()) for writer in writers]
        assert all(refused)
        one_line_each(capsys.readouterr().err, len(refused))
        assert ann.get("/v1/tasks")["data"] == []
        ann.post("/v1/tasks", title="after")


def test_a_database_with_too_few_connections_refuses_in_time(
    postgres: PostgresServer, new_database: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database("postgresql")
    role = f"few_{uuid4().hex[:8]}"

    async def make(db: Database) -> None:
        async with db.transaction() as tx:
            await tx.execute(text(f"CREATE ROLE {role} LOGIN"))
            await tx.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
            await tx.execute(text(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}"))

    async def limit(db: Database) -> None:
        async with db.transaction() as tx:
            await tx.execute(text(f"ALTER ROLE {role} CONNECTION LIMIT 3"))

    with_database(url, make)
    settings = settings_for(
        url.replace("postgres@", f"{role}@"), database_seconds=1, database_pool_size=20, log_level="warning"
    )
    with serving(settings) as server:
        ann = server.person()
        with_database(url, limit)
        capsys.readouterr()
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda n: ann.http.post("/v1/tasks", json={"title": str(n)}), range(60)))
        good = [answer for answer in answers if answer.status_code == 201]
        busy = [answer for answer in answers if answer.status_code != 201]
        assert good
        assert all(is_busy(answer) for answer in busy)
        one_line_each(capsys.readouterr().err, len(busy))
        assert len(ann.get("/v1/tasks", limit=100)["data"]) == len(good)


def test_a_pool_without_a_free_connection_refuses_in_time(url: str) -> None:
    async def work(db: Database) -> None:
        async with db.transaction() as one:
            await one.execute(text("SELECT 1"))
            with pytest.raises(DatabaseBusy, match="in time"):
                await db.write(lambda tx: tx.execute(text("SELECT 1")))

    async def run() -> None:
        db = open_unchecked(url, pool_size=1, limits=make_request_limits(0.2))
        try:
            await work(db)
        finally:
            await db.close()

    asyncio.run(run())


def test_a_full_disk_is_told_as_such(new_database: Callable[[str], str]) -> None:
    url = new_database("sqlite")

    async def fill(tx: Transaction) -> None:
        pages = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.execute(text(f"PRAGMA max_page_count = {pages}"))
        tx.add(User(email="ann@example.com", password_hash="x" * 100_000))
        await tx.flush()

    async def work(db: Database) -> None:
        await bootstrap(db.engine)
        with pytest.raises(DatabaseBusy) as caught:
            await db.write(fill)
        assert caught.value.logged_as == "database or disk is full"

    with_database(url, work)


# Slowness

# A statement that takes a second or more of the engine's time.
SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4000000) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(1)",
    "mariadb": "SELECT sleep(1)",
}


@pytest.mark.busy
def test_a_statement_of_a_request_is_ended_and_one_of_long_work_is_not(url: str) -> None:
    async def slow(tx: Transaction) -> None:
        await tx.execute(text(SLOW[tx.get_bind().dialect.name]))

    async def work(db: Database) -> None:
        for way in (db.read, db.write):
            with pytest.raises(DatabaseBusy) as caught:
                await way(slow)
            assert re.search("interrupt|statement timeout|max_statement_time", caught.value.logged_as)
        await db.write_unhurried(slow)

    with_database(url, work, seconds=0.2)


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_statement_that_is_cancelled_before_it_begins_does_not_run_for_ever(url: str) -> None:
    gate, held = threading.Event(), threading.Event()
    drivers: list[Any] = []
    connections: list[sqlite3.Connection] = []

    def hold() -> None:
        held.set()
        gate.wait(10)

    def hold_up(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        """The statement then waits in the queue of the connection's thread."""
        if sql == ENDLESS:
            drivers.append(connection.connection.driver_connection)
            connections.append(drivers[0]._connection)
            drivers[0]._tx.put_nowait((None, hold))

    async def work(db: Database) -> None:
        event.listen(db.readers.sync_engine, "before_cursor_execute", hold_up)
        reading = asyncio.ensure_future(db.read(lambda tx: tx.execute(text(ENDLESS))))
        await asyncio.to_thread(held.wait, 10)
        reading.cancel()
        await asyncio.sleep(0)
        gate.set()
        too_late = asyncio.get_running_loop().call_later(10, connections[0].interrupt)
        with pytest.raises(asyncio.CancelledError):
            await reading
        while drivers[0]._thread.is_alive():
            await asyncio.sleep(0.01)
        assert too_late.when() > asyncio.get_running_loop().time()
        too_late.cancel()

    with_database(url, work, seconds=60)


PATHOLOGICAL = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) "
    "INSERT INTO tasks (user_id, title, description) SELECT :user_id, 'a', printf('%.*c', 10000, 'a') FROM n",
    "postgresql": "INSERT INTO tasks (user_id, title, description) "
    "SELECT CAST(:user_id AS uuid), 'a', repeat('a', 10000) FROM generate_series(1, 2000)",
    "mariadb": "INSERT INTO tasks (user_id, title, description) "
    "SELECT :user_id, 'a', repeat('a', 10000) FROM seq_1_to_2000",
}


# What matches nearly everywhere, as each engine compares: from the left, or from the right.
NEARLY = {"sqlite": "a" * 199 + "b", "postgresql": "b" + "a" * 199, "mariadb": "a" * 199 + "b"}


def test_a_search_that_would_take_long_is_ended(url: str) -> None:
    """Every place of every description nearly matches."""

    async def fill(tx: Transaction) -> Caller:
        user = User(email=f"{uuid4()}@example.com", password_hash="x")
        tx.add(user)
        await tx.flush()
        name = tx.get_bind().dialect.name
        await tx.execute(
            text(PATHOLOGICAL[name]), {"user_id": str(user.id) if name == "postgresql" else user.id.hex}
        )
        return Caller(user.id, None)

    async def find_some(db: Database) -> Caller:
        ann = await db.write_unhurried(fill)
        assert b'"next_cursor":"' in await tasks.list_tasks(db, ann, tasks.TaskFilter(None, "A"), Page(1))
        return ann

    ann = with_database(url, find_some)

    async def find_near(db: Database) -> None:
        words = NEARLY[db.engine.dialect.name]
        with pytest.raises(DatabaseBusy):
            await tasks.list_tasks(db, ann, tasks.TaskFilter(None, words), Page(1))

    with_database(url, find_near, seconds=0.1)


# Readiness


@pytest.mark.engines("sqlite")
def test_many_who_ask_whether_it_is_ready_cost_one_statement(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    read = server.state.db.read

    async def counting(*arguments: Any) -> Any:
        asked.append(1)
        return await read(*arguments)

    monkeypatch.setattr(server.state.db, "read", counting)
    monkeypatch.setattr("server.health.ANSWER_TTL_SECONDS", 60.0)
    client = server.client()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: client.get("/readyz").status_code, range(40)))
    assert answers == [200] * 40
    # The worker and the streams look by themselves meanwhile: theirs have other functions.
    assert len(asked) <= 40 // 4


# What is logged of it


def test_a_busy_database_is_one_line_wherever_it_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("error")
    try:
        raise DatabaseBusy("database is locked")
    except DatabaseBusy as error:
        structlog.get_logger().error("looking for runs failed", exc_info=error)
    [line] = capsys.readouterr().err.splitlines()
    assert "looking for runs failed" in line
    assert "reason='database is locked'" in line


@pytest.mark.engines("sqlite")
def test_a_run_s_stream_ends_quietly_where_the_database_is_busy(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = ann.chat("hello")["run_id"]

    async def busy(*_: Any) -> None:
        raise DatabaseBusy("database is locked")

    # For a few seconds after its end a run is read from memory.
    server.state.worker.context.live_runs._runs.clear()
    with monkeypatch.context() as broken:
        broken.setattr("services.run_log.read_followed_events", busy)
        assert ann.http.get(f"/v1/runs/{run_id}/events").text == ""
    assert "Traceback" not in capsys.readouterr().err
    assert "run.completed" in ann.http.get(f"/v1/runs/{run_id}/events").text
