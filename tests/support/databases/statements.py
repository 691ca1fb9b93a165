# support/databases/statements.py -- what a piece of work sends to the database.
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from db import Database
from support.servers import Server, with_database


def list_statements(server: Server, work: Callable[[Database], Awaitable[Any]]) -> list[str]:
    """The statements of `work`, which has the server's database to itself: by an engine of its own."""
    statements: list[str] = []
    execute_sql = Database._execute_sql

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    async def note_sql(db: Database, sql: str, *values: object) -> Any:
        statements.append(sql)  # lists go past SQLAlchemy on PostgreSQL
        return await execute_sql(db, sql, *values)

    async def run(db: Database) -> None:
        pools = {engine.pool: engine for engine in (db.engine.sync_engine, db.readers.sync_engine)}
        for engine in pools.values():
            async with db.engine.connect():
                pass  # what is asked once of a new connection is no work
            sql_event.listen(engine, "before_cursor_execute", note)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Database, "_execute_sql", note_sql)
            await work(db)

    with_database(server.settings.database_url.get_secret_value(), run)
    return statements
