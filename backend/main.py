# main.py -- builds the app from the settings: `uvicorn main:app` serves it.
import functools
import sys

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send
from starlette_compress import CompressMiddleware, remove_compress_type
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api_docs import pages
from api_docs.document import build_document
from console import files, session
from identity.rate_limits import network_of
from lifespan import run_app
from llm.opening import open_model, open_models
from llm.protocol import Model
from logs import configure_logs
from protocols.ag_ui import routes as ag_ui
from protocols.ai_sdk import routes as ai_sdk
from protocols.mcp.auth import McpAuth
from protocols.oauth.cross_origin import OpenPathsMiddleware
from protocols.oauth.endpoints import list_oauth_routes
from protocols.openai.routes import ROUTERS as OPENAI_ROUTERS
from routes import ROUTERS
from routes.identity import transfers
from routes.openapi import EVENT_STREAM
from routes.operation import metrics
from server.body_limits import MAX_IMPORT_BYTES, BodySizeLimitMiddleware
from server.connection_limits import ConnectionLimits
from server.epoch_times import EpochTimesMiddleware
from server.error_middleware import ServerErrorMiddleware, StartupErrorMiddleware
from server.metrics_access import enable_metrics
from server.pieces import PiecesMiddleware
from server.problems import install_error_handlers
from server.request_ids import RequestIdMiddleware
from server.request_metrics import RequestMetricsMiddleware
from server.response_headers import ResponseHeadersMiddleware
from settings import VERSION, Settings, SettingsError, get_settings
from streaming.disconnects import DisconnectMiddleware
from timings import Timings

DESCRIPTION = """\
The backend behind a chatbot that gets things done. Register, sign in (the **Authorize** button takes your email as
*username*), then `POST /v1/chat`. Errors are `application/problem+json`; lists page by `next_cursor`."""


# A smaller answer fits into one packet as it is.
MIN_COMPRESSED_BYTES = 1_400
# What pages of other origins may read of an answer.
EXPOSED_HEADERS = [
    *("Deprecation", "ETag", "Idempotent-Replayed", "Link", "Location", "Preference-Applied", "RateLimit"),
    *("RateLimit-Policy", "Retry-After", "Sunset", "WWW-Authenticate", "X-Request-ID", "X-Run-ID"),
]


remove_compress_type(EVENT_STREAM)


class App(FastAPI):
    gate: ConnectionLimits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.gate.enter(scope, receive)  # before FastAPI's own layers, which wrap uvicorn's `receive`
        await super().__call__(scope, receive, send)


def create_app(
    settings: Settings | None = None, model: Model | None = None, timings: Timings | None = None
) -> FastAPI:
    settings, timings = settings or get_settings(), timings or Timings()
    configure_logs(settings.log_level, settings.log_format)
    settings.log_deprecated_names()
    enable_metrics(settings)
    settings.signing_key()
    app = App(
        title="Parley",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=run_app,
        openapi_url=None,  # the documents, too, are in api_docs/
        docs_url=None,  # FastAPI's own pages load scripts from other servers: ours are in api_docs/
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings, app.state.timings = settings, timings
    app.state.model = model or open_model(settings)
    app.state.documents = {}
    app.state.more_models = open_models(settings)
    app.state.gate = app.gate = ConnectionLimits(
        settings.max_connections,
        settings.max_connections_per_address,
        settings.trusted_proxies,
        network_of,
        timings,
    )
    app.openapi = functools.cache(lambda: build_document(app, settings.public_url or "/"))  # type: ignore[method-assign]
    add_routes(app, settings)
    add_middlewares(app, settings, timings)
    return app


def add_routes(app: FastAPI, settings: Settings) -> None:
    app.state.mcp = McpAuth()
    app.router.routes += [
        *compile_routes(),
        *app.state.mcp.routes(),
        *list_oauth_routes(),
    ]  # Starlette tries them in this order
    if settings.metrics_token is not None:
        app.router.routes += metrics.router.routes


@functools.cache
def compile_routes() -> list[BaseRoute]:
    """The routes that every app of this process has; compiling them is a third of the cost of a further app.

    They are not included as routers: FastAPI would compile them again, and match those of an included router twice on
    each request. It compiles a router that another one includes on the first request. This does it now: two apps in one
    process, each in a thread, would otherwise compile at the same time, which pydantic does not support.
    """
    routers = (
        *ROUTERS,
        *OPENAI_ROUTERS,
        ag_ui.router,
        ai_sdk.router,
        session.router,
        pages.router,
        files.router,
        session.config_router,
    )
    routes = [route for router in routers for route in router.routes]
    probe_scope = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in routes:
        route.matches(probe_scope)
    return routes


def add_middlewares(app: FastAPI, settings: Settings, timings: Timings) -> None:
    """From the inside out: a request passes the last one first."""
    install_error_handlers(app)
    app.add_middleware(ServerErrorMiddleware)
    app.add_middleware(BodySizeLimitMiddleware, larger={transfers.IMPORT_PATH: MAX_IMPORT_BYTES})
    app.add_middleware(EpochTimesMiddleware)
    app.add_middleware(PiecesMiddleware)
    app.add_middleware(CompressMiddleware, minimum_size=MIN_COMPRESSED_BYTES, zstd_level=1, gzip_level=1)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    app.add_middleware(OpenPathsMiddleware)
    if settings.has_metrics:
        app.add_middleware(RequestMetricsMiddleware)
    app.add_middleware(ResponseHeadersMiddleware, https=settings.is_public_by_https)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.add_middleware(DisconnectMiddleware, delay_seconds=timings.disconnect_watch_delay)
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(StartupErrorMiddleware)


def __getattr__(name: str) -> FastAPI:
    """`uvicorn main:app` builds the app from the environment; importing this module alone does not."""
    if name != "app":
        raise AttributeError(name)
    try:
        built = globals()["app"] = create_app()
    except SettingsError as error:
        sys.exit(f"parley: {error}")
    return built
