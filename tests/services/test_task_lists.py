# test_task_lists.py -- tasks by due date, place, priority and list: what is shown, in which order, at what cost.
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import access
from access import Caller
from db import Transaction
from models import Task
from support.databases.statement_counts import count_statements
from support.servers import Person, Server

BERLIN = "Europe/Berlin"
MANY = 20_000


@pytest.fixture
def ann(server: Server) -> Person:
    return server.person(timezone=BERLIN)


def titles(ann: Person, **asked: Any) -> list[str]:
    return [task["title"] for task in ann.get("/v1/tasks", **asked)["data"]]


def titles_by_page(ann: Person, **asked: Any) -> list[str]:
    found, cursor = [], None
    while True:
        page = ann.get("/v1/tasks", limit=2, **asked, **({"cursor": cursor} if cursor else {}))
        found += [task["title"] for task in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.also_on_mariadb
def test_what_is_due_soonest_comes_first_and_what_is_done_last(ann: Person) -> None:
    ann.post("/v1/tasks", title="some day")
    ann.post("/v1/tasks", title="on the 3rd", due_on="2026-06-03")
    ann.post("/v1/tasks", title="on the 3rd at five", due_at="2026-06-03T17:00")
    ann.post("/v1/tasks", title="on the 2nd", due_on="2026-06-02")
    ann.post("/v1/tasks", title="on the 1st, done", due_on="2026-06-01", completed=True)
    ann.post("/v1/tasks", title="on the 3rd in Hawaii", due_on="2026-06-03", due_timezone="Pacific/Honolulu")
    order = ["on the 2nd", "on the 3rd at five", "on the 3rd", "on the 3rd in Hawaii", "some day"]
    assert titles(ann, sort="due") == [*order, "on the 1st, done"]
    assert titles_by_page(ann, sort="due") == [*order, "on the 1st, done"]
    assert titles_by_page(ann, sort="due", completed=False) == order


@pytest.mark.also_on_mariadb
def test_tasks_stand_in_the_order_that_one_gave_them(ann: Person) -> None:
    for title in ("one", "two", "three", "four"):
        ann.post("/v1/tasks", title=title)
    one, two, *_ = reversed(ann.get("/v1/tasks")["data"])
    [three] = ann.get("/v1/tasks", q="three")["data"]
    ann.patch(f"/v1/tasks/{three['id']}", position=(one["position"] + two["position"]) / 2)
    assert titles(ann, sort="position") == ["one", "three", "two", "four"]
    ann.patch(f"/v1/tasks/{one['id']}", completed=True)
    assert titles_by_page(ann, sort="position") == ["three", "two", "four", "one"]


@pytest.mark.also_on_mariadb
def test_days_and_moments_bound_what_is_due(ann: Person) -> None:
    for title, due in {
        "2nd": {"due_on": "2026-06-02"},
        "3rd": {"due_on": "2026-06-03"},
        "3rd at 0:30": {"due_at": "2026-06-03T00:30"},
        "4th": {"due_on": "2026-06-04"},
        "never": {},
    }.items():
        ann.post("/v1/tasks", title=title, **due)

    def due(**asked: str) -> list[str]:
        return titles(ann, sort="due", **asked)

    assert due(due_before="2026-06-03") == ["2nd"]
    assert due(due_after="2026-06-03", due_before="2026-06-04") == ["3rd at 0:30", "3rd"]
    assert due(due_after="2026-06-04") == ["4th"]
    assert due(due_before="2026-06-03T00:30") == ["2nd", "3rd at 0:30"]
    assert due(due_before="2026-06-02T22:29:59Z") == ["2nd"]
    assert due(due_after="2026-06-02T22:30:00Z") == ["3rd", "4th"]


@pytest.mark.also_on_mariadb
def test_what_is_overdue_is_open_and_its_day_is_over_where_it_is_meant(ann: Person) -> None:
    now = datetime.now(ZoneInfo(BERLIN))
    today, yesterday = now.date(), now.date() - timedelta(1)
    ann.post("/v1/tasks", title="yesterday", due_on=str(yesterday))
    ann.post("/v1/tasks", title="yesterday, done", due_on=str(yesterday), completed=True)
    ann.post("/v1/tasks", title="today", due_on=str(today))
    ann.post("/v1/tasks", title="a minute ago", due_at=(now - timedelta(minutes=1)).isoformat())
    ann.post("/v1/tasks", title="some day")
    assert sorted(titles(ann, overdue=True)) == ["a minute ago", "yesterday"]
    assert sorted(titles(ann, overdue=False)) == ["some day", "today", "yesterday, done"]


@pytest.mark.also_on_mariadb
def test_days_and_moments_bound_when_it_was_done_where_one_is(server: Server, ann: Person) -> None:
    """In Berlin a day of June begins at 22:00 in UTC."""
    caller, done = (
        Caller(ann.id, None),
        {"1st": (1, 21, 59), "2nd": (1, 22, 0), "3rd": (2, 22, 0), "long ago": None},
    )

    async def write(tx: Transaction) -> None:
        for n, (title, at) in enumerate(done.items()):
            moment = at and datetime(2026, 6, *at, tzinfo=UTC)
            task = Task(user_id=caller.user_id, title=title, completed=True, completed_at=moment, position=n)
            access.add_row(tx, caller, task)

    server.run(server.state.db.write(write))
    ann.post("/v1/tasks", title="open")

    def found(**asked: str) -> list[str]:
        return titles_by_page(ann, sort="position", **asked)

    assert found(completed_after="2026-06-02", completed_before="2026-06-03") == ["2nd"]
    assert found(completed_after="2026-06-02") == ["2nd", "3rd"]
    assert found(completed_before="2026-06-02") == ["1st"]
    assert found(completed_after="2026-06-02T22:00:00Z") == ["3rd"]
    assert found(completed_before="2026-06-02T22:00:00Z", completed="true") == ["1st", "2nd"]
    assert found(completed_after="2026-06-02", completed="false") == []
    made = ann.post("/v1/tasks", title="now", completed=True)
    ann.patch(f"/v1/tasks/{made['id']}", completed=False)
    assert "now" not in found(completed_after="2026-06-02")


@pytest.mark.also_on_mariadb
def test_a_list_and_a_priority_choose_among_tasks(ann: Person) -> None:
    ann.post("/v1/tasks", title="milk", list="Shopping", priority="high")
    ann.post("/v1/tasks", title="bread", list="Shopping")
    ann.post("/v1/tasks", title="eggs", list="Shopping", completed=True)
    ann.post("/v1/tasks", title="report", list="Work", priority="high")
    ann.post("/v1/tasks", title="gift", list="Ideas", completed=True)
    ann.post("/v1/tasks", title="call")
    assert titles(ann, list="Shopping") == ["eggs", "bread", "milk"]
    assert titles(ann, list="Shopping", completed=False) == ["bread", "milk"]
    assert titles(ann, list="") == ["call"]
    assert titles(ann, list="Shop") == []
    assert titles(ann, priority="high") == ["report", "milk"]
    assert titles(ann, priority="high", list="Work", q="REP") == ["report"]
    assert ann.get("/v1/tasks/lists")["data"] == [
        {"name": None, "open": 1},
        {"name": "Shopping", "open": 2},
        {"name": "Work", "open": 1},
    ]


@pytest.mark.also_on_mariadb
def test_a_list_has_its_name_in_any_case_and_keeps_its_spelling(server: Server, ann: Person) -> None:
    server.person().post("/v1/tasks", title="hers", list="ÄRZTE")
    ann.post("/v1/tasks", title="teeth", list="Ärzte")
    ann.post("/v1/tasks", title="eyes", list="ärzte")
    moved = ann.post("/v1/tasks", title="skin")
    ann.patch(f"/v1/tasks/{moved['id']}", list="ÄRZTE")
    ann.post("/v1/tasks", title="done", list="Ärzte", completed=True)
    ann.post("/v1/tasks", title="other", list="Arzte")
    assert {task["list"] for task in ann.get("/v1/tasks", list="äRZTE")["data"]} == {"Ärzte"}
    assert titles(ann, list="äRZTE") == ["done", "skin", "eyes", "teeth"]
    assert titles_by_page(ann, list="ÄRZTE", completed=False, sort="position") == ["teeth", "eyes", "skin"]
    assert titles(ann, list="ärzte", completed=True) == ["done"]
    assert ann.get("/v1/tasks/lists")["data"] == [
        {"name": None, "open": 0},
        {"name": "Arzte", "open": 1},
        {"name": "Ärzte", "open": 3},
    ]
    ann.post("/v1/tasks", title="of a list without open tasks", list="Gone", completed=True)
    assert ann.post("/v1/tasks", title="again", list="GONE")["list"] == "Gone"


@pytest.mark.also_on_mariadb
def test_spellings_that_were_written_apart_are_one_list(server: Server, ann: Person) -> None:
    """As by an import, or by two requests at the same moment."""
    caller = Caller(ann.id, None)

    async def write(tx: Transaction) -> None:
        for n, name in enumerate(("work", "Work", "WORK", "Home")):
            task = Task(user_id=caller.user_id, title=f"task {n}", list=name, completed=n == 2, position=n)
            access.add_row(tx, caller, task)

    server.run(server.state.db.write(write))
    assert titles(ann, list="wOrK", sort="position") == ["task 0", "task 1", "task 2"]
    assert titles(ann, list="wOrK", sort="position", completed=False) == ["task 0", "task 1"]
    assert ann.get("/v1/tasks/lists")["data"][1:] == [
        {"name": "Home", "open": 1},
        {"name": "Work", "open": 2},
    ]
    assert ann.post("/v1/tasks", title="more", list="work")["list"] == "work"
    assert ann.post("/v1/tasks", title="more", list="wORK")["list"] == "WORK"


@pytest.mark.engines("sqlite")
def test_the_main_list_is_there_without_tasks_and_others_lists_are_not(server: Server, ann: Person) -> None:
    server.person().post("/v1/tasks", title="hers", list="Secret")
    assert ann.get("/v1/tasks/lists")["data"] == [{"name": None, "open": 0}]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "asked",
    [
        *(
            {"sort": ""},
            {"sort": "title"},
            {"priority": "urgent"},
            {"overdue": "perhaps"},
            {"list": "x" * 101},
        ),
        *(
            {"due_before": ""},
            {"due_before": "tomorrow"},
            {"due_after": "2026-02-30"},
            {"due_after": "3000-01-01"},
        ),
        *({"completed_before": "yesterday"}, {"completed_after": "2026-06-31"}),
        *({"due_before": "2026-06-03T25:00"}, {"due_after": "9999-12-31T23:59:59-23:59"}, {"list": "a\0"}),
    ],
)
def test_a_filter_that_means_nothing_is_refused(ann: Person, asked: dict[str, str]) -> None:
    assert ann.http.get("/v1/tasks", params=asked).status_code == 422


def test_a_task_with_everything_is_one_statement_on_postgresql_after_a_look_for_its_list(
    server: Server, ann: Person
) -> None:
    fields = {
        "due_on": "2026-06-03",
        "repeats": "FREQ=DAILY",
        "list": "Work",
        "reminder_at": "2026-06-03T08:00",
    }
    ann.post("/v1/tasks", title="warm up", **fields)
    with count_statements(server) as statements:
        ann.post("/v1/tasks", title="Call", **fields)
    changes = [sql for sql in statements if "tasks" in sql]
    if server.state.db.is_postgresql:
        assert len(changes) == len(statements) == 2
        with count_statements(server) as statements:
            ann.get("/v1/tasks", sort="due", list="Work", overdue=False)
        assert len(statements) == 2
    else:
        assert len(changes) == 1
