# test_upgrade.py -- parley db upgrade --backup: the backup first, and without one no upgrade.
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import Result

from backups.archive import open_archive
from storage.schema.revisions import list_revisions
from support.databases.catalog import Place

Parley = Callable[..., Result]
REVISIONS = list_revisions()
OLD = REVISIONS[-2]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_an_upgrade_with_a_backup_can_be_taken_back(
    empty: Place, own_database_url: str, parley: Parley, tmp_path: Path
) -> None:
    empty.alembic("upgrade", OLD)
    file = tmp_path / "before.zip"
    done = parley(empty.url, "db", "upgrade", "--backup", file)
    assert done.exit_code == 0, done.output
    first, *_, last = done.stdout.splitlines()
    assert (f"revision {OLD}, " in first, last) == (True, f"The database is at {REVISIONS[-1]}.")
    with open_archive(file) as archive:
        assert archive.manifest.revision == OLD
    refused = parley(own_database_url, "restore", file)
    assert "is not empty" in refused.stderr


@pytest.mark.engines("sqlite")
def test_without_its_backup_nothing_is_upgraded(empty: Place, parley: Parley, tmp_path: Path) -> None:
    empty.alembic("upgrade", OLD)
    file = tmp_path / "before.zip"
    file.touch()
    done = parley(empty.url, "db", "upgrade", "--backup", file)
    assert done.exit_code == 1
    assert done.stderr == f"parley: {file} is there already, and a backup replaces nothing.\n"
    assert empty.stamps() == [OLD]


@pytest.mark.engines("sqlite")
def test_a_first_upgrade_has_nothing_to_back_up(empty: Place, parley: Parley, tmp_path: Path) -> None:
    """So that one line in a script serves the first deployment as every other."""
    file = tmp_path / "before.zip"
    done = parley(empty.url, "db", "upgrade", "--backup", file)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "The database has no tables of Parley: there is nothing to back up."
    assert not file.exists()
    assert parley(empty.url, "db", "upgrade", "--backup", file).exit_code == 0
    assert file.exists()


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_a_restore_that_is_killed_leaves_no_stamp_on_mariadb(
    own_database_url: str, empty: Place, parley: Parley, tmp_path: Path
) -> None:
    """Its statements commit one by one: so the stamp comes last, and a server refuses what is there until then."""
    file = tmp_path / "parley.zip"
    assert parley(own_database_url, "backup", file).exit_code == 0
    with ZipFile(file) as archive:
        sql = archive.read("database.sql").decode()
    begin, _, last = sql.rpartition("CREATE TABLE `")
    assert last.startswith("alembic_version`")
    empty.run_script(begin.rpartition("--\n-- Table structure")[0])
    assert "no stamp" in empty.refusal()
    assert "is not empty" in parley(empty.url, "restore", file).stderr
