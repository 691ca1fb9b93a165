# test_repetition.py -- to complete a repeating task makes the next one, by REST and by tools.
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from access import Caller
from db import Database, Transaction
from support.api.problems import problem_of
from support.api.user_streams import find_end
from support.databases.statement_counts import count_statements
from support.servers import Person, Server, in_database, with_database
from tools.registry import call_tool

BERLIN = "Europe/Berlin"
# Whatever day it is, this is to come, and the clocks change on its way: 29 March and 31 October 2293.
YEAR = 2293


@pytest.fixture
def ann(server: Server) -> Person:
    return server.person(timezone=BERLIN)


def complete(ann: Person, task: dict[str, Any]) -> dict[str, Any]:
    """The task as it is then."""
    done: dict[str, Any] = ann.patch(f"/v1/tasks/{task['id']}", completed=True)
    return done


def list_open(ann: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ann.get("/v1/tasks", completed=False)["data"]
    return found


@pytest.mark.also_on_mariadb
def test_the_next_one_has_all_of_the_task_that_is_done_and_events_tell_of_both(ann: Person) -> None:
    plan = {"priority": "high", "position": 5.0, "list": "Work", "description": "With care."}
    after = find_end(ann)
    task = ann.post(
        "/v1/tasks",
        title="Report",
        due_at=f"{YEAR}-03-23T08:00",
        reminder_at=f"{YEAR}-03-22T18:00",
        repeats="FREQ=WEEKLY;COUNT=3",
        **plan,
    )
    done = complete(ann, task)
    kept = ("title", "due_at", "due_timezone", "reminder_at", *plan)
    assert {name: done[name] for name in kept} == {name: task[name] for name in kept}
    assert done["repeats"] is None and done["completed_at"] is not None
    [following] = list_open(ann)
    copied = ("title", "due_timezone", *plan)
    assert {name: following[name] for name in copied} == {name: task[name] for name in copied}
    assert following["due_at"] == f"{YEAR}-03-30T06:00:00.000000Z"  # summer time: eight o'clock all the same
    assert following["reminder_at"] == f"{YEAR}-03-29T16:00:00.000000Z"
    assert following["repeats"] == "FREQ=WEEKLY;COUNT=2"
    events = ann.get("/v1/changes", after=after)["data"]
    told = [(event["type"], event["task"]) for event in events if event["type"].startswith("task.")]
    assert told == [("task.created", task), ("task.updated", done), ("task.created", following)]


def test_a_count_and_an_until_end_the_repetition(ann: Person) -> None:
    for rule, times in (("FREQ=DAILY;COUNT=3", 3), (f"FREQ=DAILY;UNTIL={YEAR}0602", 2)):
        ann.post("/v1/tasks", title=rule, due_on=f"{YEAR}-06-01", repeats=rule)
        done = 0
        while tasks := list_open(ann):
            [task] = tasks
            assert task["due_on"] == f"{YEAR}-06-0{done + 1}"
            assert complete(ann, task)["repeats"] is None
            done += 1
        assert done == times


def test_what_is_long_overdue_comes_next_when_it_is_not_past(ann: Person) -> None:
    today = datetime.now(ZoneInfo(BERLIN)).date()
    complete(ann, ann.post("/v1/tasks", title="Water", due_on="2020-01-01", repeats="FREQ=DAILY;COUNT=9"))
    [task] = list_open(ann)
    assert task["due_on"] in (str(today), str(today + timedelta(1)))  # the day may have changed meanwhile
    assert task["repeats"] == "FREQ=DAILY;COUNT=8"


def test_to_open_the_completed_one_leaves_the_next_one_there(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Water", due_on=f"{YEAR}-06-01", repeats="FREQ=DAILY")
    complete(ann, task)
    reopened = ann.patch(f"/v1/tasks/{task['id']}", completed=False)
    assert (reopened["repeats"], reopened["due_on"]) == (None, f"{YEAR}-06-01")
    assert len(list_open(ann)) == 2
    complete(ann, reopened)
    assert len(list_open(ann)) == 1


@pytest.mark.also_on_mariadb
def test_two_at_once_make_one_next_task(ann: Person) -> None:
    for _ in range(4):
        task = ann.post("/v1/tasks", title="Water", due_on=f"{YEAR}-06-01", repeats="FREQ=DAILY", list="Now")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: complete(ann, task), range(4)))  # noqa: B023 -- done within the round
        [following] = ann.get("/v1/tasks", completed=False, list="Now")["data"]
        ann.delete(f"/v1/tasks/{following['id']}")


def test_a_task_that_does_not_repeat_costs_no_more_than_before(
    server: Server, ann: Person, engine_name: str
) -> None:
    task, other = ann.post("/v1/tasks", title="Once"), ann.post("/v1/tasks", title="Once more")
    complete(ann, task)
    with count_statements(server) as statements:
        complete(ann, other)
    # The event and what undoes the change are one statement on PostgreSQL.
    most = 3 if engine_name == "postgresql" else 4
    assert len([sql for sql in statements if sql.startswith(("SELECT", "UPDATE", "INSERT", "WITH"))]) <= most


@pytest.mark.engines("sqlite")
def test_a_rule_that_came_by_sql_is_refused_in_words_until_it_is_cleared(server: Server, ann: Person) -> None:
    task = ann.post("/v1/tasks", title="By SQL", due_on=f"{YEAR}-06-01", repeats="FREQ=DAILY")

    async def spoil(db: Database) -> None:
        async with db.engine.begin() as connection:
            await connection.execute(text("UPDATE tasks SET repeats = 'every day' WHERE title = 'By SQL'"))

    with_database(server.settings.database_url.get_secret_value(), spoil)
    path = f"/v1/tasks/{task['id']}"
    for change in ({"completed": True}, {"due_on": f"{YEAR}-06-02"}):
        problem = problem_of(ann.http.patch(path, json=change), 422)
        assert "by a rule that is not understood" in str(problem["errors"])
    assert ann.patch(path, title="Water the plants")["repeats"] == "every day"
    assert ann.patch(path, completed=True, repeats=None)["completed"]
    assert list_open(ann) == []


@pytest.mark.parametrize("tool", ["complete_task", "update_task"])
def test_tools_do_the_same_and_show_the_next_one(server: Server, ann: Person, tool: str) -> None:
    task = ann.post("/v1/tasks", title="Water", due_at=f"{YEAR}-06-01T08:00", repeats="FREQ=DAILY")
    caller = Caller(ann.id, None, BERLIN)

    async def call(tx: Transaction) -> dict[str, Any]:
        return await call_tool(tx, caller, tool, {"task_id": task["id"], "completed": True})

    answer = in_database(server, call)
    [following] = list_open(ann)
    assert answer["next"] == following
    assert datetime.fromisoformat(following["due_at"]) == datetime(YEAR, 6, 2, 6, tzinfo=UTC)
    answer = in_database(server, call)
    assert "next" not in answer


def test_tools_take_a_clock_time_and_list_by_the_same_filters(server: Server, ann: Person) -> None:
    caller = Caller(ann.id, None, BERLIN)

    async def work(tx: Transaction) -> dict[str, Any]:
        due = {"due_at": f"{YEAR}-06-01T17:00", "due_timezone": "Asia/Tokyo"}
        await call_tool(tx, caller, "add_task", {"title": "Call", "list": "Work", "priority": "low", **due})
        await call_tool(tx, caller, "add_task", {"title": "Other", "due_on": f"{YEAR}-05-01"})
        bounds = {"due_after": f"{YEAR}-06-01", "due_before": f"{YEAR}-06-02"}
        return await call_tool(
            tx, caller, "list_tasks", {**bounds, "list": "Work", "sort": "due", "priority": "low"}
        )

    [task] = in_database(server, work)["tasks"]
    assert (task["title"], task["due_at"]) == ("Call", f"{YEAR}-06-01T08:00:00.000000Z")
