# streaming/disconnects.py -- clients that disconnect: what is done for them alone is cancelled.
import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")

# A GET that takes longer is watched for a disconnect; a shorter one pays for a timer alone.
WATCH_DELAY_SECONDS = 0.2
# `asyncio.wait_for` of Python 3.11, which drivers use, may swallow a cancellation.
CANCEL_RETRY_SECONDS = 2.0


async def wait_for_disconnect(receive: Receive) -> None:
    """Returns when the client has disconnected. The request's body has to be read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def run_until_disconnect(receive: Receive, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`; None where the client disconnects first, and `work` is cancelled."""
    done, gone = asyncio.ensure_future(work), asyncio.ensure_future(wait_for_disconnect(receive))
    try:
        await asyncio.wait({done, gone}, return_when=asyncio.FIRST_COMPLETED)
        return done.result() if done.done() else None
    finally:
        done.cancel()
        gone.cancel()


class DisconnectMiddleware:
    """Cancels a GET whose client has disconnected, and with it its query. Requests that write run to their end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        watch = DisconnectWatcher(receive)
        timer = asyncio.get_running_loop().call_later(WATCH_DELAY_SECONDS, watch.start)
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not watch.has_cancelled:
                raise
            while watch.request.cancelling():  # nobody waits for an answer, and the server goes on
                watch.request.uncancel()
        finally:
            timer.cancel()
            watch.stop()


class DisconnectWatcher:
    """Once started, cancels the request that it was made in when the client disconnects."""

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
