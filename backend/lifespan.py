# lifespan.py -- what happens when the app starts and when it stops: schema, worker, streams, signals.
import asyncio
import gc
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType

import structlog
from fastapi import FastAPI
from structlog.typing import FilteringBoundLogger

from app_state import AppState, build_app_state
from cancellation import cancel_tasks
from llm.opening import close_model
from protocols.mcp.on_demand import Manager
from sampling import Sampler
from server.metrics_access import MetricsPort, find_prometheus
from services.planning.reminders import Reminders
from settings import Settings, SettingsError
from storage.engines import connect_for_listen, parse_database_url, uses_pooler
from storage.failures import explain_database_errors
from storage.schema.bootstrap import bootstrap
from streaming.notifier import Notifier
from streaming.postgres_notify import PostgresNotify

log: FilteringBoundLogger = structlog.get_logger()


def find_listen_url(settings: Settings) -> str | None:
    """The URL of a direct connection for LISTEN and NOTIFY.

    None where there is none: other databases have no notifications, a pooler in transaction mode does not deliver
    them. Raises SettingsError for a URL that is wrong.
    """
    url = settings.database_listen_url or settings.database_url
    try:
        backend = parse_database_url(url.get_secret_value())[0].get_backend_name()
    except SettingsError as error:
        if settings.database_listen_url is None:
            raise
        raise SettingsError(str(error).replace("DATABASE_URL", "DATABASE_LISTEN_URL")) from None
    if backend != "postgresql":
        return None
    if uses_pooler(url.get_secret_value()):
        log.warning(
            "notifications do not pass through the pooler: events of other workers arrive up to half a second late",
            cure="set DATABASE_LISTEN_URL",
        )
        return None
    return url.get_secret_value()


async def relay_notifications(state: AppState, url: str) -> None:
    """Wake readers on other workers, and be woken by those."""
    await PostgresNotify(state.notifier, lambda: connect_for_listen(state.db.engine, url)).run()


def end_streams_on_signal(notifier: Notifier) -> Callable[[], None]:
    """Close the open streams on SIGINT and SIGTERM; returns a function that restores the former handlers.

    uvicorn waits for open responses before it runs the end of the lifespan, and a stream does not end by itself.
    """
    loop = asyncio.get_running_loop()
    former: dict[int, Callable[[int, FrameType | None], object]] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(notifier.close)
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


def build_mcp_manager(state: AppState) -> Manager:
    """Imported here, in a thread and only if a client asks for it: the SDK takes a third of a start."""
    from protocols.mcp.server import McpServer

    return McpServer(state).build_manager()


def open_metrics_port(settings: Settings) -> MetricsPort | None:
    """SettingsError if it cannot be had."""
    recorder = find_prometheus()
    if settings.metrics_port is None or recorder is None:
        return None
    port = MetricsPort(recorder, settings.metrics_host, settings.metrics_port)
    port.open()
    return port


@asynccontextmanager
async def run_app(app: FastAPI) -> AsyncIterator[None]:
    """The lifespan: opens the database, checks or upgrades its schema, and starts the worker's background tasks."""
    state = build_app_state(app.state.settings, app.state.timings, app.state.model, app.state.more_models)
    try:
        listen_url = find_listen_url(state.settings)
        with explain_database_errors():
            await bootstrap(state.db.unhurried, state.settings)
        app.state.parley = state
        port = open_metrics_port(state.settings)
        restore = end_streams_on_signal(state.notifier) if is_main_thread() else lambda: None
        state.worker.start()
        background = {
            asyncio.create_task(state.open_streams.run()),
            asyncio.create_task(app.state.gate.watch()),
            asyncio.create_task(Reminders(state.db).run()),
            asyncio.create_task(app.state.mcp.server.run(lambda: build_mcp_manager(state))),
        }
        if state.settings.has_metrics:
            background.add(asyncio.create_task(Sampler(state, app.state.gate).run()))
            if port is not None:
                background.add(asyncio.create_task(port.run()))
        if state.db.is_postgresql and listen_url:
            background.add(asyncio.create_task(relay_notifications(state, listen_url)))
        try:
            # What was imported and built stays: collecting it again and again took a tenth of all time.
            gc.freeze()
            yield
        finally:
            gc.unfreeze()
            restore()
            await cancel_tasks(background)
            state.notifier.close()
            await state.worker.stop()
            for model in (app.state.model, *app.state.more_models.values()):
                await close_model(model)
            if state.worker.context.databases is not None:
                state.worker.context.databases.close()
    finally:
        await state.db.close()


def is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
