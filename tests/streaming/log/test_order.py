# test_order.py -- the events of a person come in one order, to all who read.
import asyncio
import threading

import pytest

from access import Caller
from db import Database
from models.task import TaskCreate
from services import tasks
from support.api.user_streams import as_on, find_end, opened, take
from support.servers import Event, Person, Server, with_database


@pytest.mark.also_on_mariadb
def test_no_event_is_skipped_though_its_transaction_commits_late(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    """Two real transactions: the one that wrote first commits last, after a reader has seen the other."""
    if own_database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    caller = Caller(carl.id, None)
    seen: list[Event] = []

    async def work(db: Database) -> None:
        async with db.transaction() as early:
            await tasks.create_task(early, caller, TaskCreate(title="Early"))
            async with db.transaction() as late:
                await tasks.create_task(late, caller, TaskCreate(title="Late"))
            with opened(carl, after=0) as stream:
                seen.append(await asyncio.to_thread(next, stream))
                assert seen[0].data["task"]["title"] == "Late"

    with_database(own_database_url, work)
    [first] = seen
    with opened(carl, after=first.id) as stream:
        second = next(stream)
        assert second.id > first.id
        assert second.data["task"]["title"] == "Early"


@pytest.mark.busy
def test_many_writers_and_readers_at_once_make_one_sequence_without_a_gap(
    carl: Person, elsewhere: Server
) -> None:
    """Each reader sees the same ones, and the changes of one task in the order they were made."""
    start = find_end(carl)
    far = as_on(elsewhere, carl)
    ids = [carl.post("/v1/tasks", title="0")["id"] for _ in range(4)]
    seen: dict[str, list[Event]] = {"near": [], "far": []}
    total = 4 + 4 * 12

    def read(name: str, person: Person) -> None:
        with opened(person, after=start) as stream:
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
    assert [event.id for event in seen["near"]] == list(range(start + 1, start + total + 1))
    for task_id in ids:
        titles = [e.data["task"]["title"] for e in seen["near"] if e.data["task"]["id"] == task_id]
        assert titles == [str(number) for number in range(13)]
