# support/databases/catalog.py -- a database seen from outside: psql, Alembic, and what its catalog says.
"""`read_catalog` gives one entry for every object: what it is, and its definition as PostgreSQL words it.
Two databases are the same schema when the `difference` of their catalogs is empty. Left out are owners and
grants, where on disk things lie, and gaps in column numbers, which dropped columns leave behind.
"""

import asyncio
import io
import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, inspect, make_url
from structlog.testing import capture_logs
from structlog.typing import EventDict

from logs import configure_logs
from storage.engines import open_engine
from storage.schema.bootstrap import bootstrap, make_alembic_config
from storage.schema.revisions import REVISION_TABLE, SchemaError, list_revisions, list_tables
from support.databases.mariadb import MariaDBServer, MariaDBShell, mariadb_program
from support.databases.postgres import PostgresServer
from support.servers import settings_for

Catalog = dict[str, str]
T = TypeVar("T")

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
FILES = sorted(MIGRATIONS.glob("[0-9][0-9][0-9]_*.sql"))

# Each gives two columns: what the object is, and how it is defined; {here} keeps to one schema.
QUERIES = (
    """
    SELECT format('table %s', relname),
      format('kind %s, persistence %s, row security %s, forced %s, options %s',
        relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions)
    FROM pg_class WHERE relnamespace = {here} AND relkind NOT IN ('i', 'I')
    """,
    """
    SELECT format('column %s.%s', relname, attname),
      format('%s. %s, not null %s, default %s, identity %s, generated %s, collation %s',
        row_number() OVER (PARTITION BY attrelid ORDER BY attnum), format_type(atttypid, atttypmod),
        attnotnull, coalesce(pg_get_expr(adbin, adrelid), 'none'), attidentity, attgenerated,
        coalesce(collname, 'none'))
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relnamespace = {here} AND relkind NOT IN ('i', 'I', 'S') AND attnum > 0 AND NOT attisdropped
    """,
    """
    SELECT format('constraint %s on %s', conname, conrelid::regclass), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = {here}
    """,
    """
    SELECT format('index %s', indexrelid::regclass),
      format('%s, valid %s, clustered %s', pg_get_indexdef(indexrelid), indisvalid, indisclustered)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = {here}
    """,
    """
    SELECT format('trigger %s on %s', tgname, tgrelid::regclass),
      format('%s, enabled %s', pg_get_triggerdef(pg_trigger.oid), tgenabled)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE relnamespace = {here} AND NOT tgisinternal
    """,
    """
    SELECT format('function %s', oid::regprocedure), pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = {here} AND prokind <> 'a'
    """,
    """
    SELECT format('policy %s on %s', polname, polrelid::regclass),
      format('for %s, permissive %s, roles %s, using %s, with check %s', polcmd, polpermissive,
        polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid WHERE relnamespace = {here}
    """,
    """
    SELECT format('type %s', oid::regtype), format('%s %s', typtype, format_type(typbasetype, typtypmod))
    FROM pg_type WHERE typnamespace = {here} AND typtype <> 'c' AND typcategory <> 'A'
    """,
    """
    SELECT format('view %s', viewname), definition FROM pg_views WHERE schemaname = :'schema'
    """,
    """
    SELECT format('comment on %s', pg_describe_object(classoid, objoid, objsubid)), description
    FROM pg_description WHERE objoid >= 16384 -- PostgreSQL's own objects are below
    """,
)


def read_catalog(server: PostgresServer, database: str, schema: str = "public", after: str = "") -> Catalog:
    """Every object of the schema with its definition; `after` is SQL to run before, and to take back."""
    parts = " UNION ALL ".join(f"SELECT * FROM ({query}) AS part (what, how)" for query in QUERIES)
    union = parts.replace("{here}", "to_regnamespace(quote_ident(:'schema'))::oid")
    # Definitions name objects without their schema where the search path finds them.
    sql = f"""
        BEGIN;
        SET LOCAL search_path TO :"schema";
        {after};
        SELECT coalesce(json_object_agg(what, how), '{{}}') FROM ({union}) AS parts;
        ROLLBACK;
    """
    command = [server.psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-v", f"schema={schema}", server.url(database)]
    done = subprocess.run(command, input=sql, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    catalog: Catalog = json.loads(done.stdout)
    return catalog


def difference(one: Catalog, other: Catalog) -> list[str]:
    """A line for each definition that only one of them has; none when they are the same."""
    return [
        f"{sign} {what}: {how}"
        for what in sorted(one.keys() | other.keys())
        if one.get(what) != other.get(what)
        for sign, how in (("-", one.get(what)), ("+", other.get(what)))
        if how is not None
    ]


def psql(
    server: PostgresServer, database: str, *arguments: str | Path, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs psql as a person would, from a folder that is not the project's."""
    command = [server.psql, "-X", server.url(database), *map(str, arguments)]
    done = subprocess.run(command, text=True, capture_output=True, check=False, cwd="/")
    if check and done.returncode:
        raise AssertionError(done.stderr)
    return done


def query(server: PostgresServer, database: str, sql: str) -> str:
    """The answer as psql prints it: a line for each row, columns joined by |."""
    return psql(server, database, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql).stdout.strip()


def migrated(server: PostgresServer, count: int) -> str:
    """The name of a database to which the first `count` files were applied: a template, not to be changed.

    It goes on from the nearest one that is there.
    """
    names = [f"migrated_{number}" for number in range(count + 1)]
    done = next((number for number in range(count - 1, 0, -1) if server.has_template(names[number])), 0)

    def build(url: str) -> None:
        for file in FILES[done:count]:
            subprocess.run([server.psql, "-Xq", url, "-f", file], check=True, capture_output=True)

    return server.template(names[count], build, base=names[done] if done else None)


@contextmanager
def copied(server: PostgresServer, template: str) -> Iterator["Place"]:
    """A copy of a template: nobody may be connected to a template while another test copies it."""
    name = f"copied {uuid4().hex}"
    server.create_database(name, template)
    yield Place(server.url(name))
    server.drop_database(name)


class Database:
    """A database of the test's own, in which `run` applies one file with psql."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name

    def run(self, number: int, *arguments: str, status: int = 0) -> str:
        """One line of output or, where it fails with status 3, one of complaint."""
        done = psql(self.server, self.name, *arguments, "-f", FILES[number], check=False)
        assert done.returncode == status, done
        assert (done.stdout == "") == (status != 0), done
        assert (done.stderr == "") == (status == 0), done
        return (done.stdout + done.stderr).removesuffix("\n")

    def refusal(self, number: int, *arguments: str) -> str:
        """What it says when it refuses, having changed nothing."""
        before = self.catalog()
        line = self.run(number, *arguments, status=3)
        assert "\n" not in line
        assert difference(before, self.catalog()) == []
        return line.split("ERROR:  ", 1)[1]

    def catalog(self) -> dict[str, str]:
        return {**read_catalog(self.server, self.name), "stamps": ", ".join(self.stamps())}

    def stamps(self) -> list[str]:
        if query(self.server, self.name, "SELECT to_regclass('alembic_version')") == "":
            return []
        return self.query("SELECT version_num FROM alembic_version").splitlines()

    def query(self, sql: str) -> str:
        return query(self.server, self.name, sql)

    def session(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """A psql that goes on by itself."""
        command = [self.server.psql, "-X", self.server.url(self.name), *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def wait_for(self, sql: str, answer: str) -> None:
        deadline = time.monotonic() + 10
        while self.query(sql) != answer:
            assert time.monotonic() < deadline, sql


# The same on each engine

ENGINES = ["sqlite", "postgresql", "mariadb"]
# Where a step that fails leaves nothing behind. On MariaDB each statement that changes the schema commits.
TRANSACTIONAL = ["sqlite", "postgresql"]


def alembic(url: str, verb: str, *words: str, **options: Any) -> str:
    """What `alembic <verb>` prints, run in this process."""
    output = io.StringIO()
    config = make_alembic_config(url)
    config.stdout = config.output_buffer = output
    getattr(command, verb)(config, *words, **options)
    return output.getvalue()


class Place:
    """An empty database of the test's own, on any engine."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_url(url).get_backend_name()

    def run(self, sql: str) -> list[str]:
        """Each row with its columns joined by |, as the engine's own shell shows them."""
        with closing(self.connect()) as connection:
            answer = connection.execute(sql)
            rows = answer.fetchall() if answer.description else []
        return ["|".join(map(str, row)) for row in rows]

    def connect(self) -> Any:
        """As someone at the keyboard who switched foreign keys on: each statement commits."""
        if self.engine == "postgresql":
            return psycopg.connect(self.url, autocommit=True)
        if self.engine == "mariadb":
            return MariaDBShell(self.url)
        connection = sqlite3.connect(make_url(self.url).database or "", isolation_level=None)
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def run_script(self, script: str) -> None:
        """As psql, sqlite3 and mariadb read it; of these the first two are not needed for it."""
        if self.engine == "mariadb":
            client = shutil.which("mariadb")
            if client is None:
                pytest.skip("no program mariadb on the PATH, which scripts for MariaDB are written for")
            command = mariadb_program(client, self.url)
            done = subprocess.run(command, input=script, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            return
        with closing(self.connect()) as connection:
            run = connection.execute if self.engine == "postgresql" else connection.executescript
            run(script)

    def drop_index(self, table: str, name: str) -> None:
        self.run(f"DROP INDEX {name} ON {table}" if self.engine == "mariadb" else f"DROP INDEX {name}")

    def alembic(self, verb: str, *words: str, **options: Any) -> str:
        return alembic(self.url, verb, *words, **options)

    def start(self, **changes: Any) -> list[EventDict]:
        """Starts on it once, as the server does; what was logged."""

        async def once() -> None:
            engine = open_engine(self.url)
            try:
                assert await bootstrap(engine, settings_for(self.url, **changes)) == list_revisions()[-1]
            finally:
                await engine.dispose()

        configure_logs("info")  # a server of another test in this process may have said "error"
        with capture_logs() as logs:
            asyncio.run(once())
        return logs

    def refusal(self, **changes: Any) -> str:
        """The one line with which a start ends."""
        with pytest.raises(SchemaError) as caught:
            self.start(**changes)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def stamps(self) -> list[str]:
        return self.run("SELECT version_num FROM alembic_version ORDER BY version_num")

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""

        def names(connection: Connection) -> set[str]:
            return list_tables(connection) - {REVISION_TABLE.name}

        tables = sorted(self.inside(names))
        each = [f"SELECT '{name}', (SELECT count(*) FROM {name})" for name in tables]
        counted = self.run(" UNION ALL ".join(each)) if each else []
        return {name: int(count) for name, count in (row.split("|") for row in counted)}

    def catalog(self) -> Catalog:
        """What each object is, as far as the engine tells; without the stamp."""
        return self.inside(CATALOGS[self.engine])

    def inside(self, work: Callable[[Connection], T]) -> T:
        if self.engine == "sqlite":
            # Not through aiosqlite: a catalog takes hundreds of PRAGMAs, each of which would change threads twice.
            engine = create_engine(self.url)
            with closing(engine.connect()) as connection:
                found = work(connection)
            engine.dispose()
            return found

        async def once() -> T:
            engine = open_engine(self.url)
            try:
                async with engine.connect() as connection:
                    return await connection.run_sync(work)
            finally:
                await engine.dispose()

        return asyncio.run(once())


def empty_place(request: pytest.FixtureRequest, engine: str, folder: Path) -> Iterator[Place]:
    """The body of a fixture that gives one."""
    if engine == "sqlite":
        yield Place(f"sqlite:///{folder / 'parley.db'}")
        return
    if engine == "mariadb":
        other: MariaDBServer = request.getfixturevalue("mariadb")
        yield Place(other.url(other.create_database()))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"place {uuid4().hex}"
    server.create_database(name)
    yield Place(server.url(name))
    server.drop_database(name)


def postgresql_catalog(connection: Connection) -> Catalog:
    parts = " UNION ALL ".join(f"SELECT * FROM ({query}) AS part (what, how)" for query in QUERIES)
    union = parts.replace("{here}", "'public'::regnamespace").replace(":'schema'", "'public'")
    return dict(connection.exec_driver_sql(f"SELECT what, how FROM ({union}) AS parts").all())  # type: ignore[arg-type]


def sqlite_catalog(connection: Connection) -> Catalog:
    """Not the text of CREATE TABLE, which tells how a table came about, but what it means."""
    found: Catalog = {}
    inspector = inspect(connection)
    for name in inspector.get_table_names():
        for number, column in enumerate(inspector.get_columns(name)):
            about = [f"{number}. {column['type']!r}", *(str(column[key]) for key in ("nullable", "default"))]
            found[f"column {name}.{column['name']}"] = ", ".join(about)
        found[f"primary key of {name}"] = str(inspector.get_pk_constraint(name)["constrained_columns"])
        for kind in ("unique_constraints", "foreign_keys", "check_constraints"):
            for constraint in getattr(inspector, f"get_{kind}")(name):
                found[f"{constraint['name']} in {kind} of {name}"] = str(sorted(constraint.items(), key=str))
    kinds = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"
    for kind, name, of, sql in connection.exec_driver_sql(kinds):
        found[f"{kind} {name} on {of}"] = " ".join(sql.split())
    return found


MARIADB_OBJECTS = """
    SELECT concat('trigger ', trigger_name, ' on ', event_object_table),
      concat(action_order, '. ', action_timing, ' ', event_manipulation, ' ', action_statement)
    FROM information_schema.triggers WHERE trigger_schema = database()
    UNION ALL SELECT concat('view ', table_name), view_definition
    FROM information_schema.views WHERE table_schema = database()
    UNION ALL SELECT lower(concat(routine_type, ' ', routine_name)), routine_definition
    FROM information_schema.routines WHERE routine_schema = database()
"""


def mariadb_catalog(connection: Connection) -> Catalog:
    """Each line of each SHOW CREATE TABLE by itself: in which order indexes and keys were added does not matter.

    Left out are who made a trigger and in which sql_mode.
    """
    found: Catalog = {}
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type <> 'VIEW'"
    for name in connection.exec_driver_sql(tables).scalars().all():
        _, shown = connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one()
        first, *lines, last = (line.strip().removesuffix(",") for line in shown.splitlines())
        last = re.sub(r" AUTO_INCREMENT=\d+", "", last)  # how far it has counted
        found[f"table {name}"] = f"{first}{last}"
        for number, line in enumerate(lines):
            if column := re.match("`(.+?)` ", line):
                found[f"column {name}.{column[1]}"] = f"{number}. {line}"
            elif key := re.match("(?:UNIQUE )?KEY `(.+?)` ", line):
                found[f"index {key[1]} on {name}"] = line
            elif constraint := re.match("CONSTRAINT `(.+?)` ", line):
                found[f"constraint {constraint[1]} on {name}"] = line
            else:
                found[f"{line.partition(' (')[0]} of {name}"] = line
    for what, how in connection.exec_driver_sql(MARIADB_OBJECTS):
        found[what] = " ".join(how.split())
    return found


CATALOGS = {"sqlite": sqlite_catalog, "postgresql": postgresql_catalog, "mariadb": mariadb_catalog}
