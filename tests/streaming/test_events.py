# test_events.py -- the caller's stream: every change on every open page, in order, without a gap, and no other's.
import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import insert, update
from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Database, RetryTransaction, Transaction
from llm.protocol import ModelError
from models import Event as EventRow
from models import Task
from models.columns import now
from models.task import TaskCreate
from services import events, tasks
from services.identity import users
from storage.engines import open_engine
from streaming.notifier import Bells
from streaming.user_streams import Watch
from support.scripted_model import ScriptedModel, call
from support.servers import Event, Person, Server, read_events, serving, settings_for, wait_until

T = TypeVar("T")
STREAM = "/v1/events/stream"


@contextmanager
def opened(person: Person, after: int | None = None) -> Iterator[Iterator[Event]]:
    """The events of a stream that is open for the block."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with person.http.stream("GET", STREAM, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield read_events(answer)


def reset(stream: Iterator[Event]) -> int:
    """Where a stream without Last-Event-ID begins."""
    first = next(stream)
    assert (first.type, first.data) == ("reset", {})
    return first.id


def take(stream: Iterator[Event], count: int) -> list[Event]:
    return [next(stream) for _ in range(count)]


def until(stream: Iterator[Event], *types: str) -> list[Event]:
    """What comes up to the first event of one of the types."""
    seen = []
    for event in stream:
        seen.append(event)
        if event.type in types:
            return seen
    raise AssertionError(f"the stream ended: {seen}")


def types(seen: list[Event]) -> list[str]:
    return [event.type for event in seen]


def here(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """`work` with an engine of its own, which rings nobody's bell."""

    async def run() -> T:
        db = Database(open_engine(url))
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


def as_on(server: Server, person: Person) -> Person:
    """The same person, in the same session, on another server."""
    token = person.http.headers["Authorization"]
    return Person(person.id, person.email, server.client(Authorization=token), person.tokens)


@pytest.fixture
def elsewhere(scripted: Server, own_database_url: str) -> Iterator[Server]:
    """Another worker on the same database."""
    with serving(settings_for(own_database_url), ScriptedModel()) as other:
        yield other


# Every change, on every open page


@pytest.mark.also_on_mariadb
def test_every_kind_of_change_reaches_every_open_stream_of_any_worker(
    carl: Person, model: ScriptedModel, elsewhere: Server
) -> None:
    with opened(carl) as near, opened(as_on(elsewhere, carl)) as far:
        assert reset(near) == reset(far) == 0
        task = carl.post("/v1/tasks", title="Buy milk")
        changed = carl.patch(f"/v1/tasks/{task['id']}", completed=True)
        carl.delete(f"/v1/tasks/{task['id']}")
        thread = carl.post("/v1/conversations", title="Plans")
        renamed = carl.patch(f"/v1/conversations/{thread['id']}", title="Old plans")
        carl.delete(f"/v1/conversations/{thread['id']}")
        seen = take(near, 6)
        assert [(event.type, event.data) for event in seen] == [
            ("task.created", {"task": task}),
            ("task.updated", {"task": changed}),
            ("task.deleted", {"task_id": task["id"]}),
            ("conversation.created", {"conversation": thread}),
            ("conversation.updated", {"conversation": renamed}),
            ("conversation.deleted", {"conversation_id": thread["id"]}),
        ]
        assert [event.id for event in seen] == [1, 2, 3, 4, 5, 6]
        assert take(far, 6) == seen


def test_a_message_tells_of_its_conversation_its_run_what_the_tools_did_and_the_answer(
    carl: Person, model: ScriptedModel
) -> None:
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    with opened(carl) as stream:
        reset(stream)
        answer = carl.chat("add milk")
        seen = until(stream, "run.completed")
    assert types(seen) == [
        "conversation.created",
        "message.created",
        "run.queued",
        "run.started",
        "task.created",
        "message.created",
        "run.completed",
    ]
    assert seen[0].data["conversation"]["id"] == answer["conversation_id"]
    assert (seen[1].data["message"], seen[5].data["message"]) == (answer["user_message"], answer["message"])
    assert [seen[n].data["run"]["status"] for n in (2, 3, 6)] == ["queued", "running", "completed"]
    assert seen[6].data["run"] == carl.get(f"/v1/runs/{answer['run_id']}")
    assert seen[4].data["task"] == carl.get("/v1/tasks")["data"][0]


def test_an_approval_a_failure_and_a_cancel_are_told(carl: Person, model: ScriptedModel) -> None:
    task = carl.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]}, "call_1")], ["Deleted."]]
    with opened(carl) as stream:
        reset(stream)
        answer = carl.chat("delete it")
        asked = until(stream, "approval.requested")[-1].data["run"]
        assert asked == carl.get(f"/v1/runs/{answer['run_id']}")
        assert asked["pending_approvals"] == answer["pending_approvals"]
        carl.post(f"/v1/runs/{answer['run_id']}/approvals/call_1", approve=True)
        seen = until(stream, "run.completed")
        assert types(seen) == [
            "approval.decided",
            "run.started",
            "task.deleted",
            "message.created",
            "run.completed",
        ]
        assert seen[0].data["run"]["pending_approvals"] == []
        model.otherwise = [ModelError("The key is wrong.", transient=False)]
        carl.chat("hello")
        failed = until(stream, "run.failed")[-1].data["run"]
        assert (failed["status"], failed["error"]) == ("failed", "The key is wrong.")
        never = threading.Event()
        model.answers = [["Half of", never]]
        with carl.http.stream(
            "POST", "/v1/chat", json={"message": "hello"}, headers={"Accept": "text/event-stream"}
        ) as run:
            until(read_events(run), "message.delta")
            carl.post(f"/v1/runs/{run.headers['X-Run-ID']}/cancel")
        *_, said, cancelled = until(stream, "run.cancelled")
        assert (said.type, said.data["message"]["content"]) == ("message.created", "Half of")
        assert cancelled.data["run"]["status"] == "cancelled"


def test_a_request_that_is_repeated_is_told_once(ann: Person) -> None:
    with opened(ann) as stream:
        reset(stream)
        for path, body in (("/v1/tasks", {"title": "Milk"}), ("/v1/conversations", {"title": "Plans"})):
            for _ in range(2):
                ann.http.post(path, json=body, headers={"Idempotency-Key": path})
        ann.chat("hello", client_id="m-1")
        ann.chat("hello", client_id="m-1")
        ann.post("/v1/tasks", title="The end")
        seen = until(stream, "run.completed") + until(stream, "task.created")
    assert types(seen).count("task.created") == 2
    assert types(seen).count("conversation.created") == 2
    assert types(seen).count("message.created") == 2
    assert types(seen).count("run.queued") == 1


def test_a_change_that_changes_nothing_is_told_nevertheless(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk")
    with opened(ann) as stream:
        reset(stream)
        ann.patch(f"/v1/tasks/{task['id']}", title="Buy milk")
        assert next(stream).type == "task.updated"


def test_a_change_that_is_rolled_back_is_not_told_and_rings_nobody(database_url: str, ann: Person) -> None:
    caller = Caller(ann.id, None)
    rung: list[set[UUID]] = []
    tries = []

    async def fail(tx: Transaction) -> None:
        await tasks.create_task(tx, caller, TaskCreate(title="Never"))
        raise ZeroDivisionError

    async def twice(tx: Transaction) -> None:
        tries.append(1)
        await tasks.create_task(tx, caller, TaskCreate(title=f"Try {len(tries)}"))
        if len(tries) == 1:
            raise RetryTransaction

    async def work(db: Database) -> None:
        db.notify_users = rung.append
        with pytest.raises(ZeroDivisionError):
            await db.write(fail)
        assert rung == []
        await db.write(twice)
        await tasks.add_task(db, caller, TaskCreate(title="Alone"))
        await db.write(users.get_me, caller)

    here(database_url, work)
    assert rung == [{ann.id}, {ann.id}]
    with opened(ann, after=0) as stream:
        assert [event.data["task"]["title"] for event in take(stream, 2)] == ["Try 2", "Alone"]


def test_a_commit_that_fails_is_not_told(scripted: Server, carl: Person) -> None:
    def fail(connection: object) -> None:
        raise OSError("the disk is full")

    engine = scripted.parts.db.engine.sync_engine
    sql_event.listen(engine, "commit", fail)
    answer = carl.http.post("/v1/conversations", json={"title": "Never"})
    sql_event.remove(engine, "commit", fail)
    assert answer.status_code == 503
    carl.post("/v1/conversations", title="Shopping")
    with opened(carl, after=0) as stream:
        assert next(stream).data["conversation"]["title"] == "Shopping"


# Order


@pytest.mark.also_on_mariadb
def test_no_event_is_skipped_though_its_transaction_commits_late(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    """Two real transactions: the one that wrote first commits last, after a reader has seen the other."""
    if own_database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    caller = Caller(carl.id, None)

    async def work(db: Database) -> None:
        async with db.transaction() as early:
            await tasks.create_task(early, caller, TaskCreate(title="Early"))
            async with db.transaction() as late:
                await tasks.create_task(late, caller, TaskCreate(title="Late"))
            with opened(carl, after=0) as stream:
                first = await asyncio.to_thread(next, stream)
                assert (first.id, first.data["task"]["title"]) == (1, "Late")

    here(own_database_url, work)
    with opened(carl, after=1) as stream:
        second = next(stream)
        assert (second.id, second.data["task"]["title"]) == (2, "Early")


@pytest.mark.also_on_mariadb
def test_writers_wait_neither_for_each_other_nor_for_who_numbers_and_nobody_for_them(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    if own_database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    caller = Caller(carl.id, None)

    async def work(db: Database) -> None:
        async with asyncio.timeout(4), db.transaction() as open_one:
            await tasks.create_task(open_one, caller, TaskCreate(title="Not committed"))
            await db.write(tasks.create_task, caller, TaskCreate(title="Another writer"))
            await tasks.add_task(db, caller, TaskCreate(title="In one statement"))
            async with db.transaction() as numbering:
                assert await events.number(numbering, caller, carl.id) == (2, 2)
                await db.write(tasks.create_task, caller, TaskCreate(title="While somebody numbers"))
            assert await db.write(events.number, caller, carl.id) == (1, 3)
        assert await db.write(events.number, caller, carl.id) == (1, 4)

    here(own_database_url, work)


def test_many_writers_and_readers_at_once_make_one_sequence_without_a_gap(
    carl: Person, elsewhere: Server
) -> None:
    """Each reader sees 1, 2, 3, ..., the same ones, and the changes of one task in the order they were made."""
    far = as_on(elsewhere, carl)
    ids = [carl.post("/v1/tasks", title="0")["id"] for _ in range(4)]
    seen: dict[str, list[Event]] = {"near": [], "far": []}
    total = 4 + 4 * 12

    def read(name: str, person: Person) -> None:
        with opened(person, after=0) as stream:
            seen[name] = take(stream, total)

    def write(person: Person, task_id: str) -> None:
        for number in range(1, 13):
            person.patch(f"/v1/tasks/{task_id}", title=str(number))

    people = [carl, far, carl, far]
    threads = [threading.Thread(target=read, args=pair) for pair in (("near", carl), ("far", far))]
    threads += [threading.Thread(target=write, args=pair) for pair in zip(people, ids, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen["near"] == seen["far"]
    assert [event.id for event in seen["near"]] == list(range(1, total + 1))
    for task_id in ids:
        titles = [e.data["task"]["title"] for e in seen["near"] if e.data["task"]["id"] == task_id]
        assert titles == [str(number) for number in range(13)]


@pytest.mark.also_on_mariadb
def test_two_who_number_for_the_first_time_at_once_agree(own_database_url: str, scripted: Server) -> None:
    people = [scripted.person() for _ in range(4)]
    for person in people:
        person.post("/v1/tasks", title="Buy milk")

    async def work(db: Database) -> list[list[tuple[int, int]]]:
        async def both(person: Person) -> list[tuple[int, int]]:
            caller = Caller(person.id, None)
            return list(await asyncio.gather(*(db.write(events.number, caller, person.id) for _ in range(2))))

        return [sorted(await both(person)) for person in people]

    assert here(own_database_url, work) == [[(0, 1), (1, 1)]] * 4


# Resume and reset


def test_a_stream_goes_on_after_the_last_event_that_was_seen(carl: Person, elsewhere: Server) -> None:
    made = [carl.post("/v1/tasks", title=f"Task {n}") for n in range(5)]
    with opened(carl, after=2) as stream:
        assert [(e.id, e.data["task"]) for e in take(stream, 3)] == list(
            zip((3, 4, 5), made[2:], strict=True)
        )
    with opened(as_on(elsewhere, carl), after=4) as stream:
        assert next(stream).data["task"] == made[4]
        carl.delete(f"/v1/tasks/{made[0]['id']}")
        assert next(stream).id == 6


def test_a_stream_goes_on_after_a_restart(new_database: Callable[[str], str], engine_name: str) -> None:
    url = new_database(engine_name)
    with serving(settings_for(url)) as server:
        person = server.person()
        person.post("/v1/tasks", title="Before")
        with opened(person, after=0) as stream:
            assert next(stream).id == 1
        person.post("/v1/tasks", title="Meanwhile")
    with serving(settings_for(url)) as server:
        there = as_on(server, person)
        with opened(there, after=1) as stream:
            assert next(stream).data["task"]["title"] == "Meanwhile"
            there.post("/v1/tasks", title="After")
            assert next(stream).data["task"]["title"] == "After"


def test_a_reader_that_does_not_say_where_it_was_is_told_to_read_anew(ann: Person) -> None:
    for n in range(3):
        ann.post("/v1/tasks", title=f"Task {n}")
    with opened(ann) as stream:
        assert reset(stream) == 3
        ann.post("/v1/tasks", title="Next")
        event = next(stream)
        assert (event.id, event.data["task"]["title"]) == (4, "Next")


def test_a_reader_that_is_ahead_of_the_log_is_told_to_read_anew(ann: Person) -> None:
    """So is whoever comes back after the database was restored from an older copy."""
    ann.post("/v1/tasks", title="Buy milk")
    for ahead in (2, 10**17):
        with opened(ann, after=ahead) as stream:
            assert reset(stream) == 1


def test_a_number_that_no_stream_gave_is_refused(ann: Person) -> None:
    for wrong in ("x", "-1", "1.5", "9" * 19, "٣"):
        answer = ann.http.get(STREAM, headers={"Last-Event-ID": wrong.encode()})
        assert answer.status_code == 422, wrong


@pytest.mark.also_on_mariadb
def test_a_long_log_comes_in_pieces_and_whole(database_url: str, ann: Person) -> None:
    """More events than one batch holds, and one that is larger than a batch."""
    caller = Caller(ann.id, None)
    longest = "x" * (events.READ_CHARACTERS + 1)

    async def fill(tx: Transaction) -> None:
        for number in range(250):
            text = longest if number == 120 else "y" * 5_000
            await events.record(tx, caller, "task.deleted", {"task_id": str(number), "text": text})

    async def sizes(tx: Transaction) -> list[int]:
        after, found = 0, []
        while lines := await events.read(tx, caller, after):
            after = lines[-1].seq
            found.append(sum(len(line.data) for line in lines))
        return found

    here(database_url, lambda db: db.write(fill))
    with opened(ann, after=0) as stream:
        seen = take(stream, 250)
    assert [event.id for event in seen] == list(range(1, 251))
    assert [event.data["task_id"] for event in seen] == [str(number) for number in range(250)]
    assert seen[120].data["text"] == longest
    *_, largest = sorted(here(database_url, lambda db: db.read(sizes)))
    assert events.READ_CHARACTERS < largest < events.READ_CHARACTERS + 100
    assert len(here(database_url, lambda db: db.read(sizes))) > 5


@pytest.mark.also_on_mariadb
def test_old_events_go_and_who_comes_too_late_is_told_to_read_anew(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    quiet = scripted.person()  # whose events nobody has ever read
    for person in (carl, quiet):
        for n in range(3):
            person.post("/v1/tasks", title=f"Task {n}")
    with opened(carl, after=0) as stream:
        take(stream, 2)  # the third is numbered with them

    async def age(tx: Transaction) -> None:
        old = (col(EventRow.user_id).in_([carl.id, quiet.id]), col(EventRow.id) > 0)
        await tx.execute(update(EventRow).where(*old).values(created_at=now() - timedelta(days=8)))

    here(own_database_url, lambda db: db.write(age))
    carl.post("/v1/tasks", title="Fresh")
    quiet.post("/v1/tasks", title="Fresh")
    loop = next(iter(scripted.parts.worker._tasks)).get_loop()
    asyncio.run_coroutine_threadsafe(scripted.parts.worker.clean(), loop).result(15)

    async def left(tx: Transaction) -> int:
        return len((await tx.execute(access.select(SYSTEM, EventRow))).all())

    assert here(own_database_url, lambda db: db.read(left)) == 2
    for person in (carl, quiet):
        for after in (0, 1, 2):
            with opened(person, after) as stream:
                assert reset(stream) == 4
        with opened(person, after=3) as stream:
            assert (next(stream).data["task"]["title"]) == "Fresh"


def test_a_large_number_of_old_events_goes_a_bounded_number_at_a_time(
    own_database_url: str, scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "DELETED_AT_ONCE", 4)
    monkeypatch.setattr(events, "NUMBERED_AT_ONCE", 3)

    async def fill(tx: Transaction) -> None:
        row = {
            "user_id": carl.id,
            "type": "task.deleted",
            "data": {},
            "created_at": now() - timedelta(days=9),
        }
        await tx.execute(insert(EventRow), [dict(row) for _ in range(20)])

    async def work(db: Database) -> list[int]:
        await db.write(fill)
        looked = []
        while found := await db.write(events.delete_old, SYSTEM, 7):
            looked.append(found)
        return looked

    looked = here(own_database_url, work)
    assert max(looked) == 4
    assert 5 <= len(looked) <= 10
    with opened(carl, after=19) as stream:
        assert reset(stream) == 20


# How a stream lives and ends


def test_a_quiet_stream_shows_that_it_lives(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.sse.HEARTBEAT_SECONDS", 0.05)
    with ann.http.stream("GET", STREAM) as answer:
        lines = answer.iter_lines()
        comments = [line for line, _ in zip(lines, range(12), strict=False) if line.startswith(":")]
    assert len(comments) >= 3


def test_an_idle_stream_asks_the_database_nothing_by_itself(
    own_database_url: str, scripted: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.sse.HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("streaming.user_streams.LOOK_SECONDS", 60.0)
    carl = scripted.person()
    asked: list[str] = []
    monkeypatch.setattr(scripted.parts.db, "read", noting(scripted.parts.db.read, asked))
    with carl.http.stream("GET", STREAM) as answer:
        lines = answer.iter_lines()
        wait_until(lambda: next(lines).startswith(":"))
        before = len(asked)
        for _ in range(20):
            next(lines)
        assert [name for name in asked[before:] if "standing" in name or name == "read"] == []


def noting(read: Callable[..., Awaitable[Any]], names: list[str]) -> Callable[..., Awaitable[Any]]:
    async def noted(work: Any, *args: Any, **kw: Any) -> Any:
        names.append(work.__name__)
        return await read(work, *args, **kw)

    return noted


def test_what_no_bell_tells_of_arrives_within_a_second(own_database_url: str, carl: Person) -> None:
    """Written by a process that rings nobody: `parley import`, or a worker whose notification is lost."""
    with opened(carl) as stream:
        reset(stream)
        caller = Caller(carl.id, None)
        here(own_database_url, lambda db: tasks.add_task(db, caller, TaskCreate(title="From elsewhere")))
        begun = time.monotonic()
        assert next(stream).data["task"]["title"] == "From elsewhere"
        assert time.monotonic() - begun < 1


def test_what_another_process_has_numbered_already_arrives_too(own_database_url: str, carl: Person) -> None:
    with opened(carl) as stream:
        reset(stream)
        caller = Caller(carl.id, None)

        async def work(tx: Transaction) -> None:
            await tasks.create_task(tx, caller, TaskCreate(title="From elsewhere"))
            await events.number(tx, caller, carl.id)

        here(own_database_url, lambda db: db.write(work))
        assert next(stream).data["task"]["title"] == "From elsewhere"


def test_a_bell_of_another_worker_is_heard_long_before_anybody_looks(
    carl: Person, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not own_database_url.startswith("postgresql"):
        pytest.skip("only PostgreSQL carries bells between workers")
    monkeypatch.setattr("streaming.user_streams.LOOK_SECONDS", 60.0)
    with serving(settings_for(own_database_url), ScriptedModel()) as other:
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


def test_the_stream_of_a_deleted_account_ends(scripted: Server, carl: Person) -> None:
    with opened(carl) as stream:
        reset(stream)
        carl.delete("/v1/me")
        assert list(stream) == []


def test_a_server_that_stops_ends_its_streams_at_once(new_database: Callable[[str], str]) -> None:
    with serving(settings_for(new_database("sqlite"))) as server, opened(server.person()) as stream:
        reset(stream)
        server.parts.bells.close()  # as a signal does
        begun = time.monotonic()
        assert list(stream) == []
        assert time.monotonic() - begun < 1


def test_nobody_receives_what_is_anothers(ann: Person, bob: Person) -> None:
    with opened(ann) as hers, opened(bob) as his:
        reset(hers)
        reset(his)
        ann.post("/v1/tasks", title="A secret plan")
        ann.chat("add a secret")
        until(hers, "run.completed")
        task = bob.post("/v1/tasks", title="The end")
        event = next(his)
        assert (event.id, event.data) == (1, {"task": task})
    with opened(bob, after=0) as again:
        assert next(again).data == {"task": task}


# Many readers, and slow ones


def test_readers_at_the_same_place_share_one_read(database_url: str, ann: Person) -> None:
    caller = Caller(ann.id, UUID(ann.get("/v1/me/sessions")["data"][0]["id"]))
    readers = 50

    async def work(db: Database) -> None:
        bells = Bells()
        watch = Watch(db, bells)
        db.notify_users = lambda user_ids: bells.ring(*user_ids)
        streams = [watch.follow(caller, None) for _ in range(readers)]
        await asyncio.gather(*map(anext, streams))
        names: list[str] = []
        db.read = noting(db.read, names)  # type: ignore[method-assign,assignment]
        coming = [asyncio.ensure_future(anext(stream)) for stream in streams]
        for _ in range(5):
            await asyncio.sleep(0)
        names.clear()
        await tasks.add_task(db, caller, TaskCreate(title="Buy milk"))
        seen = await asyncio.gather(*coming)
        assert len(set(seen)) == 1
        assert b"event: task.created" in seen[0]
        assert names == ["find_standing", "read"]
        for stream in streams:
            await stream.aclose()

    here(database_url, work)


def test_a_read_that_began_before_the_bell_does_not_count_as_an_answer_to_it(
    database_url: str, ann: Person
) -> None:
    """Or what was committed while it was under way would come only with the next change."""
    caller = Caller(ann.id, UUID(ann.get("/v1/me/sessions")["data"][0]["id"]))

    async def work(db: Database) -> None:
        bells = Bells()
        watch = Watch(db, bells)
        db.notify_users = lambda user_ids: bells.ring(*user_ids)
        begun, gate = asyncio.Event(), asyncio.Event()
        read = db.read

        async def held(work: Any, *args: Any, **kw: Any) -> Any:
            found = await read(work, *args, **kw)
            if not begun.is_set():
                begun.set()
                await gate.wait()
            return found

        first, second = watch.follow(caller, 0), watch.follow(caller, 0)
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

    here(database_url, work)


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


def test_a_reader_that_does_not_read_is_hung_up_on(
    own_database_url: str, scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.sse.PATIENCE_SECONDS", 0.2)
    caller = Caller(carl.id, None)

    async def fill(tx: Transaction) -> None:
        for _ in range(500):
            await events.record(tx, caller, "task.deleted", {"text": "x" * 30_000})

    here(own_database_url, lambda db: db.write(fill))
    watch = scripted.parts.watch
    with deaf(scripted, carl, STREAM, Last_Event_ID="0") as raw, opened(carl) as other:
        reset(other)
        [seats] = watch._seats.values()
        wait_until(lambda: len(seats) == 1)
        wait_until(lambda: is_gone(scripted, raw))
        assert is_cut(raw)
        carl.post("/v1/tasks", title="For those who read")
        assert next(other).type == "task.created"


@pytest.fixture
def wordy(own_database_url: str, model: ScriptedModel) -> Iterator[Server]:
    """A server whose runs may write far more than a connection's buffers hold."""
    with serving(settings_for(own_database_url, run_answer_bytes=2**24), model) as running:
        yield running


def test_a_run_s_reader_that_does_not_read_is_hung_up_on_and_the_run_goes_on(
    wordy: Server, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    carl = wordy.person()
    monkeypatch.setattr("streaming.sse.PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr("agent.text_pieces.DELTA_SECONDS", 0.0)
    gate = threading.Event()
    model.answers = [[*(["x" * 100_000] * 150), gate, "The end."]]
    with carl.http.stream(
        "POST", "/v1/chat", json={"message": "hello"}, headers={"Accept": "text/event-stream"}
    ) as answer:
        run_id = answer.headers["X-Run-ID"]
        stream = read_events(answer)
        next(stream)
        bells = wordy.parts.bells
        with deaf(wordy, carl, f"/v1/runs/{run_id}/events") as raw:
            wait_until(lambda: len(bells._waiting.get(UUID(run_id), ())) == 2)
            count = sum(1 for _ in zip(range(150), stream, strict=False))
            assert count == 150
            wait_until(lambda: len(bells._waiting.get(UUID(run_id), ())) == 1)
            wait_until(lambda: is_gone(wordy, raw))
            assert is_cut(raw)
        gate.set()
        assert list(stream)[-1].type == "run.completed"


def test_a_failing_read_ends_its_streams_and_they_resume(
    scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: object) -> None:
        raise OSError("the database is gone")

    with opened(carl) as stream:
        reset(stream)
        with monkeypatch.context() as broken:
            broken.setattr(events, "find_standing", fail)
            carl.post("/v1/tasks", title="Buy milk")
            assert list(stream) == []
    with opened(carl, after=0) as stream:
        assert next(stream).type == "task.created"


def test_a_stream_needs_no_row_of_the_task_it_tells_of(database_url: str, ann: Person) -> None:
    """What is told is what was true at that moment, whatever came of it since."""
    task = ann.post("/v1/tasks", title="Buy milk")
    ann.patch(f"/v1/tasks/{task['id']}", title="Buy bread")
    ann.delete(f"/v1/tasks/{task['id']}")
    with opened(ann, after=0) as stream:
        seen = take(stream, 3)
    assert [event.data.get("task", {}).get("title") for event in seen] == ["Buy milk", "Buy bread", None]

    async def count(tx: Transaction) -> int:
        return len((await tx.execute(access.select(Caller(ann.id, None), Task))).all())

    assert here(database_url, lambda db: db.read(count)) == 0


def test_the_answer_tells_proxies_neither_to_keep_nor_to_hold_it_back(ann: Person) -> None:
    with ann.http.stream("GET", STREAM) as answer:
        assert isinstance(answer, httpx.Response)
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-accel-buffering"] == "no"
