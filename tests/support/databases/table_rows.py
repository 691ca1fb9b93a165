# support/databases/table_rows.py -- what stands in the tables, whoever's it is, and a row of one's own.
from uuid import uuid4

from sqlalchemy import text
from sqlmodel import SQLModel

from db import Transaction
from models import User
from support.servers import Server, in_database


def read_rows(server: Server) -> dict[str, set[str]]:
    """Every row of every table, as text."""

    async def read(tx: Transaction) -> dict[str, set[str]]:
        tables = SQLModel.metadata.sorted_tables
        return {table.name: {str(tuple(row)) for row in await tx.execute(table.select())} for table in tables}

    return in_database(server, read)


def count_rows(server: Server) -> dict[str, int]:
    """How many rows each table has, but for those that come later, in whatever test runs by then: the numbers of
    events, from whoever reads, and what streams have delivered.
    """

    names = [
        table.name
        for table in SQLModel.metadata.sorted_tables
        if table.name not in ("event_log", "event_counter", "message_deliveries")
    ]
    # By hand and at once: to build and compile a statement for each table takes longer than to count.
    counts = text(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names))

    async def count(tx: Transaction) -> dict[str, int]:
        return dict((await tx.execute(counts)).all())  # type: ignore[arg-type]

    return in_database(server, count)


async def add_user(tx: Transaction) -> User:
    user = User(email=f"{uuid4()}@example.com", password_hash="x")
    tx.add(user)
    await tx.flush()
    return user
