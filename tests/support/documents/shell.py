# support/documents/shell.py -- runs the commands of specs/documents.md on a database, and looks what came of each.
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import psycopg
import pytest
from alembic.config import CommandLine, Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

import cli
from settings import ROOT
from support.databases.catalog import MIGRATIONS, Place
from support.documents.page import names
from support.processes.server_process import forked
from support.servers import KEY, settings_for, wait_until

COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"


class CommandFailedError(Exception):
    """A command that ended with another status than 0, or a promise of the page that it did not keep."""


class Shell:
    """Someone in the project's root, with DATABASE_URL set. `words` are the ids and addresses of the page's examples,
    `settings` the others that `parley` reads.

    Alembic and parley run in this process, by their own command lines: a process for each takes seconds in all.
    """

    def __init__(
        self, place: Place, folder: Path, words: dict[str, str], psql: str = "psql", **settings: object
    ) -> None:
        self.place = place
        self.settings = settings
        self.folder = folder
        files = {
            " migration.sql": f" {folder}/migration.sql",
            **{name: f"{folder}/{name}" for name in ("before.zip", "parley.zip")},
        }
        self.words = {**words, **files, "/./": f"/{folder}/"}
        self.scripts = MIGRATIONS
        self.programs = f"{Path(psql).parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def run(self, command: str) -> str:
        """What it says; CommandFailedError if it fails."""
        command = self.fill(command)
        url = self.place.url
        if command.startswith("DATABASE_URL="):
            setting, _, command = command.partition(" ")
            url = setting.partition("=")[2]
        program, _, rest = command.partition(" ")
        if program == "alembic":
            return self.run_alembic(rest, url)
        if program == "parley":
            return self.run_parley(rest.split(), url)
        if "uvicorn" in command:
            return self.run_uvicorn(command)
        if program == "curl":
            output = self.run_program(command)
            return json.dumps(json.loads(output), separators=(",", ":")) if output.startswith("{") else output
        if program == "python":
            return self.run_python(command)
        if program in ("psql", "mariadb", "unzip"):
            return self.run_program(command)
        return self.run_sql(command)

    def fill(self, text: str) -> str:
        for word, meaning in self.words.items():
            text = text.replace(word, meaning)
        return text

    def run_alembic(self, line: str, url: str) -> str:
        line, _, target = line.partition(" > ")
        words, output = shlex.split(line), io.StringIO()
        if words[0] == "revision":
            self.leave_out_later_revisions()
        options = CommandLine().parser.parse_args(words)
        config = self.configure(url, output)
        config.cmd_opts = options
        with redirect_stdout(output), redirect_stderr(output):
            try:
                CommandLine().run_cmd(config, options)
            except SystemExit as end:
                raise CommandFailedError(output.getvalue()) from end
        if target:
            Path(target).write_text(output.getvalue())
        return output.getvalue()

    def configure(self, url: str, output: io.StringIO) -> Config:
        config = Config(
            toml_file=ROOT / "pyproject.toml", stdout=output, output_buffer=output, attributes={"url": url}
        )
        config.set_main_option("script_location", str(self.scripts))
        return config

    def leave_out_later_revisions(self) -> None:
        """From here on in a copy of the folder without what comes after the database's revision."""
        [stamp] = self.stamps()
        self.scripts = self.folder / "migrations"
        shutil.copytree(MIGRATIONS, self.scripts, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (self.scripts / "versions").glob("*.py"):
            if file.stem > stamp:
                file.unlink()

    def run_parley(self, words: list[str], url: str) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", self.programs)
            patch.setattr("commands.context.get_settings", lambda: settings_for(url, **self.settings))
            done = CliRunner().invoke(cli.app, words)
        if done.exit_code:
            raise CommandFailedError(done.output)
        return done.output

    def run_program(self, command: str) -> str:
        environment = {"PATH": self.programs, "DATABASE_URL": self.place.url, "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise CommandFailedError(done.stdout + done.stderr)
        return done.stdout

    def run_python(self, command: str) -> str:
        """In this process, to save the start and the imports of another."""
        [code], output = shlex.split(command)[2:], io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(output):
            patch.setenv("DATABASE_URL", self.place.url)
            exec(code, {})
        return output.getvalue()

    def run_uvicorn(self, command: str) -> str:
        """Its start, on a database that is not there yet."""
        [(folder, given)] = re.findall(r"cd (\w+) && uvicorn main:app (.+) --port \d+$", command)
        arguments = given.replace("--reload", f"--reload --reload-dir {ROOT / folder}").split()
        settings = {"DATABASE_URL": f"sqlite:///{self.folder}/new.db", "SECRET_KEY": KEY}
        with forked(self.folder, *arguments, **settings) as server:
            wait_until(lambda: "Application startup complete" in server.said(), 60)
            server.process.send_signal(signal.SIGINT)
            server.process.wait(30)
            return server.said()

    def run_sql(self, statement: str) -> str:
        try:
            return "".join(f"{row}\n" for row in self.place.run(statement))
        except (psycopg.Error, SQLAlchemyError) as error:
            raise CommandFailedError(str(error)) from error

    # What is there afterwards

    def stamps(self) -> list[str]:
        there = self.place.run("SELECT to_regclass('alembic_version')")
        return [] if there == ["None"] else self.place.stamps()

    def check(self, promises: str, output: str) -> None:
        """CommandFailedError at the first promise that is not kept; a promise that nobody can read is an error."""
        for promise in promises.split("; "):
            if not self.is_kept(promise, output):
                raise CommandFailedError(f"{promise}: not after\n{output}")

    def is_kept(self, promise: str, output: str) -> bool:
        given = names(self.fill(promise))
        kind = promise.partition("`")[0].strip()
        if rows := re.fullmatch(r"rows (\d+)", kind):
            return len(output.splitlines()) == int(rows[1])
        if kind == "prints nothing":
            return output == ""
        assert given, promise
        if kind == "prints":
            return all(name in output for name in given)
        if kind == "prints no":
            return not any(name in output for name in given)
        if kind == "stamp":
            return self.stamps() == [self.read_stamp(name) for name in given if name != "none"]
        columns = [row.split("|") for row in self.place.run(COLUMNS)]
        found = {table for table, _ in columns} | {f"{table}.{column}" for table, column in columns}
        if kind in ("tables", "columns"):
            return set(given) <= found
        assert kind in ("no tables", "no columns"), promise
        return not set(given) & found

    def read_stamp(self, name: str) -> str:
        if name != "head":
            return name
        head = ScriptDirectory(str(self.scripts)).get_current_head()
        assert head
        return head
