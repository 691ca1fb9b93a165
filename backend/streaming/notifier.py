# streaming/notifier.py -- the bells that wake waiting readers, here and, through PostgreSQL, on other workers.
import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog
from structlog.typing import FilteringBoundLogger

log: FilteringBoundLogger = structlog.get_logger()

CHANNEL = "parley_bells"
# A notification holds less than 8,000 bytes.
IDS_AT_ONCE = 200
QUIET_SECONDS = 30.0
# After a notification, what rings is gathered for so long: under load every change rings.
GATHER_SECONDS = 0.01
TRIAL_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
TRIAL = "trial"


class Bells:
    """Wakes who waits for a run, or for what changes for a person; `id_` is that of either.

    A bell is a hint: the rows are the truth.
    """

    def __init__(self) -> None:
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._rung: set[UUID] = set()
        self._any_rung = asyncio.Event()
        self.carried = False
        self.closed = False

    @contextmanager
    def listen(self, id_: UUID) -> Iterator[asyncio.Event]:
        bell = asyncio.Event()
        self._waiting.setdefault(id_, set()).add(bell)
        try:
            yield bell
        finally:
            self._waiting[id_].discard(bell)
            if not self._waiting[id_]:
                del self._waiting[id_]

    def ring(self, *ids: UUID) -> None:
        """Something was committed for these: here at once, on other workers as soon as the wire takes it."""
        for id_ in ids:
            self.ring_here(id_)
        if self.carried and ids:
            self._rung.update(ids)
            self._any_rung.set()

    def ring_here(self, id_: UUID) -> None:
        for bell in self._waiting.get(id_, ()):
            bell.set()

    async def next_rung(self) -> list[UUID]:
        """What rang since the last time, for others; waits for the first of it."""
        await self._any_rung.wait()
        rung = [self._rung.pop() for _ in range(min(len(self._rung), IDS_AT_ONCE))]
        if not self._rung:
            self._any_rung.clear()
        return rung

    def close(self) -> None:
        """The server shuts down: every stream ends now; its reader resumes elsewhere."""
        self.closed = True
        for id_ in list(self._waiting):
            self.ring_here(id_)


class Wire:
    """Carries bells between workers, over one PostgreSQL connection of its own, with LISTEN and NOTIFY.

    Bells that ring close together go out in one notification, outside the transactions that they speak of:
    PostgreSQL lets only one transaction that notifies commit at a time. Where notifications do not arrive,
    behind a pooler in transaction mode, it says so once and readers find out by looking.
    """

    def __init__(self, bells: Bells, connect: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self._bells = bells
        self._connect = connect
        self._name = uuid4().hex
        self._trial_heard = asyncio.Event()
        self._works: bool | None = None
        bells.carried = True

    async def run(self) -> None:
        """For as long as the app lives; a lost connection is opened again."""
        while True:
            try:
                await self._carry()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("bells are not carried: reconnecting", reason=str(error))
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _carry(self) -> None:
        connection = await self._connect()
        try:
            await connection.add_listener(CHANNEL, self._hear)
            await self._try(connection)
            while True:
                # Not wait_for: up to Python 3.11 it swallows a cancel that comes together with a bell.
                try:
                    async with asyncio.timeout(QUIET_SECONDS):
                        rung = await self._bells.next_rung()
                except TimeoutError:
                    await self._try(connection)
                else:
                    await self._say(connection, " ".join(map(str, rung)))
                    await asyncio.sleep(GATHER_SECONDS)
        finally:
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=1)

    async def _say(self, connection: Any, words: str) -> None:
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{self._name} {words}")

    async def _try(self, connection: Any) -> None:
        """Whether what is said is heard: said once when that changes."""
        self._trial_heard.clear()
        await self._say(connection, TRIAL)
        try:
            async with asyncio.timeout(TRIAL_SECONDS):
                await self._trial_heard.wait()
            works = True
        except TimeoutError:
            works = False
        if works != self._works and not works:
            log.warning(
                "notifications of PostgreSQL do not arrive; behind a pooler set DATABASE_LISTEN_URL",
                effect="events of other workers come up to half a second late",
            )
        self._works = works

    def _hear(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        speaker, *words = payload.split()
        if words == [TRIAL]:
            if speaker == self._name:
                self._trial_heard.set()
        elif speaker != self._name:
            for word in words:
                with suppress(ValueError):  # anybody may notify on this channel
                    self._bells.ring_here(UUID(word))
