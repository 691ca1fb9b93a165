# test_stream_limits.py -- how many streams, waiting posts and searches one may have.
import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pytest

from access import Caller
from db import Database
from errors import TooManyAtOnce
from services import tasks
from streaming.concurrency_limits import SearchSlots
from support.api.open_streams import CHAT, has_no_places_taken, list_open, settled
from support.api.problems import problem_of
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, ok, read_events, serving, settings_for, wait_until
from timings import Timings

# Places are counted in the process.
pytestmark = pytest.mark.engines("sqlite")

STREAM = "/v1/events/stream"


@pytest.fixture
def narrow(new_database: Callable[[str], str], engine_name: str) -> Iterator[Server]:
    """Two streams a session, three a person, four a worker."""
    settings = settings_for(
        new_database(engine_name), streams_per_session=2, streams_per_user=3, streams_per_worker=4
    )
    with serving(settings, ScriptedModel()) as running:
        yield running


@pytest.mark.busy
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
        assert "This sign-in has 2 " in problem_of(person.http.get(STREAM), 429)["detail"]
        assert (
            "This sign-in has 2 " in problem_of(person.http.get(f"/v1/runs/{run_id}/events"), 429)["detail"]
        )
        hold(again)
        assert "You have 3 " in problem_of(again.http.get(STREAM), 429)["detail"]
        hold(others[0])
        assert "This server has 4 " in problem_of(others[1].http.get(STREAM), 429)["detail"]
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


@pytest.mark.busy
def test_a_post_that_finds_no_place_stores_nothing(narrow: Server) -> None:
    person = narrow.person()
    thread = person.post("/v1/conversations", title="Plans")
    path = f"/v1/conversations/{thread['id']}/messages"
    with ExitStack() as streams:
        for _ in range(2):
            streams.enter_context(held_open(person))
        for accept in ("application/json", "text/event-stream"):
            headers = {"Accept": accept}
            problem_of(person.http.post("/v1/chat", json=CHAT, headers=headers), 429)
            problem_of(person.http.post(path, json={"content": "hello"}, headers=headers), 429)
            keyed = {**headers, "Idempotency-Key": accept}
            problem_of(person.http.post("/v1/chat", json=CHAT, headers=keyed), 429)
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
        wait_until(lambda: len(list_open(narrow, "end")) == 2)
        problem_of(person.http.get(STREAM), 429)
        problem_of(person.http.post("/v1/chat", json={**CHAT, "client_id": "m-1"}), 429)
        gate.set()
        assert waiting[0].result() == waiting[1].result()
    assert has_no_places_taken(narrow)


@pytest.mark.parametrize("timings", [Timings(search_wait=1.0)])
@pytest.mark.busy
def test_a_person_has_two_searches_at_once_and_one_more_waits_a_moment(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = scripted.person()
    held: list[str] = []
    gate = threading.Event()
    list_tasks = tasks.list_tasks

    async def slow(db: Database, caller: Caller, wanted: tasks.TaskFilter, *page: Any) -> bytes:
        if wanted.q == "slow":
            held.append(wanted.q)
            await asyncio.to_thread(gate.wait, 10)
        return await list_tasks(db, caller, wanted, *page)

    monkeypatch.setattr(tasks, "list_tasks", slow)
    with ThreadPoolExecutor(3) as pool:
        slow_ones = [pool.submit(carl.get, "/v1/tasks", q="slow") for _ in range(2)]
        wait_until(lambda: len(held) == 2)
        assert "2 searches" in problem_of(carl.http.get("/v1/tasks", params={"q": "milk"}), 429)["detail"]
        assert (
            "2 searches"
            in problem_of(carl.http.get("/v1/conversations", params={"q": "milk"}), 429)["detail"]
        )
        assert "2 searches" in problem_of(carl.http.get("/v1/search", params={"q": "milk"}), 429)["detail"]
        assert carl.get("/v1/tasks")["data"] == []
        assert bob.get("/v1/tasks", q="milk")["data"] == []
        third = pool.submit(carl.get, "/v1/tasks", q="milk")
        gate.set()
        assert third.result()["data"] == []
        assert [one.result()["data"] for one in slow_ones] == [[], []]


@pytest.mark.anyio
async def test_a_search_that_ends_or_is_cancelled_leaves_its_turn_to_the_next() -> None:
    searches, caller = SearchSlots(0.0), Caller(uuid4(), uuid4())

    async def hold() -> None:
        async with searches.hold(caller):
            await asyncio.Event().wait()

    for _ in range(3):
        running = [asyncio.ensure_future(hold()) for _ in range(2)]
        await settled()
        with pytest.raises(TooManyAtOnce):
            async with searches.hold(caller):
                raise AssertionError("a third one")
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert len(searches._semaphores) == 0
