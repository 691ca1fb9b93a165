# streaming/disconnects.py -- clients that hang up: what is done for them alone ends.
import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")

# A read that takes longer is watched: most requests are over before that and pay for a timer alone.
WATCHED_AFTER_SECONDS = 0.2
# `asyncio.wait_for` of Python 3.11, which drivers use, may swallow a cancellation.
CANCELLED_AGAIN_SECONDS = 2.0


async def hang_up(receive: Receive) -> None:
    """Returns when the client is gone; the body of the request has been read, or there is none."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def until_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work gives; None where the client hangs up before: then the work is cancelled."""
    done, gone = asyncio.ensure_future(work), asyncio.ensure_future(hang_up(receive))
    try:
        await asyncio.wait({done, gone}, return_when=asyncio.FIRST_COMPLETED)
        return done.result() if done.done() else None
    finally:
        done.cancel()
        gone.cancel()


class HangUps:
    """Cancels a GET whose client has hung up, and with it its query. What writes goes on to its end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        watch = Watcher(receive)
        timer = asyncio.get_running_loop().call_later(WATCHED_AFTER_SECONDS, watch.start)
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


class Watcher:
    """Cancels the request that it was made in, once started and once the client is gone."""

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
        await hang_up(self._receive)
        while self.request.cancel():
            self.has_cancelled = True
            await asyncio.sleep(CANCELLED_AGAIN_SECONDS)
