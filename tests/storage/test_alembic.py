# test_alembic.py -- the revisions as people run them: up, down, as a script, by autogenerate.
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Table, Uuid

from models.columns import JsonType, UTCDateTime, random_uuid
from settings import ROOT
from storage.schema.bootstrap import make_alembic_config
from storage.schema.revisions import METADATA, list_revisions
from support.databases.catalog import (
    FILES,
    MIGRATIONS,
    Catalog,
    Place,
    alembic,
    copied,
    difference,
    migrated,
)
from support.databases.postgres import PostgresServer
from support.servers import KEY

REVISIONS = list_revisions()
ID, README = "'{0:032x}'", (MIGRATIONS / "README.md").read_text()
HEAD, ONE = REVISIONS[-1], ID.format(1)
# What each revision brings, with rows in it, in SQL that all engines read.
ROWS = {
    "000": f"INSERT INTO users (id, email, password_hash) VALUES ({ONE}, 'ann@example.com', '-'), "
    f"({ID.format(2)}, 'bob@example.com', '-')",
    "001": f"INSERT INTO tasks (user_id, title) VALUES ({ONE}, 'Buy milk'), ({ONE}, 'Call mom')",
    "002": f"INSERT INTO conversations (id, user_id) VALUES ({ONE}, {ONE}), ({ID.format(2)}, {ONE})",
    "003": "INSERT INTO messages (conversation_id, user_id, role, content, tool_calls, created_at) VALUES "
    + ", ".join(
        f"({conversation}, {ONE}, 'user', '{hour}', '[]', '2026-01-01 {hour:02}:00:00.000000')"
        for conversation in (ONE, ID.format(2))
        for hour in (3, 1, 2)
    ),
    "004": f"INSERT INTO auth_sessions (id, user_id, expires_at) VALUES ({ONE}, {ONE}, '2030-01-01');"
    f"INSERT INTO refresh_tokens (token_hash, session_id, expires_at) VALUES ('-', {ONE}, '2030-01-01');"
    "INSERT INTO rate_limits VALUES ('-', 1, '2030-01-01')",
    "005": f"INSERT INTO runs (id, conversation_id, user_id, trigger_seq) VALUES ({ONE}, {ONE}, {ONE}, 4);"
    f"INSERT INTO run_events (run_id, seq, type, data) VALUES ({ONE}, 1, 'run.started', '{{}}');"
    "INSERT INTO messages (conversation_id, user_id, role, content, seq, run_id) "
    f"VALUES ({ONE}, {ONE}, 'user', 'hello', 4, {ONE})",
    "007": f"INSERT INTO idempotency_keys VALUES ({ONE}, '-', '-', 200, '-', '2030-01-01', '2026-01-01')",
    "009": "INSERT INTO approvals (run_id, tool_call_id, name, arguments, expires_at) "
    f"VALUES ({ONE}, 'call', 'delete_task', '{{}}', '2030-01-01')",
    "010": f"INSERT INTO events (user_id, type, data) VALUES ({ONE}, 'task.created', '{{}}');"
    f"INSERT INTO event_sequences (user_id) VALUES ({ONE})",
    "011": "INSERT INTO access_tokens (user_id, name, prefix, token_hash, scopes, conversation_id) "
    f"VALUES ({ONE}, '-', '-', '-', 'read', {ONE})",
    "017": "INSERT INTO messages (conversation_id, user_id, role, content, seq, tool_calls) "
    f"""VALUES ({ONE}, {ONE}, 'agent', 'hello', 5, '[{{"name": "add_task"}}]');"""
    "INSERT INTO tool_calls (message_id, position, user_id, conversation_id, name, failed, created_at) "
    "SELECT id, 1, user_id, conversation_id, 'by hand', false, created_at FROM messages WHERE seq = 5",
    # What is missing of the log: the revision begins it, and on SQLite a trigger goes on with it.
    "018": f"INSERT INTO events (audience_id, type, payload) VALUES ({ONE}, 'task.created', '{{}}');"
    "INSERT INTO event_log (seq, event_id, audience, audience_id) SELECT 100, id, audience, audience_id "
    "FROM events WHERE id NOT IN (SELECT event_id FROM event_log);"
    "INSERT INTO event_counter (id) "
    f"SELECT 1 FROM users WHERE id = {ONE} AND NOT EXISTS (SELECT 1 FROM event_counter)",
    "019": f"INSERT INTO event_reads (event_id, user_id) SELECT max(id), {ONE} FROM events",
    # Beside the personal account, which a trigger or the revision itself made.
    "020": f"INSERT INTO accounts (id, name, kind) VALUES ({ID.format(9)}, 'Bakery', 'team');"
    f"INSERT INTO account_members (account_id, user_id, role) VALUES ({ID.format(9)}, {ONE}, 'admin');"
    "INSERT INTO account_invitations (account_id, email, role, token_hash, expires_at) "
    f"VALUES ({ID.format(9)}, 'ben@example.com', 'member', '-', '2030-01-01')",
    "021": "INSERT INTO events (type, audience, audience_id, payload, sender_id, recipient_id, account_id) "
    f"VALUES ('note', 'user', {ONE}, '{{}}', {ONE}, {ONE}, {ONE})",
    "023": "INSERT INTO users (id, email, password_hash, kind) "
    f"VALUES ({ID.format(8)}, 'robot@agents.invalid', '!', 'agent');"
    "INSERT INTO agents (id, account_id, name, kind, tools) "
    f"VALUES ({ID.format(8)}, {ID.format(9)}, 'Robot', 'external', '[]')",
    "024": "INSERT INTO conversations (user_id, account_id, agent_id) "
    f"VALUES ({ONE}, {ID.format(9)}, {ID.format(8)})",
    "025": "INSERT INTO messages (conversation_id, user_id, role, content, seq, agent_id, action) "
    f"VALUES ({ONE}, {ONE}, 'agent', 'hello', 6, {ID.format(8)}, 'QUERY')",
    "026": "INSERT INTO conversations (id, user_id, account_id, kind, last_seq) "
    f"VALUES ({ID.format(9)}, {ONE}, {ID.format(9)}, 'group', 1);"
    "INSERT INTO conversation_participants (conversation_id, user_id, account_id) "
    f"VALUES ({ID.format(9)}, {ONE}, {ID.format(9)})",
    "027": "INSERT INTO messages (id, conversation_id, user_id, role, content, seq) "
    f"VALUES ({ID.format(9)}, {ID.format(9)}, {ONE}, 'user', 'hello', 1);"
    "INSERT INTO message_changes (message_id, version, user_id, kind) "
    f"VALUES ({ID.format(9)}, 1, {ONE}, 'retract')",
    "031": "INSERT INTO runs (conversation_id, user_id, trigger_seq, agent_id, agent_key, is_shared, is_external) "
    "VALUES "
    + ", ".join(
        f"({ID.format(9)}, {ONE}, 1, {agent}, {key}, true, true)"
        for agent, key in ((ID.format(8), ID.format(8)), ("NULL", ID.format(7)))
    ),
    "028": "INSERT INTO message_deliveries (message_id, user_id, account_id, conversation_id) "
    f"VALUES ({ID.format(9)}, {ONE}, {ID.format(9)}, {ID.format(9)})",
    "030": "INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content) "
    f"VALUES ({ID.format(9)}, {ID.format(9)}, {ID.format(9)}, 1, '2026-01-01', 'by hand')",
    "033": "INSERT INTO undo_steps (user_id, change_id, noun, row_id, action) "
    f"VALUES ({ONE}, {ID.format(9)}, 'task', {ID.format(9)}, 'created')",
    "034": f"INSERT INTO kept_parts (user_id, change_id, noun, content) VALUES ({ONE}, {ONE}, 'runs', '[]')",
    "036": f"UPDATE users SET language = 'de' WHERE id = {ONE}",
    "037": "INSERT INTO messages (conversation_id, user_id, role, content, seq, choices) "
    f"""VALUES ({ONE}, {ONE}, 'agent', 'hello', 7, '["Yes", "No"]')""",
    "041": f"INSERT INTO runs (conversation_id, user_id, trigger_seq, attempt) VALUES ({ONE}, {ONE}, 1, 1)",
    "039": "INSERT INTO import_rows (import_id, row_id, user_id, noun, kind, state_after) "
    f"VALUES ({ID.format(9)}, {ID.format(9)}, {ONE}, 'task', 'made', '{{}}')",
    "042": "INSERT INTO oauth_clients (name, redirect_uris, expires_at) VALUES ('-', '-', '2026-01-01');"
    f"INSERT INTO oauth_codes VALUES ('-', {ONE}, '', '', '', '', '', '', '2026-01-01', '2027-01-01', NULL, NULL);"
    "INSERT INTO oauth_tokens SELECT '-', id, 'refresh', created_at, created_at, NULL, NULL FROM access_tokens",
}
# Tables that later revisions did away with: going down makes them again, without rows.
DROPPED = {"event_sequences"}
IN_ORDER = "SELECT conversation_id, seq, content FROM messages WHERE content <> 'hello' ORDER BY 1, 2"


def fill(place: Place, revision: str) -> None:
    """Rows in every table that the revision made."""
    with place.connect() as connection:
        for statement in ROWS.get(revision[:3], "").split(";"):
            connection.execute(statement)


def climb(place: Place, revisions: list[str] = REVISIONS) -> None:
    """Up one by one, with rows put into each table at the revision that makes it."""
    for revision in revisions:
        place.alembic("upgrade", revision)
        fill(place, revision)


# The commands


@pytest.mark.busy
def test_a_new_database_goes_to_head_and_says_so_and_autogenerate_finds_nothing(place: Place) -> None:
    assert place.alembic("upgrade", "head").splitlines() == [f"applied: {name}" for name in REVISIONS]
    assert place.alembic("current") == f"{HEAD} (head)\n"
    assert place.alembic("upgrade", "head") == ""
    place.alembic("check")
    before = {path: path.stat().st_mtime_ns for path in MIGRATIONS.rglob("*.py")}
    config = make_alembic_config(place.url, autogenerate=True)
    assert command.revision(config, message="nothing new", autogenerate=True) == []
    assert {path: path.stat().st_mtime_ns for path in MIGRATIONS.rglob("*.py")} == before
    assert place.start() == []


def test_history_reads_like_the_list_of_the_files(place: Place) -> None:
    lines = place.alembic("history").splitlines()
    assert [line.split(" -> ")[1].split(" ")[0].rstrip(",") for line in reversed(lines)] == [
        file.stem for file in FILES
    ]
    script = ScriptDirectory.from_config(make_alembic_config(place.url))
    assert script.get_heads() == [HEAD]
    for revision in script.walk_revisions():
        assert revision.down_revision == dict(zip(REVISIONS[1:], REVISIONS, strict=False)).get(
            revision.revision
        )
        assert Path(revision.path).stem == revision.revision
        assert revision.doc.endswith(".")


@pytest.mark.slow
def test_the_commands_run_from_the_projects_root(tmp_path: Path) -> None:
    """By the program itself, with the URL from the environment, and with no ini file."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path / 'parley.db'}"}
    program = [sys.executable, "-W", "error", "-m", "alembic"]
    words = ["upgrade head", "downgrade -1", "upgrade head --sql"]
    said = [
        subprocess.run(
            [*program, *line.split()], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for line in words
    ]
    assert said[0].splitlines()[-1] == f"applied: {HEAD}"
    assert said[1] == f"undone: {HEAD}\n"
    assert said[2].count("CREATE TABLE") > len(METADATA.tables)
    assert not list(ROOT.glob("*.ini"))


def test_a_database_that_cannot_be_reached_is_one_line() -> None:
    with pytest.raises(CommandError) as caught:
        alembic("postgresql://nobody@127.0.0.1:1/nowhere", "current")
    assert str(caught.value).startswith("the database does not answer: ")
    with pytest.raises(CommandError):
        alembic("no url at all", "current")


# Up and down


@pytest.mark.slow
def test_up_down_and_up_again_step_by_step_loses_no_row(place: Place) -> None:
    """From each step to head in one go is what test_startup.py tries."""
    found: list[Catalog] = []
    for revision in REVISIONS:
        climb(place, [revision])
        found.append(place.catalog())
    full, order = place.counts(), place.run(IN_ORDER)
    assert full.keys() == METADATA.tables.keys()
    assert min(full.values()) >= 1
    assert [line.split("|")[2] for line in order] == ["1", "2", "3"] * 2
    for target, before, after in zip(REVISIONS[-2::-1], found[-2::-1], found[:0:-1], strict=True):
        place.alembic("downgrade", "-1")
        assert place.stamps() == [target]
        left = place.counts()
        kept = left.keys() - DROPPED
        assert {name: left[name] for name in kept} == {name: full[name] for name in kept}
        assert difference(place.catalog(), before) == []
        place.alembic("upgrade", "+1")
        again = place.counts()
        assert {name: again[name] for name in kept} == {name: left[name] for name in kept}
        if target >= "004":
            assert place.run(IN_ORDER) == order
        assert difference(place.catalog(), after) == []
        place.alembic("downgrade", target)
    place.alembic("downgrade", "base")
    assert (place.counts(), place.stamps()) == ({}, [])
    assert place.alembic("current") == ""


@pytest.mark.slow
def test_on_postgresql_the_revisions_and_the_files_agree_at_every_step(postgres: PostgresServer) -> None:
    with copied(postgres, migrated(postgres, 0)) as place:
        for count, revision in enumerate(REVISIONS, 1):
            place.alembic("upgrade", revision)
            with copied(postgres, migrated(postgres, count)) as files:
                assert difference(place.catalog(), files.catalog()) == []
                assert files.alembic("current").split()[0] == revision


@pytest.mark.parametrize("count", [1, 4, 6])
def test_a_database_made_with_psql_goes_on_with_alembic_and_keeps_its_rows(
    postgres: PostgresServer, count: int
) -> None:
    with (
        copied(postgres, migrated(postgres, count)) as place,
        copied(postgres, migrated(postgres, len(FILES))) as head,
    ):
        for revision in REVISIONS[:count]:
            if count < 6 or revision != REVISIONS[3]:  # from 005 on, messages need more than these have
                fill(place, revision)
        before = place.counts()
        place.alembic("upgrade", "head")
        after = place.counts()
        assert {table: after[table] for table in before} == before
        assert difference(place.catalog(), head.catalog()) == []


# As a script


@pytest.mark.busy
def test_the_script_takes_a_database_with_rows_from_any_step_to_head_and_back(
    place: Place, tmp_path: Path
) -> None:
    climb(place, REVISIONS[:4])
    before = place.counts()
    up = place.alembic("upgrade", f"{REVISIONS[3]}:head", sql=True)
    down = place.alembic("downgrade", f"{HEAD}:{REVISIONS[3]}", sql=True)
    for script, stamp in ((up, HEAD), (down, REVISIONS[3]), (up, HEAD)):
        place.run_script(script)
        assert place.stamps() == [stamp]
        assert before.items() <= place.counts().items()
    other = Place(f"sqlite:///{tmp_path / 'other.db'}")
    if place.engine == "sqlite":
        other.alembic("upgrade", "head")
        assert difference(place.catalog(), other.catalog()) == []


# SQLite makes a table anew to change it


@pytest.fixture
def lite(tmp_path: Path) -> Place:
    place = Place(f"sqlite:///{tmp_path / 'parley.db'}")
    climb(place)
    return place


@pytest.fixture
def with_next(tmp_path: Path) -> Callable[[Place, str], None]:
    """Runs a revision of the test's own, the one after head, from a copy of the folder."""
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)

    def run(place: Place, upgrade: str) -> None:
        """`upgrade` is what its upgrade does, or the whole of it."""
        whole = upgrade
        if "down_revision" not in whole:
            whole = (
                "import sqlalchemy as sa\nfrom alembic import op\n"
                f"revision = '900_next'\ndown_revision = {HEAD!r}\n"
                f"def upgrade():\n    {upgrade}\ndef downgrade():\n    pass\n"
            )
        (copy / "versions" / "900_next.py").write_text(whole)
        config = make_alembic_config(place.url)
        config.set_main_option("script_location", str(copy))
        command.upgrade(config, "head")

    return run


WIDER = (
    "with op.batch_alter_table('users') as table:\n"
    "        table.alter_column('email', existing_type=sa.String(255), type_=sa.String(300))"
)


@pytest.mark.busy
def test_making_users_anew_on_sqlite_keeps_every_row_and_every_trigger(
    lite: Place, with_next: Callable[[Place, str], None]
) -> None:
    before, triggers = (
        lite.counts(),
        lite.run("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"),
    )
    with_next(lite, WIDER)
    assert lite.counts() == before
    assert lite.run("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1") == triggers
    assert "VARCHAR(300)" in lite.run("SELECT sql FROM sqlite_master WHERE name = 'users'")[0]
    assert lite.run("PRAGMA foreign_key_check") == []
    lite.run(f"DELETE FROM users WHERE id = {ONE}")
    assert lite.run("SELECT count(*) FROM tasks") == ["0"]


@pytest.mark.busy
def test_a_step_that_would_lose_rows_on_sqlite_is_taken_back(
    lite: Place, with_next: Callable[[Place, str], None]
) -> None:
    before = lite.counts()
    with pytest.raises(CommandError, match=r"rows would be lost or doubled \(rate_limits: 1 -> 0\)"):
        with_next(lite, "op.execute('DELETE FROM rate_limits')")
    with pytest.raises(CommandError, match="rows would point nowhere"):
        with_next(lite, "op.execute(\"UPDATE tasks SET user_id = 'nobody'\")")
    assert lite.counts() == before
    assert lite.stamps() == [HEAD]
    assert lite.run("SELECT count(*) FROM tasks WHERE user_id = 'nobody'") == ["0"]


# The next revision


@pytest.mark.busy
def test_a_change_of_the_models_becomes_the_next_revision_and_runs(place: Place, tmp_path: Path) -> None:
    place.alembic("upgrade", "head")
    copy = tmp_path / "copy"
    shutil.copytree(MIGRATIONS, copy)
    config = make_alembic_config(place.url, autogenerate=True)
    config.set_main_option("script_location", str(copy))
    table = Table(
        "notes",
        METADATA,
        Column("id", Uuid, primary_key=True, server_default=random_uuid()),
        Column("made_at", UTCDateTime, nullable=False),
        Column("data", JsonType),
    )
    try:
        written = command.revision(config, message="Add notes!", autogenerate=True)
        name = f"{len(REVISIONS):03d}_add_notes"
        assert written.revision == name  # type: ignore[union-attr]
        text = (copy / "versions" / f"{name}.py").read_text()
        assert "from models.columns import UTCDateTime" in text
        assert "server_default=random_uuid()" in text
        assert "JsonType" in text
        command.upgrade(config, "head")
        assert command.revision(config, message="Add more", autogenerate=True) == []
        assert place.run("SELECT count(*) FROM notes") == ["0"]
        command.downgrade(config, "-1")
        assert "notes" not in place.counts()
    finally:
        METADATA.remove(table)


LONG = "w" * 40


@pytest.fixture
def config_of_copy(tmp_path: Path) -> Config:
    """An empty database, and a copy of the folder into which revisions are written."""
    copy = tmp_path / "copy"
    shutil.copytree(MIGRATIONS, copy)
    config = make_alembic_config(f"sqlite:///{tmp_path / 'parley.db'}")
    config.set_main_option("script_location", str(copy))
    return config


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("add_chat_and_chat_message_tables", "add_chat_and_chat_message"),
        ("Twenty-eight characters here, and more", "twenty_eight_characters_here"),
        ("Twenty-eight characters here.", "twenty_eight_characters_here"),
        (LONG, LONG[:28]),
        ('The table "notes", a \\ and """', "the_table_notes_a_and"),
    ],
)
def test_a_long_message_is_cut_at_a_word_and_stands_whole_in_the_docstring(
    message: str, name: str, config_of_copy: Config
) -> None:
    name = f"{len(REVISIONS):03d}_{name}"
    written = command.revision(config_of_copy, message=message)
    assert written.revision == name  # type: ignore[union-attr]
    assert len(name) <= 32
    assert ScriptDirectory.from_config(config_of_copy).get_revision(name).module.__doc__ == message


def test_a_message_without_a_word_is_refused(config_of_copy: Config) -> None:
    with pytest.raises(CommandError, match="at least one letter or digit"):
        command.revision(config_of_copy, message="!_?")


# A large table


def test_the_readmes_example_adds_a_key_and_an_index_while_a_writer_goes_on(
    postgres: PostgresServer, with_next: Callable[..., None]
) -> None:
    """An old snapshot holds the index up until it is let go; whoever writes meanwhile waits for nothing."""
    example = re.search(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert example
    rows = (
        f"INSERT INTO tasks (user_id, title) SELECT {ONE}, 'task ' || n FROM generate_series(1, 20000) AS n"
    )
    index = (
        "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname = 'idx_tasks_run_id'"
    )
    held_up = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND wait_event_type = 'Lock'"
    with (
        copied(postgres, migrated(postgres, len(FILES))) as place,
        place.connect() as old,
        place.connect() as writer,
    ):
        fill(place, REVISIONS[0])
        writer.execute(rows)
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM users")
        with ThreadPoolExecutor(1) as pool, closing(old):
            migration = pool.submit(with_next, place, example[1])
            while writer.execute(f"{held_up} AND datname = current_database()").fetchone() == (0,):
                assert not migration.done(), migration.result()
            writer.execute("SET lock_timeout = '200ms'")
            writer.execute(f"INSERT INTO tasks (user_id, title) VALUES ({ONE}, 'written meanwhile')")
            writer.execute("UPDATE tasks SET completed = true WHERE title = 'task 7'")
            assert place.stamps() == [HEAD, "started 043"]
            assert place.run(index) == ["False"]
            old.close()
            migration.result(30)
        assert place.run(index) == ["True"]
        assert place.run("SELECT convalidated FROM pg_constraint WHERE conname = 'fk_tasks_run_id'") == [
            "True"
        ]
        assert place.counts()["tasks"] == 20001
        assert place.stamps() == ["043_add_run_id_to_tasks"]


# The README


@pytest.mark.slow
def test_the_commands_of_the_readme_run_one_after_the_other(postgres: PostgresServer, tmp_path: Path) -> None:
    for name, arguments in {"alembic": "-m alembic", "parley": f"{ROOT}/backend/cli.py"}.items():
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (tmp_path / name).chmod(0o755)
    script = "\n".join(re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    queries = "\n".join(re.findall(r"^```sql\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    (tmp_path / "queries.sql").write_text(queries)
    script += f"psql -v ON_ERROR_STOP=1 $DATABASE_URL -f {tmp_path}/queries.sql\n"
    with copied(postgres, migrated(postgres, 0)) as place:
        script = re.sub(r"^export PATH=.*$", "", script, flags=re.MULTILINE)
        script = re.sub(r'"postgresql://user:[^"]*"', f"'{place.url}'", script)
        path = os.pathsep.join([str(tmp_path), str(Path(postgres.psql).parent), "/usr/bin", "/bin"])
        environment = {"PATH": path, "TMPDIR": str(tmp_path), "SECRET_KEY": KEY}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = done.stdout.splitlines()
        for line in ("004_add_auth_sessions: applied", REVISIONS[4], "The database is what the models say."):
            assert line in said, done.stdout
        assert said.count("applied: 005_add_runs") == 1
        assert sum("messages_refuse_truncate" in line for line in said) == 1
        assert place.stamps() == [HEAD]
        assert place.start() == []
    assert {file.stem for file in FILES} == set(re.findall(r"^\| (\d{3}_\w+)\.sql \|", README, re.MULTILINE))
