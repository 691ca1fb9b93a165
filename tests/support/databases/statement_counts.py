# support/databases/statement_counts.py -- the statements that a server of the tests sends to its database.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from db import Database
from support.servers import Server


@contextmanager
def count_statements(server: Server) -> Iterator[list[str]]:
    """The statements of the server, BEGIN and COMMIT among them."""
    statements: list[str] = []
    engine = server.state.db.engine.sync_engine

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    async def count_sql(db: Database, sql: str, *values: object) -> Any:
        statements.append(sql)
        return await execute_sql(db, sql, *values)

    execute_sql = Database._execute_sql
    # Reads have no transaction; SQLAlchemy calls their beginning one.
    listeners = [
        (engine, "before_cursor_execute", count),
        (engine, "commit", lambda _: statements.extend(["BEGIN", "COMMIT"])),
    ]
    for listener in listeners:
        sql_event.listen(*listener)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "_execute_sql", count_sql)
        yield statements
    for listener in listeners:
        sql_event.remove(*listener)
