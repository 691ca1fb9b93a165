# test_reminders.py -- a reminder is given once, in time, by whichever worker comes first.
import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from access import SYSTEM
from db import Database
from services.planning import reminders
from services.planning.reminders import BATCH, Reminders, give_reminders
from support.api.user_streams import find_end
from support.clock import pass_time
from support.databases.query_plans import count_rows_read, explain_sql
from support.databases.statement_counts import count_statements
from support.servers import Person, Server, serving, settings_for, wait_until, with_database


def read_reminded(person: Person, after: int = 0) -> list[dict[str, Any]]:
    found = []
    while True:
        page = person.get("/v1/changes", after=after, limit=100)
        found += [event["task"] for event in page["data"] if event["type"] == "task.reminded"]
        if not page["data"]:
            return found
        after = page["next_after"]


def url_of(server: Server) -> str:
    return server.settings.database_url.get_secret_value()


def in_two_minutes(**more: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=2, **more)).isoformat()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the tests themselves give reminders: no worker finds one."""

    async def wait(self: Reminders) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Reminders, "run", wait)


@pytest.mark.also_on_mariadb
def test_a_worker_gives_a_reminder_when_its_time_has_come_and_the_task_is_as_it_was(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "REMINDER_SECONDS", 0.05)
    ann = server.person()
    after = find_end(ann)
    task = ann.post("/v1/tasks", title="Call", reminder_at=in_two_minutes())
    ann.post("/v1/tasks", title="Later", reminder_at=in_two_minutes(hours=1))
    assert read_reminded(ann, after) == []
    pass_time(monkeypatch, minutes=3)
    wait_until(lambda: read_reminded(ann, after) != [])
    assert read_reminded(ann, after) == [task] == [ann.get(f"/v1/tasks/{task['id']}")]


@pytest.mark.also_on_mariadb
def test_workers_who_look_at_once_give_each_reminder_once(
    own_database_url: str, still: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(settings_for(own_database_url)) as server:
        ann = server.person()
        for number in range(30):
            ann.post("/v1/tasks", title=f"Task {number}", reminder_at=in_two_minutes())
        pass_time(monkeypatch, minutes=3)
        monkeypatch.setattr(reminders, "BATCH", 7)

        async def work(db: Database) -> None:
            async def give() -> None:
                while await db.write(give_reminders, SYSTEM):
                    pass

            await asyncio.gather(*(give() for _ in range(4)))

        with_database(own_database_url, work)
        titles = [task["title"] for task in read_reminded(ann)]
        assert sorted(titles) == sorted(f"Task {number}" for number in range(30))


def test_what_was_due_while_no_worker_ran_is_told_of_once(own_database_url: str) -> None:
    with serving(settings_for(own_database_url)) as server:
        ann = server.person()
        ann.post("/v1/tasks", title="Call", reminder_at=in_two_minutes())
    with_database(own_database_url, backdate)
    for _ in range(2):
        with serving(settings_for(own_database_url)) as server:
            again = server.sign_in(ann.email)
            wait_until(lambda: read_reminded(again) != [])  # noqa: B023 -- within the round
            assert [task["title"] for task in read_reminded(again)] == ["Call"]


async def backdate(db: Database) -> None:
    async with db.engine.begin() as connection:
        await connection.execute(text("UPDATE tasks SET remind_at = '2026-01-01 00:00:00.000000'"))


def test_what_is_done_deleted_past_or_taken_back_is_not_reminded_of(
    server: Server, still: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.person()
    after = find_end(ann)
    names = ("done", "deleted", "taken back", "moved", "opened again")
    paths = {name: make_path(ann, name) for name in names}
    make_path(ann, "long past", (datetime.now(UTC) - timedelta(minutes=2)).isoformat())
    make_path(ann, "just past", (datetime.now(UTC) - timedelta(seconds=20)).isoformat())
    for name in ("done", "opened again"):
        ann.patch(paths[name], completed=True)
    ann.patch(paths["opened again"], completed=False)
    ann.delete(paths["deleted"])
    ann.patch(paths["taken back"], reminder_at=None)
    ann.patch(paths["moved"], reminder_at=in_two_minutes(hours=1))
    pass_time(monkeypatch, minutes=3)
    with_database(url_of(server), lambda db: Reminders(db).give_all())
    assert sorted(task["title"] for task in read_reminded(ann, after)) == ["just past", "opened again"]


def make_path(ann: Person, title: str, reminder_at: str | None = None) -> str:
    task = ann.post("/v1/tasks", title=title, reminder_at=reminder_at or in_two_minutes())
    return f"/v1/tasks/{task['id']}"


def test_more_than_a_batch_is_given(server: Server, still: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = server.person()
    after = find_end(ann)
    for number in range(5):
        make_path(ann, str(number))
    pass_time(monkeypatch, minutes=3)
    monkeypatch.setattr(reminders, "BATCH", 2)
    with_database(url_of(server), lambda db: Reminders(db).give_all())
    assert len(read_reminded(ann, after)) == 5


def test_a_worker_looks_again_soon_enough_also_after_a_look_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In time within five seconds is a pause of at most two and a look that waits for nothing else."""
    pauses: list[float] = []
    looks = iter([None, OSError("away"), None])

    async def look(self: Reminders) -> None:
        if isinstance(failure := next(looks), Exception):
            raise failure

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(Reminders, "give_all", look)
    monkeypatch.setattr(reminders, "asyncio", SimpleNamespace(sleep=pause))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Reminders(None).run())  # type: ignore[arg-type]  # nothing is read
    assert len(pauses) == 3
    assert max(pauses) <= 2


@pytest.mark.engines("postgresql")
def test_a_look_is_one_statement_and_what_is_due_goes_out_in_batches(
    server: Server, still: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.person()
    reminders_of_server = Reminders(server.state.db)
    server.run(reminders_of_server.give_all())
    with count_statements(server) as statements:
        server.run(reminders_of_server.give_all())
    assert len([sql for sql in statements if "tasks" in sql]) == 1
    for number in range(7):
        make_path(ann, str(number))
    pass_time(monkeypatch, minutes=3)
    monkeypatch.setattr(reminders, "BATCH", 3)
    with count_statements(server) as statements:
        server.run(reminders_of_server.give_all())
    assert len([sql for sql in statements if sql.startswith("UPDATE tasks")]) == 3


@pytest.mark.busy
@pytest.mark.engines("postgresql")
def test_a_look_reads_no_task_whose_reminder_is_not_due(own_database_url: str, still: None) -> None:
    with serving(settings_for(own_database_url)) as server:
        ann = server.person()

    async def look(db: Database) -> None:
        await db._execute_sql(
            "INSERT INTO tasks (user_id, title, remind_at) SELECT $1, 'Task', "
            "CASE WHEN n % 2 = 0 THEN now() + interval '1 day' END FROM generate_series(1, 10000) AS n",
            ann.id,
        )
        await db._execute_sql("ANALYZE tasks")
        sql = f"SELECT * FROM tasks WHERE remind_at <= $1 ORDER BY remind_at LIMIT {BATCH}"
        plan = await explain_sql(db, sql, [datetime.now(UTC)])
        assert count_rows_read(plan, "tasks") == 0

    with_database(own_database_url, look)
