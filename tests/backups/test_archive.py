# test_archive.py -- the file of a backup: whole or not there, and told when it is damaged.
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import Result

from backups.archive import (
    CHUNK_BYTES,
    create_archive,
    ignore_progress,
    join_lines,
    split_lines,
)
from backups.making import verify_backup
from backups.manifest import BackupError, DataFile, Manifest
from backups.sqlite import copy_database, read_file_facts
from clock import utc_now
from support.databases.catalog import Place

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def file(own_database_url: str, parley: Callable[..., Result], tmp_path: Path) -> Path:
    path = tmp_path / "parley.zip"
    assert (
        parley(own_database_url, "user", "create", "ann@example.com").exit_code == 1
    )  # no password: tables alone
    assert parley(own_database_url, "backup", path).exit_code == 0
    return path


def describe(data: DataFile, **tables: int) -> Manifest:
    return Manifest(
        parley="0",
        made_at=utc_now(),
        engine="postgresql",
        server="18.0",
        program="pg_dump 18.0",
        namespace="public",
        revision=None,
        tables=tables,
        data=data,
    )


def test_only_its_owner_reads_a_backup_and_any_program_unpacks_it(file: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name]
    with ZipFile(file) as archive:
        archive.extractall(tmp_path / "unpacked")
    place = Place(f"sqlite:///{tmp_path / 'unpacked' / 'database.sqlite'}")
    assert place.run("PRAGMA integrity_check") == ["ok"]
    assert place.counts()["users"] == 0


def test_a_backup_replaces_nothing(own_database_url: str, parley: Callable[..., Result], file: Path) -> None:
    before = file.read_bytes()
    again = parley(own_database_url, "backup", file)
    assert (again.exit_code, again.stderr) == (
        1,
        f"parley: {file} is there already, and a backup replaces nothing.\n",
    )
    assert file.read_bytes() == before


def test_two_backups_do_not_write_the_same_file(
    own_database_url: str, parley: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "parley.zip"
    with create_archive(path):
        second = parley(own_database_url, "backup", path)
        assert second.exit_code == 1
        assert "another backup writes it" in second.stderr
        assert (tmp_path / "parley.zip.part").exists()
    assert path.exists()


@pytest.mark.parametrize("end", [RuntimeError("full"), KeyboardInterrupt(), SystemExit(143)])
def test_a_backup_that_is_ended_leaves_nothing(end: BaseException, tmp_path: Path) -> None:
    def read() -> Iterator[bytes]:
        yield b"some of it"
        raise end

    with pytest.raises(type(end)), create_archive(tmp_path / "parley.zip") as archive:
        archive.write_data("database.sql", read(), ignore_progress)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.9])
def test_damage_to_the_data_is_found(file: Path, place: float, tmp_path: Path) -> None:
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 0x55
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    with pytest.raises(BackupError):
        verify_backup(damaged, ignore_progress)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_part_of_a_backup_is_none(
    file: Path, share: float, empty: Place, parley: Callable[..., Result], tmp_path: Path
) -> None:
    part = tmp_path / "part.zip"
    part.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    for words in (["backup", "--verify", part], ["restore", part]):
        done = parley(empty.url, *words)
        assert done.exit_code == 1
        assert done.stderr.startswith(f"parley: {part} is no backup, or not all of one: ")
    assert empty.counts() == {}


SQL = b"COPY public.tasks (id) FROM stdin;\n1\n2\n\\.\n"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"tables": {"tasks": 3}}, "tasks has 2 rows, and the manifest says 3."),
        ({"tables": {"tasks": 2, "users": 1}}, "users has no rows, and the manifest says 1."),
        ({"revision": "034"}, "The data is of revision None, and the manifest says 034."),
        ({"data": {"name": "database.sql", "bytes": len(SQL), "sha256": "0"}}, "it is damaged."),
        ({"data": {"name": "other.sql", "bytes": len(SQL), "sha256": "0"}}, "has no other.sql."),
        ({"data": {"name": "database.sql", "bytes": 3, "sha256": "0"}}, "it is damaged."),
        ({"format": 2}, "is of another format: use the Parley that made it."),
        ({"engine": "oracle"}, "its manifest is wrong: engine."),
    ],
)
def test_a_manifest_that_says_something_else_is_found(
    change: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "parley.zip"
    data = DataFile(name="database.sql", bytes=len(SQL), sha256=hashlib.sha256(SQL).hexdigest())
    right = describe(data, tasks=2).model_dump(mode="json")
    with ZipFile(file, "w") as archive:
        archive.writestr("database.sql", SQL)
        archive.writestr("manifest.json", json.dumps({**right, **change}))
    with pytest.raises(BackupError) as found:
        verify_backup(file, ignore_progress)
    assert str(found.value).endswith(complaint)


def test_what_is_not_a_backup_is_named(tmp_path: Path, parley: Callable[..., Result]) -> None:
    other = tmp_path / "other.zip"
    with ZipFile(other, "w") as archive:
        archive.writestr("holiday.jpg", b"")
    url = f"sqlite:///{tmp_path / 'parley.db'}"
    assert "it has no manifest.json" in parley(url, "backup", "--verify", other).stderr
    missing = parley(url, "backup", "--verify", tmp_path / "none.zip")
    assert missing.stderr == f"parley: {tmp_path / 'none.zip'}: No such file or directory\n"
    nowhere = parley(url, "backup", tmp_path / "nowhere" / "parley.zip")
    assert (nowhere.exit_code, nowhere.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "parley.db").exists()


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_lines_are_whole_however_the_chunks_are_cut(size: int) -> None:
    text = b"a\nbb\r\n\n\x0bccc\rd\n" + b"e" * 50 + b"\nlast"
    lines = list(split_lines(text[n : n + size] for n in range(0, len(text), size)))
    assert lines == [b"a\n", b"bb\r\n", b"\n", b"\x0bccc\rd\n", b"e" * 50 + b"\n", b"last"]
    assert b"".join(join_lines(lines)) == text


def test_a_large_database_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    """Forty times as much as may be in memory is written, and read again."""
    row = os.urandom(500).hex().encode() + b"\n"
    count = 40 * 4 * CHUNK_BYTES // len(row)

    def make() -> Iterator[bytes]:
        yield b"COPY public.tasks (id) FROM stdin;\n"
        yield from (row for _ in range(count))
        yield b"\\.\n"

    tracemalloc.start()
    try:
        with create_archive(tmp_path / "large.zip") as archive:
            data = archive.write_data("database.sql", join_lines(make()), ignore_progress)
            archive.write_manifest(describe(data, tasks=count))
        verify_backup(tmp_path / "large.zip", ignore_progress)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert data.bytes > 40 * 4 * CHUNK_BYTES - len(row)
    assert peak < 4 * CHUNK_BYTES + 500_000


@pytest.mark.slow
def test_a_backup_that_is_terminated_leaves_nothing(own_database_url: str, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; sys.path.insert(0, 'backend')\n"
        "import backups.sqlite\n"
        "backups.sqlite.read_chunks = lambda path: os.kill(os.getpid(), signal.SIGTERM) or iter([b'x'])\n"
        "import cli; cli.app(['backup', sys.argv[1]])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "parley.zip")],
        env={**os.environ, "DATABASE_URL": own_database_url},
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 143, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_sqlite_copies_what_was_there_when_it_began_however_much_is_written_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.sqlite.PAGES_AT_ONCE", 10)
    source, copy = tmp_path / "source.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE t (a TEXT)")
        writer.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 500)
        steps: list[int] = []

        def write(done: int, total: int | None) -> None:
            steps.append(done)
            if len(steps) < 200:
                writer.execute("INSERT INTO t VALUES ('y')")

        copy_database(source, copy, write)
    assert len(steps) < 20
    assert read_file_facts(copy).tables == {"t": 500}
