# test_migrations.py -- the SQL files as people run them: again, in wrong order, halfway, with reset.
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from storage.schema.lock import SCHEMA_LOCK
from storage.schema.revisions import METADATA, list_revisions
from support.databases.catalog import FILES, MIGRATIONS, Database, difference, migrated, psql, read_catalog
from support.databases.postgres import PostgresServer

REVISIONS = [file.stem for file in FILES]
NUMBERS = range(len(FILES))
# What a file says and refuses is in psql/begin.sql: the first file, those around a database at 004, and the last.
SOME = (0, 3, 4, 5, NUMBERS[-1])
EVERYTHING = """
INSERT INTO users (email, password_hash) VALUES ('ann@example.com', '-');
INSERT INTO tasks (user_id, title) SELECT id, 'Buy milk' FROM users;
INSERT INTO conversations (id, user_id) SELECT id, id FROM users;
INSERT INTO messages (conversation_id, user_id, role, content, created_at)
  SELECT id, id, 'user', 'message ' || n, '2026-01-01'::timestamptz + (10 - n) / 2 * interval '1 hour'
  FROM users, generate_series(1, 9) AS n;
"""
ROWS = (
    "SELECT json_build_array((SELECT json_agg(t) FROM users t), (SELECT json_agg(t) FROM tasks t), "
    "(SELECT json_agg(t) FROM conversations t), (SELECT json_agg(t ORDER BY id) FROM messages t))"
)


@pytest.fixture
def at(postgres: PostgresServer) -> Iterator[Callable[[int], Database]]:
    """`at(3)` makes a database to which the first three files were applied."""
    names: list[str] = []

    def make(count: int) -> Database:
        names.append(f"migrations_{uuid4().hex}")
        postgres.create_database(names[-1], migrated(postgres, count))
        return Database(postgres, names[-1])

    yield make
    for name in names:
        postgres.drop_database(name)


At = Callable[[int], Database]


def test_the_files_in_order_say_applied_and_stamp_their_own_names(at: At) -> None:
    database = at(0)
    for number in NUMBERS:
        assert database.run(number) == f"{REVISIONS[number]}: applied"
        assert database.stamps() == [REVISIONS[number]]


def test_a_file_that_was_applied_says_so_and_changes_nothing(at: At) -> None:
    """And so do those before it."""
    database = at(0)
    for number in NUMBERS:
        database.run(number)
        before = database.catalog()
        for earlier in NUMBERS if number == NUMBERS[-1] else {0, max(number - 1, 0), number}:
            assert database.run(earlier) == f"{REVISIONS[earlier]}: already applied"
        assert database.catalog() == before


def test_rows_survive_every_file_run_again(at: At) -> None:
    database = at(4)
    database.query(EVERYTHING)
    before = database.query(ROWS)
    for number in range(4):
        database.run(number)
    assert database.query(ROWS) == before
    for number in NUMBERS[4:]:
        database.run(number)
    before = database.query(ROWS)
    for number in NUMBERS:
        database.run(number)
    assert database.query(ROWS) == before


def test_a_file_refuses_to_run_before_its_predecessor(at: At) -> None:
    database = at(0)
    for count in NUMBERS[:-1]:
        stands = f"at {REVISIONS[count - 1]}" if count else "empty"
        for number in {count + 1, NUMBERS[-1]}:
            assert database.refusal(number) == (
                f"{REVISIONS[number]}: needs {REVISIONS[number - 1]} first; the database is {stands}. "
                "Nothing was changed."
            )
        database.run(count)


def test_an_unknown_stamp_is_refused(at: At) -> None:
    database = at(4)
    for stamp in ("abc", "", "03_short", "x'; DROP TABLE users; --"):
        quoted = stamp.replace("'", "''")
        database.query(f"UPDATE alembic_version SET version_num = '{quoted}'")
        for number in SOME:
            for arguments in ([], ["-v", "reset=1"]):
                line = database.refusal(number, *arguments)
                assert line == f"{REVISIONS[number]}: the stamp '{quoted}' is unknown. Nothing was changed."


def test_a_stamp_with_our_number_but_another_name_is_refused(at: At) -> None:
    database = at(4)
    database.query("UPDATE alembic_version SET version_num = '003_of_others'")
    for number in (3, 4):
        assert "the stamp '003_of_others' is unknown" in database.refusal(number)
        assert "the stamp '003_of_others' is unknown" in database.refusal(number, "-v", "reset=1")
    assert "needs 004_add_auth_sessions first" in database.refusal(5)


def test_two_stamps_are_refused(at: At) -> None:
    database = at(4)
    database.query("INSERT INTO alembic_version VALUES ('002_add_conversations_table')")
    for number in SOME:
        for arguments in ([], ["-v", "reset=1"]):
            assert "alembic_version has more than one row" in database.refusal(number, *arguments)


@pytest.mark.parametrize("change", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_tables_without_a_stamp_are_refused_and_kept(at: At, change: str) -> None:
    database = at(4)
    database.query(EVERYTHING)
    before = database.query(ROWS)
    database.query(change)
    for number in SOME:
        for arguments in ([], ["-v", "reset=1"]):
            assert database.refusal(number, *arguments) == (
                f"{REVISIONS[number]}: there are tables (conversations, messages, tasks, users) but no stamp "
                "that says whose. Nothing was changed."
            )
    assert database.query(ROWS) == before


def test_any_table_of_ours_without_a_stamp_is_noticed(at: At) -> None:
    database = at(0)
    for table in METADATA.tables:
        database.query(f"CREATE TABLE {table} ()")
        assert f"there are tables ({table}) but no stamp" in database.refusal(0)
        database.query(f"DROP TABLE {table}")


def test_a_stamp_that_was_taken_back_to_nothing_counts_as_empty(at: At) -> None:
    database = at(0)
    database.query("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
    assert database.run(0) == "000_create_users_table: applied"


# Reset


def test_no_value_but_1_resets(at: At) -> None:
    database = at(len(FILES))
    before = database.catalog()
    for value in ("0", "yes", "true", "on", "11", " 1", "", "1'; DROP TABLE users; --"):
        for number in SOME:
            assert database.run(number, "-v", f"reset={value}") == f"{REVISIONS[number]}: already applied"
    assert database.catalog() == before


@pytest.mark.parametrize("number", NUMBERS)
def test_reset_1_leaves_what_the_files_up_to_this_one_make(at: At, number: int) -> None:
    database, wanted = at(len(FILES)), at(number + 1)
    database.query("INSERT INTO users (email, password_hash) VALUES ('ann@example.com', '-')")
    said = database.run(number, "-v", "reset=1").splitlines()
    dropped = [f"{revision}: dropped" for revision in reversed(REVISIONS[number:])]
    assert said == [*dropped, f"{REVISIONS[number]}: applied"]
    assert difference(database.catalog(), wanted.catalog()) == []
    assert database.query("SELECT count(*) FROM users") == ("0" if number == 0 else "1")
    if number in SOME:  # the others leave what was just seen to be the same
        for later in NUMBERS[number + 1 :]:
            database.run(later)
        assert difference(database.catalog(), at(len(FILES)).catalog()) == []


def test_reset_on_an_empty_database_just_applies(at: At) -> None:
    assert at(0).run(0, "-v", "reset=1") == "000_create_users_table: applied"


def test_reset_of_a_file_whose_turn_it_is_just_applies(at: At) -> None:
    assert at(3).run(3, "-v", "reset=1") == "003_add_messages_table: applied"


def test_reset_of_a_file_before_its_predecessor_is_refused_and_drops_nothing(at: At) -> None:
    assert "004_add_auth_sessions: needs 003_add_messages_table first" in at(3).refusal(4, "-v", "reset=1")


def test_a_database_newer_than_the_files_is_neither_reset_nor_changed(at: At) -> None:
    database = at(len(FILES))
    database.query("UPDATE alembic_version SET version_num = '998_from_the_future'")
    for number in SOME:
        assert database.run(number) == f"{REVISIONS[number]}: already applied"
        assert database.refusal(number, "-v", "reset=1") == (
            f"{REVISIONS[number]}: the database is at 998_from_the_future, newer than these files, "
            "which therefore cannot reset it. Nothing was changed."
        )


# Halfway


@pytest.mark.parametrize("number", NUMBERS)
def test_a_file_that_fails_at_its_end_leaves_nothing(at: At, number: int) -> None:
    """The table of stamps refuses the new one, which is the last thing that a file writes."""
    database = at(number)
    database.query(
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) NOT NULL);"
        f"ALTER TABLE alembic_version ADD CONSTRAINT never CHECK (version_num <> '{REVISIONS[number]}')"
    )
    before = database.catalog()
    assert "violates check constraint" in database.run(number, status=3)
    assert database.catalog() == before
    database.query("ALTER TABLE alembic_version DROP CONSTRAINT never")
    assert database.run(number) == f"{REVISIONS[number]}: applied"


def test_a_psql_that_is_killed_halfway_leaves_nothing(at: At) -> None:
    database = at(5)
    before = database.catalog()
    # 005 has made its first table and its indexes when it has to wait for this reader of messages.
    reader = database.session()
    assert reader.stdin is not None
    reader.stdin.write("BEGIN; LOCK TABLE messages IN ACCESS SHARE MODE;\n")
    reader.stdin.flush()
    database.wait_for("SELECT count(*) FROM pg_locks WHERE relation = 'messages'::regclass", "1")
    runner = database.session("-f", FILES[5])
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    database.wait_for(f"{others} AND wait_event_type = 'Lock'", "1")
    runner.kill()
    runner.communicate()
    reader.communicate()
    database.wait_for(f"{others} AND pid <> pg_backend_pid()", "0")
    assert database.catalog() == before
    assert database.run(5) == "005_add_runs: applied"


def test_a_missing_part_stops_the_file(at: At, tmp_path: Path) -> None:
    lonely = tmp_path / FILES[0].name
    lonely.write_text(FILES[0].read_text())
    database = at(0)
    done = psql(database.server, database.name, "-f", lonely, check=False)
    assert done.returncode == 3
    assert database.catalog() == at(0).catalog()


# What is around them


def test_two_at_once_apply_a_file_once(at: At) -> None:
    database = at(0)
    both = [database.session("-f", FILES[0]) for _ in range(2)]
    said = sorted(process.communicate(timeout=30)[0] for process in both)
    assert said == ["000_create_users_table: already applied\n", "000_create_users_table: applied\n"]
    assert [process.returncode for process in both] == [0, 0]


def test_the_files_take_the_lock_that_the_backend_takes() -> None:
    assert f"pg_advisory_xact_lock({SCHEMA_LOCK})" in (MIGRATIONS / "psql" / "begin.sql").read_text()


@pytest.mark.parametrize(
    "arguments",
    [["-1"], ["-q"], ["-v", "AUTOCOMMIT=off"], ["-v", "ON_ERROR_STOP=0"], ["-v", "ON_ERROR_ROLLBACK=on"]],
    ids=" ".join,
)
def test_psql_may_be_set_up_differently(at: At, arguments: list[str]) -> None:
    database = at(0)
    assert "needs 000_create_users_table first" in database.refusal(1, *arguments)
    for number in NUMBERS:
        assert database.run(number, *arguments) == f"{REVISIONS[number]}: applied"
    for number in SOME:
        assert database.run(number, *arguments) == f"{REVISIONS[number]}: already applied"
    assert difference(database.catalog(), at(len(FILES)).catalog()) == []


def test_all_files_in_one_transaction_are_all_or_nothing(at: At) -> None:
    database = at(0)
    files = [part for file in FILES for part in ("-f", str(file))]
    done = psql(database.server, database.name, "-1", *files, "-c", "SELECT 1/0", check=False)
    assert done.returncode != 0
    assert database.catalog() == at(0).catalog()
    psql(database.server, database.name, "-1", *files)
    assert difference(database.catalog(), at(len(FILES)).catalog()) == []


def test_the_files_work_in_the_schema_that_comes_first_in_the_search_path(at: At) -> None:
    database = at(4)
    database.query(f"CREATE SCHEMA app; ALTER DATABASE {database.name} SET search_path = app, public")
    public = read_catalog(database.server, database.name)
    for number in NUMBERS:
        assert database.run(number) == f"{REVISIONS[number]}: applied"
    assert difference(read_catalog(database.server, database.name), public) == []
    head = read_catalog(database.server, at(len(FILES)).name)
    app = read_catalog(database.server, database.name, schema="app")
    moved = {what: re.sub(r"\b(ON|FUNCTION) app\.", r"\1 public.", how) for what, how in app.items()}
    assert difference(head, moved) == []
    database.query(f"ALTER DATABASE {database.name} SET search_path = nowhere")
    assert "the search_path names no schema that exists" in database.run(0, status=3)


# What single files do to rows


def test_messages_of_before_005_are_numbered_in_the_order_in_which_they_were_written(at: At) -> None:
    database = at(4)
    database.query(EVERYTHING)
    database.query("INSERT INTO conversations (user_id) SELECT id FROM users")
    database.query(
        "INSERT INTO messages (conversation_id, user_id, role, content) "
        "SELECT id, user_id, 'agent', 'alone' FROM conversations WHERE id <> user_id"
    )
    for number in (4, 5):
        database.run(number)
    numbers = "SELECT string_agg(seq::text, ' ' ORDER BY created_at, id) FROM messages"
    numbers += " GROUP BY conversation_id"
    assert sorted(database.query(numbers).splitlines()) == ["1", "1 2 3 4 5 6 7 8 9"]
    assert database.query("SELECT count(*) FROM messages WHERE client_id IS NULL AND run_id IS NULL") == "10"
    assert database.query("SELECT DISTINCT timezone, display_name IS NULL FROM users") == "UTC|t"


def test_the_revisions_of_the_code_are_the_files_and_fit_the_stamp() -> None:
    assert list_revisions() == REVISIONS
    assert [int(revision[:3]) for revision in REVISIONS] == list(NUMBERS)
    assert max(map(len, REVISIONS)) <= 32


@pytest.mark.parametrize("number", NUMBERS)
def test_every_file_opens_with_its_reason_and_names_itself_and_its_predecessor(number: int) -> None:
    text = FILES[number].read_text()
    assert text.startswith(f"-- {REVISIONS[number]}: ")
    assert text.split("\n\n")[0].count("\n") >= 3
    assert f"\n\\set revision {REVISIONS[number]}\n" in text
    assert f"\n\\set predecessor {REVISIONS[number - 1] if number else chr(39) * 2}\n" in text
