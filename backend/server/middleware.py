# server/middleware.py -- the limit of a body's size, and unexpected exceptions of requests and of the startup.
from collections.abc import Mapping

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from errors import INTERNAL_ERROR
from failure_causes import describe_cause, find_place
from server.problems import ProblemResponse
from settings import SettingsError
from storage.schema.revisions import SchemaError

log: FilteringBoundLogger = structlog.get_logger()

MEBIBYTE = 1024 * 1024
MAX_BODY_BYTES = MEBIBYTE


class BodySizeLimitMiddleware:
    """Refuses a body over MAX_BODY_BYTES: by its Content-Length, else once that many bytes have arrived.

    Routes that never hold their body whole take more: `larger` is by their paths. FastAPI's own `max_body_size` answers
    in plain text and bypasses the exception handlers.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self.app = app
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = 0
        max_bytes = self.larger.get(scope["path"], MAX_BODY_BYTES)
        too_large = f"The body is over {max_bytes // MEBIBYTE} MiB."

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413, too_large)  # while FastAPI reads a body it passes on only this class
            return message

        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > max_bytes:
            await ProblemResponse(413, too_large)(scope, receive, send)
        else:
            await self.app(scope, receive_counted, send)


class ServerErrorMiddleware:
    """Answers an unexpected exception with 500 problem+json and logs the traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            log.error("request failed", method=scope["method"], path=scope["path"], exc_info=error)
            await ProblemResponse(500, INTERNAL_ERROR)(scope, receive, send)


class StartupErrorMiddleware:
    """Reports a failure of the startup as one line; the traceback is logged at level debug."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        failure: Message | None = None

        async def capture_failure(message: Message) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self.app(scope, receive, capture_failure)
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
