# storage/schema/lock.py -- the lock that every change of the schema holds, and how it is waited for.
import asyncio

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

# "parley" in ASCII. migrations/psql/begin.sql takes the same lock.
SCHEMA_LOCK = int.from_bytes(b"parley", "big")
POLL_SECONDS = 0.05


async def poll_schema_lock(
    connection: AsyncConnection, attempt: ColumnElement[bool] | ColumnElement[int], release_snapshot: str
) -> None:
    """Try until the lock is taken.

    Polling replaces a wait in the database. A session that waits there holds a snapshot, and CREATE INDEX CONCURRENTLY
    in the session that has the lock would wait for that snapshot: a deadlock. The statement after each attempt releases
    the snapshot of the attempt.
    """
    while True:
        taken = bool(await connection.scalar(select(attempt)))
        await connection.exec_driver_sql(release_snapshot)
        if taken:
            return
        await asyncio.sleep(POLL_SECONDS)  # another process has the lock: there is no event to wait for
