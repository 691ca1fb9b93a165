# test_killed.py -- a restore that is killed in its middle leaves nothing that is taken for a whole database.
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import Result

from settings import ROOT
from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap
from storage.schema.revisions import SchemaError
from support.databases.catalog import Place
from support.servers import KEY, settings_for, wait_until

Parley = Callable[..., Result]
KILLED = "A restore into this database is at work or was killed: what is there is not all of the backup."
# `parley restore`, which stops for good when half of the data was sent, or half of the file of SQLite copied.
PROGRAM = """
import sys, time
from backups import sqlite
from backups.archive import ArchiveReader

where, read_data, open_file = sys.argv.pop(1), ArchiveReader.read_data, sqlite.open_file
readings = 0

def stop():
    print("half", flush=True)
    time.sleep(3600)

def read_half(self, on_progress):
    global readings
    readings += 1
    chunks = read_data(self, on_progress)
    if readings < int(where):
        yield from chunks
        return
    data = b"".join(chunks)
    yield data[: len(data) // 2]
    stop()

class Halfway:
    def __init__(self, connection):
        self.connection = connection
    def __getattr__(self, name):
        return getattr(self.connection, name)
    def backup(self, target):
        self.connection.backup(target.connection, pages=20, progress=lambda *_: stop())

class opening:
    def __init__(self, path):
        self.context = open_file(path)
    def __enter__(self):
        return Halfway(self.context.__enter__())
    def __exit__(self, *error):
        return self.context.__exit__(*error)

if where == "copy":
    sqlite.open_file = opening
else:
    ArchiveReader.read_data = read_half
import cli
cli.app(["restore", sys.argv[1]])
"""


def kill_halfway(url: str, file: Path, where: str, path: str) -> None:
    environment = {"PATH": path, "DATABASE_URL": url, "SECRET_KEY": KEY}
    command = [sys.executable, "-c", PROGRAM, where, str(file)]
    process = subprocess.Popen(
        command,
        cwd=ROOT / "backend",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stderr
    try:
        said = process.stdout.readline()
        assert said == "half\n", process.stderr.read()
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def start(url: str) -> str:
    """Why a server does not start on the database; "" where it does."""

    async def run() -> str:
        engine = open_engine(url)
        try:
            await bootstrap(engine, settings_for(url))
        except SchemaError as error:
            return str(error)
        finally:
            await engine.dispose()
        return ""

    return asyncio.run(run())


def clear(place: Place) -> None:
    """As the page for operators says."""
    if place.engine == "sqlite":
        file = Path(str(make_url(place.url).database))
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink()
    if place.engine == "mariadb":
        name = make_url(place.url).database
        with place.connect() as shell:
            for statement in (f"DROP DATABASE {name}", f"CREATE DATABASE {name}", f"USE {name}"):
                shell.execute(statement)


@pytest.mark.slow
@pytest.mark.also_on_mariadb
def test_a_restore_that_is_killed_is_told_of_and_can_be_made_again(
    own_database_url: str,
    empty: Place,
    engine_name: str,
    parley: Parley,
    tmp_path: Path,
) -> None:
    file = tmp_path / "parley.zip"
    assert (
        parley(
            own_database_url, "seed", "--conversations", "20", "--messages", "400", "--tasks", "20"
        ).exit_code
        == 0
    )
    assert parley(own_database_url, "backup", file).exit_code == 0
    # SQLite's data is read once, into the file beside the database; others read it before they write.
    for where in ("1", "copy") if engine_name == "sqlite" else ("2",):
        kill_halfway(empty.url, file, where, os.environ["PATH"])

        def restore() -> str:
            return parley(empty.url, "restore", file).stderr

        if engine_name == "postgresql":
            # psql ends with its input, and takes all back.
            wait_until(lambda: "Another process" not in restore())
        else:
            said = wait_until(lambda: (text := restore()) and "Another process" not in text and text)
            assert (
                KILLED in said
                if engine_name == "mariadb"
                else "another restore writes it, or one was killed" in said
            )
            assert KILLED in start(empty.url)
            doctor = parley(empty.url, "doctor").stdout
            assert (
                KILLED.rstrip(".") in doctor if engine_name == "mariadb" else ".restoring is there" in doctor
            )
            assert parley(empty.url, "db", "stamp").exit_code == 1
            backup = parley(empty.url, "backup", tmp_path / "part.zip")
            assert backup.exit_code == 1
            clear(empty)
            done = parley(empty.url, "restore", file)
            assert done.exit_code == 0, done.output
        assert empty.counts() == Place(own_database_url).counts()
        assert start(empty.url) == ""
        assert parley(empty.url, "db", "verify").exit_code == 0
        if where == "1":
            clear(empty)
