# test_restore.py -- a restore begins with an empty database, and leaves all of the backup in it, or nothing.
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import make_url
from typer.testing import Result

from backups.archive import create_archive, ignore_progress, open_archive
from support.databases.catalog import ENGINES, Place
from support.servers import settings_for

Parley = Callable[..., Result]


@pytest.fixture
def file(own_database_url: str, parley: Parley, tmp_path: Path) -> Path:
    path = tmp_path / "parley.zip"
    done = parley(own_database_url, "backup", path)
    assert done.exit_code == 0, done.output
    return path


@pytest.mark.also_on_mariadb
def test_a_database_that_is_not_empty_is_left_as_it_is(file: Path, empty: Place, parley: Parley) -> None:
    empty.run("CREATE TABLE invoices (id int)")
    empty.run("INSERT INTO invoices VALUES (1)")
    done = parley(empty.url, "restore", file)
    assert done.exit_code == 1
    assert done.stderr.endswith("not empty (invoices is there), and a restore replaces nothing.\n")
    assert empty.counts() == {"invoices": 1}


def add_orphan(path: Path, content: bytes) -> bytes:
    """A database of SQLite with a row more, which points to nothing."""
    path.write_bytes(content)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO account_members (account_id, user_id, role) VALUES ('a', 'b', 'owner')")
    return path.read_bytes()


@pytest.mark.also_on_mariadb
def test_a_restore_that_fails_leaves_an_empty_database(
    file: Path, engine_name: str, empty: Place, parley: Parley, tmp_path: Path
) -> None:
    """At its very end, with all rows in place."""
    broken = tmp_path / "broken.zip"
    with open_archive(file) as archive, create_archive(broken) as other:
        content = b"".join(archive.read_data(ignore_progress))
        if engine_name == "sqlite":
            content = add_orphan(tmp_path / "orphan.db", content)
            counts = {**archive.manifest.tables, "account_members": 1}
        else:
            content += b"SELECT nothing FROM nowhere;\n"
            counts = archive.manifest.tables
        data = other.write_data(archive.manifest.data.name, [content], ignore_progress)
        other.write_manifest(archive.manifest.model_copy(update={"data": data, "tables": counts}))
    done = parley(empty.url, "restore", broken)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert empty.counts() == {}
    assert parley(empty.url, "restore", file).exit_code == 0


@pytest.mark.parametrize("engine_name", ENGINES, indirect=True)
def test_a_backup_of_another_engine_is_refused(
    file: Path, engine_name: str, parley: Parley, tmp_path: Path
) -> None:
    url = (
        "mariadb://nobody@127.0.0.1:1/x" if engine_name == "sqlite" else f"sqlite:///{tmp_path / 'other.db'}"
    )
    done = parley(url, "restore", file)
    other = make_url(url).get_backend_name()
    assert done.stderr == f"parley: The backup is of {engine_name}, and DATABASE_URL leads to {other}.\n"
    assert not (tmp_path / "other.db").exists()


@pytest.mark.engines("sqlite")
def test_an_empty_file_of_sqlite_is_an_empty_database(file: Path, empty: Place, parley: Parley) -> None:
    with closing(sqlite3.connect(make_url(empty.url).database or "")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        assert parley(empty.url, "restore", file).exit_code == 0
        assert database.execute("SELECT count(*) FROM users").fetchone() == (0,)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_what_is_left_of_a_database_that_is_gone_is_not_taken_for_its_changes(
    file: Path, empty: Place, parley: Parley, suffix: str
) -> None:
    left = Path(f"{make_url(empty.url).database}{suffix}")
    left.touch()
    done = parley(empty.url, "restore", file)
    assert done.stderr == f"parley: {left} is there, of a database that is gone: move it away.\n"


@pytest.mark.engines("sqlite")
def test_two_restores_do_not_mix(file: Path, empty: Place, parley: Parley) -> None:
    beside = Path(f"{make_url(empty.url).database}.restoring")
    beside.touch()
    assert "another restore writes it" in parley(empty.url, "restore", file).stderr
    assert empty.counts() == {}
    beside.unlink()
    assert parley(empty.url, "restore", file).exit_code == 0
    assert not beside.exists()


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_schema_of_postgresql_is_restored_by_its_name(
    own_database_url: str, empty: Place, parley: Parley, tmp_path: Path
) -> None:
    source, target = (f"{url}?schema=chat" for url in (own_database_url, empty.url))
    Place(own_database_url).run("CREATE SCHEMA chat")
    assert parley(source, "db", "upgrade").exit_code == 0
    file = tmp_path / "chat.zip"
    assert parley(source, "backup", file).exit_code == 0
    assert parley(empty.url, "restore", file).stderr == (
        "parley: The backup is of the schema chat, and DATABASE_URL leads to public.\n"
    )
    assert parley(target, "restore", file).exit_code == 0
    assert parley(target, "db", "verify").exit_code == 0
    assert empty.counts() == {}
    Place(own_database_url).run("DROP SCHEMA chat CASCADE")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_what_an_older_server_does_not_know_is_not_in_the_file(file: Path) -> None:
    with ZipFile(file) as archive:
        sql = archive.read("database.sql")
    assert b"\nSET statement_timeout" in sql
    assert b"transaction_timeout" not in sql
    assert b"CREATE SCHEMA IF NOT EXISTS public;\n" in sql


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_pooler_has_to_be_gone_around(
    own_database_url: str, empty: Place, parley: Parley, tmp_path: Path
) -> None:
    pooled = {"database_pooler": "transaction"}
    file = tmp_path / "parley.zip"
    refused = parley(own_database_url, "backup", file, **pooled)
    assert refused.stderr.endswith("set DATABASE_LISTEN_URL to the direct way.\n")
    assert list(tmp_path.glob("parley.zip*")) == []
    direct = {**pooled, "database_listen_url": own_database_url}
    assert parley(own_database_url, "backup", file, **direct).exit_code == 0
    restored = parley(empty.url, "restore", file, **pooled, database_listen_url=empty.url)
    assert restored.exit_code == 0, restored.output
    assert settings_for(own_database_url, **direct).database_listen_url


@pytest.mark.engines("sqlite")
def test_an_empty_database_has_nothing_to_back_up(empty: Place, parley: Parley, tmp_path: Path) -> None:
    empty.run("CREATE TABLE invoices (id int)")
    done = parley(empty.url, "backup", tmp_path / "parley.zip")
    assert done.stderr == "parley: The database has no tables of Parley: there is nothing to back up.\n"
    assert not (tmp_path / "parley.zip").exists()
