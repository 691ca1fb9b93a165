# server/connection_limits.py -- how many connections a worker has open, in all and from one network.
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any, cast

import structlog
from starlette.types import Receive, Scope
from structlog.typing import FilteringBoundLogger
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from metrics.recorder import get_recorder
from server.bounded_protocol import PEER, BoundedH11, BoundedHttpTools, BoundedProtocol
from timings import Timings

log: FilteringBoundLogger = structlog.get_logger()

# Open files that a worker needs beside its connections: database, logs, certificates.
RESERVED_FILES = 128

BOUNDED_PROTOCOLS: dict[object, type[BoundedProtocol]] = {
    HttpToolsProtocol: BoundedHttpTools,
    H11Protocol: BoundedH11,
}


class ConnectionLimits:
    """Counts the open connections of a worker: in all, and by network.

    A proxy's connections carry many users, so those of `proxies` count only in all. `network` maps an address to the
    network that counts as one client.
    """

    def __init__(
        self,
        limit: int,
        limit_per_network: int,
        proxies: list[str],
        network: Callable[[str], str],
        timings: Timings,
    ) -> None:
        self.limit = min(limit, read_file_limit() - RESERVED_FILES)
        self.limit_per_network = limit_per_network
        self.timings = timings
        self.network_of = network
        # Any: nobody calls the middleware, so it needs no app.
        self.proxies = ProxyHeadersMiddleware(cast(Any, None), proxies).trusted_hosts
        self.open: dict[BoundedProtocol, str | None] = {}
        self.by_network: Counter[str] = Counter()
        self.is_shutting_down = False
        self._logged_at = -inf

    def enter(self, scope: Scope, receive: Receive) -> None:
        """Called with each scope before the app: replaces uvicorn's protocol class at startup, and sets the client of a
        request to the peer of its connection.

        uvicorn chooses its protocol class before it imports the app, and keeps it in its configuration. At startup the
        configuration can be reached: the lifespan's `receive` is a method of the object that holds it.
        """
        if scope["type"] == "lifespan":
            self.replace_protocol(getattr(getattr(receive, "__self__", None), "config", None))
        elif PEER in (state := scope.get("state", {})):
            # By default uvicorn trusts the forwarding headers of 127.0.0.1.
            scope["client"], scope["scheme"] = state[PEER]

    # Any: whatever stands where uvicorn has its Config; another server may have nothing there.
    def replace_protocol(self, config: Any) -> None:
        protocol = BOUNDED_PROTOCOLS.get(getattr(config, "http_protocol_class", None))
        if protocol is None:
            log.warning(
                "connections are bounded only by uvicorn with httptools or h11, below --log-level trace"
            )
            return
        config.http_protocol_class = partial(protocol, self)
        config.ws_protocol_class = None

    def admit(self, connection: BoundedProtocol) -> bool:
        address = connection.client[0] if connection.client else None
        network = None if address is None or address in self.proxies else self.network_of(address)
        if len(self.open) >= self.limit or (
            network is not None and self.by_network[network] >= self.limit_per_network
        ):
            get_recorder().count_limit("connections")
            self.log_refusal(network)
            return False
        self.open[connection] = network
        if network is not None:
            self.by_network[network] += 1
        return True

    def remove(self, connection: BoundedProtocol) -> None:
        network = self.open.pop(connection, None)
        if network is not None:
            self.by_network[network] -= 1
            if not self.by_network[network]:
                del self.by_network[network]

    def log_refusal(self, network: str | None) -> None:
        """At most one line a minute, however many connections are refused."""
        if (moment := time.monotonic()) - self._logged_at >= 60:
            self._logged_at = moment
            log.warning("connections are refused", network=network, open=len(self.open))

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(self.timings.connection_sweep)
            moment = asyncio.get_running_loop().time()
            timings = self.timings
            unread = timings.unread_answer_at_shutdown if self.is_shutting_down else timings.unread_answer
            for connection in list(self.open):
                connection.sweep(moment, unread)


def read_file_limit() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if allowed == resource.RLIM_INFINITY else allowed
