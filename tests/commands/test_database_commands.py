# test_database_commands.py -- parley db: where the schema stands, upgrading it, and comparing it with the models.
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

import cli
from settings import SettingsError
from storage.schema.revisions import METADATA, list_revisions
from support.databases.catalog import Place, difference
from support.servers import settings_for

REVISIONS = list_revisions()
HEAD = REVISIONS[-1]
Parley = Callable[..., Result]


@pytest.fixture
def parley(place: Place, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setattr("commands.context.get_settings", lambda: settings_for(place.url))
    return lambda *words: CliRunner().invoke(cli.app, ["db", *words])


@pytest.mark.busy
def test_status_says_where_the_database_stands_and_what_is_pending(place: Place, parley: Parley) -> None:
    empty = parley("status")
    assert empty.output.splitlines() == [
        f"engine    {place.engine}",
        "revision  none",
        f"head      {HEAD}",
        f"pending   {', '.join(REVISIONS)}",
    ]
    assert place.counts() == {}
    place.alembic("upgrade", REVISIONS[3])
    assert parley("status").output.endswith(f"pending   {', '.join(REVISIONS[4:])}\n")
    place.alembic("upgrade", "head")
    assert parley("status").output.endswith(f"revision  {HEAD}\nhead      {HEAD}\npending   nothing\n")
    place.run("INSERT INTO alembic_version VALUES ('started 998')")
    half = parley("status")
    assert half.exit_code == 1
    assert "started and not finished: 998" in half.stderr
    place.run("DELETE FROM alembic_version WHERE version_num LIKE 'started %'")
    place.run("UPDATE alembic_version SET version_num = '998_from_the_future'")
    assert (parley("status").exit_code, parley("status").stderr) == (
        1,
        "parley: this code does not know that revision.\n",
    )


@pytest.mark.busy
def test_upgrade_tells_each_step_and_does_nothing_twice(place: Place, parley: Parley) -> None:
    place.alembic("upgrade", REVISIONS[3])
    done = parley("upgrade")
    assert (done.exit_code, done.stderr) == (0, "")
    at_head = f"The database is at {HEAD}."
    assert done.output.splitlines() == [*(f"applied {name}" for name in REVISIONS[4:]), at_head]
    assert parley("upgrade").output == f"{at_head}\n"
    assert place.start() == []


@pytest.mark.busy
def test_upgrade_refuses_what_it_does_not_understand(place: Place, parley: Parley) -> None:
    place.alembic("upgrade", REVISIONS[5])
    place.run("DROP TABLE alembic_version")
    before = place.catalog()
    refused = parley("upgrade")
    assert refused.exit_code == 1
    assert "no stamp" in refused.stderr
    assert difference(place.catalog(), before) == []
    assert parley("stamp").output == f"The tables are those of {REVISIONS[5]}, and stamped so.\n"
    assert parley("upgrade").exit_code == 0
    again = parley("stamp")
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("way", ["create_all", "alembic"])
@pytest.mark.busy
def test_verify_finds_nothing_in_what_we_made(place: Place, parley: Parley, way: str) -> None:
    place.start() if way == "create_all" else place.alembic("upgrade", "head")
    place.run("CREATE TABLE invoices (id int)")
    done = parley("verify")
    assert (done.exit_code, done.output) == (0, "The database is what the models say.\n")


DRIFT = {
    "ALTER TABLE tasks ADD COLUMN extra integer": "column tasks.extra: is not in the models",
    "ALTER TABLE tasks DROP COLUMN description": "column tasks.description: is missing",
    "DROP TABLE rate_limits": "table rate_limits: is missing",
    "CREATE INDEX extra ON tasks (title)": "index extra on tasks: is not in the models",
}
POSTGRESQL_DRIFT = {
    "DROP INDEX idx_tasks_user_id": "index idx_tasks_user_id on tasks: is missing",
    "DROP TRIGGER messages_refuse_update ON messages": "trigger messages_refuse_update: is missing",
    "ALTER TABLE messages DISABLE TRIGGER messages_refuse_update": "trigger messages_refuse_update: differs",
    "CREATE OR REPLACE FUNCTION keep_messages() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'": (
        "function keep_messages(): differs"
    ),
    "CREATE TRIGGER own BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION move_updated_at()": (
        "trigger own: is not in the migrations"
    ),
    "ALTER TABLE tasks ALTER title TYPE text": "column tasks.title: type is TEXT, not VARCHAR(255)",
    "ALTER TABLE tasks ALTER title DROP NOT NULL": "column tasks.title: nullable is True, not False",
    "ALTER TABLE tasks ALTER completed SET DEFAULT true": "column tasks.completed: default is true, not false",
    "ALTER TABLE tasks DROP CONSTRAINT fk_tasks_user_id": "foreign key fk_tasks_user_id on tasks: is missing",
    "ALTER TABLE messages DROP CONSTRAINT uq_messages_run_id_role": (
        "constraint uq_messages_run_id_role on messages: is missing"
    ),
    "ALTER TABLE messages DROP CONSTRAINT messages_role_check": (
        "constraint messages_role_check on messages: is missing"
    ),
    "ALTER TABLE messages DROP CONSTRAINT messages_role_check, "
    "ADD CONSTRAINT messages_role_check CHECK (role IN ('user', 'agent', 'system'))": (
        "check messages_role_check on messages: is "
    ),
    "ALTER TABLE run_events DROP CONSTRAINT run_events_pkey, ADD PRIMARY KEY (seq, run_id)": (
        "primary key of run_events: is (seq, run_id)"
    ),
    "DROP INDEX idx_tasks_user_id_created_at; "
    "CREATE INDEX idx_tasks_user_id_created_at ON tasks (user_id, created_at)": (
        "index idx_tasks_user_id_created_at on tasks: is missing"
    ),
}
SQLITE_DRIFT = {
    "DROP INDEX idx_tasks_user_id": "index idx_tasks_user_id on tasks: is missing",
    "DROP TRIGGER messages_refuse_update": "trigger messages_refuse_update: is missing",
    "CREATE TRIGGER own AFTER UPDATE ON tasks BEGIN SELECT 1; END": "trigger own: is not in the migrations",
}
MARIADB_DRIFT = {
    "DROP INDEX idx_tasks_user_id ON tasks": "index idx_tasks_user_id on tasks: is missing",
    "DROP TRIGGER messages_refuse_update": "trigger messages_refuse_update: is missing",
    "CREATE TRIGGER own BEFORE UPDATE ON tasks FOR EACH ROW SET @nothing = 1": (
        "trigger own: is not in the migrations"
    ),
    "CREATE OR REPLACE TRIGGER users_keep_created_at BEFORE UPDATE ON users FOR EACH ROW SET @nothing = 1": (
        "trigger users_keep_created_at: differs"
    ),
    "ALTER TABLE tasks MODIFY title longtext NOT NULL": "column tasks.title: type is LONGTEXT",
    "ALTER TABLE users MODIFY email varchar(255)": "column users.email: nullable is True, not False",
    "ALTER TABLE tasks DROP CONSTRAINT fk_tasks_user_id": "foreign key fk_tasks_user_id on tasks: is missing",
    "ALTER TABLE messages DROP CONSTRAINT messages_role_check, "
    "ADD CONSTRAINT messages_role_check CHECK (role IN ('user', 'agent', 'system'))": (
        "check messages_role_check on messages: is "
    ),
    "ALTER TABLE runs DROP CONSTRAINT runs_status_check": "constraint runs_status_check on runs: is missing",
    "ALTER TABLE messages ADD UNIQUE (content(9)), DROP INDEX uq_messages_user_id_client_id": (
        "constraint uq_messages_user_id_client_id on messages: is missing"
    ),
    "ALTER TABLE run_events DROP PRIMARY KEY, ADD PRIMARY KEY (run_id, seq, type)": (
        "primary key of run_events: is (run_id, seq, type)"
    ),
}
OWN_DRIFT = {"sqlite": SQLITE_DRIFT, "postgresql": POSTGRESQL_DRIFT, "mariadb": MARIADB_DRIFT}


@pytest.mark.busy
def test_verify_prints_each_difference_and_ends_with_1(place: Place, parley: Parley) -> None:
    place.start()
    once = DRIFT | OWN_DRIFT[place.engine]
    for sql in [sql for sql in once if "messages_role_check" in sql or "refuse_update" in sql][1:]:
        del once[sql]  # one change to one thing
    for sql in once:
        place.run(sql)
    done = parley("verify")
    assert done.exit_code == 1
    for reported in once.values():
        assert any(line.startswith(reported) for line in done.stdout.splitlines()), (reported, done.stdout)
    assert done.stderr.startswith(f"parley: {len(done.stdout.splitlines())} differences between ")


@pytest.mark.parametrize(
    "sql", [sql for sql in POSTGRESQL_DRIFT if "refuse_update" in sql or "role_check" in sql]
)
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_verify_sees_what_a_trigger_and_a_check_have_become(place: Place, parley: Parley, sql: str) -> None:
    place.start()
    place.run(sql)
    [line] = parley("verify").stdout.splitlines()
    assert line.startswith(POSTGRESQL_DRIFT[sql])


@pytest.mark.busy
def test_sql_prints_the_script_and_runs_nothing(
    place: Place, parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    script = parley("sql").output
    assert script.count("CREATE TABLE") >= len(METADATA.tables)
    assert place.counts() == {}
    place.alembic("upgrade", REVISIONS[3])
    rest = parley("sql", "--from", REVISIONS[3]).output
    assert "CREATE TABLE users" not in rest
    place.run_script(rest)
    assert parley("verify").exit_code == 0
    assert parley("sql", "--from", "nowhere").exit_code == 1


@pytest.mark.parametrize("verb", ["status", "upgrade", "stamp", "verify", "sql"])
def test_settings_that_cannot_work_are_one_line(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    def wrong() -> None:
        raise SettingsError("LOG_LEVEL: no")

    monkeypatch.setattr("commands.context.get_settings", wrong)
    done = CliRunner().invoke(cli.app, ["db", verb])
    assert (done.exit_code, done.output) == (1, "parley: LOG_LEVEL: no\n")


@pytest.mark.parametrize("verb", ["status", "upgrade", "verify"])
def test_a_database_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setattr(
        "commands.context.get_settings", lambda: settings_for("postgresql://nobody@127.0.0.1:1/nowhere")
    )
    done = CliRunner().invoke(cli.app, ["db", verb])
    assert done.exit_code == 1
    assert done.stderr.startswith("parley: the database does not answer: ")
    assert done.stderr.count("\n") == 1


def test_every_command_says_what_it_does() -> None:
    shown = CliRunner().invoke(cli.app, ["db", "--help"]).output
    for verb in ("status", "upgrade", "stamp", "verify", "sql"):
        assert f" {verb} " in shown
