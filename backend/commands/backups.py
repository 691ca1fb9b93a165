# commands/backups.py -- parley backup, parley restore: the whole database as one file, and back.
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, TypeVar

import typer

from backups.archive import Progress
from backups.making import make_backup, restore_backup, verify_backup
from backups.manifest import BackupError, Manifest
from commands.context import exit_with, load_settings
from settings import Settings, SettingsError

T = TypeVar("T")
NOTHING_THERE = "The database has no tables of Parley: there is nothing to back up."
BackupFile = Annotated[Path, typer.Argument(help="The backup, a ZIP archive.")]


def backup(
    file: BackupFile,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Make none: read one that is there, and compare it with its manifest."),
    ] = False,
) -> None:
    """Write the whole database into a new file, while servers use it; nothing is replaced."""
    if verify:
        manifest = run_backup("reading", lambda show: verify_backup(file, show))
        typer.echo(f"{file} is whole: {describe_backup(manifest)}")
    elif back_up_database(load_settings(), file) is None:
        exit_with(NOTHING_THERE)


def restore(file: BackupFile) -> None:
    """Write a backup into an empty database: all of it, or nothing."""
    settings = load_settings()
    manifest = run_backup("restoring", lambda show: restore_backup(settings, file, show))
    typer.echo(f"Restored {describe_backup(manifest)}")


def back_up_database(settings: Settings, file: Path) -> Manifest | None:
    """None where there is nothing; exits with one line if it fails."""
    manifest = run_backup("backing up", lambda show: make_backup(settings, file, show))
    if manifest:
        typer.echo(f"{file}: {describe_backup(manifest)}")
    return manifest


def describe_backup(manifest: Manifest) -> str:
    return (
        f"{manifest.count_rows():,} rows of {len(manifest.tables)} tables of {manifest.engine}, "
        f"revision {manifest.revision or 'none'}, of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC."
    )


def run_backup(doing: str, work: Callable[[Progress], T]) -> T:
    """The result of `work`; exits with one line if it fails."""
    try:
        with clean_up_on_signals(), show_progress(doing) as show:
            return work(show)
    except (BackupError, SettingsError) as error:
        exit_with(str(error))
    except OSError as error:
        exit_with(f"{error.filename or 'the file'}: {error.strerror or error}")


@contextmanager
def clean_up_on_signals() -> Iterator[None]:
    """SIGTERM and the end of the terminal end a command as Ctrl-C does: nothing half-written is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def show_progress(doing: str) -> Iterator[Progress]:
    """On a terminal alone, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as ProgressBar

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with ProgressBar(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(doing, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
