# backups/postgresql.py -- PostgreSQL by pg_dump and psql: the schema that Parley is in, with all that stands in it.
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backups.archive import ArchiveReader, ArchiveWriter, Progress, join_lines, split_lines
from backups.client_options import make_libpq_words
from backups.kind import BackupKind, Source, WrittenData, ask_engine
from backups.manifest import BackupError, DumpFacts, Manifest
from backups.programs import Program, SqlShell, find_programs, open_shell, read_output
from backups.sql_dumps import read_postgresql_dump
from settings import Settings
from settings.private_files import ONLY_OWNER
from storage.engines import uses_pooler
from storage.schema.lock import SCHEMA_LOCK

DUMP_OPTIONS = ("--no-owner", "--no-privileges", "--no-comments", "--no-tablespaces", "--no-password")
SHELL_OPTIONS = (
    *("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password"),
    *("--field-separator=\t", "--set=ON_ERROR_STOP=1"),
)


class PostgreSQLBackup(BackupKind):
    data_name = "database.sql"

    def describe_source(self, settings: Settings) -> Source:
        return ask_engine(settings.database_url.get_secret_value(), describe_schema)

    def write_data(
        self, settings: Settings, source: Source, archive: ArchiveWriter, on_progress: Progress
    ) -> WrittenData:
        assert source.namespace is not None
        program, facts = choose_pg_dump(source.version), DumpFacts()
        with write_conninfo(find_direct_url(settings)) as conninfo:
            words = [f"--dbname={conninfo}", f"--schema={quote_name(source.namespace)}", *DUMP_OPTIONS]
            with read_output(program, words) as lines:
                chunks = join_lines(read_postgresql_dump(lines, facts))
                file = archive.write_data(self.data_name, chunks, on_progress)
        return WrittenData(file, facts, str(program))

    def read_facts(self, chunks: Iterable[bytes]) -> DumpFacts:
        facts = DumpFacts()
        for _ in read_postgresql_dump(split_lines(chunks), facts):
            pass
        return facts

    def restore_data(self, settings: Settings, archive: ArchiveReader, on_progress: Progress) -> None:
        """In one transaction, which ends with a look at the counts: the database has all of it, or nothing."""
        self.check_contents(archive)
        with (
            write_conninfo(find_direct_url(settings)) as conninfo,
            open_shell(choose_psql(), [f"--dbname={conninfo}", *SHELL_OPTIONS]) as shell,
        ):
            shell.send([b"BEGIN;\n"])
            refuse_unless_empty(shell, archive.manifest.namespace or "")
            shell.send(archive.read_data(on_progress))
            archive.manifest.check_counts(count_rows(shell, archive.manifest))
            shell.send([b"COMMIT;\nANALYZE;\n"])
            shell.finish()


async def describe_schema(engine: AsyncEngine) -> Source:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT current_setting('server_version'), current_schema()"))
        version, namespace = found.one()
        tables = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        names = list((await connection.execute(tables)).scalars())
    return Source(str(version).split()[0], names, namespace)


def find_direct_url(settings: Settings) -> str:
    """A way that leads to one session: through a pooler in transaction mode each transaction has another."""
    url = (settings.database_listen_url or settings.database_url).get_secret_value()
    if uses_pooler(url):
        raise BackupError(
            "DATABASE_URL leads through a pooler in transaction mode: set DATABASE_LISTEN_URL to the direct way."
        )
    return url


def choose_pg_dump(server: str) -> Program:
    """That of the server's own major version, else the next newer: an older one refuses to work, and a newer one may
    write what this server would not take back."""
    major = int(server.split(".", maxsplit=1)[0])
    found = find_programs("pg_dump")
    if own := [program for program in found if program.version[0] == major]:
        return max(own, key=lambda program: program.version)
    if newer := [program for program in found if program.version[0] > major]:
        return min(newer, key=lambda program: program.version)
    there = f"here is only {', '.join(map(str, found))}" if found else "here is none"
    raise BackupError(
        f"The server is PostgreSQL {major}, whose pg_dump is needed, and {there}. "
        f"Install it (Debian: postgresql-client-{major}), or put its folder on the PATH."
    )


def choose_psql() -> Program:
    """The newest: it reads what any pg_dump has written, and speaks with every server."""
    if found := find_programs("psql"):
        return max(found, key=lambda program: program.version)
    raise BackupError(
        "psql is needed, and is not here. Install it (Debian: postgresql-client), or put its folder on the PATH."
    )


@contextmanager
def write_conninfo(url: str) -> Iterator[str]:
    """libpq's words for the database. The password is in a file that only we can read: others see command lines."""
    words = make_libpq_words(url)
    with TemporaryDirectory(prefix="parley-") as folder:
        if password := words.pop("password", ""):
            file = Path(folder) / "pgpass"
            file.touch(mode=ONLY_OWNER)
            escaped = password.replace("\\", "\\\\").replace(":", "\\:")
            file.write_text(f"*:*:*:*:{escaped}\n")
            words["passfile"] = str(file)
        yield " ".join(f"{name}={quote_word(word)}" for name, word in words.items())


def quote_word(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quote_name(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def quote_text(words: str) -> str:
    escaped = words.replace("'", "''")
    return f"'{escaped}'"


def refuse_unless_empty(shell: SqlShell, namespace: str) -> None:
    """Under the lock that a server takes before it makes its tables."""
    if shell.ask(f"SELECT pg_try_advisory_xact_lock({SCHEMA_LOCK})") != ["t"]:
        raise BackupError("Another process changes the schema of the database at the moment.")
    [here] = shell.ask("SELECT coalesce(current_schema(), '')")
    if here not in ("", namespace):
        raise BackupError(f"The backup is of the schema {namespace}, and DATABASE_URL leads to {here}.")
    of_schema = f"to_regnamespace({quote_text(quote_name(namespace))})"
    catalogs = (("pg_class", "relname", "relnamespace"), ("pg_proc", "proname", "pronamespace"))
    objects = " UNION ALL ".join(
        # What an extension has brought does not count.
        f"SELECT {name} FROM {catalog} WHERE {space} = {of_schema} AND NOT EXISTS (SELECT 1 FROM pg_depend "
        f"WHERE classid = '{catalog}'::regclass AND objid = {catalog}.oid AND deptype = 'e')"
        for catalog, name, space in catalogs
    )
    if there := shell.ask(f"SELECT min(name::text) FROM ({objects}) AS objects (name) HAVING count(*) > 0"):
        raise BackupError(f"The database is not empty ({there[0]} is there), and a restore replaces nothing.")


def count_rows(shell: SqlShell, manifest: Manifest) -> dict[str, int]:
    namespace = quote_name(manifest.namespace or "")
    counts = " UNION ALL ".join(
        f"SELECT {quote_text(table)}, count(*) FROM {namespace}.{quote_name(table)}"
        for table in manifest.tables
    )
    rows = [line.rpartition("\t") for line in shell.ask(counts)]
    return {table: int(count) for table, _, count in rows}
