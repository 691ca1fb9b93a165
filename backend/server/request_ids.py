# server/request_ids.py -- the id of a request: in X-Request-ID of its answer, and on every log line it leads to.
import re
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

HEADER = "X-Request-ID"
HEADER_NAME = HEADER.lower().encode()
# Printable ASCII without a space: it stands in log lines and in a header.
REQUEST_ID = re.compile(r"[!-~]{1,128}")


def choose_request_id(scope: Scope) -> bytes:
    """The id that the client sent, if it is one; else a new one."""
    for name, value in scope["headers"]:
        if name == HEADER_NAME and REQUEST_ID.fullmatch(value.decode("latin-1")):
            return bytes(value)
    return uuid4().hex.encode()


class RequestIdMiddleware:
    """Names each request. A proxy or client that sends X-Request-ID finds its own id in our log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = choose_request_id(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER_NAME, request_id)]
            await send(message)

        tokens = bind_contextvars(request=request_id.decode())
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            reset_contextvars(**tokens)
