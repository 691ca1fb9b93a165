# test_dates.py -- when a task is due, over HTTP: what goes together, and what a change takes along.
from datetime import UTC, datetime
from typing import Any

import pytest

from support.api.problems import problem_of
from support.api.user_streams import find_end
from support.servers import Person, Server

BERLIN = "Europe/Berlin"
NOTHING = {
    **dict.fromkeys(("due_on", "due_at", "due_timezone", "repeats", "reminder_at", "list")),
    "priority": "none",
}


@pytest.fixture
def ann(server: Server) -> Person:
    return server.person(timezone=BERLIN)


def plan_of(task: dict[str, Any]) -> dict[str, Any]:
    return {name: task[name] for name in NOTHING}


@pytest.mark.also_on_mariadb
def test_a_task_without_a_plan_has_its_place_by_the_time_at_which_it_was_made(ann: Person) -> None:
    first, second = ann.post("/v1/tasks", title="One"), ann.post("/v1/tasks", title="Two")
    assert plan_of(first) == NOTHING
    made = datetime.fromisoformat(first["created_at"]).timestamp() * 1000
    assert first["position"] == pytest.approx(made, abs=0.001)
    assert first["position"] < second["position"]


@pytest.mark.also_on_mariadb
def test_all_of_a_plan_is_kept_and_listed_and_told(ann: Person) -> None:
    plan = {
        "due_at": "2026-06-03T17:00:00+02:00",
        "due_timezone": "America/New_York",
        "repeats": "FREQ=WEEKLY;BYDAY=WE",
        "reminder_at": "2026-06-03T16:30",
        "priority": "high",
        "position": -1.5,
        "list": " Work ü ",
    }
    after = find_end(ann)
    task = ann.post("/v1/tasks", title="Call", **plan)
    assert {name: task[name] for name in plan} == {
        **plan,
        "due_at": "2026-06-03T15:00:00.000000Z",
        "reminder_at": "2026-06-03T20:30:00.000000Z",
        "list": "Work ü",
    }
    assert ann.get("/v1/tasks")["data"] == [task] == [ann.get(f"/v1/tasks/{task['id']}")]
    told = [
        event["task"]
        for event in ann.get("/v1/changes", after=after)["data"]
        if event["type"] == "task.created"
    ]
    assert told == [task]
    again = ann.patch(f"/v1/tasks/{task['id']}", title="Call mom")
    assert again == {**task, "title": "Call mom", "updated_at": again["updated_at"]}


def test_a_clock_time_is_that_of_the_zone_sent_of_the_task_or_of_the_person(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Call", due_at="2026-06-03T17:00")
    assert (task["due_at"], task["due_timezone"]) == ("2026-06-03T15:00:00.000000Z", BERLIN)
    path = f"/v1/tasks/{task['id']}"
    task = ann.patch(path, due_at="2026-06-03 17:00:30", due_timezone="Asia/Tokyo")
    assert (task["due_at"], task["due_timezone"]) == ("2026-06-03T08:00:30.000000Z", "Asia/Tokyo")
    assert ann.patch(path, due_at="2026-06-04T17:00")["due_at"] == "2026-06-04T08:00:00.000000Z"
    assert ann.patch(path, due_timezone=None)["due_timezone"] == BERLIN
    assert ann.patch(path, reminder_at="2026-06-04T17:00")["reminder_at"] == "2026-06-04T15:00:00.000000Z"


def test_a_new_due_date_takes_the_place_of_the_other_kind(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Call", due_at="2026-06-03T17:00", repeats="FREQ=DAILY")
    path = f"/v1/tasks/{task['id']}"
    task = ann.patch(path, due_on="2026-06-05")
    assert (task["due_on"], task["due_at"], task["repeats"]) == ("2026-06-05", None, "FREQ=DAILY")
    task = ann.patch(path, due_at="2026-06-05T08:00", due_on=None)
    assert (task["due_on"], task["due_at"]) == (None, "2026-06-05T06:00:00.000000Z")
    assert ann.patch(path, due_on=None)["due_at"] == "2026-06-05T06:00:00.000000Z"
    assert plan_of(ann.patch(path, due_at=None)) == NOTHING


def test_what_does_not_go_together_is_refused_and_changes_nothing(ann: Person) -> None:
    refused: list[dict[str, Any]] = [
        {"due_on": "2026-06-03", "due_at": "2026-06-03T17:00"},
        {"repeats": "FREQ=DAILY"},
        {"due_timezone": BERLIN},
        {"due_on": "2026-06-03", "repeats": "FREQ=HOURLY"},
        {"due_on": "2026-06-03", "repeats": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
        {"due_on": "2999-12-31", "repeats": "FREQ=DAILY"},
    ]
    task = ann.post("/v1/tasks", title="Call")
    path = f"/v1/tasks/{task['id']}"
    for fields in refused:
        problem_of(ann.http.post("/v1/tasks", json={"title": "Call", **fields}), 422)
        problem_of(ann.http.patch(path, json={"title": "Other", **fields}), 422)
    problem_of(
        ann.http.post(
            "/v1/tasks",
            json={"title": "x", "completed": True, "due_on": "2026-06-03", "repeats": "FREQ=DAILY"},
        ),
        422,
    )
    assert ann.get("/v1/tasks")["data"] == [task]
    done = ann.patch(path, completed=True)
    problem_of(ann.http.patch(path, json={"due_on": "2026-06-03", "repeats": "FREQ=DAILY"}), 422)
    assert ann.get(path) == done
    dated = ann.patch(path, completed=False, due_on="2026-06-03", repeats="FREQ=DAILY")
    problem_of(ann.http.patch(path, json={"due_on": None, "repeats": "FREQ=WEEKLY"}), 422)
    assert ann.get(path) == dated


@pytest.mark.also_on_mariadb
def test_a_position_has_its_digits(ann: Person) -> None:
    for position in (0.1, 1764291600000.123, -1e15, 5e-324, 1e15):
        task = ann.post("/v1/tasks", title="Call", position=position)
        assert ann.get(f"/v1/tasks/{task['id']}")["position"] == task["position"] == position
    assert ann.get("/v1/tasks", sort="position")["data"][0]["position"] == -1e15


def test_times_are_milliseconds_for_whoever_asks_and_days_stay_days(ann: Person) -> None:
    fields = {"title": "Call", "due_at": "2026-06-03T15:00:00Z", "reminder_at": "2026-06-03T14:00:00Z"}
    answer = ann.http.post("/v1/tasks", json=fields, headers={"Prefer": "timestamps=epoch-ms"}).json()
    moment = datetime(2026, 6, 3, 15, tzinfo=UTC).timestamp() * 1000
    assert (answer["due_at"], answer["reminder_at"]) == (moment, moment - 3_600_000)
