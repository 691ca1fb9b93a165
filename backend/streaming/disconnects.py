# streaming/disconnects.py -- clients that disconnect: work that only they would see is cancelled.
import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from cancellation import CANCEL_RETRY_SECONDS

T = TypeVar("T")


async def wait_for_disconnect(receive: Receive) -> None:
    """Returns when the client has disconnected. The request's body must have been read, or there is none."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def run_until_disconnect(receive: Receive, work: Coroutine[None, None, T]) -> T | None:
    """The result of `work`; None if the client disconnects first, and then `work` is cancelled."""
    task, disconnect = asyncio.ensure_future(work), asyncio.ensure_future(wait_for_disconnect(receive))
    try:
        await asyncio.wait({task, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        disconnect.cancel()


class DisconnectMiddleware:
    """Cancels a GET whose client has disconnected, and with it its query. A request that writes is completed."""

    def __init__(self, app: ASGIApp, delay_seconds: float) -> None:
        self.app = app
        self.delay_seconds = delay_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        watcher = DisconnectWatcher(receive)
        timer = asyncio.get_running_loop().call_later(self.delay_seconds, watcher.start)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not watcher.has_cancelled:
                raise
            while watcher.request.cancelling():  # the cancellation ends here: the server's task goes on
                watcher.request.uncancel()
        finally:
            timer.cancel()
            watcher.stop()


class DisconnectWatcher:
    """Once started, cancels the task that it was made in as soon as the client disconnects."""

    def __init__(self, receive: Receive) -> None:
        request = asyncio.current_task()
        assert request is not None
        self.request = request
        self.has_cancelled = False
        self._receive = receive
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        await wait_for_disconnect(self._receive)
        while self.request.cancel():
            self.has_cancelled = True
            await asyncio.sleep(CANCEL_RETRY_SECONDS)
