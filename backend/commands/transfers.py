# commands/transfers.py -- parley export and parley import: all that is a user's to a file, and a file to a user.
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import typer
from pydantic_core import from_json, to_json

from access import OperatedCaller
from commands.context import Email, exit_with, make_printable, run_on_database
from db import Database
from errors import ParleyError
from exports.lines import export_lines
from identity import auth
from imports.items import Source
from imports.report import NOUNS
from imports.running import begin_import
from models.shapes import JsonObject
from settings.private_files import write_whole_file

T = TypeVar("T")

STANDARD = Path("-")
CHUNK_BYTES = 64 * 1024
# An export tells of its progress after so many lines.
PROGRESS_LINES = 10_000
# An import tells of it about forty times; of a smaller file, or one through a pipe, as if it had so many bytes.
LEAST_BYTES = 100 * 1024 * 1024


def export(
    email: Email,
    file: Annotated[Path, typer.Argument(help="A new file; - for standard output.")],
) -> None:
    """Write all that is a user's to a file, as GET /v1/me/export does; end with status 1 if it is not whole.

    The file has its name when it is whole, and is called FILE.part before. Only its owner may read it.
    """
    if file.exists():
        exit_with(f"{file} is there already.")

    async def work(db: Database, caller: OperatedCaller) -> int:
        with open_new(file) as output:
            return await write_lines(export_lines(db, caller), output)

    lines = run_for_user(email, file, work)
    typer.echo(f"{lines:,} lines are in {file}.", err=True)


def import_file(
    email: Email,
    file: Annotated[Path, typer.Argument(help="The file; - for standard input.")],
    source: Annotated[
        Source | None, typer.Option("--format", help="Which product's file it is; else it is found out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as the API has it.")] = False,
) -> None:
    """Make what a file has and a user does not, as POST /v1/me/import does; end with status 1 if it ends early.

    A file may have any size, and nothing is made twice: after an end in the middle, run it again.
    """

    async def work(db: Database, caller: OperatedCaller) -> JsonObject:
        with open_input(file) as (given, size):
            lines = await begin_import(
                db, caller, read_chunks(given), source, most_bytes=size, is_stopping=lambda: False
            )
            return await follow_import(lines)

    report = run_for_user(email, file, work)
    typer.echo(to_json(report) if as_json else format_report(report))
    if report["problem"] is not None:
        exit_with(report["problem"]["detail"])


def run_for_user(email: str, file: Path, work: Callable[[Database, OperatedCaller], Awaitable[T]]) -> T:
    """The result of `work`; exits with one line if there is no such user, or the file or the work failed."""

    async def find_and_work(db: Database) -> T | None:
        user = await db.read(auth.find_user, email)
        return None if user is None else await work(db, OperatedCaller(user.id, None, user.timezone))

    try:
        done = run_on_database(find_and_work)
    except OSError as error:
        exit_with(f"{error.filename or file}: {error.strerror}")
    except (ParleyError, UnfinishedExport) as error:
        exit_with(error.detail)
    if done is None:
        exit_with("nobody has this email.")
    return done


class UnfinishedExport(Exception):
    """`detail` says why an export has ended early."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@contextmanager
def open_new(file: Path) -> Iterator[BinaryIO]:
    """A file that has its name when the block has ended, and is gone when it has failed."""
    if file == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    with write_whole_file(file) as output:
        yield output


@contextmanager
def open_input(file: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file, and of how many bytes its progress is told."""
    if file == STANDARD:
        yield sys.stdin.buffer, LEAST_BYTES
        return
    with file.open("rb") as given:
        yield given, max(LEAST_BYTES, os.fstat(given.fileno()).st_size)


async def read_chunks(given: BinaryIO) -> AsyncGenerator[bytes, None]:
    while chunk := given.read(CHUNK_BYTES):
        yield chunk


async def write_lines(lines: AsyncGenerator[bytes, None], output: BinaryIO) -> int:
    """How many lines there are between the first and the last one; UnfinishedExport if they do not come to an end."""
    last, count = b"", 0
    async for text in lines:
        output.write(text)
        before, count = count, count + text.count(b"\n")
        if count // PROGRESS_LINES > before // PROGRESS_LINES:
            typer.echo(f"{count:,} lines", err=True)
        last = text
    line: JsonObject = from_json(last)
    if line["type"] != "footer":
        raise UnfinishedExport(line["problem"]["detail"])
    written: int = line["footer"]["lines"]
    return written


async def follow_import(lines: AsyncGenerator[bytes, None]) -> JsonObject:
    """The report, after the lines of progress, which go to stderr."""
    line: JsonObject = {}
    async for text in lines:
        line = from_json(text)
        if line["type"] == "progress":
            told = line["progress"]
            typer.echo(f"{told['bytes']:,} bytes: {format_counts(told['imported'])}", err=True)
    report: JsonObject = line["report"]
    return report


def format_counts(counts: JsonObject) -> str:
    return ", ".join(f"{counts[noun]:,} {noun}" for noun in NOUNS)


def format_report(report: JsonObject) -> str:
    lines = [
        f"{report['format']}, {report['bytes']:,} bytes",
        f"made: {format_counts(report['imported'])}",
        f"there already: {format_counts(report['skipped'])}",
    ]
    for left in report["left_out"]:
        examples = f" ({'; '.join(left['examples'])})" if left["examples"] else ""
        lines.append(f"left out: {left['count']:,} {left['what']}: {left['why']}{examples}")
    # What stands in a file must not steer the operator's terminal.
    return "\n".join(map(make_printable, lines))
