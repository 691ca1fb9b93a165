# test_drill.py -- the drill: a backup while people write, restored elsewhere, has all that was acknowledged before.
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from backups.archive import open_archive
from storage.schema.revisions import METADATA
from support.databases.catalog import Place
from support.servers import Person, Server, serving, settings_for, wait_until

WRITERS = 3
ENOUGH = 3


class Writer(threading.Thread):
    """Somebody who adds tasks, by themselves and by the agent, and notes each once it is acknowledged."""

    def __init__(self, person: Person) -> None:
        super().__init__(name=f"writer-{person.id}")
        self.person = person
        self.acknowledged: list[str] = []
        self.messages: list[str] = []
        self.ended = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ended.is_set():
                self.acknowledged.append(self.person.post("/v1/tasks", title="Water the plants")["id"])
                answer = self.person.chat("add buy milk")
                self.messages.append(answer["message"]["id"])
        except BaseException as error:
            self.failure = error
            raise


@contextmanager
def writing(server: Server) -> Iterator[list[Writer]]:
    writers = [Writer(server.person()) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.ended.set()
        for writer in writers:
            writer.join()


def read_ids(place: Place, table: str) -> set[str]:
    return {line.replace("-", "") for line in place.run(f"SELECT id FROM {table}")}


def strip(ids: list[str]) -> set[str]:
    return {id_.replace("-", "") for id_ in ids}


def count_orphans(place: Place) -> dict[str, int]:
    """For each foreign key, how many rows point to one that is not there."""
    found = {}
    for table in METADATA.sorted_tables:
        for key in table.foreign_key_constraints:
            pairs = [(element.parent.name, element.column.name) for element in key.elements]
            there = " AND ".join(f"parent.{other} = child.{own}" for own, other in pairs)
            given = " AND ".join(f"child.{own} IS NOT NULL" for own, _ in pairs)
            parent = key.referred_table.name
            missing = f"NOT EXISTS (SELECT 1 FROM {parent} parent WHERE {there})"
            [count] = place.run(f"SELECT count(*) FROM {table.name} child WHERE {given} AND {missing}")
            found[f"{table.name}.{key.name}"] = int(count)
    return found


@pytest.mark.slow
@pytest.mark.also_on_mariadb
def test_what_was_acknowledged_before_a_backup_under_load_is_there_after_a_restore(
    own_database_url: str, empty: Place, parley: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "parley.zip"
    with serving(settings_for(own_database_url)) as server, writing(server) as writers:
        wait_until(lambda: all(len(writer.messages) >= ENOUGH for writer in writers), 60)
        before = [(list(writer.acknowledged), list(writer.messages)) for writer in writers]
        made = parley(own_database_url, "backup", file)
        assert made.exit_code == 0, made.output
        # They were not held up, and what they wrote since then is not half in it.
        wait_until(lambda: all(len(w.messages) > len(b[1]) for w, b in zip(writers, before, strict=True)), 60)
    assert [writer.failure for writer in writers] == [None] * WRITERS

    assert parley(own_database_url, "backup", "--verify", file).exit_code == 0
    restored = parley(empty.url, "restore", file)
    assert restored.exit_code == 0, restored.output
    tasks, messages = read_ids(empty, "tasks"), read_ids(empty, "messages")
    assert {id_ for given, _ in before for id_ in strip(given)} <= tasks
    assert {id_ for _, given in before for id_ in strip(given)} <= messages
    with open_archive(file) as archive:
        counts = {**archive.manifest.tables}
    assert counts.pop("alembic_version") == 1
    assert counts == empty.counts()
    assert {key: count for key, count in count_orphans(empty).items() if count} == {}
    assert parley(empty.url, "db", "verify").output == "The database is what the models say.\n"
    with serving(settings_for(empty.url)) as server:
        person: Any = server.sign_in(writers[0].person.email)
        assert strip(before[0][0]) <= strip(
            [task["id"] for task in person.get("/v1/tasks", limit=100)["data"]]
        )
        assert person.chat("what is on my list?")["status"] == "completed"
