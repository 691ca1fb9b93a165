# main.py -- create_app, and `app` for uvicorn.
import sys

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import routes
from api_docs import pages
from console import files, session
from lifespan import StartupErrorMiddleware, lifespan
from llm.choice import open_model
from llm.protocol import Model
from logs import configure_logs
from protocols.mcp.auth import Door
from routes.openapi import DESCRIPTION, build_openapi, prepare_routes
from server.body_limits import BodySizeLimitMiddleware
from server.connection_limits import ConnectionLimits
from server.middleware import ServerErrorMiddleware
from server.problems import install_error_handlers
from server.response_headers import ResponseHeadersMiddleware
from services.identity.rate_limits import network_of
from settings import Settings, SettingsError, get_settings
from streaming.disconnects import DisconnectMiddleware


class App(FastAPI):
    gate: ConnectionLimits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.gate.enter(scope, receive)  # outside of FastAPI's own layers, which hide uvicorn
        await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None, model: Model | None = None) -> FastAPI:
    settings = settings or get_settings()
    configure_logs(settings.log_level)
    settings.signing_key()
    app = App(
        title="Parley",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages run what a server elsewhere sends: ours are api_docs/pages.py
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.gate = app.gate = ConnectionLimits(
        settings.max_connections, settings.max_connections_per_address, settings.trusted_proxies, network_of
    )
    app.state.model = model or open_model(settings)
    app.openapi = lambda: build_openapi(app)  # type: ignore[method-assign]
    install_error_handlers(app)
    app.add_middleware(ServerErrorMiddleware)
    app.add_middleware(BodySizeLimitMiddleware)
    app.state.mcp = Door()
    app.router.routes += app.state.mcp.routes()
    for router in (*routes.ROUTERS, session.router, session.config_router, pages.router, files.router):
        app.include_router(router)
    prepare_routes(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Run-ID"],
        )
    app.add_middleware(ResponseHeadersMiddleware, https=settings.is_public_by_https)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.add_middleware(DisconnectMiddleware)
    app.add_middleware(StartupErrorMiddleware)
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
