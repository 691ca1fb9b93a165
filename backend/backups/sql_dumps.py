# backups/sql_dumps.py -- the SQL that pg_dump and mariadb-dump write: its rows are counted while it passes.
"""Both write every row on a line of its own, in which line breaks of the text are escaped. Lines are changed in a few
places outside of the rows, so that they can be read by a server of another version and by another user.
"""

import re
from collections.abc import Iterable, Iterator

from backups.manifest import STAMP_TABLE, BackupError, DumpFacts

NAME = rb'("(?:[^"]|"")+"|[^\s".(]+)'
COPY = re.compile(rb"COPY (?:" + NAME + rb"\.)?" + NAME + rb" (?:\(.*\))? FROM stdin;\n")
END_OF_COPY = b"\\.\n"
# It sets the default, and PostgreSQL 16 and older do not know it.
SETTING_OF_17 = b"SET transaction_timeout"
CREATE_TABLE = re.compile(rb"CREATE TABLE (`(?:[^`]|``)+`) \(\n")
INSERT = re.compile(rb"INSERT INTO (`(?:[^`]|``)+`) (?:\([^\n]*\) )?VALUES(.*)\n")
# A trigger belongs to whoever restores it: only an administrator may name another user.
DEFINER = re.compile(rb"/\*!\d+ DEFINER=\S+\*/ ?")


def read_postgresql_dump(lines: Iterable[bytes], facts: DumpFacts) -> Iterator[bytes]:
    lines = iter(lines)
    for line in lines:
        if line.startswith(b"CREATE SCHEMA "):
            yield line.replace(b"SCHEMA", b"SCHEMA IF NOT EXISTS", 1)
        elif not line.startswith(SETTING_OF_17):
            yield line
        if line.startswith(b"COPY ") and (found := COPY.fullmatch(line)):
            yield from read_rows_of_copy(lines, remove_quotes(found[2], '"'), facts)


def read_rows_of_copy(lines: Iterator[bytes], table: str, facts: DumpFacts) -> Iterator[bytes]:
    for count, line in enumerate(lines):
        yield line
        if line == END_OF_COPY:
            facts.tables[table] = facts.tables.get(table, 0) + count
            return
        if table == STAMP_TABLE:
            facts.stamps.append(line.decode().rstrip("\n"))
    raise BackupError(f"the rows of {table} have no end.")


def read_mariadb_dump(lines: Iterable[bytes], facts: DumpFacts) -> Iterator[bytes]:
    lines = iter(lines)
    for line in lines:
        yield DEFINER.sub(b"", line, count=1) if line.startswith(b"/*!50003 CREATE*/ ") else line
        if line.startswith(b"CREATE TABLE ") and (found := CREATE_TABLE.fullmatch(line)):
            facts.tables.setdefault(remove_quotes(found[1], "`"), 0)
        elif line.startswith(b"INSERT INTO ") and (found := INSERT.fullmatch(line)):
            if found[2]:
                raise BackupError(
                    "mariadb-dump writes several rows on a line: use that of MariaDB 10.11 or newer."
                )
            yield from read_rows_of_insert(lines, remove_quotes(found[1], "`"), facts)


def read_rows_of_insert(lines: Iterator[bytes], table: str, facts: DumpFacts) -> Iterator[bytes]:
    for line in lines:
        yield line
        facts.tables[table] += 1
        if table == STAMP_TABLE:
            facts.stamps.append(line.decode().strip("(),;'\n"))
        if line.endswith(b");\n"):
            return
    raise BackupError(f"the rows of {table} have no end.")


def remove_quotes(name: bytes, quote: str) -> str:
    text = name.decode()
    return text[1:-1].replace(quote * 2, quote) if text.startswith(quote) else text
