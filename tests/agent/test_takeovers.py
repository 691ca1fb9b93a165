# test_takeovers.py -- a run whose worker is lost, again and again: who takes it over, and when it ends.
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

import access
from access import SYSTEM
from agent.leases import GIVEN_UP, MAX_TAKEOVERS, claim_run, release_lease
from agent.loop import RunLoop
from agent.slots import Pauses
from agent.worker import MAX_FAILED_CLAIMS
from clock import utc_now
from db import Database, Transaction
from errors import INTERNAL_ERROR
from models import Run
from support.api.runs import begin, followed, followed_text, last_message
from support.llm.scripted_model import ScriptedModel
from support.llm.scripted_provider import Hang, Text, scripted_provider
from support.processes.server_process import forked
from support.servers import (
    KEY,
    Person,
    Server,
    in_database,
    wait_for_end,
    wait_until,
)

# Which runs a worker takes and for how long is SQL, tried on both; what becomes of one that nobody can take is not.
pytestmark = pytest.mark.engines("sqlite")


async def lapse(tx: Transaction, run_id: UUID) -> None:
    run = await access.get_row(tx, SYSTEM, Run, run_id, lock=True)
    run.status, run.lease_expires_at = "running", utc_now() - timedelta(seconds=1)


@pytest.mark.engines("sqlite", "postgresql")
def test_each_takeover_gives_the_next_worker_twice_the_time(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    run_id = UUID(carl.chat("hello")["run_id"])
    assistant = scripted.state.worker.context

    async def take_over(tx: Transaction) -> list[float]:
        own = type(assistant)(Database(scripted.state.db.engine), assistant.notifier, model, assistant.limits)
        leases = []
        for _ in range(2):
            await lapse(tx, run_id)
            claim = await claim_run(tx, own, run_id)
            assert claim is not None
            run = await access.get_row(tx, SYSTEM, Run, run_id)
            assert run.lease_expires_at is not None
            leases.append(round((run.lease_expires_at - utc_now()).total_seconds() / 15))
        return leases

    scripted.state.worker._stopping = True
    assert in_database(scripted, take_over) == [2, 4]


def takeovers(server: Server, run_id: str) -> int:
    async def read(tx: Transaction) -> int:
        return (await access.get_row(tx, SYSTEM, Run, UUID(run_id))).takeovers

    return in_database(server, read)


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_run_that_loses_its_worker_again_and_again_fails_without_asking_the_model(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    never = threading.Event()
    model.otherwise = ["Half of it", never]
    run_id = begin(carl)
    for number in range(1, MAX_TAKEOVERS + 1):
        wait_until(lambda asked=number: len(model.requests) == asked)
        wait_until(lambda: followed_text(scripted, run_id) == "Half of it")
        scripted.state.worker._running.clear()  # as if it belonged to a process that is gone
        in_database(scripted, lambda tx: lapse(tx, UUID(run_id)))
    run = wait_for_end(carl, run_id)
    assert (run["status"], run["error"]) == ("failed", GIVEN_UP)
    assert takeovers(scripted, run_id) == len(model.requests) == MAX_TAKEOVERS
    assert last_message(carl, run_id)["content"] == "Half of it"


@pytest.mark.busy
def test_where_even_the_ending_has_cost_a_worker_nothing_is_read_any_more(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    model.otherwise = ["Half of it", never]
    run_id = begin(carl)
    wait_until(lambda: model.requests)

    async def deadly(self: RunLoop) -> list[Any]:
        raise AssertionError("the log is read")

    monkeypatch.setattr(RunLoop, "read_steps", deadly)

    async def worse(tx: Transaction) -> None:
        (await access.get_row(tx, SYSTEM, Run, UUID(run_id), lock=True)).takeovers = MAX_TAKEOVERS
        await lapse(tx, UUID(run_id))

    scripted.state.worker._running.clear()
    in_database(scripted, worse)
    run = wait_for_end(carl, run_id)
    assert (run["status"], run["error"]) == ("failed", GIVEN_UP)
    assert followed(carl, run_id)[-1].data["error"] == GIVEN_UP
    assert len(model.requests) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_a_hand_over_is_no_takeover(scripted: Server, carl: Person, model: ScriptedModel) -> None:
    run_id = UUID(carl.chat("hello")["run_id"])
    assistant = scripted.state.worker.context

    async def hand_over_often(tx: Transaction) -> list[int]:
        own = type(assistant)(Database(scripted.state.db.engine), assistant.notifier, model, assistant.limits)
        counted = []
        await lapse(tx, run_id)
        for _ in range(5):
            claim = await claim_run(tx, own, run_id)
            assert claim is not None
            counted.append(claim.run.takeovers)
            await release_lease(tx, claim)
        return counted

    scripted.state.worker._stopping = True
    assert in_database(scripted, hand_over_often) == [1] * 5


@pytest.mark.slow
def test_a_run_that_kills_its_server_three_times_is_given_up(
    tmp_path: Path, new_database: Callable[[str], str], engine_name: str
) -> None:
    with scripted_provider() as provider:
        provider.otherwise = Hang(60, text="This kills")
        settings = {
            "DATABASE_URL": new_database(engine_name),
            "SECRET_KEY": KEY,
            "MODEL": "deadly",
            "MODEL_BASE_URL": provider.base_url,
            "RATE_LIMITS": "off",
            "RUN_LEASE_SECONDS": "0.5",
        }
        for number in range(1, MAX_TAKEOVERS + 1):
            with forked(tmp_path, **settings) as server:
                if number == 1:
                    run_id = begin(server.ready().person("ann@example.com", register=True))
                wait_until(lambda asked=number: len(provider.requests) == asked, 60)
                server.process.kill()
        with forked(tmp_path, **settings) as server:
            ann = server.ready().person("ann@example.com")
            run = wait_for_end(ann, run_id)
            assert (run["status"], run["error"]) == ("failed", GIVEN_UP)
            assert len(provider.requests) == MAX_TAKEOVERS
            provider.otherwise = Text("Alive.")
            assert ann.chat("and now?")["message"]["content"] == "Alive."
            assert "Traceback" not in server.said()


# Claims


@pytest.mark.busy
def test_a_run_that_cannot_be_claimed_is_one_line_each_time_and_ends(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from services import runs

    tell = runs.record_run_change

    async def refuse(tx: Transaction, caller: Any, run: Run, type_: str, *more: Any) -> None:
        if type_ == "run.started":
            raise ValueError("12.5 is no\nwhole number")
        await tell(tx, caller, run, type_, *more)

    worker = scripted.state.worker
    worker._pauses = Pauses(0.0)
    # No run is claimed as it is posted.
    monkeypatch.setattr(worker, "reserve_slot", lambda run_id, user_id: None)
    monkeypatch.setattr(runs, "record_run_change", refuse)
    run = wait_for_end(carl, begin(carl))
    assert (run["status"], run["error"]) == ("failed", INTERNAL_ERROR)
    assert followed(carl, run["id"])[-1].type == "run.failed"
    monkeypatch.undo()
    assert carl.chat("again")["status"] == "completed"
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == MAX_FAILED_CLAIMS
    assert all("claiming a run failed" in line and "12.5 is no whole number" in line for line in lines)
    assert all("agent/leases.py:" in line for line in lines)


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
def test_a_run_that_cannot_be_claimed_since_the_database_is_busy_waits_and_completes(
    scripted: Server, carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = scripted.state.worker
    worker._pauses = Pauses(0.0)
    # No run is claimed as it is posted.
    monkeypatch.setattr(worker, "reserve_slot", lambda run_id, user_id: None)
    model.answers = [["Here I am."]]
    claims: list[UUID] = []

    async def claim_when_free(tx: Transaction, context: Any, run_id: UUID, may_take: Any) -> Any:
        claims.append(run_id)
        if len(claims) <= 2 * MAX_FAILED_CLAIMS:
            raise PoolTimeoutError("no connection became free")
        return await claim_run(tx, context, run_id, may_take)

    monkeypatch.setattr("agent.worker.claim_run", claim_when_free)
    run = wait_for_end(carl, begin(carl))
    assert (run["status"], run["error"]) == ("completed", None)
    assert len(claims) > 2 * MAX_FAILED_CLAIMS
