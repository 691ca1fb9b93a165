# test_order.py -- the events of a person are numbered in one sequence without a gap.
import asyncio
import threading

import pytest

from access import Caller
from db import Database
from models.task import TaskCreate
from services import events, tasks
from support.api.user_streams import as_on, opened, take
from support.servers import Event, Person, Server, with_database


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

    with_database(own_database_url, work)
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
                assert await events.number_events(numbering, caller, carl.id) == (2, 2)
                await db.write(tasks.create_task, caller, TaskCreate(title="While somebody numbers"))
            assert await db.write(events.number_events, caller, carl.id) == (1, 3)
        assert await db.write(events.number_events, caller, carl.id) == (1, 4)

    with_database(own_database_url, work)


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
            return list(
                await asyncio.gather(*(db.write(events.number_events, caller, person.id) for _ in range(2)))
            )

        return [sorted(await both(person)) for person in people]

    assert with_database(own_database_url, work) == [[(0, 1), (1, 1)]] * 4
