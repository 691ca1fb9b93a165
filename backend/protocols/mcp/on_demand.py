# protocols/mcp/on_demand.py -- the MCP server, built at the first request for it.
import asyncio
import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog
from starlette.types import Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from errors import Unavailable

log: FilteringBoundLogger = structlog.get_logger()

NOT_BUILT = "The MCP server could not be started. Its operator finds the reason in the log."


class Manager(Protocol):
    """What is used of the SDK's StreamableHTTPSessionManager, without importing it."""

    def run(self) -> AbstractAsyncContextManager[None]: ...

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class OnDemandServer:
    """Importing the SDK took a third of each start, and many starts are followed by no request for MCP."""

    def __init__(self) -> None:
        self._manager: Manager | None = None
        self._wanted = asyncio.Event()
        self._attempted = asyncio.Event()

    async def handle_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._manager is None:
            self._wanted.set()
            await self._attempted.wait()
        if self._manager is None:
            raise Unavailable(NOT_BUILT, problem="server-starting")
        await self._manager.handle_request(scope, receive, send)

    async def run(self, build: Callable[[], Manager]) -> None:
        """A task of the lifespan, which cancels it: the manager's context has to be left in the task that entered it.

        `build` takes a second at first, so it gets a thread. After a failure the next request tries again.
        """
        while await self._wanted.wait():
            try:
                manager = await asyncio.to_thread(build)
            except Exception as error:
                log.error("the MCP server could not be built", exc_info=error)
                self._wanted.clear()
                self._attempted.set()  # wakes the requests of this attempt
                self._attempted.clear()
                continue
            async with manager.run():
                gc.freeze()  # as at startup: what was imported stays
                self._manager = manager
                self._attempted.set()
                await asyncio.Event().wait()
