# backups/sqlite.py -- SQLite by its online backup: the file page by page, as it is in one read transaction.
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from backups.archive import CHUNK_BYTES, ArchiveReader, ArchiveWriter, Progress
from backups.kind import BackupKind, Source, WrittenData
from backups.manifest import STAMP_TABLE, BackupError, DumpFacts
from settings import Settings
from settings.private_files import ONLY_OWNER, sync_folder
from storage.sqlite import FILE_SUFFIXES, RESTORING_SUFFIX

# Between two steps the command can be ended, and shows how far it is.
PAGES_AT_ONCE = 1_000
LOCK_SECONDS = 10.0


class SQLiteBackup(BackupKind):
    data_name = "database.sqlite"

    def describe_source(self, settings: Settings) -> Source:
        path = find_path(settings)
        if not path.is_file():
            return Source(sqlite3.sqlite_version, [])
        with open_file(path) as database:
            return Source(sqlite3.sqlite_version, list_tables(database))

    def write_data(
        self, settings: Settings, source: Source, archive: ArchiveWriter, on_progress: Progress
    ) -> WrittenData:
        with TemporaryDirectory(prefix="parley-", dir=archive.path.parent) as folder:
            copy = Path(folder) / self.data_name
            copy_database(find_path(settings), copy, on_progress)
            facts = read_file_facts(copy)
            file = archive.write_data(self.data_name, read_chunks(copy), on_progress)
        return WrittenData(file, facts, f"SQLite {sqlite3.sqlite_version}")

    def read_facts(self, chunks: Iterable[bytes]) -> DumpFacts:
        with TemporaryDirectory(prefix="parley-") as folder:
            copy = Path(folder) / self.data_name
            write_file(copy, chunks)
            return read_checked_facts(copy)

    def restore_data(self, settings: Settings, archive: ArchiveReader, on_progress: Progress) -> None:
        """Into a file beside the database first; SQLite then copies it in a transaction of its own."""
        path = find_path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_unless_empty(path)
        draft = path.with_name(f"{path.name}{RESTORING_SUFFIX}")
        try:
            draft.touch(mode=ONLY_OWNER, exist_ok=False)
        except FileExistsError:
            raise BackupError(
                f"{draft} is there: another restore writes it, or one was killed. Delete it if none does."
            ) from None
        try:
            write_file(draft, archive.read_data(on_progress))
            archive.manifest.check(read_checked_facts(draft))
            path.touch(mode=ONLY_OWNER)
            with open_file(draft) as source, open_file(path) as target:
                if list_tables(target):
                    raise BackupError(f"{path} is not empty any more, and a restore replaces nothing.")
                source.backup(target)
            sync_folder(path.parent)
        finally:
            for suffix in FILE_SUFFIXES:
                draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def find_path(settings: Settings) -> Path:
    path = settings.sqlite_path
    assert path is not None
    return path


@contextmanager
def open_file(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that makes no new file, and begins no transactions by itself."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=LOCK_SECONDS)) as connection:
        yield connection


def list_tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in rows]


def copy_database(path: Path, copy: Path, on_progress: Progress) -> None:
    """All pages as one transaction sees them: without it, SQLite begins anew whenever others have written."""
    copy.touch(mode=ONLY_OWNER)
    with open_file(path) as source, closing(sqlite3.connect(copy, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous=OFF")  # nobody wants the copy after a loss of power
        target.execute("PRAGMA journal_mode=OFF")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(
            target, pages=PAGES_AT_ONCE, progress=lambda _, left, total: on_progress(total - left, total)
        )


def read_file_facts(copy: Path) -> DumpFacts:
    with open_file(copy) as database:
        tables = {
            table: int(database.execute(f"SELECT count(*) FROM {quote_name(table)}").fetchone()[0])
            for table in list_tables(database)
        }
        stamps: list[str] = []
        if STAMP_TABLE in tables:
            stamps = [stamp for (stamp,) in database.execute("SELECT version_num FROM alembic_version")]
    return DumpFacts(tables, stamps)


def quote_name(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def read_checked_facts(copy: Path) -> DumpFacts:
    """BackupError unless every page, index and foreign key is as it should be."""
    try:
        with open_file(copy) as database:
            [(verdict,)] = database.execute("PRAGMA integrity_check(1)").fetchall()
            orphan = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database in the backup cannot be read: {error}.") from error
    if verdict != "ok":
        raise BackupError(f"The database in the backup is damaged: {verdict}.")
    if orphan is not None:
        raise BackupError(
            f"The database in the backup has a row of {orphan[0]} whose {orphan[2]} is missing."
        )
    return read_file_facts(copy)


def read_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    path.touch(mode=ONLY_OWNER)
    with path.open("r+b") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def refuse_unless_empty(path: Path) -> None:
    """What SQLite has left beside a file that is gone would be taken for changes of the new one."""
    if path.exists():
        with open_file(path) as database:
            if tables := list_tables(database):
                raise BackupError(
                    f"{path} is not empty ({tables[0]} is there), and a restore replaces nothing."
                )
        return
    for suffix in FILE_SUFFIXES:
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            raise BackupError(f"{beside} is there, of a database that is gone: move it away.")
