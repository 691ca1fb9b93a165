# server/health.py -- whether the database answers.
import asyncio
import time

import structlog
from sqlalchemy import text
from structlog.typing import FilteringBoundLogger

from db import Database, Transaction

log: FilteringBoundLogger = structlog.get_logger()

ANSWER_TTL_SECONDS = 1.0


async def ping_database(tx: Transaction) -> None:
    await tx.execute(text("SELECT 1"))


class DatabaseProbe:
    """Queries the database at most once in ANSWER_TTL_SECONDS and shares the answer: anybody may call /readyz, and a
    flood of calls must not take connections."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._query: asyncio.Task[bool] | None = None
        self._fresh_until = 0.0

    async def is_reachable(self) -> bool:
        if self._query is None or (self._query.done() and time.monotonic() >= self._fresh_until):
            self._query = asyncio.create_task(self._ask())
        return await asyncio.shield(self._query)

    async def _ask(self) -> bool:
        try:
            await self._db.read(ping_database)
        except Exception as error:
            log.warning("the database does not answer", exc_info=error)
            return False
        else:
            return True
        finally:
            self._fresh_until = time.monotonic() + ANSWER_TTL_SECONDS
