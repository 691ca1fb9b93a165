# test_seats.py -- the events of an account reach its members alone: from when they join until they leave.
import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Database
from events import changes
from events.seats import list_seats
from models import AccountMember
from models.event import Audience
from services.accounts import members
from streaming.log_tail import Feed, LogTail
from streaming.notifier import Notifier, Wake
from support.api.accounts import join
from support.api.user_streams import as_on, find_end, noting, opened, reset, take, types, until
from support.servers import Event, Person, Server, with_database

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def dora(scripted: Server) -> Person:
    return scripted.person(display_name="Dora")


def make_account(owner: Person) -> str:
    id_: str = owner.post("/v1/accounts", name="Bakery")["id"]
    return id_


def rename(owner: Person, account_id: str, name: str) -> None:
    owner.patch(f"/v1/accounts/{account_id}", name=name)


def remove(owner: Person, account_id: str, person: Person) -> None:
    owner.delete(f"/v1/accounts/{account_id}/members/{person.id}")


def names(seen: list[Event]) -> list[str]:
    return [event.data["account"]["name"] for event in seen if event.type == "account.updated"]


def poll(person: Person, after: int) -> list[dict[str, Any]]:
    page = person.get("/v1/changes", after=after)
    assert page["reset"] is False
    found: list[dict[str, Any]] = page["data"]
    return found


def as_pages(seen: list[Event]) -> list[dict[str, Any]]:
    return [{"type": event.type, "seq": event.id, **event.data} for event in seen]


def test_a_member_sees_the_account_from_when_they_join_until_they_are_removed_on_every_worker(
    carl: Person, dora: Person, elsewhere: Server
) -> None:
    account_id = make_account(carl)
    with opened(dora) as near, opened(as_on(elsewhere, dora)) as far, opened(carl) as owners:
        start = reset(near)
        reset(far)
        reset(owners)
        rename(carl, account_id, "Before")
        join(carl, account_id, dora)
        rename(carl, account_id, "While she is a member")
        remove(carl, account_id, dora)
        rename(carl, account_id, "After")
        task = dora.post("/v1/tasks", title="The last event")
        seen = until(near, "task.created")
        assert types(seen) == ["member.added", "account.updated", "member.removed", "task.created"]
        assert names(seen) == ["While she is a member"]
        assert seen[-1].data["task"] == task
        assert until(far, "task.created") == seen
        assert names(take(owners, 5)) == ["Before", "While she is a member", "After"]
        # Who asks only now is no member any more: nothing of the account is shown, of whatever time.
        assert poll(dora, start) == [item for item in as_pages(seen) if item["type"] != "account.updated"]
        with opened(dora, after=start) as late:
            assert types(take(late, 3)) == ["member.added", "member.removed", "task.created"]


def test_who_polls_sees_of_an_account_what_one_that_streams_sees(carl: Person, dora: Person) -> None:
    account_id = make_account(carl)
    rename(carl, account_id, "Before")
    start = find_end(carl)
    with opened(carl, after=start) as owners, opened(dora, after=start) as stream:
        join(carl, account_id, dora, "admin")
        rename(dora, account_id, "Together")
        carl.patch(f"/v1/accounts/{account_id}/members/{dora.id}", role="member")
        own = carl.post("/v1/tasks", title="Only for Carl")
        rename(carl, account_id, "The end")
        hers, his = until(stream, "member.updated"), until(owners, "task.created")
        hers, his = hers + until(stream, "account.updated"), his + until(owners, "account.updated")
    assert types(hers) == ["member.added", "account.updated", "member.updated", "account.updated"]
    assert types(his) == [*types(hers)[:3], "task.created", "account.updated"]
    assert his[3].data["task"] == own
    assert [event.id for event in hers[1:]] == [event.id for event in his[1:3] + his[4:]]
    assert hers[0].id == his[0].id + 1  # one event tells the members, the next one the new member
    assert (poll(dora, start), poll(carl, start)) == (as_pages(hers), as_pages(his))
    for after in (hers[0].id, hers[2].id):
        assert poll(dora, after) == [item for item in as_pages(hers) if item["seq"] > after]


def test_a_deleted_account_is_told_to_each_member_and_to_nobody_else(
    carl: Person, dora: Person, scripted: Server
) -> None:
    account_id = make_account(carl)
    join(carl, account_id, dora)
    stranger = scripted.person()
    start = find_end(carl)
    with opened(dora, after=start) as stream, opened(stranger, after=start) as strangers:
        rename(carl, account_id, "Soon gone")
        assert types(take(stream, 1)) == ["account.updated"]  # before its events go with the account
        carl.delete(f"/v1/accounts/{account_id}")
        [gone] = take(stream, 1)
        assert (gone.type, gone.data) == ("account.deleted", {"account_id": account_id})
        stranger.post("/v1/tasks", title="The first event")
        assert types(take(strangers, 1)) == ["task.created"]
    assert types_of(poll(carl, start)) == types_of(poll(dora, start)) == ["account.deleted"]


def types_of(items: list[dict[str, Any]]) -> list[str]:
    return [item["type"] for item in items]


def test_who_has_left_and_comes_back_sees_nothing_of_the_time_between(carl: Person, dora: Person) -> None:
    account_id = make_account(carl)
    join(carl, account_id, dora)
    start = find_end(dora)
    with opened(dora, after=start) as stream:
        remove(dora, account_id, dora)
        rename(carl, account_id, "Without her")
        join(carl, account_id, dora)
        rename(carl, account_id, "Together again")
        seen = until(stream, "account.updated")
    assert types(seen) == ["member.removed", "member.added", "account.updated"]
    assert names(seen) == ["Together again"]
    assert poll(dora, start) == as_pages(seen)


# How a worker follows it: one reader of the log, whatever comes at the same time


class Reading:
    """A feed of a user in a log tail of its own."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.tail = LogTail(db, Notifier(), 1.0)
        self.feed = Feed(Wake())

    async def start(self, caller: Caller) -> None:
        await self.tail.start(caller)
        self.feed.is_complete = True

    async def take(self) -> str:
        """What the worker hands out now."""
        await self.tail._read()
        return self.feed.take(0).frames.decode()


async def tell(db: Database, account_id: str, name: str) -> None:
    audience = Audience("account", UUID(account_id))
    await db.write(changes.record_event, audience, "account.updated", {"name": name})


async def end_seat(db: Database, account_id: str, person: Person) -> None:
    """As the service does it: the row goes, and both are told."""
    async with db.transaction() as tx:
        own = (col(AccountMember.account_id) == UUID(account_id), col(AccountMember.user_id) == person.id)
        await tx.execute(delete(AccountMember).where(access.visible_condition(SYSTEM, AccountMember), *own))
        await changes.record_events(tx, members.describe_removal(UUID(account_id), person.id))


def test_a_membership_that_ends_while_a_stream_opens_does_not_come_back(
    carl: Person, dora: Person, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seats are read, and before they are used the removal is handed out."""
    account_id = make_account(carl)
    join(carl, account_id, dora)
    caller = Caller(dora.id, None)

    async def work(db: Database) -> None:
        reading, asked = Reading(db), []
        read = db.read

        async def read_late(work: Any, *args: Any) -> Any:
            found = await read(work, *args)
            if work is list_seats:
                asked.append(found)
                if len(asked) == 1:
                    await end_seat(db, account_id, dora)
                    await reading.tail._read()
            return found

        monkeypatch.setattr(db, "read", read_late)
        with reading.tail.subscribe(dora.id, reading.feed):
            await reading.start(caller)
            assert [len(found) for found in asked] == [2, 1]
            await tell(db, account_id, "After")
            await tell(db, str(dora.id), "Her own")
            seen = await reading.take()
        assert '"After"' not in seen
        assert '"Her own"' in seen

    with_database(own_database_url, work)


def test_what_is_read_again_after_a_failure_shows_nothing_more_and_nothing_twice(
    carl: Person, dora: Person, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = make_account(carl)
    join(carl, account_id, dora)

    async def work(db: Database) -> None:
        reading = Reading(db)
        with reading.tail.subscribe(dora.id, reading.feed):
            await reading.start(Caller(dora.id, None))
            await tell(db, account_id, "Before")
            await end_seat(db, account_id, dora)
            await tell(db, account_id, "Between")
            await asyncio.to_thread(join, carl, account_id, dora)
            await tell(db, account_id, "Again")
            read = db.read
            failures = iter([OSError("the second read is lost")])
            asked: list[str] = []

            async def read_once(work: Any, *args: Any) -> Any:
                asked.append(work.__name__)
                if asked.count("read_logged_events") == 2 and (error := next(failures, None)):
                    raise error
                return await read(work, *args)

            monkeypatch.setattr(db, "read", read_once)
            with pytest.raises(OSError, match="lost"):
                await reading.tail._read()
            seen = await reading.take()
        assert [name for name in ("Before", "Between", "Again") if seen.count(f'"{name}"') == 1] == [
            "Before",
            "Again",
        ]
        assert seen.count("event: member.removed") == seen.count("event: member.added") == 1
        assert '"Between"' not in seen

    with_database(own_database_url, work)


@pytest.mark.parametrize("engine_name", ["postgresql", "mariadb"], indirect=True)
def test_what_was_written_before_a_member_came_is_not_theirs_however_late_it_is_committed(
    carl: Person, dora: Person, own_database_url: str
) -> None:
    account_id = make_account(carl)
    start = find_end(dora)

    async def work(db: Database) -> None:
        reading = Reading(db)
        with reading.tail.subscribe(dora.id, reading.feed):
            await reading.start(Caller(dora.id, None))
            async with db.transaction() as tx:
                audience = Audience("account", UUID(account_id))
                await changes.record_event(tx, audience, "account.updated", {"name": "Late"})
                await asyncio.to_thread(join, carl, account_id, dora)
                assert "event: member.added" in await reading.take()
            await tell(db, account_id, "Now")
            seen = await reading.take()
        assert '"Now"' in seen
        assert '"Late"' not in seen

    with_database(own_database_url, work)
    assert [item.get("name") for item in poll(dora, start)] == [None, "Now"]
    assert [item.get("name") for item in poll(carl, start)] == [None, "Late", "Now"]


@pytest.mark.engines("postgresql")
def test_an_event_of_an_account_is_read_once_however_many_see_it(
    carl: Person, scripted: Server, own_database_url: str
) -> None:
    account_id = make_account(carl)
    people = [carl, *(scripted.person() for _ in range(5))]
    for person in people[1:]:
        join(carl, account_id, person)

    async def work(db: Database) -> None:
        for count in (1, len(people)):
            reading, names_read = Reading(db), []
            feeds = [Feed(Wake()) for _ in people[:count]]
            for person, feed in zip(people, feeds, strict=False):
                reading.tail._feeds[person.id] = {feed}
                await reading.tail.start(Caller(person.id, None))
                feed.is_complete = True
            reading.tail._db = db
            read = db.read
            db.read = noting(read, names_read)  # type: ignore[method-assign]
            await tell(db, account_id, "Once")
            await reading.tail._read()
            db.read = read  # type: ignore[method-assign]
            assert names_read.count("read_logged_events") == 1
            assert "list_seats" not in names_read
            frames = [feed.take(0).frames for feed in feeds]
            assert all(b'"Once"' in frame for frame in frames)

    with_database(own_database_url, work)


def test_a_member_who_was_deleted_by_hand_sees_nothing_from_the_next_read_on(
    carl: Person, dora: Person, own_database_url: str
) -> None:
    account_id = make_account(carl)
    join(carl, account_id, dora)
    start = find_end(dora)
    rename(carl, account_id, "Hers to see")
    assert types_of(poll(dora, start)) == ["account.updated"]

    async def take_away(db: Database) -> None:
        async with db.transaction() as tx:
            seen = access.visible_condition(SYSTEM, AccountMember)
            await tx.execute(delete(AccountMember).where(seen, col(AccountMember.user_id) == dora.id))

    with_database(own_database_url, take_away)
    assert poll(dora, start) == []
