# tests/test_bootstrap.py -- what the backend does with the schema when it starts, on each engine.
import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from catalog import difference, migrated, psql, query, read_catalog
from db import open_engine
from postgres import PostgresServer
from schema import METADATA, SchemaError, bootstrap, revisions

BACKEND = Path(__file__).resolve().parent.parent / "backend"
HEAD = revisions()[-1]
USER = "INSERT INTO users (email, password_hash) VALUES ('ann@example.com', '-')"
STAMP = "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY)"

Run = Callable[[str], list[str]]


class Database:
    """An empty database of the test's own, on either engine."""

    def __init__(self, url: str, run: Run) -> None:
        self.url = url
        self.run = run

    def start(self) -> list[EventDict]:
        """Starts on it once; what was logged."""

        async def once() -> None:
            engine = open_engine(self.url)
            try:
                assert await bootstrap(engine) == HEAD
            finally:
                await engine.dispose()

        with capture_logs() as logs:
            asyncio.run(once())
        return logs

    def refusal(self) -> str:
        with pytest.raises(SchemaError) as caught:
            self.start()
        return str(caught.value)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        file = tmp_path / "parley.db"

        def run(sql: str) -> list[str]:
            with sqlite3.connect(file) as connection:
                lines = ["|".join(map(str, row)) for row in connection.execute(sql)]
            connection.close()
            return lines

        yield Database(f"sqlite:///{file}", run)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"bootstrap {tmp_path.name}"[-60:]
    server.create_database(name)
    yield Database(server.url(name), lambda sql: query(server, name, sql).splitlines())
    server.drop_database(name)


def test_an_empty_database_gets_all_tables_and_the_stamp(database: Database) -> None:
    logs = database.start()
    assert logs == [{"event": "✅ Database tables initialized", "revision": HEAD, "log_level": "info"}]
    assert database.run("SELECT version_num FROM alembic_version") == [HEAD]
    for table in METADATA.tables:
        assert database.run(f"SELECT count(*) FROM {table}") == ["0"]


def test_a_second_start_changes_nothing_and_says_nothing(database: Database) -> None:
    database.start()
    database.run(USER)
    rows = database.run("SELECT * FROM users")
    assert database.start() == []
    assert database.run("SELECT * FROM users") == rows
    assert len(rows) == 1


def test_a_database_whose_stamp_was_taken_back_to_nothing_counts_as_empty(database: Database) -> None:
    database.run(STAMP)
    database.start()
    assert database.run("SELECT version_num FROM alembic_version") == [HEAD]


def test_tables_of_others_do_not_matter(database: Database) -> None:
    database.run("CREATE TABLE invoices (id int)")
    database.start()
    assert database.run("SELECT count(*) FROM invoices") == ["0"]


def test_a_database_that_is_ahead_is_refused(database: Database) -> None:
    database.start()
    database.run("UPDATE alembic_version SET version_num = '998_from_the_future'")
    assert database.refusal() == (
        "The database is at '998_from_the_future', which this code does not know; its newest revision is "
        f"{HEAD}. Start the version of Parley that made it, or a newer one."
    )


def test_tables_without_a_stamp_are_refused_and_kept(database: Database) -> None:
    database.start()
    database.run(USER)
    database.run("DELETE FROM alembic_version")
    assert "no stamp" in database.refusal()
    database.run("DROP TABLE alembic_version")
    assert "no stamp" in database.refusal()
    assert database.run("SELECT email FROM users") == ["ann@example.com"]


def test_two_stamps_are_refused(database: Database) -> None:
    database.start()
    database.run("INSERT INTO alembic_version VALUES ('003_add_messages_table')")
    assert database.refusal() == (
        f"alembic_version has 2 rows (003_add_messages_table, {HEAD}) where one belongs. "
        "Delete those that are not true."
    )


def test_a_table_that_is_gone_is_noticed(database: Database) -> None:
    database.start()
    database.run("DROP TABLE rate_limits")
    assert "tables are missing (rate_limits)" in database.refusal()


def test_an_old_sqlite_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "parley.db"
    with sqlite3.connect(file) as connection:
        connection.execute(STAMP)
        connection.execute("INSERT INTO alembic_version VALUES ('003_add_messages_table')")
    connection.close()
    database = Database(f"sqlite:///{file}", lambda sql: [])
    assert database.refusal().startswith("The database is at 003_add_messages_table, but this code needs ")


def test_an_old_postgresql_database_is_refused_with_the_command_that_helps(postgres: PostgresServer) -> None:
    postgres.create_database("behind", migrated(postgres, 4))
    query(postgres, "behind", USER)
    behind = Database(postgres.url("behind"), lambda sql: [])
    refusal = behind.refusal()
    missing = revisions()[4:]
    assert refusal == (
        f"The database is at 003_add_messages_table, but this code needs {HEAD}. Run: "
        'psql "$DATABASE_URL" ' + " ".join(f"-f migrations/{revision}.sql" for revision in missing)
    )
    files = [BACKEND.parent / word for word in refusal.split() if word.startswith("migrations/")]
    psql(postgres, "behind", *[part for file in files for part in ("-f", file)])
    assert behind.start() == []
    assert query(postgres, "behind", "SELECT email FROM users") == "ann@example.com"
    postgres.drop_database("behind")


EIGHT_WORKERS = """
import asyncio, multiprocessing, sys, db, schema

def work(barrier):
    barrier.wait()
    print(asyncio.run(schema.bootstrap(db.open_engine(sys.argv[1]))), flush=True)

context = multiprocessing.get_context("fork")  # so that all eight share the one import
barrier = context.Barrier(8)
workers = [context.Process(target=work, args=[barrier]) for _ in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""


def test_eight_workers_that_start_at_once_make_the_tables_once(database: Database) -> None:
    command = [sys.executable, "-c", EIGHT_WORKERS, database.url]
    done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert lines.count(HEAD) == 8, done
    assert sum("Database tables initialized" in line for line in lines) == 1, done
    assert database.run("SELECT version_num FROM alembic_version") == [HEAD]


def test_create_all_works_in_the_schema_that_comes_first_in_the_search_path(postgres: PostgresServer) -> None:
    """Also when tables of the same names, and a stamp, are to be seen in a later one."""
    postgres.create_database("two schemas", migrated(postgres, 4))
    query(postgres, "two schemas", "CREATE SCHEMA app")
    query(postgres, "two schemas", 'ALTER DATABASE "two schemas" SET search_path = app, public')
    public = read_catalog(postgres, "two schemas")
    database = Database(postgres.url("two schemas"), lambda sql: [])
    assert len(database.start()) == 1
    assert difference(read_catalog(postgres, "two schemas"), public) == []
    app = read_catalog(postgres, "two schemas", schema="app")
    assert "table runs" in app
    assert query(postgres, "two schemas", "SELECT version_num FROM app.alembic_version") == HEAD
    postgres.drop_database("two schemas")
