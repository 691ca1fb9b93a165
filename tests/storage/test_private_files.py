# test_private_files.py -- what SQLite mode keeps on disk is its owner's alone.
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from logs import configure_logs
from settings.private_files import keep_private
from support.servers import serving, settings_for


@pytest.fixture
def open_umask() -> Iterator[None]:
    """That of someone who shares everything."""
    former = os.umask(0)
    yield
    os.umask(former)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.usefixtures("open_umask")
def test_the_database_its_log_and_the_key_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'parley.db'}", secret_key=None)
    with serving(settings) as server:
        server.person()
        found = modes(tmp_path)
    assert found.keys() >= {"parley.db", "parley.db-wal", "parley.db-shm", "parley.db.key"}
    assert set(found.values()) == {0o600}


@pytest.mark.usefixtures("open_umask")
def test_files_that_were_open_to_others_are_closed_and_told_of_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'parley.db'}", secret_key=None, log_level="warning")
    with serving(settings) as server:
        email = server.register()
    names = ["parley.db", "parley.db.key"]
    for name in names:
        (tmp_path / name).chmod(0o664)
    capsys.readouterr()
    with serving(settings) as server:
        server.sign_in(email)
        assert set(modes(tmp_path).values()) == {0o600}
    told = re.findall(r"a file was open to others.*file=.*/(\S+)", capsys.readouterr().err)
    assert sorted(told) == names


def test_a_file_that_belongs_to_another_is_told_of_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("warning")
    path = tmp_path / "parley.db"
    path.touch(mode=0o644)
    path.chmod(0o644)

    def refuse(*_: object) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr(Path, "chmod", refuse)
    keep_private(path)
    assert "a file is open to others and cannot be made private" in capsys.readouterr().err
