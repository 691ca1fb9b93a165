# test_schema.py -- create_all, the SQL files, Alembic and document 003 say the same.
import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap
from storage.schema.revisions import METADATA
from support.databases.catalog import (
    FILES,
    Catalog,
    Place,
    alembic,
    difference,
    migrated,
    query,
    read_catalog,
)
from support.databases.mariadb import MariaDBServer
from support.databases.postgres import PostgresServer


def bootstrapped(url: str) -> None:
    async def once() -> None:
        engine = open_engine(url)
        try:
            await bootstrap(engine)
        finally:
            await engine.dispose()

    asyncio.run(once())


@pytest.fixture(scope="module")
def made(postgres: PostgresServer) -> str:
    """A template database made by create_all."""
    return postgres.template("bootstrapped", bootstrapped)


def test_all_four_ways_give_the_same_catalog(postgres: PostgresServer, made: str) -> None:
    """psql, create_all, Alembic, and Alembic's script through psql."""

    def upgraded(url: str) -> None:
        alembic(url, "upgrade", "head")

    def scripted(url: str) -> None:
        script = alembic(url, "upgrade", "head", sql=True)
        command = [postgres.psql, "-Xq", "-v", "ON_ERROR_STOP=1", url]
        subprocess.run(command, input=script, text=True, check=True, capture_output=True)

    by_files = read_catalog(postgres, migrated(postgres, len(FILES)))
    for way in (made, postgres.template("upgraded", upgraded), postgres.template("scripted", scripted)):
        assert difference(by_files, read_catalog(postgres, way)) == []
        assert query(postgres, way, "SELECT version_num FROM alembic_version") == FILES[-1].stem
    assert "constraint alembic_version_pkc on alembic_version" in by_files
    assert {f"table {name}" for name in METADATA.tables} < by_files.keys()
    assert {"trigger messages_refuse_delete on messages", "function keep_messages()"} < by_files.keys()


@pytest.mark.busy
def test_on_sqlite_create_all_and_alembic_give_the_same_schema(tmp_path: Path) -> None:
    one, other = (Place(f"sqlite:///{tmp_path / name}") for name in ("one.db", "other.db"))
    one.start()
    other.alembic("upgrade", "head")
    assert difference(one.catalog(), other.catalog()) == []
    assert "trigger messages_refuse_delete on messages" in one.catalog()


SQLITE_DRIFT = {
    "a trigger": ("DROP TRIGGER messages_refuse_update", "trigger messages_refuse_update on messages"),
    "an index": ("DROP INDEX idx_tasks_user_id", "index idx_tasks_user_id on tasks"),
    "the order of an index": (
        "DROP INDEX idx_tasks_user_id_created_at;"
        "CREATE INDEX idx_tasks_user_id_created_at ON tasks (user_id, created_at)",
        "index idx_tasks_user_id_created_at on tasks",
    ),
    "a column": ("ALTER TABLE tasks ADD COLUMN extra", "column tasks.extra"),
    **{
        what: (
            f"PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') "
            f"WHERE name = '{table}'",
            reported,
        )
        for what, table, old, new, reported in (
            ("a type", "tasks", "VARCHAR(255)", "VARCHAR(254)", "column tasks.title"),
            ("nullability", "tasks", "(255) NOT NULL", "(255)", "column tasks.title"),
            ("a default", "tasks", "DEFAULT 0", "DEFAULT 1", "column tasks.completed"),
            (
                "a check",
                "messages",
                "(role IN (",
                "(role IN (NULL, ",
                "messages_role_check in check_constraints",
            ),
            (
                "an action",
                "tasks",
                "ON DELETE CASCADE",
                "ON DELETE SET NULL",
                "fk_tasks_user_id in foreign_keys of tasks",
            ),
            (
                "a key",
                "users",
                "users_email_key",
                "users_mail_key",
                "users_mail_key in unique_constraints of users",
            ),
        )
    },
}


@pytest.mark.parametrize("kind", SQLITE_DRIFT)
@pytest.mark.busy
def test_the_comparison_on_sqlite_reports(tmp_path: Path, kind: str) -> None:
    place = Place(f"sqlite:///{tmp_path / 'parley.db'}")
    place.start()
    before = place.catalog()
    change, reported = SQLITE_DRIFT[kind]
    with place.connect() as connection:
        connection.executescript(change)
    lines = difference(before, place.catalog())
    assert any(line[2:].startswith(reported) for line in lines), lines


@pytest.mark.parametrize("way", ["alembic", "script"])
def test_on_mariadb_all_ways_give_the_same_schema(
    mariadb: MariaDBServer, made_on_mariadb: Place, way: str
) -> None:
    """create_all, Alembic, and Alembic's script through the program mariadb."""
    other = Place(mariadb.url(mariadb.create_database()))
    if way == "alembic":
        other.alembic("upgrade", "head")
    else:
        other.run_script(other.alembic("upgrade", "head", sql=True))
    made = made_on_mariadb.catalog()
    assert difference(made, other.catalog()) == []
    assert other.stamps() == [FILES[-1].stem]
    assert {f"table {name}" for name in METADATA.tables} < made.keys()
    assert {"trigger messages_refuse_delete on messages", "PRIMARY KEY of messages"} < made.keys()


@pytest.fixture(scope="module")
def made_on_mariadb(mariadb: MariaDBServer) -> Place:
    place = Place(mariadb.url(mariadb.create_database()))
    place.start()
    return place


@pytest.fixture(scope="module")
def drifting_on_mariadb(mariadb: MariaDBServer) -> Place:
    """Where nothing is taken back: each change is to a thing of its own."""
    place = Place(mariadb.url(mariadb.create_database()))
    place.start()
    return place


MARIADB_DRIFT = {
    "a missing trigger": (
        "DROP TRIGGER messages_refuse_update",
        "trigger messages_refuse_update on messages",
    ),
    "what a trigger does": (
        "CREATE OR REPLACE TRIGGER users_keep_created_at BEFORE UPDATE ON users FOR EACH ROW SET @x = 1",
        "trigger users_keep_created_at on users",
    ),
    "the order of triggers": (
        "CREATE OR REPLACE TRIGGER tasks_keep_created_at BEFORE UPDATE ON tasks FOR EACH ROW "
        "FOLLOWS tasks_move_updated_at SET @x = 1",
        "trigger tasks_move_updated_at on tasks",
    ),
    "an index": ("DROP INDEX idx_messages_user_id ON messages", "index idx_messages_user_id on messages"),
    "the order of an index": (
        "ALTER TABLE tasks DROP INDEX idx_tasks_user_id_created_at, "
        "ADD INDEX idx_tasks_user_id_created_at (user_id, created_at)",
        "index idx_tasks_user_id_created_at on tasks",
    ),
    "an index's name": ("ALTER TABLE tasks RENAME INDEX idx_tasks_user_id TO other", "index other on tasks"),
    "a unique key": (
        "ALTER TABLE messages DROP INDEX uq_messages_run_id_role, ADD INDEX uq_messages_run_id_role (run_id, role)",
        "index uq_messages_run_id_role on messages",
    ),
    "a primary key": (
        "ALTER TABLE run_events DROP PRIMARY KEY, ADD PRIMARY KEY (run_id, seq, type)",
        "PRIMARY KEY of run_events",
    ),
    "an extra column": ("ALTER TABLE runs ADD extra int", "column runs.extra"),
    "a missing column": ("ALTER TABLE tasks DROP description", "column tasks.description"),
    "the order of columns": (
        "ALTER TABLE auth_sessions MODIFY address varchar(64) AFTER id",
        "column auth_sessions.address",
    ),
    "a length": (
        "ALTER TABLE users MODIFY timezone varchar(65) NOT NULL DEFAULT 'UTC'",
        "column users.timezone",
    ),
    "a precision": ("ALTER TABLE runs MODIFY started_at datetime", "column runs.started_at"),
    "a collation": (
        "ALTER TABLE users MODIFY email varchar(255) COLLATE utf8mb4_general_ci NOT NULL",
        "column users.email",
    ),
    "nullability": ("ALTER TABLE runs MODIFY trigger_seq int", "column runs.trigger_seq"),
    "a default": ("ALTER TABLE runs ALTER epoch SET DEFAULT 1", "column runs.epoch"),
    "a missing default": ("ALTER TABLE tasks ALTER id DROP DEFAULT", "column tasks.id"),
    "a check": (
        "ALTER TABLE messages DROP CONSTRAINT messages_role_check, "
        "ADD CONSTRAINT messages_role_check CHECK (role IN ('user', 'agent', 'system'))",
        "constraint messages_role_check on messages",
    ),
    "a check of a column": ("ALTER TABLE run_events MODIFY data longtext NOT NULL", "column run_events.data"),
    "a foreign key's action": (
        "ALTER TABLE conversations DROP FOREIGN KEY fk_conversations_user_id, ADD CONSTRAINT other "
        "FOREIGN KEY (user_id) REFERENCES users (id)",
        "constraint fk_conversations_user_id on conversations",
    ),
    "a comment": (
        "ALTER TABLE users MODIFY display_name varchar(100) COMMENT 'who'",
        "column users.display_name",
    ),
    "a table's engine": ("ALTER TABLE rate_limits ENGINE=Aria", "table rate_limits"),
    "an extra table": ("CREATE TABLE extra (id int)", "table extra"),
    "a view": ("CREATE VIEW seen AS SELECT id FROM tasks", "view seen"),
    "a function": ("CREATE FUNCTION extra() RETURNS int RETURN 1", "function extra"),
}


@pytest.mark.parametrize("kind", MARIADB_DRIFT)
def test_the_comparison_on_mariadb_reports(drifting_on_mariadb: Place, kind: str) -> None:
    before = drifting_on_mariadb.catalog()
    change, reported = MARIADB_DRIFT[kind]
    drifting_on_mariadb.run(change)
    lines = difference(before, drifting_on_mariadb.catalog())
    assert any(line[2:].startswith(f"{reported}: ") for line in lines), lines


DRIFT = {
    "a column's type": ("ALTER TABLE tasks ALTER title TYPE text", "column tasks.title"),
    "a column's length": ("ALTER TABLE tasks ALTER title TYPE varchar(254)", "column tasks.title"),
    "a default": ("ALTER TABLE tasks ALTER completed SET DEFAULT true", "column tasks.completed"),
    "a missing default": ("ALTER TABLE tasks ALTER completed DROP DEFAULT", "column tasks.completed"),
    "nullability": ("ALTER TABLE tasks ALTER title DROP NOT NULL", "column tasks.title"),
    "an extra column": ("ALTER TABLE tasks ADD extra int", "column tasks.extra"),
    "a missing column": ("ALTER TABLE tasks DROP description", "column tasks.description"),
    "the order of columns": (
        "ALTER TABLE users DROP timezone, ADD timezone varchar(64) NOT NULL DEFAULT 'UTC'",
        "column users.timezone",
    ),
    "a dropped index": ("DROP INDEX idx_tasks_user_id", "index idx_tasks_user_id"),
    "the order of an index": (
        "DROP INDEX idx_tasks_user_id_created_at;"
        "CREATE INDEX idx_tasks_user_id_created_at ON tasks (user_id, created_at)",
        "index idx_tasks_user_id_created_at",
    ),
    "the columns of an index": (
        "DROP INDEX idx_tasks_user_id; CREATE INDEX idx_tasks_user_id ON tasks (user_id, id)",
        "index idx_tasks_user_id",
    ),
    "the predicate of an index": (
        "DROP INDEX idx_tasks_user_id; CREATE INDEX idx_tasks_user_id ON tasks (user_id) WHERE completed",
        "index idx_tasks_user_id",
    ),
    "the method of an index": (
        "DROP INDEX idx_tasks_user_id; CREATE INDEX idx_tasks_user_id ON tasks USING hash (user_id)",
        "index idx_tasks_user_id",
    ),
    "a unique index": (
        "DROP INDEX idx_tasks_user_id; CREATE UNIQUE INDEX idx_tasks_user_id ON tasks (user_id)",
        "index idx_tasks_user_id",
    ),
    "an index's name": ("ALTER INDEX idx_tasks_user_id RENAME TO other", "index other"),
    "a check": (
        "ALTER TABLE messages DROP CONSTRAINT messages_role_check,"
        "ADD CONSTRAINT messages_role_check CHECK (role IN ('user', 'agent', 'system'))",
        "constraint messages_role_check on messages",
    ),
    "a missing check": (
        "ALTER TABLE messages DROP CONSTRAINT messages_role_check",
        "constraint messages_role_check on messages",
    ),
    "a foreign key's action": (
        "ALTER TABLE tasks DROP CONSTRAINT fk_tasks_user_id,"
        "ADD CONSTRAINT fk_tasks_user_id FOREIGN KEY (user_id) REFERENCES users (id)",
        "constraint fk_tasks_user_id on tasks",
    ),
    "a foreign key that was not checked": (
        "ALTER TABLE tasks DROP CONSTRAINT fk_tasks_user_id, ADD CONSTRAINT fk_tasks_user_id "
        "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID",
        "constraint fk_tasks_user_id on tasks",
    ),
    "a foreign key that waits": (
        "ALTER TABLE tasks ALTER CONSTRAINT fk_tasks_user_id DEFERRABLE",
        "constraint fk_tasks_user_id on tasks",
    ),
    "a missing unique constraint": (
        "ALTER TABLE messages DROP CONSTRAINT uq_messages_run_id_role",
        "constraint uq_messages_run_id_role on messages",
    ),
    "a primary key": (
        "ALTER TABLE run_events DROP CONSTRAINT run_events_pkey,"
        "ADD CONSTRAINT run_events_pkey PRIMARY KEY (seq, run_id)",
        "constraint run_events_pkey on run_events",
    ),
    "the stamp's table": (
        "ALTER TABLE alembic_version ALTER version_num TYPE varchar(64)",
        "column alembic_version.version_num",
    ),
    "an extra table": ("CREATE TABLE extra ()", "table extra"),
    "a missing table": ("DROP TABLE rate_limits", "table rate_limits"),
    "row security": ("ALTER TABLE tasks ENABLE ROW LEVEL SECURITY", "table tasks"),
    "a policy": ("CREATE POLICY own ON tasks USING (completed)", "policy own on tasks"),
    "a view": ("CREATE VIEW extra AS SELECT id FROM tasks", "view extra"),
    "a sequence": ("CREATE SEQUENCE extra", "table extra"),
    "an enum": ("CREATE TYPE extra AS ENUM ('a')", "type extra"),
    "a function": ("CREATE FUNCTION extra() RETURNS int LANGUAGE sql RETURN 1", "function extra()"),
    "a trigger": (
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER kept BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep()",
        "trigger kept on tasks",
    ),
    "a comment": ("COMMENT ON COLUMN tasks.title IS 'what'", "comment on column title of table tasks"),
}


@pytest.fixture(scope="module")
def drifting(postgres: PostgresServer, made: str) -> Iterator[tuple[str, Catalog]]:
    """A database to be changed inside transactions that are rolled back, and its catalog."""
    name = f"drifting {os.getpid()}"
    postgres.create_database(name, made)
    yield name, read_catalog(postgres, name)
    postgres.drop_database(name)


@pytest.mark.parametrize("kind", DRIFT)
def test_the_comparison_reports(postgres: PostgresServer, drifting: tuple[str, Catalog], kind: str) -> None:
    database, before = drifting
    change, reported = DRIFT[kind]
    after = read_catalog(postgres, database, after=change)
    assert any(line[2:].startswith(f"{reported}: ") for line in difference(before, after))


# Document 003

NEW_ID = "uuid|NO|gen_random_uuid()"
NOW = "timestamp with time zone|NO|CURRENT_TIMESTAMP"
DOCUMENT_003_COLUMNS = {
    "users": {
        "id": NEW_ID,
        "email": "character varying(255)|NO|",
        "password_hash": "character varying(255)|NO|",
        "created_at": NOW,
        "updated_at": NOW,
    },
    "tasks": {
        "id": NEW_ID,
        "user_id": "uuid|NO|",
        "title": "character varying(255)|NO|",
        "description": "text|YES|",
        "completed": "boolean|NO|false",
        "created_at": NOW,
        "updated_at": NOW,
    },
    "conversations": {
        "id": NEW_ID,
        "user_id": "uuid|NO|",
        "title": "character varying(255)|YES|",
        "created_at": NOW,
        "updated_at": NOW,
    },
    "messages": {
        "id": NEW_ID,
        "conversation_id": "uuid|NO|",
        "user_id": "uuid|NO|",
        "role": "character varying(10)|NO|",
        "content": "text|NO|",
        "tool_calls": "jsonb|YES|",
        "created_at": NOW,
    },
}
DOCUMENT_003_KEYS = {
    "users_pkey": "PRIMARY KEY (id)",
    "users_email_key": "UNIQUE (email)",
    "tasks_pkey": "PRIMARY KEY (id)",
    "fk_tasks_user_id": "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE",
    "conversations_pkey": "PRIMARY KEY (id)",
    "fk_conversations_user_id": "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE",
    "messages_pkey": "PRIMARY KEY (id)",
    "messages_role_check": "CHECK (((role)::text = ANY ((ARRAY['user'::character varying, "
    "'agent'::character varying])::text[])))",
    "fk_messages_conversation_id": "FOREIGN KEY (conversation_id) REFERENCES conversations(id) "
    "ON DELETE CASCADE",
    "fk_messages_user_id": "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE",
}
DOCUMENT_003_INDEXES = {
    "idx_users_email": "users USING btree (email)",
    "idx_tasks_user_id": "tasks USING btree (user_id)",
    "idx_tasks_user_id_created_at": "tasks USING btree (user_id, created_at DESC)",
    "idx_conversations_user_id": "conversations USING btree (user_id)",
    "idx_conversations_user_id_updated_at": "conversations USING btree (user_id, updated_at DESC)",
    "idx_messages_conversation_id": "messages USING btree (conversation_id)",
    "idx_messages_user_id": "messages USING btree (user_id)",
    # Ascending is PostgreSQL's default order, which it does not write down.
    "idx_messages_conversation_id_created_at": "messages USING btree (conversation_id, created_at)",
}


def test_the_first_four_files_are_document_003_to_the_letter(postgres: PostgresServer) -> None:
    database = migrated(postgres, 4)
    columns = query(
        postgres,
        database,
        "SELECT relname, attname, format_type(atttypid, atttypmod), "
        "CASE WHEN attnotnull THEN 'NO' ELSE 'YES' END, pg_get_expr(adbin, adrelid) "
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
        "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version' "
        "AND attnum > 0 ORDER BY relname, attnum",
    )
    assert columns.splitlines() == [
        f"{table}|{column}|{definition}"
        for table in sorted(DOCUMENT_003_COLUMNS)
        for column, definition in DOCUMENT_003_COLUMNS[table].items()
    ]
    keys = query(
        postgres,
        database,
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conname <> 'alembic_version_pkc'",
    )
    assert dict(line.split("|", 1) for line in keys.splitlines()) == DOCUMENT_003_KEYS
    indexes = query(
        postgres,
        database,
        "SELECT indexname, split_part(indexdef, ' ON public.', 2) FROM pg_indexes "
        "WHERE schemaname = 'public' AND indexname LIKE 'idx%'",
    )
    assert dict(line.split("|", 1) for line in indexes.splitlines()) == DOCUMENT_003_INDEXES


def test_head_keeps_all_that_document_003_defines(postgres: PostgresServer, made: str) -> None:
    first, head = read_catalog(postgres, migrated(postgres, 4)), read_catalog(postgres, made)
    assert {what: head.get(what) for what in first} == first
