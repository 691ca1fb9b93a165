# streaming/postgres_notify.py -- relays notifications between workers, with LISTEN and NOTIFY of PostgreSQL.
import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog

from streaming.notifier import Notifier

log = structlog.get_logger()

CHANNEL = "parley_notifications"
# After each notification, the next one is gathered for so long: under load every commit makes one.
BATCH_SECONDS = 0.01
# After so long without a notification, the connection is probed.
PROBE_INTERVAL_SECONDS = 30.0
PROBE_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
PROBE = "probe"
CONNECTION_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class PostgresNotify:
    """Relays notifications over one PostgreSQL connection of its own.

    They are sent in batches, outside the transactions that they are about: PostgreSQL lets only one transaction that
    notifies commit at a time. Where they do not arrive, behind a pooler in transaction mode, the log says so once and
    readers find out by polling.
    """

    def __init__(self, notifier: Notifier, connect: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._notifier = notifier
        self._connect = connect
        self._name = uuid4().hex
        self._probe_received = asyncio.Event()
        self._works: bool | None = None
        notifier.is_relayed = True

    async def run(self) -> None:
        """For as long as the app lives; a lost connection is opened again."""
        while True:
            try:
                await self._relay()
            except CONNECTION_ERRORS as error:
                log.warning("notifications are not relayed: reconnecting", reason=str(error))
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _relay(self) -> None:
        connection = await self._connect()
        try:
            await connection.add_listener(CHANNEL, self._receive)
            await self._probe(connection)
            while True:
                # Not wait_for: up to Python 3.11 it swallows a cancel that comes together with a notification.
                try:
                    async with asyncio.timeout(PROBE_INTERVAL_SECONDS):
                        batch = await self._notifier.next_batch()
                except TimeoutError:
                    await self._probe(connection)
                else:
                    await self._send(connection, " ".join(map(str, batch)))
                    await asyncio.sleep(BATCH_SECONDS)
        finally:
            with suppress(*CONNECTION_ERRORS):
                await connection.close(timeout=1)

    async def _send(self, connection: Any, words: str) -> None:
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{self._name} {words}")

    async def _probe(self, connection: Any) -> None:
        """Find out whether our own notification comes back; warn when it no longer does."""
        self._probe_received.clear()
        await self._send(connection, PROBE)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probe_received.wait()
            works = True
        except TimeoutError:
            works = False
        if works != self._works and not works:
            log.warning(
                "notifications of PostgreSQL do not arrive; behind a pooler set DATABASE_LISTEN_URL",
                effect="events of other workers come up to half a second late",
            )
        self._works = works

    def _receive(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        sender, *words = payload.split()
        if words == [PROBE]:
            if sender == self._name:
                self._probe_received.set()
        elif sender != self._name:
            for word in words:
                with suppress(ValueError):  # anybody may notify on this channel
                    self._notifier.notify_local(UUID(word))
