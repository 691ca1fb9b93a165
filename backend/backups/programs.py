# backups/programs.py -- the database's own programs: how they are found, chosen by version, and talked to.
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backups.manifest import BackupError
from failure_causes import to_one_line
from settings import copy_environment

# Where the packages of Debian, Red Hat, Homebrew and the makers of installers put each version beside the others.
FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/libpq/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Library/PostgreSQL/*/bin",
)
# MariaDB's programs name a version of their own, too: that of the server has the word behind it.
VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.\d{1,3}-MariaDB|\(PostgreSQL\) (\d{1,3})(?:\.(\d{1,3}))?")
MAX_ERROR_CHARACTERS = 2_000
# What stands around an answer.
BEGIN, END = "parley: an answer begins", "parley: an answer ends"


@dataclass(frozen=True, slots=True)
class Program:
    """`version` is its major and its minor number; of MariaDB the first two of three."""

    path: str
    name: str
    version: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.name} {self.version[0]}.{self.version[1]}"


def find_programs(*names: str) -> list[Program]:
    """All programs of one of these names on the PATH and where packages put them, each once."""
    paths = [found for name in names if (found := shutil.which(name))]
    for pattern in FOLDERS:
        paths += [str(folder / names[0]) for folder in sorted(Path("/").glob(pattern[1:]))]
    return [program for path in dict.fromkeys(paths) if (program := read_version(path))]


def read_version(path: str) -> Program | None:
    """None for what cannot be run, and for MySQL's programs under MariaDB's names."""
    command = [path, "--version"]
    try:
        done = subprocess.run(  # noqa: S603 -- found by its name
            command, env=copy_environment(), capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return None
    found = VERSION.search(done.stdout)
    if done.returncode or found is None:
        return None
    major, minor = found[1] or found[3], found[2] or found[4] or "0"
    return Program(path, Path(path).name, (int(major), int(minor)))


@contextmanager
def open_process(
    command: Sequence[str], *, takes_input: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A program that runs until the end of the block, and the file of what it complains about."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 -- its words are ours and those of DATABASE_URL, and no shell reads them
            command,
            env={**copy_environment(), "LC_ALL": "C", "PGCLIENTENCODING": "UTF8"},
            stdin=subprocess.PIPE if takes_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        try:
            yield process, complaints
        finally:
            process.kill()  # nothing where it has ended
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):  # what it was still to read
                    if pipe is not None:
                        pipe.close()


def describe_failure(program: Program, complaints: IO[bytes]) -> str:
    complaints.seek(0)
    text = complaints.read(MAX_ERROR_CHARACTERS).decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    # The first error is the cause; warnings may come before it.
    wrong = [line for line in lines if "error" in line.lower()] or lines or ["it ended without a word"]
    return f"{program} failed: {to_one_line(wrong[0])}"


@contextmanager
def read_output(program: Program, words: Sequence[str]) -> Iterator[Iterator[bytes]]:
    """The lines that it writes. BackupError, at their end, if it did not end well."""
    with open_process([program.path, *words]) as (process, complaints):
        assert process.stdout is not None

        def read_lines() -> Iterator[bytes]:
            yield from process.stdout or ()
            if process.wait():
                raise BackupError(describe_failure(program, complaints))

        yield read_lines()


class SqlShell:
    """psql or the client of MariaDB, to which statements are sent, and which answers some of them."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.program = program
        self._process, self._complaints = process, complaints
        self._input, self._output = process.stdin, process.stdout

    def send(self, chunks: Iterable[bytes]) -> None:
        try:
            for chunk in chunks:
                self._input.write(chunk)
            self._input.flush()
        except BrokenPipeError:
            self._process.wait()
            raise BackupError(describe_failure(self.program, self._complaints)) from None

    def ask(self, sql: str) -> list[str]:
        """The lines of the answer; columns are separated by tabs."""
        self.send([f"SELECT '{BEGIN}';\n{sql};\nSELECT '{END}';\n".encode()])
        lines: list[str] = []
        while raw := self._output.readline():
            line = raw.decode().rstrip("\n")
            if line == END:
                return lines[lines.index(BEGIN) + 1 :]
            lines.append(line)
        self._process.wait()
        raise BackupError(describe_failure(self.program, self._complaints))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def finish(self) -> None:
        """The end of what is sent; BackupError if something of it failed."""
        self._input.close()
        if self._process.wait():
            raise BackupError(describe_failure(self.program, self._complaints))


@contextmanager
def open_shell(program: Program, words: Sequence[str]) -> Iterator[SqlShell]:
    """It is ended with the block, and what it has not committed with it."""
    with open_process([program.path, *words], takes_input=True) as (process, complaints):
        yield SqlShell(program, process, complaints)
