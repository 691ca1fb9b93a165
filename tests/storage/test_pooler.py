# test_pooler.py -- Parley behind a real PgBouncer in transaction mode, where no session outlasts a transaction.
import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from chaos.chaos import run_chaos
from db import Transaction
from storage.schema.bootstrap import bootstrap
from support.databases.pgbouncer import SERVERS, pgbouncer
from support.databases.postgres import PostgresServer
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, in_database, read_events, serving, settings_for, wait_until

pytestmark = pytest.mark.slow

FAULTS = 4
SEED = 3


@pytest.fixture(scope="module")
def pooled_url(new_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pgbouncer(tmp_path_factory.mktemp("pooler"), new_database("postgresql")) as url:
        yield url


@pytest.fixture(scope="module")
def pooled(pooled_url: str) -> Iterator[Server]:
    with serving(settings_for(pooled_url, database_pooler="transaction")) as running:
        yield running


def test_many_people_work_at_once_and_no_statement_meets_anothers(pooled: Server) -> None:
    people = [pooled.person() for _ in range(8)]

    def work(person: Person) -> list[str]:
        for number in range(12):
            person.post("/v1/tasks", title=f"task {number}")
            person.get("/v1/tasks", q="TASK")
        person.patch("/v1/me", display_name="x")
        return [task["title"] for task in person.get("/v1/tasks")["data"]]

    with ThreadPoolExecutor(len(people)) as pool:
        assert list(pool.map(work, people)) == [[f"task {n}" for n in range(11, -1, -1)]] * len(people)

    async def count(tx: Transaction) -> int:
        return int((await tx.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one())

    assert [in_database(pooled, count) for _ in range(SERVERS)] == [0] * SERVERS


def test_an_answer_is_streamed_and_resumed(pooled: Server) -> None:
    ann = pooled.person()
    run = ann.chat("add a task: water the plants")["run_id"]
    with ann.http.stream("GET", f"/v1/runs/{run}/events") as answer:
        seen = list(read_events(answer))
    assert seen[-1].type == "run.completed"
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Water the plants"]


def test_a_call_that_needs_a_yes_waits_for_it(pooled_url: str, new_database: Callable[[str], str]) -> None:
    model = ScriptedModel()
    name = new_database("postgresql").rpartition("/")[2]
    url = f"{pooled_url.rpartition('/')[0]}/{name}?pgbouncer=true&connection_limit=1"
    with serving(settings_for(url), model) as server:
        ann = server.person()
        task = ann.post("/v1/tasks", title="One")
        model.answers = [[call("delete_task", {"task_id": task["id"]})], ["Gone."]]
        answer = ann.chat("delete it")
        assert answer["status"] == "awaiting_approval"
        ann.post(f"/v1/runs/{answer['run_id']}/approvals/{answer['run_id']}:1", approve=True)
        wait_until(lambda: ann.get(f"/v1/runs/{answer['run_id']}")["status"] == "completed")
        assert ann.get("/v1/tasks")["data"] == []


def test_limits_hold_in_a_transaction_and_leave_nothing_in_the_session(pooled_url: str) -> None:
    """Of the pooler's sessions, which all share, none keeps a setting of ours."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    shown = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))

    async def look() -> tuple[list[str], list[str]]:
        db = open_unchecked(f"{pooled_url}?pgbouncer=true", pool_size=1)
        try:
            await bootstrap(db.engine)

            async def read(tx: Transaction) -> list[str]:
                return list((await tx.execute(shown)).one())

            return await db.write(read), await db.read(read)
        finally:
            await db.close()

    assert asyncio.run(look()) == (["5s", "3s", "5s"], ["0", "0", "0"])


def test_kills_and_cuts_behind_a_pooler_lose_and_double_nothing(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with pgbouncer(tmp_path, postgres.url()) as url:
        counts, books = run_chaos(FAULTS, SEED, pooler=url)
    assert len(books.acknowledged) > FAULTS
    assert counts == dict.fromkeys(counts, 0), f"seed {SEED}: {books.troubles}"
