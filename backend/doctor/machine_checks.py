# doctor/machine_checks.py -- this machine: room on its disks, who may read the files, the programs that backups need.
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

from backups.manifest import BackupError
from backups.mariadb import choose_program
from backups.postgresql import choose_pg_dump, choose_psql
from doctor.findings import Finding, find_note, find_ok, find_wrong
from settings import Settings
from settings.private_files import OTHERS
from storage.sqlite import FILE_SUFFIXES, RESTORING_SUFFIX

MIB = 2**20
# With less SQLite and temporary files soon fail; with less than a tenth somebody should look.
LEAST_BYTES = 200 * MIB
LEAST_SHARE = 0.1
LARGE_LOG_BYTES = 200 * MIB


def check_disks(settings: Settings) -> Iterator[Finding]:
    path = settings.sqlite_path
    if path is not None:
        yield check_disk(find_folder(path), "the database")
    yield check_disk(Path(tempfile.gettempdir()), "temporary files")


def find_folder(path: Path) -> Path:
    """The folder of a file; the nearest one above that is there."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    return folder


def check_disk(folder: Path, what: str) -> Finding:
    usage = shutil.disk_usage(folder)
    text = f"{usage.free / MIB:,.0f} MiB are free in {folder}, for {what}"
    if usage.free < LEAST_BYTES:
        return find_wrong("disk", text, "make room")
    if usage.free < LEAST_SHARE * usage.total:
        return find_note("disk", f"{text}: less than a tenth", "make room soon")
    return find_ok("disk", text)


def check_files(settings: Settings) -> Iterator[Finding]:
    """Those of SQLite."""
    path = settings.sqlite_path
    if path is None:
        return
    folder = find_folder(path)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield find_wrong("permissions", f"{folder} cannot be written to", f"let this user own {folder}")
        return
    files = [path.with_name(path.name + suffix) for suffix in (*FILE_SUFFIXES, ".key")]
    there = [file for file in files if file.exists()]
    for file in there:
        if S_IMODE(file.stat().st_mode) & OTHERS:
            yield find_wrong(
                "permissions", f"{file} is open to other users of this machine", f"chmod 600 {file}"
            )
        elif not os.access(file, os.R_OK | os.W_OK):
            yield find_wrong("permissions", f"{file} cannot be written to", f"let this user own {file}")
    if all(not S_IMODE(file.stat().st_mode) & OTHERS for file in there):
        yield find_ok("permissions", f"{folder} can be written to, and nobody else reads the database")
    draft = path.with_name(f"{path.name}{RESTORING_SUFFIX}")
    if draft.exists():
        yield find_wrong(
            "files",
            f"{draft} is there: a restore is at work, or was killed",
            "see Restore in specs/operating.md",
        )
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size > LARGE_LOG_BYTES:
        yield find_note(
            "files",
            f"{log} has {log.stat().st_size / MIB:,.0f} MiB: something reads for very long",
            "end what reads, such as a backup or an open shell",
        )


def check_programs(engine: str, version: str) -> Finding:
    """Those that back up and restore a database of this kind and version."""
    try:
        if engine == "sqlite":
            return find_ok("backups", "need no program")
        if engine == "postgresql":
            found = [choose_pg_dump(version), choose_psql()]
            if found[0].version[0] != int(version.split(".", maxsplit=1)[0]):
                return find_note(
                    "backups",
                    f"by {found[0]}, which is not of the server's version",
                    "install its own pg_dump",
                )
        else:
            found = [choose_program("mariadb-dump", "mysqldump"), choose_program("mariadb", "mysql")]
    except BackupError as error:
        text, _, cure = str(error).partition(". ")
        return find_note("backups", text, cure.rstrip("."))
    return find_ok("backups", f"by {' and '.join(map(str, found))}")
