# test_run_usage.py -- the tokens of a run stay counted, however it ends and whoever ends it.
import asyncio
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

import access
from access import SYSTEM
from agent.run_writer import RunWriter
from clock import utc_now
from db import Database, Transaction
from llm.protocol import AnswerEnd, ModelError, TokensUsed
from models import Run
from services.run_log import LeaseLost, Line, store_lines
from services.run_usage import Usage
from settings import Settings
from settings.types import ModelPrice
from storage.schema.bootstrap import bootstrap
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier
from support.api.runs import begin, followed_text
from support.databases.run_rows import add_run, take_over
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, in_database, wait_for_end, wait_until


def tokens_of(person: Person, run_id: str) -> tuple[int, int]:
    run = person.get(f"/v1/runs/{run_id}")
    return run["input_tokens"], run["output_tokens"]


def test_what_a_cancelled_answer_has_used_is_counted(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    """With the lines before the cancel, and what came since when the worker lets go of the run."""
    never = threading.Event()
    model.answers = [[TokensUsed(100, 1), "Half of it", TokensUsed(100, 3), TokensUsed(100, 7), never]]
    run_id = begin(carl)
    wait_until(lambda: followed_text(scripted, run_id) == "Half of it")
    carl.post(f"/v1/runs/{run_id}/cancel")
    wait_until(lambda: tokens_of(carl, run_id) == (100, 7))
    [day] = carl.get("/v1/me/usage")["data"]
    assert (day["model"], day["input_tokens"], day["output_tokens"]) == ("scripted", 100, 7)


def test_requests_that_failed_are_counted_beside_the_one_that_answered(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [
        [TokensUsed(100, 5), ModelError("Broken.", transient=True)],
        ["Half", TokensUsed(100, 2), ModelError("Broken.", transient=True)],
        [TokensUsed(90, 1), TokensUsed(80, 4), "OK.", AnswerEnd(input_tokens=80, output_tokens=9)],
        [TokensUsed(7, 0), ModelError("Ill.", transient=False)],
    ]
    run = carl.chat("one")
    assert (run["status"], tokens_of(carl, run["run_id"])) == ("completed", (280, 16))
    failed = carl.chat("two")
    assert (failed["status"], tokens_of(carl, failed["run_id"])) == ("failed", (7, 0))


@pytest.mark.also_on_mariadb
def test_a_run_keeps_what_it_has_cost_when_the_prices_change(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices: Any = scripted.state.worker.context.prices
    model.otherwise = ["OK.", AnswerEnd(input_tokens=1, output_tokens=1)]
    assert carl.get(f"/v1/runs/{carl.chat('none')['run_id']}")["cost"] is None
    assert [day["cost"] for day in carl.get("/v1/me/usage")["data"]] == [None]
    costs = []
    for read, written in (("0.15", "0.6"), ("3", "15")):
        monkeypatch.setitem(prices, "scripted", ModelPrice(input=Decimal(read), output=Decimal(written)))
        model.answers = [
            [call("add_task", {"title": "Buy milk"}), AnswerEnd(input_tokens=1_000, output_tokens=10)],
            [TokensUsed(2_000, 1), "Half", ModelError("Broken.", transient=True)],
            ["OK.", AnswerEnd(input_tokens=3_000, output_tokens=20)],
        ]
        answer = carl.chat("one")
        run = carl.get(f"/v1/runs/{answer['run_id']}")
        costs.append(run["cost"])
        ended = carl.get("/v1/changes", after=1)["data"][-1]
        assert ended["run"] == run
    assert costs == [0.0009186, 0.018465]
    assert [day["cost"] for day in carl.get("/v1/me/usage")["data"]] == [0.0193836]


def test_a_price_is_whole_and_no_less_than_nothing() -> None:
    prices = Settings.model_validate(
        {"model_prices": '{"openai:m": {"input": 0.15, "output": 2}}'}
    ).model_prices
    assert prices == {"openai:m": ModelPrice(input=Decimal("0.15"), output=Decimal(2))}
    for wrong in (
        {"input": 1},
        {"input": 1, "output": -1},
        {"input": 1, "output": "NaN"},
        {"in": 1, "out": 1},
    ):
        with pytest.raises(ValidationError):
            ModelPrice.model_validate(wrong)


@pytest.mark.also_on_mariadb
def test_who_takes_a_run_over_adds_to_what_the_lost_worker_has_counted(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    never = threading.Event()
    model.answers = [
        [call("list_tasks", {}), AnswerEnd(input_tokens=100, output_tokens=10)],
        [TokensUsed(120, 1), "Half of it", never],
        ["All of it.", AnswerEnd(input_tokens=125, output_tokens=20)],
    ]
    run_id = begin(carl)
    wait_until(lambda: followed_text(scripted, run_id) == "Half of it")
    assert tokens_of(carl, run_id) == (220, 11)

    async def lapse(tx: Transaction) -> None:
        run = await access.get_row(tx, SYSTEM, Run, UUID(run_id), lock=True)
        run.lease_expires_at = utc_now() - timedelta(seconds=1)

    scripted.state.worker._running.clear()  # as if it belonged to a process that is gone
    in_database(scripted, lapse)
    assert wait_for_end(carl, run_id)["status"] == "completed"
    assert tokens_of(carl, run_id) == (345, 31)


@pytest.mark.also_on_mariadb
def test_a_line_that_is_stored_twice_counts_once_and_one_of_a_lost_run_when_it_is_let_go(
    own_database_url: str,
) -> None:
    async def check() -> None:
        db = open_unchecked(own_database_url)
        try:
            await bootstrap(db.engine)
            async with asyncio.timeout(20):
                await store_twice(db)
                await lose_run(db)
        finally:
            await db.close()

    asyncio.run(check())


async def read_usage(db: Database, run: Run) -> Usage:
    now = await db.read(access.get_row, SYSTEM, Run, run.id)
    return Usage(now.model, now.input_tokens, now.output_tokens, now.cost_nanos)


async def store_twice(db: Database) -> None:
    run, other = await db.write(add_run), await db.write(add_run)
    lines = [
        Line(run.id, run.epoch, 1, "message.delta", '{"step": 0, "text": "One"}', usage=Usage("m", 7, 3, 5)),
        Line(run.id, run.epoch, 2, "message.delta", '{"step": 0, "text": "two"}', usage=Usage("m", 5, -1)),
        Line(other.id, other.epoch, 1, "message.delta", '{"step": 0, "text": "One"}'),
    ]
    await store_lines(db, lines[:1], utc_now(), again=False)
    assert await read_usage(db, run) == Usage("m", 7, 3, 5)
    for _ in range(2):
        assert await store_lines(db, lines, utc_now(), again=True) == {run.id, other.id}
    assert await read_usage(db, run) == Usage("m", 12, 2, 5)
    assert await read_usage(db, other) == Usage()


async def lose_run(db: Database) -> None:
    run: Any = await db.write(add_run)
    writer = RunWriter(db, Notifier(), LiveRuns())
    log = writer.open_log(run.id, run.user_id, run.epoch)
    await db.write(take_over, run)
    log.add_usage(Usage("m", 7, 3, 5))
    log.add_text(0, "late")
    with pytest.raises(LeaseLost):
        await log.settle()
    log.add_usage(Usage("m", 1, 1, 2))
    log.close()
    await writer.stop()
    assert await read_usage(db, run) == Usage("m", 8, 4, 7)
