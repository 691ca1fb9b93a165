# tests/services/test_tasks.py
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from support.servers import Person, Server


@pytest.mark.also_on_mariadb
def test_a_task_is_made_changed_and_deleted(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="  Buy milk ", description="2 litres")
    assert (task["title"], task["description"], task["completed"]) == ("Buy milk", "2 litres", False)
    changed = ann.patch(f"/v1/tasks/{task['id']}", completed=True)
    assert changed["completed"] is True
    assert changed["title"] == "Buy milk"
    assert changed["updated_at"] > task["updated_at"]
    assert changed["created_at"] == task["created_at"]
    assert ann.get(f"/v1/tasks/{task['id']}") == changed
    ann.delete(f"/v1/tasks/{task['id']}")
    assert ann.http.get(f"/v1/tasks/{task['id']}").status_code == 404


@pytest.mark.also_on_mariadb
def test_an_item_of_a_list_and_the_same_item_alone_are_equal(ann: Person) -> None:
    made = [
        ann.post("/v1/tasks", title=f'Task "{n}" ü 😀', description="a\n\tb\\" if n else None)
        for n in range(3)
    ]
    listed = ann.get("/v1/tasks")
    assert listed == {"data": made[::-1], "next_cursor": None}
    assert [ann.get(f"/v1/tasks/{task['id']}") for task in listed["data"]] == listed["data"]


@pytest.mark.also_on_mariadb
def test_pages_follow_each_other_without_gap_or_repetition(ann: Person) -> None:
    made = [ann.post("/v1/tasks", title=f"Task {n}")["id"] for n in range(7)]
    seen: list[str] = []
    cursor = None
    sizes = []
    while True:
        page = ann.get("/v1/tasks", limit=3, **({"cursor": cursor} if cursor else {}))
        sizes.append(len(page["data"]))
        seen += [task["id"] for task in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sizes == [3, 3, 1]
    assert seen == made[::-1]


def test_a_page_that_ends_exactly_at_the_end_has_no_cursor(ann: Person) -> None:
    for n in range(2):
        ann.post("/v1/tasks", title=f"Task {n}")
    assert ann.get("/v1/tasks", limit=2)["next_cursor"] is None


@pytest.mark.also_on_mariadb
def test_tasks_are_filtered_by_state_and_by_words(ann: Person) -> None:
    ann.post("/v1/tasks", title="Buy MILK")
    ann.post("/v1/tasks", title="Cook", description="with milk", completed=True)
    ann.post("/v1/tasks", title="100% done_")

    def titles(**filters: object) -> list[str]:
        return [task["title"] for task in ann.get("/v1/tasks", **filters)["data"]]

    assert titles(q="milk") == ["Cook", "Buy MILK"]
    assert titles(q="milk", completed=False) == ["Buy MILK"]
    assert titles(completed=True) == ["Cook"]
    assert titles(q="%") == ["100% done_"]
    assert titles(q="_") == ["100% done_"]
    assert titles(q="nothing") == []


@pytest.mark.engines("sqlite")
def test_a_description_can_be_taken_away(ann: Person) -> None:
    task = ann.post("/v1/tasks", title="Buy milk", description="2 litres")
    assert ann.patch(f"/v1/tasks/{task['id']}", description=None)["description"] is None


def test_what_was_done_is_counted_by_day_of_ones_own_time_zone(server: Server) -> None:
    zone = ZoneInfo("Pacific/Auckland")
    ann = server.person(timezone="Pacific/Auckland")
    today = datetime.now(zone).date()
    for number in range(3):
        task = ann.post("/v1/tasks", title=f"Task {number}")
        ann.patch(f"/v1/tasks/{task['id']}", completed=True)
    ann.patch(f"/v1/tasks/{task['id']}", completed=False)
    days = ann.get("/v1/tasks/done")["data"]
    assert len(days) == 28
    assert [day["date"] for day in days] == [str(today - timedelta(days=27 - n)) for n in range(28)]
    assert [day["count"] for day in days] == [0] * 27 + [2]
    assert len(ann.get("/v1/tasks/done", days=1)["data"]) == 1


@pytest.mark.parametrize("days", [0, -1, 93, "x"])
@pytest.mark.engines("sqlite")
def test_how_many_days_are_counted_is_bounded(ann: Person, days: object) -> None:
    assert ann.http.get("/v1/tasks/done", params={"days": days}).status_code == 422  # type: ignore[dict-item]
