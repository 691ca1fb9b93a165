# server/middleware.py -- what becomes of an exception that nobody expected.
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import INTERNAL_ERROR
from server.problems import ProblemResponse

log = structlog.get_logger()


class ServerErrorMiddleware:
    """Anything unforeseen: the log gets the traceback, the client a sentence, and the connection lives on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            log.error("request failed", method=scope["method"], path=scope["path"], exc_info=error)
            await ProblemResponse(500, INTERNAL_ERROR)(scope, receive, send)
