# queries/engines/postgresql.py -- queries on PostgreSQL, in a transaction that only reads.
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy.engine import URL

from queries.answers import MAX_CELL_CHARACTERS, Answer
from queries.catalog import MAX_TABLE_COLUMNS, MAX_TABLES, Catalog, Column, gather_tables
from queries.engines.engine import (
    CONNECT_SECONDS,
    Failed,
    QueryEngine,
    Rights,
    TookTooLong,
    Unreachable,
)
from storage.database_kind import ConnectArguments
from storage.postgresql import connect_alone
from storage.timeouts import TimeLimits

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

# They come as they are; everything else comes as a text that PostgreSQL has cut, so that no row is large.
NUMBERS = frozenset({"bool", "int2", "int4", "int8", "float4", "float8", "numeric"})
BATCH = 50
CLOSE_SECONDS = 1.0
TIMEOUTS = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
COLUMNS = """
    SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), c.relkind IN ('v', 'm'), a.attname,
      format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
      (SELECT CASE k.contype WHEN 'p' THEN 'primary' ELSE k.confrelid::regclass::text || '.' || there.attname END
       FROM pg_constraint k LEFT JOIN pg_attribute there
         ON there.attrelid = k.confrelid AND there.attnum = k.confkey[array_position(k.conkey, a.attnum)]
       WHERE k.conrelid = c.oid AND k.contype IN ('p', 'f') AND a.attnum = ANY (k.conkey)
       ORDER BY k.contype DESC LIMIT 1)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
      AND a.attnum > 0 AND NOT a.attisdropped
      AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    ORDER BY NOT pg_table_is_visible(c.oid), n.nspname, c.relname, a.attnum LIMIT $1
"""
EXCESS = """
    SELECT current_setting('server_version'),
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
      (SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user),
      (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles
       WHERE rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
         'pg_write_all_data', 'pg_signal_backend') AND pg_has_role(oid, 'MEMBER')),
      (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind IN ('r', 'p', 'v', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
         AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))),
      has_database_privilege(current_database(), 'CREATE')
        OR EXISTS (SELECT FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(oid, 'CREATE'))
"""


class PostgreSQLQueries(QueryEngine):
    dialect = "postgresql"

    def __init__(self, url: URL, arguments: ConnectArguments) -> None:
        self._url, self._arguments = url, arguments

    async def read_catalog(self) -> Catalog:
        async with self._open(CONNECT_SECONDS) as connection:
            rows = await connection.fetch(COLUMNS, MAX_TABLES * MAX_TABLE_COLUMNS)
        columns = (
            (schema, table, is_default, is_view, Column(name, type_, is_nullable, key))
            for schema, table, is_default, is_view, name, type_, is_nullable, key in rows
        )
        return Catalog("postgresql", gather_tables(columns))

    async def run(self, sql: str, catalog: Catalog, seconds: float) -> Answer:
        async with self._open(seconds) as connection:
            # Functions, operators and types are PostgreSQL's own: every table has its schema. Texts are as they were
            # read: a backslash in one is a backslash.
            await connection.execute(
                "SET LOCAL search_path = pg_catalog; SET LOCAL standard_conforming_strings = on; "
                "SET LOCAL datestyle = iso"
            )
            attributes = (await connection.prepare(sql)).get_attributes()
            if not attributes:
                raise Failed("it gives no columns")
            answer = Answer([attribute.name for attribute in attributes])
            names = [f"c{number}" for number in range(len(attributes))]
            shown = [
                name if attribute.type.name in NUMBERS else f"left({name}::text, {MAX_CELL_CHARACTERS + 1})"
                for name, attribute in zip(names, attributes, strict=True)
            ]
            cut = f"SELECT {', '.join(shown)} FROM ({sql}\n) AS answer ({', '.join(names)})"  # noqa: S608 -- of our own names
            cursor = await connection.cursor(cut)
            while rows := await cursor.fetch(BATCH):
                if not all(answer.add_row(tuple(row)) for row in rows):
                    break
            return answer

    async def read_rights(self) -> Rights:
        async with self._open(CONNECT_SECONDS) as connection:
            row = await connection.fetchrow(EXCESS)
        assert row is not None
        version, is_super, bypasses, roles, writable, may_create = row
        found = [
            (is_super, "everything, as a superuser"),
            (bypasses and not is_super, "read past row-level security"),
            (roles and not is_super, f"what {roles} may"),
            (writable, f"write to {writable} tables"),
            (may_create, "create tables or schemas"),
        ]
        return Rights(str(version).split()[0], tuple(words for is_so, words in found if is_so))

    @asynccontextmanager
    async def _open(self, seconds: float) -> "AsyncIterator[Connection]":
        """A connection in a transaction that only reads, which is never committed."""
        limits = TimeLimits(statement=seconds, lock=seconds, connection=CONNECT_SECONDS)
        try:
            connection = await connect_alone(self._url, self._arguments, limits)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(str(error)) from None
        milliseconds = round(1000 * seconds)
        try:
            await connection.execute(
                f"BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds}; "
                f"SET LOCAL lock_timeout = {milliseconds}; "
                f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"
            )
            yield connection
        except TIMEOUTS:
            raise TookTooLong from None
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as error:
            raise Unreachable(str(error)) from None
        except asyncpg.PostgresError as error:
            raise Failed(str(error)) from None
        finally:
            await close_connection(connection)


async def close_connection(connection: "Connection") -> None:
    """Where a query was cancelled, the driver first cancels it in the database, over a connection of its own."""
    try:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # it ends in any case
            await connection.close(timeout=CLOSE_SECONDS)
    finally:
        if not connection.is_closed():
            connection.terminate()
