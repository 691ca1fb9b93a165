# test_stream_life.py -- how a user stream lives: its quiet, its wake-up and its end.


import time
from collections.abc import Callable

import pytest

from access import SYSTEM, Caller
from db import Transaction
from events import event_log
from models.task import TaskCreate
from services import tasks
from support.api.user_streams import STREAM, as_on, noting, opened, reset, until
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, serving, settings_for, wait_until, with_database
from timings import Timings


@pytest.mark.parametrize("timings", [Timings(heartbeat=0.05)])
@pytest.mark.engines("sqlite")
def test_a_quiet_stream_shows_that_it_lives(carl: Person) -> None:
    with carl.http.stream("GET", STREAM) as answer:
        lines = answer.iter_lines()
        comments = [line for line, _ in zip(lines, range(12), strict=False) if line.startswith(":")]
    assert len(comments) >= 3


@pytest.mark.parametrize("timings", [Timings(heartbeat=0.01, poll=60.0)])
def test_an_idle_stream_asks_the_database_nothing_by_itself(
    own_database_url: str, scripted: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    carl = scripted.person()
    asked: list[str] = []
    monkeypatch.setattr(scripted.state.db, "read", noting(scripted.state.db.read, asked))
    with carl.http.stream("GET", STREAM) as answer:
        lines = answer.iter_lines()
        wait_until(lambda: next(lines).startswith(":"))
        before = len(asked)
        for _ in range(20):
            next(lines)
        assert [
            name for name in asked[before:] if name in ("find_position", "read_tail", "read_events")
        ] == []


@pytest.mark.engines("sqlite")
def test_what_no_bell_tells_of_arrives_within_a_second(own_database_url: str, carl: Person) -> None:
    """Written by a process that rings nobody: `parley import`, or a worker whose notification is lost."""
    with opened(carl) as stream:
        reset(stream)
        caller = Caller(carl.id, None)
        with_database(
            own_database_url, lambda db: tasks.add_task(db, caller, TaskCreate(title="From elsewhere"))
        )
        begun = time.monotonic()
        assert next(stream).data["task"]["title"] == "From elsewhere"
        assert time.monotonic() - begun < 1


def test_what_another_process_has_numbered_already_arrives_too(own_database_url: str, carl: Person) -> None:
    with opened(carl) as stream:
        reset(stream)
        caller = Caller(carl.id, None)

        async def work(tx: Transaction) -> None:
            await tasks.create_task(tx, caller, TaskCreate(title="From elsewhere"))
            await event_log.number_events(tx, SYSTEM)

        with_database(own_database_url, lambda db: db.write(work))
        assert next(stream).data["task"]["title"] == "From elsewhere"


def test_a_bell_of_another_worker_is_heard_long_before_anybody_looks(
    carl: Person, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not own_database_url.startswith("postgresql"):
        pytest.skip("only PostgreSQL carries bells between workers")
    with serving(settings_for(own_database_url), ScriptedModel(), Timings(poll=60.0)) as other:
        there = as_on(other, carl)
        with opened(there) as stream:
            reset(stream)
            with opened(there) as second:  # by now the first look is over
                reset(second)
            carl.post("/v1/tasks", title="Buy milk")
            assert next(stream).type == "task.created"


@pytest.mark.also_on_mariadb
def test_a_revoked_session_is_cut_within_a_second_and_no_other(
    scripted: Server, elsewhere: Server, carl: Person
) -> None:
    gone = as_on(elsewhere, scripted.sign_in(carl.email))
    with opened(carl) as staying, opened(gone) as going:
        reset(staying)
        reset(going)
        [session_id] = [s["id"] for s in carl.get("/v1/me/sessions")["data"] if not s["current"]]
        carl.delete(f"/v1/me/sessions/{session_id}")
        begun = time.monotonic()
        assert list(going) == []
        assert time.monotonic() - begun < 1
        carl.post("/v1/tasks", title="Still here")
        assert next(staying).type == "task.created"


@pytest.mark.engines("sqlite")
def test_the_stream_of_a_deleted_account_ends(scripted: Server, carl: Person) -> None:
    with opened(carl) as stream:
        reset(stream)
        carl.delete("/v1/me")
        assert list(stream) == []


def test_a_server_that_stops_ends_its_streams_at_once(new_database: Callable[[str], str]) -> None:
    with serving(settings_for(new_database("sqlite"))) as server, opened(server.person()) as stream:
        reset(stream)
        server.state.notifier.close()  # as a signal does
        begun = time.monotonic()
        assert list(stream) == []
        assert time.monotonic() - begun < 1


def test_nobody_receives_what_is_anothers(ann: Person, bob: Person) -> None:
    with opened(ann) as hers, opened(bob) as his:
        reset(hers)
        start = reset(his)
        ann.post("/v1/tasks", title="A secret plan")
        ann.chat("add a secret")
        until(hers, "run.completed")
        task = bob.post("/v1/tasks", title="The end")
        event = next(his)
        assert event.data == {"task": task}
    with opened(bob, after=start) as again:
        first = next(again)
        assert (first.id, first.data) == (event.id, {"task": task})
