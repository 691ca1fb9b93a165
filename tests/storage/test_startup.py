# test_startup.py -- a start on a database that is older, half-upgraded or without a stamp never guesses.
import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from main import create_app
from settings import ROOT
from storage.engines import open_engine
from storage.schema.bootstrap import make_alembic_config
from storage.schema.revisions import SchemaError, list_revisions
from storage.schema.stamp import build_fingerprints, stamp_database
from support.databases.catalog import (
    MIGRATIONS,
    TRANSACTIONAL,
    Place,
    copied,
    difference,
    migrated,
    query,
)
from support.databases.postgres import PostgresServer
from support.servers import KEY, settings_for

REVISIONS = list_revisions()
HEAD = REVISIONS[-1]
USER = "INSERT INTO users (email, password_hash) VALUES ('ann@example.com', '-')"
BEHIND = (
    f"The database is at 003_add_messages_table, but this code needs {HEAD}. Back it up, then run: "
    "parley db upgrade (or: alembic upgrade head)."
)


# Behind


@pytest.mark.busy
def test_an_older_database_is_refused_with_the_command_that_helps(place: Place) -> None:
    place.alembic("upgrade", REVISIONS[3])
    place.run(USER)
    before = place.catalog()
    assert place.refusal() == BEHIND
    assert difference(place.catalog(), before) == []
    place.alembic("upgrade", "head")
    assert place.start() == []
    assert place.run("SELECT email FROM users") == ["ann@example.com"]


@pytest.mark.busy
def test_with_auto_migrate_an_older_database_is_upgraded_step_by_step(place: Place) -> None:
    place.alembic("upgrade", REVISIONS[3])
    place.run(USER)
    logs = place.start(auto_migrate=True)
    assert [line["revision"] for line in logs] == REVISIONS[4:]
    assert {line["event"] for line in logs} == {"Database schema upgraded"}
    assert place.start(auto_migrate=True) == []
    assert place.run("SELECT email FROM users") == ["ann@example.com"]


def test_auto_migrate_on_an_empty_database_makes_the_tables_as_ever(place: Place) -> None:
    assert [line["event"] for line in place.start(auto_migrate=True)] == ["✅ Database tables initialized"]


EIGHT_WORKERS = """
import asyncio, multiprocessing, sys, alembic.command, settings
from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap

def work(barrier):
    given = settings.Settings(_env_file=None, database_url=sys.argv[1], auto_migrate=True)
    barrier.wait()
    print(asyncio.run(bootstrap(open_engine(sys.argv[1]), given)), flush=True)

context = multiprocessing.get_context("fork")
barrier = context.Barrier(8)
workers = [context.Process(target=work, args=[barrier]) for _ in range(8)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""


@pytest.mark.slow
def test_eight_workers_that_start_at_once_upgrade_once(place: Place) -> None:
    place.alembic("upgrade", REVISIONS[3])
    program = [sys.executable, "-c", EIGHT_WORKERS, place.url]
    done = subprocess.run(
        program, cwd=ROOT / "backend", capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines().count(HEAD) == 8, done
    assert sum("schema upgraded" in line for line in done.stdout.splitlines()) == len(REVISIONS[4:]), done
    assert place.stamps() == [HEAD]


@pytest.mark.slow
def test_alembic_waits_for_whoever_changes_the_schema(postgres: PostgresServer) -> None:
    """And takes its turn when they are done: here they have upgraded already."""
    postgres.create_database("in turn")
    place = Place(postgres.url("in turn"))
    with place.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(123563833845113)")
        program = [sys.executable, "-m", "alembic", "upgrade", "head"]
        environment = {"DATABASE_URL": place.url, "SECRET_KEY": KEY}
        waiting = subprocess.Popen(program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        asks = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'in turn' AND query LIKE '%pg_try_advisory%'"
        while query(postgres, "in turn", f"{asks} AND pid <> pg_backend_pid()") == "0":
            assert waiting.poll() is None
        assert place.counts() == {}
        other.execute("COMMIT")
    assert waiting.communicate(timeout=30)[0].splitlines()[-1] == f"applied: {HEAD}"
    postgres.drop_database("in turn")


# Half-way


@pytest.mark.busy
def test_a_half_done_step_stops_the_server_alembic_and_the_files(place: Place) -> None:
    place.start()
    place.run(f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")
    place.run(f"INSERT INTO alembic_version VALUES ('started {HEAD[:3]}')")
    line = (
        f"A step of the schema was started and not finished: {HEAD[:3]}. Restore the backup, or see "
        "migrations/README.md, 'Half-way'."
    )
    assert place.refusal() == line
    assert place.refusal(auto_migrate=True) == line
    for words in (["upgrade", "head"], ["downgrade", "-1"], ["current"]):
        with pytest.raises(CommandError) as caught:
            place.alembic(*words)
        assert str(caught.value) == line
    place.alembic("stamp", HEAD, purge=True)
    assert place.start() == []
    assert place.stamps() == [HEAD]


FAILS_LATE = """
revision, down_revision = "900_fails", {head!r}
from alembic import op
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE TABLE halfway (id int)")
    op.execute("SELECT * FROM nowhere")
def downgrade():
    pass
"""


def test_a_step_that_commits_on_its_way_and_fails_leaves_its_mark(place: Place, tmp_path: Path) -> None:
    """As every step does on MariaDB, where each DDL statement commits."""
    place.alembic("upgrade", "head")
    copy = tmp_path / "copy"
    shutil.copytree(MIGRATIONS, copy)
    (copy / "versions" / "900_fails.py").write_text(FAILS_LATE.format(head=HEAD))
    config = make_alembic_config(place.url)
    config.set_main_option("script_location", str(copy))
    with pytest.raises((DBAPIError, CommandError)):
        command.upgrade(config, "head")
    assert place.stamps() == [HEAD, "started 900"]
    assert "started and not finished: 900" in place.refusal()


@pytest.mark.parametrize("place", TRANSACTIONAL, indirect=True)
@pytest.mark.busy
def test_a_step_that_fails_inside_its_transaction_leaves_nothing(place: Place, tmp_path: Path) -> None:
    place.alembic("upgrade", REVISIONS[3])
    before = place.catalog()
    copy = tmp_path / "copy"
    shutil.copytree(MIGRATIONS, copy)
    broken = copy / "versions" / f"{HEAD}.py"
    broken.write_text(
        broken.read_text().replace(
            "def downgrade", "    op.execute('SELECT * FROM nowhere')\n\n\ndef downgrade"
        )
    )
    config = make_alembic_config(place.url)
    config.set_main_option("script_location", str(copy))
    with pytest.raises((DBAPIError, CommandError)):
        command.upgrade(config, "head")
    assert place.stamps() == [REVISIONS[3]]
    assert difference(place.catalog(), before) == []


@pytest.mark.parametrize("place", TRANSACTIONAL, indirect=True)
@pytest.mark.busy
def test_an_upgrade_that_fails_at_startup_is_one_line_and_leaves_all_as_it_was(place: Place) -> None:
    place.alembic("upgrade", REVISIONS[5])
    in_the_way = {
        "sqlite": "CREATE TRIGGER users_keep_created_at AFTER UPDATE ON users BEGIN SELECT 1; END",
        "postgresql": "CREATE FUNCTION keep_created_at() RETURNS int LANGUAGE sql RETURN 1",
    }
    place.run(in_the_way[place.engine])
    before = place.catalog()
    assert place.refusal(auto_migrate=True).startswith("The upgrade failed: ")
    assert place.stamps() == [REVISIONS[5]]
    assert difference(place.catalog(), before) == []


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
def test_an_upgrade_that_fails_at_startup_on_mariadb_is_one_line_and_leaves_its_mark(place: Place) -> None:
    place.alembic("upgrade", REVISIONS[5])
    place.run(USER)
    place.run("CREATE TRIGGER users_keep_created_at BEFORE UPDATE ON users FOR EACH ROW SET @nothing = 1")
    assert place.refusal(auto_migrate=True).startswith("The upgrade failed: ")
    assert place.stamps() == [REVISIONS[5], "started 006"]
    for changes in ({}, {"auto_migrate": True}):
        assert "started and not finished: 006" in place.refusal(**changes)
    assert place.run("SELECT email FROM users") == ["ann@example.com"]


# Without a stamp


def recognised(place: Place) -> str:
    async def once() -> str:
        engine = open_engine(place.url)
        try:
            return await stamp_database(engine)
        finally:
            await engine.dispose()

    return asyncio.run(once())


@pytest.mark.busy
def test_every_revision_has_a_shape_of_its_own() -> None:
    shapes = build_fingerprints()
    assert list(shapes) == REVISIONS
    assert all(shapes[one] != shapes[other] for one in shapes for other in shapes if one != other)


@pytest.mark.parametrize("revision", [REVISIONS[0], REVISIONS[9]])
@pytest.mark.parametrize("place", TRANSACTIONAL, indirect=True)
@pytest.mark.busy
def test_tables_without_a_stamp_go_on_to_head_from_where_they_are(place: Place, revision: str) -> None:
    place.alembic("upgrade", revision)
    place.run(USER)
    place.run("DROP TABLE alembic_version")
    place.run("CREATE TABLE invoices (id int)")
    assert recognised(place) == revision
    place.alembic("upgrade", "head")
    assert place.start() == []
    assert place.run("SELECT email FROM users") == ["ann@example.com"]


@pytest.mark.slow
def test_tables_without_a_stamp_are_recognised_at_every_revision(place: Place) -> None:
    """In one database, which goes on from where it was recognised to be."""
    place.run("CREATE TABLE invoices (id int)")
    for revision in REVISIONS:
        place.alembic("upgrade", revision)
        if revision == REVISIONS[0]:
            place.run(USER)
        place.run("DROP TABLE alembic_version")
        assert "no stamp" in place.refusal()
        assert recognised(place) == revision
        assert place.stamps() == [revision]
    assert place.start() == []
    assert place.run("SELECT email FROM users") == ["ann@example.com"]


def test_tables_that_are_no_revision_are_not_stamped(place: Place) -> None:
    place.alembic("upgrade", REVISIONS[5])
    place.run("DROP TABLE alembic_version")
    place.run("ALTER TABLE tasks ADD COLUMN colour int")
    place.drop_index("runs", "idx_runs_status_lease_expires_at")
    before = place.catalog()
    with pytest.raises(SchemaError) as caught:
        recognised(place)
    assert str(caught.value) == (
        f"The tables are none of Parley's revisions; nearest is {REVISIONS[5]}, but for "
        "idx_runs_status_lease_expires_at, tasks.colour. Make them agree, then run again: parley db stamp."
    )
    assert difference(place.catalog(), before) == []


def test_a_stamp_that_is_there_is_not_replaced_and_nothing_is_stamped_where_nothing_is(
    place: Place,
) -> None:
    with pytest.raises(SchemaError, match="no tables of Parley"):
        recognised(place)
    place.start()
    with pytest.raises(SchemaError, match=f"a stamp already: {HEAD}. Nothing was changed"):
        recognised(place)


def test_tables_made_by_the_first_files_without_a_stamp_are_recognised_on_postgresql(
    postgres: PostgresServer,
) -> None:
    with copied(postgres, migrated(postgres, 4)) as place:
        place.run("DELETE FROM alembic_version")
        assert recognised(place) == REVISIONS[3]
        assert place.refusal() == BEHIND


def test_every_route_is_ready_before_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings_for("sqlite://"))

    def late(*_: object, **__: object) -> None:
        raise AssertionError("a route was built by a request")

    monkeypatch.setattr("fastapi.routing.get_dependant", late)
    scope = {"type": "http", "method": "GET", "path": "/nothing/here", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(scope)
