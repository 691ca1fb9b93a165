# lifespan.py -- what starts before the first request, and ends after the last one.
import asyncio
import gc
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app_state import AppState, build_app_state, find_listen_url
from db import in_words
from failure_causes import describe_cause, find_place
from protocols.mcp.server import McpServer
from security import prime_dummy_hash
from settings import SettingsError
from storage.engines import connect_directly
from storage.schema import SchemaError, bootstrap
from streaming.notifier import Notifier
from streaming.postgres_notify import PostgresNotify

log = structlog.get_logger()


async def relay_notifications(state: AppState, url: str) -> None:
    """Wakes readers on other workers, and is woken by them."""
    await PostgresNotify(state.notifier, lambda: connect_directly(state.db.engine, url)).run()


def end_streams_on_signal(bells: Notifier) -> Callable[[], None]:
    """uvicorn waits for open streams before it shuts down, and they wait for events: so the signal ends them first.

    Returns what puts the former handlers back.
    """
    loop = asyncio.get_running_loop()
    former: dict[int, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(bells.close)
        former[number](number, frame)

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            former[number] = handler
            signal.signal(number, handle)

    def restore() -> None:
        for number, handler in former.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)

    return restore


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = build_app_state(app.state.settings, app.state.model)
    try:
        listen_url = find_listen_url(state.settings)
        with in_words():
            await bootstrap(state.db.unhurried, state.settings)
        app.state.parley = state
        await asyncio.to_thread(prime_dummy_hash)
        restore = end_streams_on_signal(state.notifier) if is_main_thread() else lambda: None
        state.worker.start()
        background_tasks = {
            asyncio.create_task(state.streams.run()),
            asyncio.create_task(app.state.gate.watch()),
        }
        if state.db.is_postgresql and listen_url:
            background_tasks.add(asyncio.create_task(relay_notifications(state, listen_url)))
        try:
            async with app.state.mcp.open(McpServer(state).build()):
                # What was imported and built stays: to look through it again and again took a tenth of all time.
                gc.freeze()
                yield
        finally:
            gc.unfreeze()
            restore()
            for task in background_tasks:
                task.cancel()
            await asyncio.wait(background_tasks)
            state.notifier.close()
            await state.worker.stop()
    finally:
        await state.db.close()


def is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


class StartupErrorMiddleware:
    """What stops a start is one line for the operator instead of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        failure: Message | None = None

        async def hold(message: Message) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold)
        except (SchemaError, SettingsError) as error:
            await send({"type": "lifespan.startup.failed", "message": f"parley: {error}"})
        except Exception as error:
            if failure is None:
                raise
            log.debug("the start failed", exc_info=error)
            why = f"{describe_cause(error)} ({find_place(error)}; LOG_LEVEL=debug shows the traceback)"
            await send({"type": "lifespan.startup.failed", "message": f"parley: the start failed: {why}"})
        except BaseException:
            if failure is not None:
                await send(failure)
            raise
