# storage/schema_lock.py -- the lock of whoever changes the schema.
import asyncio
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

# "parley" in ASCII: whoever changes the schema holds this lock, migrations/psql/begin.sql too.
SCHEMA_LOCK = int.from_bytes(b"parley", "big")
# GET_LOCK's names are the whole server's.
SCHEMA_LOCK_NAME = func.concat("parley.", func.md5(func.database()))
WAIT_SECONDS = 0.05


async def take_schema_lock(connection: AsyncConnection) -> None:
    """Nobody else changes the schema until the connection's transaction ends; on MariaDB, whose DDL ends every
    transaction, until the connection is given back. On SQLite whoever writes is alone.

    Neither asking nor holding keeps a snapshot, for which the CREATE INDEX CONCURRENTLY of whoever has the lock would
    wait for ever: so it asks again and again instead of waiting in the database, and lets a statement follow that needs
    none, since an answer keeps its snapshot until then.
    """
    name = connection.dialect.name
    if name == "sqlite":
        return
    lock, follow = (
        func.pg_try_advisory_xact_lock(SCHEMA_LOCK),
        "SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    if name == "mariadb":
        (await connection.get_raw_connection()).info["schema_lock"] = True
        lock, follow = func.get_lock(SCHEMA_LOCK_NAME, 0), "DO 0"
    mine = False
    while not mine:
        mine = bool(await connection.scalar(select(lock)))
        await connection.exec_driver_sql(follow)
        if not mine:
            await asyncio.sleep(WAIT_SECONDS)  # for another process: there is no event to wait for


def release_locks(connection: Any, record: Any) -> None:
    """The session outlives its use in the pool, and would keep its locks."""
    if connection is not None and record.info.pop("schema_lock", False):
        cursor = connection.cursor()
        cursor.execute("DO RELEASE_ALL_LOCKS()")
        cursor.close()
