# test_changes_pages.py -- GET /v1/changes gives a client that polls what one that streams sees.
from typing import Any

import pytest

from access import SYSTEM
from db import Database
from services import events
from support.api.user_streams import opened, reset, until
from support.servers import Person, Server, with_database

pytestmark = pytest.mark.also_on_mariadb


def read_pages(person: Person, after: int, limit: int) -> list[dict[str, Any]]:
    """All that comes after a position, page by page."""
    seen: list[dict[str, Any]] = []
    while True:
        page = person.get("/v1/changes", after=after, limit=limit)
        assert page["reset"] is False
        assert len(page["data"]) <= limit
        if not page["data"]:
            assert page["next_after"] == after
            return seen
        seen += page["data"]
        after = page["next_after"]
        assert after == seen[-1]["seq"]


def test_a_client_that_polls_sees_what_one_that_streams_sees(server: Server, carl: Person) -> None:
    with opened(carl) as stream:
        start = reset(stream)
        carl.chat("add buy milk")
        task = carl.post("/v1/tasks", title="Last of all")
        streamed = until(stream, "run.completed")
        while streamed[-1].data.get("task") != task:
            streamed += until(stream, "task.created")
    expected = [{"type": event.type, "seq": event.id, **event.data} for event in streamed]
    assert len(expected) > 5
    for limit in (1, 4, 100):
        assert read_pages(carl, start, limit) == expected


def test_a_position_that_the_log_does_not_reach_is_a_reset(
    own_database_url: str, scripted: Server, carl: Person
) -> None:
    assert carl.get("/v1/changes") == {"data": [], "next_after": 0, "reset": True}
    assert carl.get("/v1/changes", after=0) == {"data": [], "next_after": 0, "reset": False}
    carl.post("/v1/tasks", title="Buy milk")
    assert carl.get("/v1/changes") == {"data": [], "next_after": 1, "reset": True}
    assert carl.get("/v1/changes", after=5) == {"data": [], "next_after": 1, "reset": True}
    assert [change["type"] for change in carl.get("/v1/changes", after=0)["data"]] == ["task.created"]

    async def forget(db: Database) -> None:
        await db.write(events.delete_old_events, SYSTEM, -1)

    with_database(own_database_url, forget)
    assert carl.get("/v1/changes", after=0) == {"data": [], "next_after": 1, "reset": True}
    assert carl.get("/v1/changes", after=1) == {"data": [], "next_after": 1, "reset": False}


def test_another_person_sees_nothing_of_it(server: Server, ann: Person, carl: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    assert [change["type"] for change in ann.get("/v1/changes", after=0)["data"]] == ["task.created"]
    assert carl.get("/v1/changes", after=0) == {"data": [], "next_after": 0, "reset": False}


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", f"after={10**18}", "limit=0", "limit=101", "limit=x"]
)
def test_what_is_no_position_is_refused(server: Server, carl: Person, query: str) -> None:
    assert carl.http.get(f"/v1/changes?{query}").status_code == 422


def test_a_stream_says_when_to_come_back(server: Server, carl: Person) -> None:
    with carl.http.stream("GET", "/v1/events/stream") as answer:
        assert next(answer.iter_lines()) == "retry: 2000"
