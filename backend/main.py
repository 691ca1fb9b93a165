# main.py -- builds the app: settings, schema bootstrap, routes.
import asyncio
import gc
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from types import FrameType
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import errors
from agent.context import Assistant
from agent.context import Limits as RunLimits
from agent.worker import Worker
from api_docs import pages
from console import files, session
from db import Database, explain_database_errors
from failure_causes import cause_of, place_of
from llm.choice import open_model
from llm.protocol import Model
from logs import configure_logs
from models.columns import Shape
from protocols.mcp.auth import Door
from protocols.mcp.server import McpServer
from routes import api_tokens, auth, conversations, events, health, markdown, me, messages, runs, tasks
from routes.dependencies import Parts, problems
from security import AccessTokens, warm_up
from server.connection_limits import Gate
from server.response_headers import Envelope
from services.health import Pulse
from services.identity.api_tokens import TokenGuard
from services.identity.auth import Auth
from services.identity.rate_limits import Limits, network
from services.identity.sessions import SessionGuard
from settings import Settings, SettingsError, get_settings
from storage.engines import connect_for_listen, open_engine, parse_database_url, uses_pooler
from storage.schema.bootstrap import bootstrap
from storage.schema.revisions import SchemaError
from storage.timeouts import UNHURRIED, make_request_limits
from streaming.concurrency_limits import Most, Places
from streaming.disconnects import HangUps
from streaming.notifier import Bells, Wire
from streaming.user_streams import Watch

log = structlog.get_logger()

MAX_BODY_BYTES = 1024 * 1024
DESCRIPTION = """\
The backend behind a chatbot that gets things done. Register, sign in (the **Authorize** button takes your email as
*username*), then `POST /v1/chat`. Errors are `application/problem+json`; lists page by `next_cursor`."""


class Problem(Shape):
    """RFC 9457. `errors` comes with 422: where, what, and the kind of the error."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None


def run_limits(settings: Settings) -> RunLimits:
    return RunLimits(
        context_tokens=settings.context_tokens,
        seconds=settings.run_seconds,
        model_requests=settings.run_model_requests,
        tool_calls=settings.run_tool_calls,
        tokens=settings.run_tokens,
        answer_bytes=settings.run_answer_bytes,
        lease_seconds=settings.run_lease_seconds,
        approval_seconds=settings.approval_minutes * 60,
    )


def open_database(settings: Settings) -> Database:
    url, size = settings.database_url.get_secret_value(), settings.database_pool_size
    return Database(
        open_engine(url, pool_size=size, limits=make_request_limits(settings.database_seconds)),
        unhurried=open_engine(url, pool_size=1, limits=UNHURRIED),
        readers=size,
    )


def build_parts(settings: Settings, model: Model) -> Parts:
    db = open_database(settings)
    access_tokens = AccessTokens(settings.signing_key(), timedelta(minutes=settings.access_token_minutes))
    limits = Limits(db, enabled=settings.rate_limits == "on")
    bells = Bells()
    db.notify_users = lambda user_ids: bells.ring(*user_ids)
    return Parts(
        settings=settings,
        db=db,
        tokens=access_tokens,
        auth=Auth(db, access_tokens, limits, timedelta(days=settings.refresh_token_days)),
        guard=SessionGuard(db),
        token_guard=TokenGuard(db),
        bells=bells,
        watch=Watch(db, bells),
        pulse=Pulse(db),
        worker=Worker(
            Assistant(
                db,
                bells,
                model,
                run_limits(settings),
                gate=asyncio.Semaphore(max(1, settings.database_pool_size // 2)),
            ),
            settings.run_events_days,
            settings.events_days,
            settings.runs_per_worker,
        ),
        places=Places(
            Most(settings.streams_per_session, settings.streams_per_user, settings.streams_per_worker)
        ),
    )


def bells_url(settings: Settings) -> str | None:
    """Where bells are carried; nowhere by way of a pooler, which delivers no notification. Refuses a wrong URL."""
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
            "a pooler carries no bells: events of other workers come up to half a second late",
            cure="set DATABASE_LISTEN_URL",
        )
        return None
    return url.get_secret_value()


async def carry_bells(parts: Parts, url: str) -> None:
    """Wakes readers on other workers, and is woken by them."""
    await Wire(parts.bells, lambda: connect_for_listen(parts.db.engine, url)).run()


def end_streams_on_signal(bells: Bells) -> Callable[[], None]:
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
    parts = build_parts(app.state.settings, app.state.model)
    try:
        listen_url = bells_url(parts.settings)
        with explain_database_errors():
            await bootstrap(parts.db.unhurried, parts.settings)
        app.state.parts = parts
        await asyncio.to_thread(warm_up)
        restore = end_streams_on_signal(parts.bells) if in_main_thread() else lambda: None
        parts.worker.start()
        company = {asyncio.create_task(parts.watch.run()), asyncio.create_task(app.state.gate.watch())}
        if parts.db.is_postgresql and listen_url:
            company.add(asyncio.create_task(carry_bells(parts, listen_url)))
        try:
            async with app.state.mcp.open(McpServer(parts).build()):
                # What was imported and built stays: to look through it again and again took a tenth of all time.
                gc.freeze()
                yield
        finally:
            gc.unfreeze()
            restore()
            for task in company:
                task.cancel()
            await asyncio.wait(company)
            parts.bells.close()
            await parts.worker.stop()
    finally:
        await parts.db.close()


def in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


class App(FastAPI):
    gate: Gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.gate.enter(scope, receive)  # outside of FastAPI's own layers, which hide uvicorn
        await super().__call__(scope, receive, send)


class StartupInWords:
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
            why = f"{cause_of(error)} ({place_of(error)}; LOG_LEVEL=debug shows the traceback)"
            await send({"type": "lifespan.startup.failed", "message": f"parley: the start failed: {why}"})
        except BaseException:
            if failure is not None:
                await send(failure)
            raise


def openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        shapes = schema["components"]["schemas"]
        shapes["Problem"] = Problem.model_json_schema()
        for path, there in schema["paths"].items():
            for operation in there.values() if path.startswith("/v1") else ():
                operation["responses"] |= {str(status): said for status, said in problems(503).items()}
        operations = [operation for path in schema["paths"].values() for operation in path.values()]
        for operation in operations:
            if "requestBody" in operation:
                operation["responses"] |= {str(status): said for status, said in problems(400, 413).items()}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if content["schema"].get("$ref", "").rpartition("/")[2].startswith("Body_sign_in"):
                    content["example"] = {"username": "ann@example.com", "password": "correct horse battery"}
        app.openapi_schema = schema
    return app.openapi_schema


def prepare_routes(app: FastAPI) -> None:
    """FastAPI builds an included route when the first request passes it; ours are ready before anybody asks.

    Two apps of one process, each in a thread, would otherwise build at once, which pydantic does not bear.
    """
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)


def create_app(settings: Settings | None = None, model: Model | None = None) -> FastAPI:
    settings = settings or get_settings()
    configure_logs(settings.log_level)
    settings.signing_key()
    app = App(
        title="Parley",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages run what a server elsewhere sends: ours are routes/docs.py
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.gate = app.gate = Gate(
        settings.max_connections, settings.max_connections_per_address, settings.trusted_proxies, network
    )
    app.state.model = model or open_model(settings)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    errors.install(app, MAX_BODY_BYTES)
    # They are tried in this order: what is asked for most stands first.
    app.state.mcp = Door()
    app.router.routes += app.state.mcp.routes()
    for room in (
        tasks,
        messages,
        conversations,
        runs,
        events,
        api_tokens,
        me,
        auth,
        health,
        markdown,
        session,
        pages,
        files,
    ):
        app.include_router(room.router)
    app.include_router(session.config_router)
    prepare_routes(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Run-ID"],
        )
    app.add_middleware(Envelope, https=settings.is_public_by_https)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.add_middleware(HangUps)
    app.add_middleware(StartupInWords)
    return app


def __getattr__(name: str) -> FastAPI:
    """`uvicorn main:app` builds the app from the environment; importing this module alone does not."""
    if name != "app":
        raise AttributeError(name)
    try:
        built = globals()["app"] = create_app()
    except SettingsError as error:
        sys.exit(f"parley: {error}")
    return built
