# test_programs.py -- the database's own programs: which one is taken, what it is told, and what of it others could see.
import os
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import make_url
from typer.testing import Result

from backups import mariadb, postgresql
from backups.manifest import BackupError, DumpFacts
from backups.programs import find_programs, open_shell
from backups.sql_dumps import read_mariadb_dump, read_postgresql_dump
from support.databases.mariadb import MariaDBServer

SECRET = "a\"b'c#d\\e f;%:@=`"
VERSIONS = {
    "pg_dump": "pg_dump (PostgreSQL) {} (Debian {}-1)",
    "psql": "psql (PostgreSQL) {} (Debian {}-1)",
    "mariadb-dump": "mariadb-dump  Ver 10.19 Distrib {}.7-MariaDB, for debian-linux-gnu (x86_64) {}",
    "mysqldump": "mysqldump  Ver {} for Linux on x86_64 (MySQL Community Server - GPL) {}",
}


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Puts a program on the PATH, on which nothing else is."""
    monkeypatch.setattr("backups.programs.FOLDERS", (f"{tmp_path}/packages/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def put(name: str, version: str, folder: str = "bin", script: str = "") -> Path:
        program = tmp_path / folder / name
        program.parent.mkdir(parents=True, exist_ok=True)
        says = VERSIONS[name].format(version, version)
        program.write_text(
            f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{says}"; exit 0; fi\n{script}\nexit 1\n'
        )
        program.chmod(0o755)
        return program

    return put


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (["17.5", "18.1", "15.3"], "17.5"),
        (["18.1", "19.0"], "18.1"),
        (["17.2", "17.5", "17.4"], "17.5"),
        (["15.3", "19.0"], "19.0"),
    ],
)
def test_the_pg_dump_of_the_servers_own_version_is_taken_else_the_next_newer(
    install: Callable[..., Path], there: list[str], chosen: str
) -> None:
    """An older one refuses, and a newer one may write what the server does not take back."""
    for number, version in enumerate(there):
        install("pg_dump", version, "bin" if number == 0 else f"packages/{number}/bin")
    assert str(postgresql.choose_pg_dump("17.6")) == f"pg_dump {chosen}"


def test_a_program_that_is_missing_or_too_old_is_named_with_what_to_install(
    install: Callable[..., Path],
) -> None:
    with pytest.raises(
        BackupError, match=r"pg_dump is needed, and here is none. Install it .*postgresql-client-17"
    ):
        postgresql.choose_pg_dump("17.6")
    with pytest.raises(BackupError, match="psql is needed"):
        postgresql.choose_psql()
    install("pg_dump", "15.3")
    with pytest.raises(
        BackupError, match=r"PostgreSQL 17, whose pg_dump is needed, and here is only pg_dump 15.3"
    ):
        postgresql.choose_pg_dump("17.6")
    with pytest.raises(
        BackupError, match=r"mariadb-dump 10.11 or newer is needed, and here is none of MariaDB"
    ):
        mariadb.choose_program("mariadb-dump", "mysqldump")
    install("mysqldump", "8.4.2")  # MySQL's
    assert find_programs("mysqldump") == []
    install("mariadb-dump", "10.5")
    with pytest.raises(
        BackupError, match=r"here is only mariadb-dump 10.5. Install it \(Debian: mariadb-client\)"
    ):
        mariadb.choose_program("mariadb-dump", "mysqldump")
    install("mariadb-dump", "11.4")
    assert str(mariadb.choose_program("mariadb-dump", "mysqldump")) == "mariadb-dump 11.4"


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_no_secret_is_on_a_command_line_or_in_what_a_program_inherits(
    own_database_url: str,
    install: Callable[..., Path],
    parley: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The password is in a file that only its owner reads, and that is gone afterwards."""
    seen = tmp_path / "seen"
    seen.mkdir()
    script = (
        f'echo "$@" > {seen}/words\n/usr/bin/env > {seen}/environment\n'
        f'file=$(echo "$@" | /usr/bin/sed -E "s/.*passfile=\'([^\']+)\'.*/\\1/")\n'
        f'/bin/cp -p "$file" {seen}/passfile\necho "pg_dump: error: sorry" >&2'
    )
    install("pg_dump", "18.9", script=script)
    monkeypatch.setenv("SECRET_KEY", "a secret of the server's")
    monkeypatch.setenv("MODEL_API_KEY", "sk-of-the-models")
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    url = make_url(own_database_url).set(password=SECRET).render_as_string(hide_password=False)
    done = parley(url, "backup", tmp_path / "parley.zip")
    assert (done.exit_code, done.stderr) == (1, "parley: pg_dump 18.9 failed: pg_dump: error: sorry\n")
    words, environment = ((seen / name).read_text() for name in ("words", "environment"))
    assert "dbname=" in words
    assert SECRET not in words + environment
    assert not {"SECRET_KEY", "MODEL_API_KEY", "DATABASE_URL"} & {
        line.partition("=")[0] for line in environment.splitlines()
    }
    passfile = seen / "passfile"
    assert passfile.read_text() == "*:*:*:*:a\"b'c#d\\\\e f;%\\:@=`\n"
    assert stat.S_IMODE(passfile.stat().st_mode) == 0o600
    named = words.partition("passfile='")[2].partition("'")[0]
    assert not Path(named).parent.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "seen"]


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_any_password_reaches_mariadb_by_its_file(
    mariadb: MariaDBServer, own_database_url: str, parley: Callable[..., Result], tmp_path: Path
) -> None:
    given = make_url(own_database_url)
    user = f"parley test {uuid4().hex[:8]}"
    name = f"'{user}'@'127.0.0.1'"
    escaped = SECRET.replace("\\", "\\\\").replace("'", "''").replace(":", "\\:")
    mariadb.run(f"CREATE USER {name} IDENTIFIED BY '{escaped}'", f"GRANT ALL ON {given.database}.* TO {name}")
    url = f"mariadb://{quote(user)}:{quote(SECRET, safe='')}@{given.host}:{given.port}/{given.database}"
    try:
        done = parley(url, "backup", tmp_path / "parley.zip")
        assert done.exit_code == 0, done.output
    finally:
        mariadb.run(f"DROP USER {name}")


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_shell_answers_with_the_lines_of_one_statement(own_database_url: str) -> None:
    with postgresql.write_conninfo(own_database_url) as conninfo:
        words = [f"--dbname={conninfo}", *postgresql.SHELL_OPTIONS]
        with open_shell(postgresql.choose_psql(), words) as shell:
            shell.send([b"SELECT '';\nSELECT 'noise';\n"])
            assert shell.ask("SELECT 'one', 2 UNION ALL SELECT '', 3") == ["one\t2", "\t3"]
            assert shell.ask("SELECT 1 WHERE false") == []
            with pytest.raises(BackupError, match=r"^psql \d+\.\d+ failed: .*does not exist"):
                shell.ask("SELECT nothing")


POSTGRESQL_LINES = [
    b"CREATE SCHEMA public;\n",
    b"SET transaction_timeout = 0;\n",
    b'COPY public."we""ird table" (a, "b c") FROM stdin;\n',
    b"COPY public.tasks (id) FROM stdin;\n",
    b"\\N\n",
    b"\\\\.\n",
    b"\\.\n",
    b"COPY public.empty  FROM stdin;\n",
    b"\\.\n",
    b"COPY public.alembic_version (version_num) FROM stdin;\n",
    b"034_add\n",
    b"started 035\n",
    b"\\.\n",
]


def test_rows_of_pg_dump_are_counted_whatever_they_say() -> None:
    facts = DumpFacts()
    passed = list(read_postgresql_dump(POSTGRESQL_LINES, facts))
    assert passed == [b"CREATE SCHEMA IF NOT EXISTS public;\n", *POSTGRESQL_LINES[2:]]
    assert facts.tables == {'we"ird table': 3, "empty": 0, "alembic_version": 2}
    assert facts.revision == "034_add, started 035"
    with pytest.raises(BackupError, match="have no end"):
        list(read_postgresql_dump(POSTGRESQL_LINES[:5], DumpFacts()))


MARIADB_LINES = [
    b"CREATE TABLE `we``ird` (\n",
    b"  `a` int\n",
    b"INSERT INTO `we``ird` VALUES\n",
    b"(1,'INSERT INTO `x` VALUES\\n'),\n",
    b"(2,'(3);'),\n",
    b"(4,'\\');\\n');\n",
    b"/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`127.0.0.1`*/ /*!50003 TRIGGER t\n",
    b"CREATE TABLE `empty` (\n",
    b"CREATE TABLE `alembic_version` (\n",
    b"INSERT INTO `alembic_version` VALUES\n",
    b"('034_add');\n",
]


def test_rows_of_mariadb_dump_are_counted_whatever_they_say() -> None:
    facts = DumpFacts()
    passed = list(read_mariadb_dump(MARIADB_LINES, facts))
    assert passed[6] == b"/*!50003 CREATE*/ /*!50003 TRIGGER t\n"
    assert [*passed[:6], *passed[7:]] == [*MARIADB_LINES[:6], *MARIADB_LINES[7:]]
    assert facts.tables == {"we`ird": 3, "empty": 0, "alembic_version": 1}
    assert facts.revision == "034_add"
    with pytest.raises(BackupError, match="have no end"):
        list(read_mariadb_dump(MARIADB_LINES[:4], DumpFacts()))
    with pytest.raises(BackupError, match="several rows on a line"):
        list(read_mariadb_dump([b"INSERT INTO `t` VALUES (1),(2);\n"], DumpFacts()))


def test_the_words_of_a_url_reach_libpq_and_the_client_of_mariadb(tmp_path: Path) -> None:
    with postgresql.write_conninfo(
        "postgresql://u@/d?host=/run/pg&sslmode=verify-full&sslrootcert=/a b/c&options=-cjit=off&schema=s"
    ) as conninfo:
        assert conninfo == (
            "host='/run/pg' user='u' dbname='d' sslmode='verify-full' sslrootcert='/a b/c' "
            "options='-cjit=off -csearch_path=s'"
        )
    with postgresql.write_conninfo("postgresql://u@/d?host=a,b&port=1,2") as conninfo:
        assert conninfo == "host='a,b' port='1,2' user='u' dbname='d'"
    with mariadb.write_options("mysql://u:p@h/d?ssl-mode=REQUIRED") as option:
        path = Path(option.removeprefix("--defaults-file="))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert path.read_text().splitlines() == [
            "[client]",
            *('user="u"', 'password="p"', 'host="h"', 'port="3306"', 'protocol="tcp"'),
            *("ssl", "skip-ssl-verify-server-cert"),
        ]
    assert not path.parent.exists()
    with mariadb.write_options("mysql://u@h/d?unix_socket=/run/m.sock") as option:
        lines = Path(option.removeprefix("--defaults-file=")).read_text().splitlines()
    assert lines[3:] == ['socket="/run/m.sock"', 'protocol="socket"', "skip-ssl"]
    assert os.listdir(tmp_path) == []
