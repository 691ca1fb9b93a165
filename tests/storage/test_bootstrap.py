# test_bootstrap.py -- what the backend does with the schema when it starts, on each engine.
import subprocess
import sys

import pytest

from storage.schema.revisions import METADATA, list_revisions
from support.databases.catalog import Place, difference, migrated, query, read_catalog
from support.databases.postgres import PostgresServer
from support.source import BACKEND

HEAD = list_revisions()[-1]
USER = "INSERT INTO users (email, password_hash) VALUES ('ann@example.com', '-')"
STAMP = "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)"


def test_an_empty_database_gets_all_tables_and_the_stamp(place: Place) -> None:
    logs = place.start()
    assert logs == [{"event": "✅ Database tables initialized", "revision": HEAD, "log_level": "info"}]
    assert place.run("SELECT version_num FROM alembic_version") == [HEAD]
    for table in METADATA.tables:
        assert place.run(f"SELECT count(*) FROM {table}") == ["0"]


def test_a_second_start_changes_nothing_and_says_nothing(place: Place) -> None:
    place.start()
    place.run(USER)
    rows = place.run("SELECT * FROM users")
    assert place.start() == []
    assert place.run("SELECT * FROM users") == rows
    assert len(rows) == 1


def test_a_database_whose_stamp_was_taken_back_to_nothing_counts_as_empty(place: Place) -> None:
    place.run(STAMP)
    place.start()
    assert place.run("SELECT version_num FROM alembic_version") == [HEAD]


def test_tables_of_others_do_not_matter(place: Place) -> None:
    place.run("CREATE TABLE invoices (id int)")
    place.start()
    assert place.run("SELECT count(*) FROM invoices") == ["0"]


def test_a_database_that_is_ahead_is_refused(place: Place) -> None:
    place.start()
    place.run("UPDATE alembic_version SET version_num = '998_from_the_future'")
    assert place.refusal() == (
        "The database is at '998_from_the_future', which this code does not know; its newest revision is "
        f"{HEAD}. Start the version of Parley that made it, or a newer one."
    )


def test_tables_without_a_stamp_are_refused_and_kept(place: Place) -> None:
    place.start()
    place.run(USER)
    place.run("DELETE FROM alembic_version")
    refusal = place.refusal()
    assert "no stamp" in refusal
    assert refusal.endswith("run: parley db stamp. Otherwise use an empty database.")
    place.run("DROP TABLE alembic_version")
    assert place.refusal() == refusal
    assert place.run("SELECT email FROM users") == ["ann@example.com"]


def test_two_stamps_are_refused(place: Place) -> None:
    place.start()
    place.run("INSERT INTO alembic_version VALUES ('003_add_messages_table')")
    assert place.refusal() == (
        f"alembic_version has 2 rows (003_add_messages_table, {HEAD}) where one belongs. "
        "Delete those that are not true."
    )


def test_a_table_that_is_gone_is_noticed(place: Place) -> None:
    place.start()
    place.run("DROP TABLE rate_limits")
    assert "tables are missing (rate_limits)" in place.refusal()


EIGHT_WORKERS = """
import asyncio, multiprocessing, os, sys
from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap

def work(barrier):
    barrier.wait()
    revision = asyncio.run(bootstrap(open_engine(sys.argv[1])))
    os.write(1, f"{revision}\\n".encode())  # at once: the lines of eight processes must not mix

context = multiprocessing.get_context("fork")  # so that all eight share the one import
barrier = context.Barrier(8)
workers = [context.Process(target=work, args=[barrier]) for _ in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""


@pytest.mark.slow
def test_eight_workers_that_start_at_once_make_the_tables_once(place: Place) -> None:
    command = [sys.executable, "-c", EIGHT_WORKERS, place.url]
    done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert lines.count(HEAD) == 8, done
    assert sum("Database tables initialized" in line for line in lines) == 1, done
    assert place.run("SELECT version_num FROM alembic_version") == [HEAD]


def test_create_all_works_in_the_schema_that_comes_first_in_the_search_path(postgres: PostgresServer) -> None:
    """Also when tables of the same names, and a stamp, are to be seen in a later one."""
    postgres.create_database("two schemas", migrated(postgres, 4))
    query(postgres, "two schemas", "CREATE SCHEMA app")
    query(postgres, "two schemas", 'ALTER DATABASE "two schemas" SET search_path = app, public')
    public = read_catalog(postgres, "two schemas")
    place = Place(postgres.url("two schemas"))
    assert len(place.start()) == 1
    assert difference(read_catalog(postgres, "two schemas"), public) == []
    app = read_catalog(postgres, "two schemas", schema="app")
    assert "table runs" in app
    assert query(postgres, "two schemas", "SELECT version_num FROM app.alembic_version") == HEAD
    postgres.drop_database("two schemas")
