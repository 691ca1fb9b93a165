# test_resume.py -- a stream goes on where it was left, or says that everything is to be read anew.
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, update
from sqlmodel import col

import access
from access import SYSTEM, Caller
from clock import utc_now
from db import Database, Transaction
from events import changes, event_log
from models import Event as EventRow
from models.account import AccountShared
from support.api.user_streams import STREAM, as_on, find_end, opened, reset, take
from support.servers import Person, Server, serving, settings_for, with_database

# Where a stream goes on is the same on each engine; what is deleted is tried on more.
pytestmark = pytest.mark.engines("sqlite")


@pytest.mark.busy
def test_a_stream_goes_on_after_the_last_event_that_was_seen(carl: Person, elsewhere: Server) -> None:
    made = [carl.post("/v1/tasks", title=f"Task {n}") for n in range(5)]
    with opened(carl, after=0) as stream:
        ids = [event.id for event in take(stream, 5)]
    assert ids == sorted(ids)
    with opened(carl, after=ids[1]) as stream:
        assert [(e.id, e.data["task"]) for e in take(stream, 3)] == list(zip(ids[2:], made[2:], strict=True))
    with opened(as_on(elsewhere, carl), after=ids[3]) as stream:
        assert next(stream).data["task"] == made[4]
        carl.delete(f"/v1/tasks/{made[0]['id']}")
        assert next(stream).id > ids[4]


@pytest.mark.engines("sqlite", "postgresql")
def test_a_stream_goes_on_after_a_restart(new_database: Callable[[str], str], engine_name: str) -> None:
    url = new_database(engine_name)
    with serving(settings_for(url)) as server:
        person = server.person()
        person.post("/v1/tasks", title="Before")
        with opened(person, after=0) as stream:
            last = next(stream).id
        person.post("/v1/tasks", title="Meanwhile")
    with serving(settings_for(url)) as server:
        there = as_on(server, person)
        with opened(there, after=last) as stream:
            assert next(stream).data["task"]["title"] == "Meanwhile"
            there.post("/v1/tasks", title="After")
            assert next(stream).data["task"]["title"] == "After"


def test_a_reader_that_does_not_say_where_it_was_is_told_to_read_anew(ann: Person) -> None:
    for n in range(3):
        ann.post("/v1/tasks", title=f"Task {n}")
    with opened(ann) as stream:
        end = reset(stream)
        ann.post("/v1/tasks", title="Next")
        event = next(stream)
        assert event.id > end
        assert event.data["task"]["title"] == "Next"


def test_a_reader_that_is_ahead_of_the_log_is_told_to_read_anew(ann: Person) -> None:
    """So is whoever comes back after the database was restored from an older copy."""
    ann.post("/v1/tasks", title="Buy milk")
    end = find_end(ann)
    for ahead in (end + 1, 10**17):
        with opened(ann, after=ahead) as stream:
            assert reset(stream) == end


def test_a_number_that_no_stream_gave_is_refused(ann: Person) -> None:
    for wrong in ("x", "-1", "1.5", "9" * 19, "٣"):
        answer = ann.http.get(STREAM, headers={"Last-Event-ID": wrong.encode()})
        assert answer.status_code == 422, wrong


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_long_log_comes_in_pieces_and_whole(database_url: str, ann: Person) -> None:
    """More events than one batch holds, and one that is larger than a batch."""
    caller = Caller(ann.id, None)
    longest, now = "x" * (changes.MAX_BATCH_CHARACTERS + 1), utc_now()

    async def fill(tx: Transaction) -> None:
        for number in range(250):
            name = longest if number == 120 else "y" * 5_000
            shown = AccountShared(id=UUID(int=number), name=name, kind="team", created_at=now, updated_at=now)
            await changes.record_event(tx, caller, "account.updated", {"account": shown})

    async def sizes(tx: Transaction) -> list[int]:
        after, found = 0, []
        while lines := (await changes.read_events(tx, caller, after, 10**9)).events:
            after = lines[-1].seq
            found.append(sum(len(line.data) for line in lines))
        return found

    start = find_end(ann)
    with_database(database_url, lambda db: db.write(fill))
    with opened(ann, after=start) as stream:
        seen = take(stream, 250)
    assert [event.id for event in seen] == list(range(seen[0].id, seen[0].id + 250))
    assert [event.data["account"]["id"] for event in seen] == [str(UUID(int=number)) for number in range(250)]
    assert seen[120].data["account"]["name"] == longest
    *_, largest = sorted(with_database(database_url, lambda db: db.read(sizes)))
    assert changes.MAX_BATCH_CHARACTERS < largest < changes.MAX_BATCH_CHARACTERS + 300
    assert len(with_database(database_url, lambda db: db.read(sizes))) > 5


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_old_events_go_and_who_comes_too_late_is_told_to_read_anew(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    quiet = scripted.person()  # whose events nobody has ever read
    for person in (carl, quiet):
        for n in range(3):
            person.post("/v1/tasks", title=f"Task {n}")
    end = find_end(carl)
    ids = [change["seq"] for change in carl.get("/v1/changes", after=0)["data"]]
    other_ids = [change["seq"] for change in quiet.get("/v1/changes", after=0)["data"]]

    async def age(tx: Transaction) -> None:
        old = (col(EventRow.audience_id).in_([carl.id, quiet.id]), col(EventRow.id) > 0)
        await tx.execute(update(EventRow).where(*old).values(expires_at=utc_now() - timedelta(days=1)))

    with_database(own_database_url, lambda db: db.write(age))
    carl.post("/v1/tasks", title="Fresh")
    quiet.post("/v1/tasks", title="Fresh")
    scripted.run(scripted.state.worker.housekeeping.delete_expired())

    async def left(tx: Transaction) -> int:
        return len((await tx.execute(access.select(SYSTEM, EventRow))).all())

    assert with_database(own_database_url, lambda db: db.read(left)) == 2
    for person in (carl, quiet):
        for after in (0, *ids, *other_ids[:-1]):
            with opened(person, after) as stream:
                assert reset(stream) == end + 2
        with opened(person, after=end) as stream:
            assert (next(stream).data["task"]["title"]) == "Fresh"


@pytest.mark.engines("sqlite", "postgresql")
def test_a_large_number_of_old_events_goes_a_bounded_number_at_a_time(
    own_database_url: str, scripted: Server, carl: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "DELETE_BATCH", 4)
    monkeypatch.setattr(event_log, "NUMBER_BATCH", 3)

    async def fill(tx: Transaction) -> None:
        row = {
            "audience_id": carl.id,
            "type": "task.deleted",
            "payload": {},
            "expires_at": utc_now() - timedelta(days=2),
        }
        await tx.execute(insert(EventRow), [dict(row) for _ in range(20)])

    async def work(db: Database) -> list[int]:
        await db.write(fill)
        assert await event_log.number_all_events(db) == end + 20
        deleted = []
        while count := await db.write(event_log.delete_old_events, SYSTEM):
            deleted.append(count)
        return deleted

    end = find_end(carl)
    assert with_database(own_database_url, work) == [4] * 5
    with opened(carl, after=end + 19) as stream:
        assert reset(stream) == end + 20
