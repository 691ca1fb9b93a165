# server/error_middleware.py -- unexpected exceptions of requests and of the startup.
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from errors import INTERNAL_ERROR
from failure_causes import describe_cause, find_place
from server.problems import ProblemResponse
from settings import SettingsError
from storage.schema.revisions import SchemaError

log: FilteringBoundLogger = structlog.get_logger()


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
