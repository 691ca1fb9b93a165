# test_task_lists.py -- tasks by due date, place, priority and list: what is shown, in which order, at what cost.
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from access import Caller
from db import Database
from pagination import build_page_statement
from services import tasks
from services.tasks import LISTS, TaskFilter
from support.databases.query_plans import count_rows_read, explain
from support.databases.statement_counts import count_statements
from support.servers import Person, Server, serving, settings_for, with_database

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
    assert titles(ann, list="shopping") == []
    assert titles(ann, priority="high") == ["report", "milk"]
    assert titles(ann, priority="high", list="Work", q="REP") == ["report"]
    assert ann.get("/v1/tasks/lists")["data"] == [
        {"name": None, "open": 1},
        {"name": "Shopping", "open": 2},
        {"name": "Work", "open": 1},
    ]


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
        *({"due_before": "2026-06-03T25:00"}, {"due_after": "9999-12-31T23:59:59-23:59"}, {"list": "a\0"}),
    ],
)
def test_a_filter_that_means_nothing_is_refused(ann: Person, asked: dict[str, str]) -> None:
    assert ann.http.get("/v1/tasks", params=asked).status_code == 422


def test_a_task_with_everything_is_one_statement_and_so_is_a_list_on_postgresql(
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
        assert len(changes) == len(statements) == 1
        with count_statements(server) as statements:
            ann.get("/v1/tasks", sort="due", list="Work", overdue=False)
        assert len(statements) == 1
    else:
        assert len(changes) == 1


FILL = """
INSERT INTO tasks (user_id, title, completed, due_by, position)
SELECT '{user}', 'task ' || n, n % 10 > 0, now() + n * interval '1 hour', n FROM generate_series(1, {many}) AS n;
"""


@pytest.mark.busy
@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("sort", ["due", "position"])
@pytest.mark.parametrize("completed", [None, False])
def test_a_page_reads_no_more_than_it_shows_however_many_tasks_there_are(
    own_database_url: str, sort: tasks.Sort, completed: bool | None
) -> None:
    """Of a person who has done most of them; PostgreSQL sorts nothing."""
    with serving(settings_for(own_database_url)) as server:
        ann, bob = server.person(), server.person()
    statement, values = tasks.bind_task_filter(Caller(ann.id, None), TaskFilter(completed))
    moment = datetime.now(UTC) + timedelta(hours=MANY / 2)
    marks = {"completed": False, "due_by": moment, "position": MANY / 2, "id": UUID(int=0)}

    async def look(db: Database) -> None:
        for person in (ann, bob):
            await db._execute_sql(FILL.format(user=person.id, many=MANY))
        await db._execute_sql("ANALYZE tasks")
        for after in (False, True):
            paged = build_page_statement(LISTS[sort], statement, after, "postgresql")
            bounds = {f"after_{key.key}": marks[key.key] for key in LISTS[sort].keys} if after else {}
            plan = await explain(db, paged, {**values, **bounds, "page_limit": 51})
            assert count_rows_read(plan, "tasks") == 51
            assert "Sort" not in list_nodes(plan)

    with_database(own_database_url, look)


def list_nodes(plan: dict[str, Any]) -> list[str]:
    parts = [name for part in plan.get("Plans", []) for name in list_nodes(part)]
    return [plan["Node Type"], *parts]
