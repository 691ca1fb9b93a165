# test_changes_pages.py -- GET /v1/changes gives a client that polls what one that streams sees.
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

import access
from access import SYSTEM
from clock import utc_now
from db import Database
from events import changes, event_log
from models import Event
from support.api.user_streams import find_end, opened, reset, until
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
            return seen
        seen += page["data"]
        after = page["next_after"]
        assert after >= seen[-1]["seq"]


@pytest.mark.busy
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
    end = find_end(carl)
    assert carl.get("/v1/changes") == {"data": [], "next_after": end, "reset": True}
    assert carl.get("/v1/changes", after=end) == {"data": [], "next_after": end, "reset": False}
    carl.post("/v1/tasks", title="Buy milk")
    assert carl.get("/v1/changes") == {"data": [], "next_after": end + 1, "reset": True}
    assert carl.get("/v1/changes", after=end + 2) == {"data": [], "next_after": end + 1, "reset": True}
    assert [change["type"] for change in carl.get("/v1/changes", after=end)["data"]] == ["task.created"]

    async def forget(db: Database) -> None:
        async with db.transaction() as tx:
            old = (access.visible_condition(SYSTEM, Event), col(Event.expires_at).is_not(None))
            await tx.execute(update(Event).where(*old).values(expires_at=utc_now()))
        await db.write(event_log.delete_old_events, SYSTEM)

    with_database(own_database_url, forget)
    assert carl.get("/v1/changes", after=end) == {"data": [], "next_after": end + 1, "reset": True}
    assert carl.get("/v1/changes", after=end + 1) == {"data": [], "next_after": end + 1, "reset": False}


def test_another_person_sees_nothing_of_it(ann: Person, bob: Person) -> None:
    end = find_end(bob)
    ann.post("/v1/tasks", title="Buy milk")
    assert [change["type"] for change in ann.get("/v1/changes", after=end)["data"]] == ["task.created"]
    page = bob.get("/v1/changes", after=end)
    assert (page["data"], page["reset"]) == ([], False)
    assert page["next_after"] > end  # what is not for him is behind him, too


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", f"after={10**18}", "limit=0", "limit=101", "limit=x"]
)
def test_what_is_no_position_is_refused(server: Server, carl: Person, query: str) -> None:
    assert carl.http.get(f"/v1/changes?{query}").status_code == 422


def test_a_stream_says_when_to_come_back(server: Server, carl: Person) -> None:
    with carl.http.stream("GET", "/v1/events/stream") as answer:
        assert next(answer.iter_lines()) == "retry: 2000"


def test_pages_are_whole_however_far_apart_the_events_of_a_person_stand(
    server: Server, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "FIRST_WINDOW", 1)
    monkeypatch.setattr(changes, "WINDOW_GROWTH", 2)
    start = find_end(ann)
    for number in range(6):
        ann.post("/v1/tasks", title=str(number))
        for _ in range(number):
            bob.post("/v1/tasks", title="Another's")
    for limit in (1, 4, 100):
        seen = read_pages(ann, start, limit)
        assert [change["task"]["title"] for change in seen] == [str(number) for number in range(6)]
    assert ann.get("/v1/changes", after=start)["next_after"] == find_end(ann)
