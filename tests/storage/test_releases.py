# test_releases.py -- databases that former releases have filled: upgraded, whole, and still somebody's.
import re
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pytest

from due_dates.times import to_local
from support.databases.catalog import Catalog, Place, difference, empty_place
from support.databases.releases import EMAIL, FILES, FOLDER, restore
from support.servers import serving, settings_for

RELEASES = sorted(folder.name for folder in FOLDER.iterdir())
MAX_BYTES = 200 * 1024
# Tables with a time that a trigger moves with every change.
MOVING = ("users", "tasks", "conversations")
# Tables of a release that later revisions did away with.
DROPPED = {"event_sequences"}


@pytest.fixture
def new(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Iterator[Place]:
    """An empty place on the same engine."""
    folder = tmp_path / "new"
    folder.mkdir()
    yield from empty_place(request, place.engine, folder)


def without_casts(catalog: Catalog) -> Catalog:
    """PostgreSQL adds casts to a CHECK each time that it reads one, from a dump for instance."""
    return {
        name: re.sub(r"::(text|character varying)(\[\])?|[()]", "", text) for name, text in catalog.items()
    }


def read_updates(place: Place) -> list[str]:
    """When each row was last changed."""
    return [line for table in MOVING for line in place.run(f"SELECT id, updated_at FROM {table} ORDER BY id")]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.busy
def test_an_upgraded_database_has_all_its_rows_and_the_schema_of_a_new_one(
    place: Place, new: Place, release: str
) -> None:
    restore(FOLDER / release, place)
    before, updates = place.counts(), read_updates(place)
    assert 0 not in before.values()
    place.start(auto_migrate=True)
    new.start()
    assert difference(without_casts(new.catalog()), without_casts(place.catalog())) == []
    after = place.counts()
    kept = before.keys() - DROPPED
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}
    assert read_updates(place) == updates


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.busy
def test_people_find_what_they_left_and_go_on(place: Place, release: str) -> None:
    restore(FOLDER / release, place)
    with serving(settings_for(place.url, auto_migrate=True)) as server:
        ann = server.sign_in(EMAIL)
        titles = {task["title"]: task["completed"] for task in ann.get("/v1/tasks")["data"]}
        assert titles == {"Buy milk": False, "Call mom": True, "Pay rent": False, "Water the plants": False}
        [call] = [task for task in ann.get("/v1/tasks")["data"] if task["title"] == "Call mom"]
        assert (call["due_timezone"], call["description"]) == ("Europe/Berlin", None)
        assert to_local(datetime.fromisoformat(call["due_at"]), "Europe/Berlin").time() == time(9)
        [chat] = [
            item for item in ann.get("/v1/conversations")["data"] if item["title"].startswith("add call mom")
        ]
        messages = ann.get(f"/v1/conversations/{chat['id']}/messages")["data"]
        assert [message["role"] for message in messages] == ["user", "agent"] * 4
        answer = ann.chat("I paid the rent", conversation_id=chat["id"])
        assert answer["status"] == "completed"
        assert [call["name"] for call in answer["tool_calls"]][-1] == "complete_task"


@pytest.mark.parametrize("release", RELEASES)
def test_a_fixture_is_small(release: str) -> None:
    sizes = {name: (FOLDER / release / name).stat().st_size for name in FILES.values()}
    assert [name for name, size in sizes.items() if size > MAX_BYTES] == []
