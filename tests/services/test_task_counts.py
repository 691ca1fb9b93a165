# test_task_counts.py -- how many open tasks are overdue, of today, of later, and without a date; and their lists.
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from support.servers import Person, Server

pytestmark = pytest.mark.also_on_mariadb
# Where it is between noon and one: no day begins or ends while a test runs.
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
NOW = datetime.now(ZoneInfo(ZONE))
YESTERDAY, TODAY, TOMORROW, LATER = (str(NOW.date() + timedelta(days)) for days in (-1, 0, 1, 40))


@pytest.fixture
def ann(server: Server) -> Person:
    person = server.person()
    person.patch("/v1/me", timezone=ZONE)
    return person


def titles(person: Person, **filters: Any) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks", completed=False, **filters)["data"]]


def test_every_open_task_is_counted_once_and_stands_in_the_list_of_its_kind(ann: Person) -> None:
    for title, plan in {
        "late day": {"due_on": YESTERDAY},
        "late hour": {"due_at": f"{TODAY}T11:59"},
        "day": {"due_on": TODAY},
        "evening": {"due_at": f"{TODAY}T23:00"},
        "tomorrow": {"due_on": TOMORROW},
        "tomorrow early": {"due_at": f"{TOMORROW}T00:30"},
        "far": {"due_on": "2999-01-01"},
        "some time": {},
    }.items():
        ann.post("/v1/tasks", title=title, **plan)
    ann.post("/v1/tasks", title="done", due_on=TODAY, completed=True)
    assert ann.get("/v1/tasks/counts") == {"overdue": 2, "today": 2, "upcoming": 3, "undated": 1}
    assert titles(ann, overdue=True, sort="due") == ["late day", "late hour"]
    assert titles(ann, overdue=False, due_before=TOMORROW, sort="due") == ["evening", "day"]
    assert titles(ann, due_after=TOMORROW, sort="due") == ["tomorrow early", "tomorrow", "far"]
    assert titles(ann, dated=False, sort="position") == ["some time"]
    assert len(titles(ann, dated=True)) == 7
    assert ann.get("/v1/tasks/counts", q="EARLY") == {"overdue": 0, "today": 0, "upcoming": 1, "undated": 0}


def test_tasks_of_others_are_not_counted(server: Server, ann: Person) -> None:
    server.person().post("/v1/tasks", title="Theirs")
    assert ann.get("/v1/tasks/counts") == {"overdue": 0, "today": 0, "upcoming": 0, "undated": 0}


@pytest.mark.engines("sqlite")
def test_a_line_is_read_as_a_task_that_can_be_added_as_it_stands(ann: Person) -> None:
    [draft] = ann.post("/v1/tasks/parse", lines=["call the bank tomorrow at 9am !high #home"])["data"]
    words = draft.pop("words")
    assert words == [
        {"says": "due", "text": "tomorrow at 9am"},
        {"says": "priority", "text": "!high"},
        {"says": "list", "text": "#home"},
    ]
    assert ann.get("/v1/tasks")["data"] == []
    task = ann.post("/v1/tasks", **draft)
    moment = datetime.fromisoformat(task["due_at"]).astimezone(ZoneInfo(ZONE))
    assert (task["title"], moment.isoformat()[:16]) == ("call the bank", f"{TOMORROW}T09:00")
    assert (task["priority"], task["list"], task["due_timezone"]) == ("high", "home", ZONE)


@pytest.mark.engines("sqlite")
def test_lines_are_read_in_order_and_bounded(ann: Person) -> None:
    drafts = ann.post("/v1/tasks/parse", lines=["milk", "", f"rent on {LATER}"])["data"]
    assert [(draft["title"], draft["due_on"]) for draft in drafts] == [
        ("milk", None),
        ("", None),
        ("rent", LATER),
    ]
    for lines in ([], ["x"] * 51, ["x" * 501], ["x" * 500] * 11, ["a\0"], [7], "milk"):
        assert ann.http.post("/v1/tasks/parse", json={"lines": lines}).status_code == 422
    assert len(ann.post("/v1/tasks/parse", lines=["x" * 500] * 10)["data"]) == 10
