# test_postgres_notify.py -- workers hear of each other over PostgreSQL, and one that is alone sends nothing.
import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import asyncpg
import pytest

from streaming import postgres_notify
from streaming.notifier import Notifier
from streaming.postgres_notify import CHANNEL, PostgresNotify

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@asynccontextmanager
async def relaying(url: str) -> AsyncIterator[Notifier]:
    """A worker's notifier, relayed until the end of the block."""
    notifier = Notifier()
    task = asyncio.create_task(PostgresNotify(notifier, lambda: asyncpg.connect(url)).run())
    try:
        yield notifier
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker takes another one for gone after a moment."""
    monkeypatch.setattr(postgres_notify, "PROBE_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(postgres_notify, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(postgres_notify, "ANSWER_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_worker_that_is_alone_sends_only_probes_and_one_that_comes_is_heard_of(
    own_database_url: str,
) -> None:
    async def check() -> None:
        heard: list[str] = []
        listener = await asyncpg.connect(own_database_url)
        await listener.add_listener(CHANNEL, lambda *words: heard.append(str(words[-1])))
        async with relaying(own_database_url) as first:
            await until(lambda: not first.is_relayed)
            id_ = uuid4()
            first.notify(id_)
            probes = len(heard)
            await until(lambda: len(heard) > probes + 1)
            assert not any(str(id_) in payload for payload in heard)
            async with relaying(own_database_url) as second:
                await until(lambda: first.is_relayed and second.is_relayed)
                with second.subscribe(id_) as there, first.subscribe(id_) as here:
                    first.notify(id_)
                    await until(there.is_set)
                    here.clear()
                    second.notify(id_)
                    await until(here.is_set)
            await until(lambda: not first.is_relayed)
        await listener.close()

    asyncio.run(check())


def test_a_worker_relays_until_it_knows_that_it_is_alone(own_database_url: str) -> None:
    async def check() -> None:
        async with relaying(own_database_url) as notifier:
            began = time.monotonic()
            listener = await asyncpg.connect(own_database_url)
            heard: list[str] = []
            await listener.add_listener(CHANNEL, lambda *words: heard.append(str(words[-1])))
            id_ = uuid4()
            notifier.notify(id_)
            await until(lambda: any(str(id_) in payload for payload in heard))
            assert time.monotonic() - began < postgres_notify.ANSWER_SECONDS
            await listener.close()

    asyncio.run(check())


def test_what_others_send_on_the_channel_does_no_harm(own_database_url: str) -> None:
    async def check() -> None:
        async with relaying(own_database_url) as notifier:
            other = await asyncpg.connect(own_database_url)
            id_ = uuid4()
            with notifier.subscribe(id_) as event:
                await until(lambda: notifier.is_relayed)
                await asyncio.sleep(0)
                while not event.is_set():  # the relay may only begin to listen now
                    for payload in ("", " ", "x", "x y z", f"x {id_} and more"):
                        await other.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
                    await asyncio.sleep(0.01)
            await other.close()

    asyncio.run(check())
