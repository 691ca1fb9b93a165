# streaming/postgres_notify.py -- relays notifications between workers, with LISTEN and NOTIFY of PostgreSQL.
import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import asyncpg
import structlog
from structlog.typing import FilteringBoundLogger

from streaming.notifier import Notifier

log: FilteringBoundLogger = structlog.get_logger()

# Workers of an older version listen on the same channel during an upgrade: its name stays.
CHANNEL = "parley_bells"
PROBE = "trial"
PROBE_INTERVAL_SECONDS = 30.0
PROBE_SECONDS = 5.0
# A worker that sends nothing else sends a probe at each interval: so long a silence means that it is gone.
MAX_WORKERS = 1_000
SILENT_SECONDS = 3 * PROBE_INTERVAL_SECONDS
# Whoever listens answers a worker that is new at once; so long after its beginning it knows that nobody does.
ANSWER_SECONDS = 5.0
# Notifications go out in batches: under load every commit makes one.
BATCH_SECONDS = 0.01
RECONNECT_SECONDS = 1.0
LOST_CONNECTION = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

# Any: asyncpg's own class, or the pool's proxy of it: both have the three methods that are used here.
Connection = Any


class PostgresNotify:
    """Has one connection of its own, and sends after the transactions that it reports: PostgreSQL commits transactions
    with NOTIFY one at a time.

    If notifications do not arrive, as behind a pooler in transaction mode, it warns once; readers then poll. A worker
    that has heard of no other one for a while notifies nobody: whoever comes announces itself.
    """

    def __init__(self, notifier: Notifier, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._notifier = notifier
        self._connect = connect
        self._sender = uuid4().hex
        self._probe_received = asyncio.Event()
        self._works: bool | None = None
        # When each other worker was last heard of, and when this one began to listen.
        self._heard: dict[str, float] = {}
        self._began = 0.0
        notifier.is_relayed = True

    async def run(self) -> None:
        """Relay until cancelled; a lost connection is opened again."""
        while True:
            try:
                await self._relay()
            except LOST_CONNECTION as error:
                log.warning("notifications are not relayed: reconnecting", reason=str(error))
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _relay(self) -> None:
        connection = await self._connect()
        try:
            await connection.add_listener(CHANNEL, self._receive)
            self._began = time.monotonic()
            await self._probe(connection)
            while True:
                self._forget_silent_workers()
                # Not wait_for: up to Python 3.11 it swallows a cancellation that comes together with a result.
                try:
                    async with asyncio.timeout(PROBE_INTERVAL_SECONDS):
                        words = await self._notifier.next_batch()
                except TimeoutError:
                    await self._probe(connection)
                else:
                    # Without words it is for a newcomer, who has to hear of this worker.
                    await self._send(connection, " ".join(words) or PROBE)
                    await asyncio.sleep(BATCH_SECONDS)
        finally:
            with suppress(*LOST_CONNECTION):
                await connection.close(timeout=1)

    def _forget_silent_workers(self) -> None:
        now = time.monotonic()
        long_ago = now - SILENT_SECONDS
        self._heard = {sender: moment for sender, moment in self._heard.items() if moment > long_ago}
        self._notifier.is_relayed = bool(self._heard) or self._began > now - ANSWER_SECONDS

    async def _send(self, connection: Connection, payload: str) -> None:
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{self._sender} {payload}")

    async def _probe(self, connection: Connection) -> None:
        """Test whether our own notification comes back; warn once when it stops."""
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
                effect="events of other workers arrive up to half a second late",
            )
        self._works = works

    def _receive(self, _connection: Connection, _process: int, _channel: str, payload: str) -> None:
        # Any client of the database may notify on this channel.
        sender, *words = payload.split() or [""]
        if sender == self._sender:
            if words == [PROBE]:
                self._probe_received.set()
            return
        if sender in self._heard or len(self._heard) < MAX_WORKERS:
            if sender not in self._heard:
                self._notifier.wake_relay()
            self._heard[sender] = time.monotonic()
            self._notifier.is_relayed = True
        if words != [PROBE]:
            for word in words:
                with suppress(ValueError):
                    self._notifier.receive(word)
