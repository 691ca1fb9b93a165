# support/databases/statement_counts.py -- the statements that a server of the tests sends to its database.
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from access import SignedInCaller
from db import Database
from identity.sessions import SessionCache
from security import JwtClaims
from support.servers import Server

IS_SESSION_CHECK = ContextVar("IS_SESSION_CHECK", default=False)


@contextmanager
def count_statements(server: Server) -> Iterator[list[str]]:
    """The statements of the server, BEGIN and COMMIT among them, without those whose time has come meanwhile: of what
    is at work already, as the loops of a worker, and whether a session has ended, which is asked twice a second.
    """
    statements: list[str] = []
    engine = server.state.db.engine.sync_engine
    loops = server.run(find_tasks())

    def add(*some: str) -> None:
        if not IS_SESSION_CHECK.get() and asyncio.current_task() not in loops:
            statements.extend(some)

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        add(statement)

    async def count_sql(db: Database, sql: str, *values: object) -> Any:
        add(sql)
        return await execute_sql(db, sql, *values)

    async def get_caller(cache: SessionCache, claims: JwtClaims) -> SignedInCaller:
        token = IS_SESSION_CHECK.set(True)
        try:
            return await find_caller(cache, claims)
        finally:
            IS_SESSION_CHECK.reset(token)

    execute_sql, find_caller = Database._execute_sql, SessionCache.get_caller
    # Reads have no transaction; SQLAlchemy calls their beginning one.
    listeners = [
        (engine, "before_cursor_execute", count),
        (engine, "commit", lambda _: add("BEGIN", "COMMIT")),
    ]
    for listener in listeners:
        sql_event.listen(*listener)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "_execute_sql", count_sql)
        patch.setattr(SessionCache, "get_caller", get_caller)
        yield statements
    for listener in listeners:
        sql_event.remove(*listener)


async def find_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks()
