# services/health.py -- whether the database answers.
import asyncio
import time

import structlog
from sqlalchemy import text

from db import Database, Transaction

log = structlog.get_logger()

FRESH_SECONDS = 1.0


async def ping(tx: Transaction) -> None:
    await tx.execute(text("SELECT 1"))


class Pulse:
    """Whoever asks while the database is being asked, or within a second of its answer, gets that one: anybody may ask,
    and none of them should cost a connection."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._asking: asyncio.Task[bool] | None = None
        self._fresh_until = 0.0

    async def beats(self) -> bool:
        if self._asking is None or (self._asking.done() and time.monotonic() >= self._fresh_until):
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        try:
            await self._db.read(ping)
        except Exception as error:
            log.warning("the database does not answer", exc_info=error)
            return False
        else:
            return True
        finally:
            self._fresh_until = time.monotonic() + FRESH_SECONDS
