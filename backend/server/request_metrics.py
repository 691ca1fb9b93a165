# server/request_metrics.py -- counts requests by the templates of their routes, and times them.
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metrics.recorder import get_recorder

# For a path that leads nowhere, and a request whose client went away before an answer.
NO_ROUTE = "none"
NO_STATUS = "none"


class RequestMetricsMiddleware:
    """An answer that streams counts when it begins: how long it lasts says nothing of the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), NO_STATUS
        seconds = 0.0

        async def note_start(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = str(message["status"]), time.perf_counter() - began
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            if status == NO_STATUS:
                seconds = time.perf_counter() - began
            get_recorder().count_request(scope["method"], route, status, seconds)
