# backups/mariadb.py -- MariaDB by mariadb-dump and its client: all tables of the database, with their triggers.
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from backups.archive import ArchiveReader, ArchiveWriter, Progress, join_lines, split_lines
from backups.client_options import make_mariadb_options
from backups.kind import BackupKind, Source, WrittenData, ask_engine
from backups.manifest import STAMP_TABLE, BackupError, DumpFacts, Manifest
from backups.programs import Program, SqlShell, find_programs, open_shell, read_output
from backups.sql_dumps import read_mariadb_dump
from settings import Settings
from settings.private_files import ONLY_OWNER
from storage.mariadb import OLDEST_MARIADB
from storage.schema.revisions import RESTORE_KILLED, RESTORE_TABLE

# As long as a row may be anywhere.
LONGEST_ROW = "--max-allowed-packet=1G"
DUMP_OPTIONS = (
    *("--single-transaction", "--skip-lock-tables", "--quick", "--hex-blob", "--triggers", LONGEST_ROW),
    *("--skip-add-drop-table", "--skip-add-locks", "--no-tablespaces", "--default-character-set=utf8mb4"),
)
SHELL_OPTIONS = (
    *("--batch", "--raw", "--skip-column-names", "--unbuffered", "--binary-mode", LONGEST_ROW),
    "--default-character-set=utf8mb4",
)
# The lock that a server takes before it makes its tables; see storage/mariadb.py.
LOCK = "GET_LOCK(concat('parley.', md5(database())), 0)"
TABLES = "FROM information_schema.tables WHERE table_schema = database()"


class MariaDBBackup(BackupKind):
    data_name = "database.sql"

    def describe_source(self, settings: Settings) -> Source:
        return ask_engine(settings.database_url.get_secret_value(), describe_tables)

    def write_data(
        self, settings: Settings, source: Source, archive: ArchiveWriter, on_progress: Progress
    ) -> WrittenData:
        program, facts = choose_program("mariadb-dump", "mysqldump"), DumpFacts()
        url = settings.database_url.get_secret_value()
        with write_options(url) as options:
            words = [options, *DUMP_OPTIONS, name_database(url), *source.tables]
            with read_output(program, words) as lines:
                chunks = join_lines(read_mariadb_dump(lines, facts))
                file = archive.write_data(self.data_name, chunks, on_progress)
        return WrittenData(file, facts, str(program))

    def read_facts(self, chunks: Iterable[bytes]) -> DumpFacts:
        facts = DumpFacts()
        for _ in read_mariadb_dump(split_lines(chunks), facts):
            pass
        return facts

    def restore_data(self, settings: Settings, archive: ArchiveReader, on_progress: Progress) -> None:
        """MariaDB commits with each statement that changes the schema: what fails is taken back table by table.

        What is killed leaves a table that says so, which goes last: a server refuses it, and so does another restore.
        """
        self.check_contents(archive)
        url, program = settings.database_url.get_secret_value(), choose_program("mariadb", "mysql")
        with write_options(url) as options:
            words = [options, *SHELL_OPTIONS, name_database(url)]
            with open_shell(program, words) as shell:
                refuse_unless_empty(shell)
                try:
                    shell.ask(f"CREATE TABLE {RESTORE_TABLE} (begun_at datetime DEFAULT current_timestamp)")
                    shell.send(archive.read_data(on_progress))
                    archive.manifest.check_counts(count_rows(shell, archive.manifest))
                    shell.ask(f"DROP TABLE {RESTORE_TABLE}")
                    shell.finish()
                except BaseException:
                    # By another session: this one may have ended with the statement that failed.
                    shell.end()
                    with open_shell(program, words) as other:
                        drop_tables(other)
                    raise


async def describe_tables(engine: AsyncEngine) -> Source:
    async with engine.connect() as connection:
        version = (await connection.execute(text("SELECT version()"))).scalar_one()
        tables = text(
            f"SELECT table_name {TABLES} AND table_type = 'BASE TABLE' "
            "ORDER BY table_name = :stamp, table_name"
        )
        names = list((await connection.execute(tables, {"stamp": STAMP_TABLE})).scalars())
    return Source(str(version).split("-")[0], names)


def choose_program(*names: str) -> Program:
    """The first of these names that is MariaDB's and not too old."""
    found = find_programs(*names)
    for program in found:
        if program.version >= OLDEST_MARIADB:
            return program
    there = f"here is only {', '.join(map(str, found))}" if found else "here is none of MariaDB"
    raise BackupError(
        f"{names[0]} 10.11 or newer is needed, and {there}. Install it (Debian: mariadb-client), or put its folder on "
        "the PATH."
    )


@contextmanager
def write_options(url: str) -> Iterator[str]:
    """The option that names a file with the address and the password, which only we can read: others see command
    lines."""
    with TemporaryDirectory(prefix="parley-") as folder:
        file = Path(folder) / "client.cnf"
        file.touch(mode=ONLY_OWNER)
        lines = [
            name if value is None else f"{name}={quote_option(value)}"
            for name, value in make_mariadb_options(url).items()
        ]
        file.write_text("\n".join(["[client]", *lines, ""]))
        yield f"--defaults-file={file}"


def quote_option(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(plain, escaped)
    return f'"{value}"'


def name_database(url: str) -> str:
    name = make_url(url).database
    assert name is not None
    return name


def refuse_unless_empty(shell: SqlShell) -> None:
    if shell.ask(f"SELECT {LOCK}") != ["1"]:
        raise BackupError("Another process changes the schema of the database at the moment.")
    if shell.ask(f"SELECT table_name {TABLES} AND table_name = '{RESTORE_TABLE}'"):
        raise BackupError(RESTORE_KILLED)
    if there := shell.ask(f"SELECT table_name {TABLES} ORDER BY table_name LIMIT 1"):
        raise BackupError(f"The database is not empty ({there[0]} is there), and a restore replaces nothing.")


def drop_tables(shell: SqlShell) -> None:
    shell.ask("SET foreign_key_checks = 0")
    for table in shell.ask(f"SELECT table_name {TABLES} ORDER BY table_name = '{RESTORE_TABLE}'"):
        shell.ask(f"DROP TABLE {quote_name(table)}")


def count_rows(shell: SqlShell, manifest: Manifest) -> dict[str, int]:
    return {
        table: int(shell.ask(f"SELECT count(*) FROM {quote_name(table)}")[0]) for table in manifest.tables
    }


def quote_name(name: str) -> str:
    escaped = name.replace("`", "``")
    return f"`{escaped}`"
