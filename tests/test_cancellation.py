# test_cancellation.py -- tasks that are to end do, although a driver may swallow a cancellation.
import asyncio
from collections.abc import Callable

import pytest

import cancellation
from agent.worker import Worker
from cancellation import cancel_tasks
from support.servers import serving, settings_for

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def retry_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "END_SECONDS", 0.01)


async def swallow(times: int) -> None:
    """What `wait_for` of Python 3.11 does with a cancellation that comes together with the result."""
    while times:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            times -= 1
    await asyncio.Event().wait()


async def test_a_task_is_cancelled_until_it_has_ended() -> None:
    tasks = [asyncio.create_task(swallow(times)) for times in (0, 1, 3)]
    await asyncio.sleep(0)
    await asyncio.wait_for(cancel_tasks(tasks), 10)
    assert all(task.cancelled() for task in tasks)


async def test_there_may_be_none_to_end() -> None:
    await cancel_tasks([])


@pytest.mark.engines("sqlite")
def test_a_server_stops_although_its_poll_swallows_a_cancellation(
    new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = asyncio.Event()

    async def poll(self: Worker) -> None:
        polled.set()
        await swallow(1)

    monkeypatch.setattr(Worker, "poll", poll)
    with serving(settings_for(new_database("sqlite"))):  # fails where it does not stop
        pass
    assert polled.is_set()
