# test_readers.py -- many readers share one read, and a slow one is hung up on.
import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

import access
from access import Caller
from db import Database, Transaction
from events import changes, event_log
from models import Task
from models.task import TaskCreate
from services import tasks
from streaming.notifier import LOG, Notifier
from streaming.open_streams import OpenStreams
from support.api.user_streams import STREAM, find_end, noting, opened, reset, take
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, read_events, serving, settings_for, wait_until, with_database
from timings import Timings

# Readers share what a process holds; a read that fails is tried on both.
pytestmark = pytest.mark.engines("sqlite")


def test_an_event_is_read_once_for_all_open_streams(database_url: str, ann: Person) -> None:
    caller = Caller(ann.id, UUID(ann.get("/v1/me/sessions")["data"][0]["id"]))
    readers = 50

    async def work(db: Database) -> None:
        notifier = Notifier()
        watch = OpenStreams(db, notifier, Timings())
        db.notify_log = lambda: notifier.notify(LOG)
        streams = [watch.follow_user(caller, None) for _ in range(readers)]
        tail = asyncio.create_task(watch.run())
        await asyncio.gather(*map(anext, streams))
        names: list[str] = []
        db.read = noting(db.read, names)  # type: ignore[method-assign,assignment]
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        async with asyncio.timeout(10):
            feeds = watch._tail._feeds[ann.id]
            while watch._batches._pending or not all(feed.is_complete for feed in feeds):
                await asyncio.sleep(0)
        names.clear()
        await tasks.add_task(db, caller, TaskCreate(title="Buy milk"))
        seen = await asyncio.gather(*coming)
        assert len(set(seen)) == 1
        assert b"event: task.created" in seen[0]
        log_reads = [name for name in names if name != "find_active_credentials"]
        assert log_reads == ["find_position", "read_tail", "read_logged_events"]
        for stream in streams:
            await stream.aclose()
        tail.cancel()
        await asyncio.gather(tail, return_exceptions=True)

    with_database(database_url, work)


def test_a_read_that_began_before_the_bell_does_not_count_as_an_answer_to_it(
    database_url: str, ann: Person
) -> None:
    """Or what was committed while it was under way would come only with the next change."""
    caller = Caller(ann.id, UUID(ann.get("/v1/me/sessions")["data"][0]["id"]))

    async def work(db: Database) -> None:
        notifier = Notifier()
        watch = OpenStreams(db, notifier, Timings())
        db.notify_log = lambda: notifier.notify(LOG)
        begun, gate = asyncio.Event(), asyncio.Event()
        read = db.read

        async def held(work: Any, *args: Any, **kw: Any) -> Any:
            found = await read(work, *args, **kw)
            if not begun.is_set():
                begun.set()
                await gate.wait()
            return found

        tail = asyncio.create_task(watch.run())
        await watch._tail.start(caller)
        first, second = watch.follow_user(caller, 0), watch.follow_user(caller, 0)
        db.read = held  # type: ignore[method-assign,assignment]
        async with asyncio.timeout(10):
            one = asyncio.ensure_future(anext(first))
            await begun.wait()  # the log was empty
            await tasks.add_task(db, caller, TaskCreate(title="Buy milk"))
            two = asyncio.ensure_future(anext(second))
            await asyncio.sleep(0)
            gate.set()
            for frames in (await one, await two):
                assert b"event: task.created" in frames
        await first.aclose()
        await second.aclose()
        tail.cancel()
        await asyncio.gather(tail, return_exceptions=True)

    with_database(database_url, work)


@contextmanager
def deaf(server: Server, person: Person, path: str, **headers: str) -> Iterator[socket.socket]:
    """A connection that has asked for a stream and does not read."""
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((host, int(port)))
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: test",
            f"Authorization: {person.http.headers['Authorization']}",
        ]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        yield raw


def is_gone(server: Server, raw: socket.socket) -> bool:
    """Whether the server has let go of the connection, though nothing of what it sent was read."""
    port = raw.getsockname()[1]
    return all(connection.client[1] != port for connection in list(server.app.state.gate.open))


def is_cut(raw: socket.socket) -> bool:
    """Reads what had been sent, to its end: the answer does not end as it should."""
    raw.settimeout(15)
    end = b""
    try:
        while piece := raw.recv(1 << 20):
            end = (end + piece)[-5:]
    except ConnectionResetError:
        return True
    return end != b"0\r\n\r\n"


@pytest.mark.parametrize("timings", [Timings(stream_send=0.2)])
@pytest.mark.busy
def test_a_reader_that_does_not_read_is_hung_up_on(
    own_database_url: str, scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = Caller(carl.id, None)

    async def fill(tx: Transaction) -> None:
        for _ in range(500):
            await changes.record_event(tx, caller, "task.deleted", {"text": "x" * 30_000})

    with_database(own_database_url, lambda db: db.write(fill))
    watch = scripted.state.open_streams
    with deaf(scripted, carl, STREAM, Last_Event_ID="0") as raw, opened(carl) as other:
        reset(other)
        [seats] = watch._of_credentials.values()
        wait_until(lambda: len(seats) == 1)
        wait_until(lambda: is_gone(scripted, raw))
        assert is_cut(raw)
        carl.post("/v1/tasks", title="For those who read")
        assert next(other).type == "task.created"


@pytest.fixture
def wordy(own_database_url: str, model: ScriptedModel) -> Iterator[Server]:
    """A server whose runs may write far more than a connection's buffers hold."""
    with serving(
        settings_for(own_database_url, run_answer_bytes=2**24), model, Timings(stream_send=1.0)
    ) as running:
        yield running


@pytest.mark.busy
def test_a_run_s_reader_that_does_not_read_is_hung_up_on_and_the_run_goes_on(
    wordy: Server, model: ScriptedModel
) -> None:
    carl = wordy.person()
    gate = threading.Event()
    model.answers = [[*(["x" * 100_000] * 150), gate, "The end."]]
    with carl.http.stream(
        "POST", "/v1/chat", json={"message": "hello"}, headers={"Accept": "text/event-stream"}
    ) as answer:
        run_id = answer.headers["X-Run-ID"]
        stream = read_events(answer)
        next(stream)
        notifier = wordy.state.notifier
        with deaf(wordy, carl, f"/v1/runs/{run_id}/events") as raw:
            wait_until(lambda: len(notifier._subscribers.get(UUID(run_id), ())) == 2)
            count = sum(1 for _ in zip(range(150), stream, strict=False))
            assert count == 150
            wait_until(lambda: len(notifier._subscribers.get(UUID(run_id), ())) == 1)
            wait_until(lambda: is_gone(wordy, raw))
            assert is_cut(raw)
        gate.set()
        assert list(stream)[-1].type == "run.completed"


@pytest.mark.engines("sqlite", "postgresql")
def test_a_failing_read_of_the_log_is_tried_again_and_its_streams_go_on(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    async def fail(*args: object) -> None:
        failed.set()
        raise OSError("the database is gone")

    with opened(carl) as stream:
        reset(stream)
        with monkeypatch.context() as broken:
            broken.setattr(event_log, "read_tail", fail)
            carl.post("/v1/tasks", title="Buy milk")
            assert failed.wait(10)
        assert next(stream).type == "task.created"


@pytest.mark.engines("sqlite", "postgresql")
def test_a_failing_read_of_what_was_before_ends_its_streams_and_they_resume(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: object) -> None:
        raise OSError("the database is gone")

    carl.post("/v1/tasks", title="Buy milk")
    with monkeypatch.context() as broken:
        broken.setattr(changes, "read_events", fail)
        with opened(carl, after=0) as stream:
            assert list(stream) == []
    with opened(carl, after=0) as stream:
        assert next(stream).type == "task.created"


def test_a_stream_needs_no_row_of_the_task_it_tells_of(database_url: str, ann: Person) -> None:
    """What is told is what was true at that moment, whatever came of it since."""
    start = find_end(ann)
    task = ann.post("/v1/tasks", title="Buy milk")
    ann.patch(f"/v1/tasks/{task['id']}", title="Buy bread")
    ann.delete(f"/v1/tasks/{task['id']}")
    with opened(ann, after=start) as stream:
        seen = take(stream, 3)
    assert [event.data.get("task", {}).get("title") for event in seen] == ["Buy milk", "Buy bread", None]

    async def count(tx: Transaction) -> int:
        return len((await tx.execute(access.select(Caller(ann.id, None), Task))).all())

    assert with_database(database_url, lambda db: db.read(count)) == 0


def test_the_answer_tells_proxies_neither_to_keep_nor_to_hold_it_back(ann: Person) -> None:
    with ann.http.stream("GET", STREAM) as answer:
        assert isinstance(answer, httpx.Response)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-accel-buffering"] == "no"
