# server/connection_limits.py -- bounds what a connection may cost before the app sees it.
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from math import inf
from typing import Any, cast

import h11
import structlog
from starlette.types import Receive, Scope
from structlog.typing import FilteringBoundLogger
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.problems import ProblemResponse, problem_title

log: FilteringBoundLogger = structlog.get_logger()

# Of the request line, the headers and what stands after the body. Counted a slice later than it comes.
MAX_HEAD_BYTES = 64 * 1024
MAX_FIELDS = 200
CHUNK_BYTES = 16 * 1024
HEAD_TIMEOUT_SECONDS = 10.0
# A body has to bring so much in so many seconds, or its end.
BODY_TIMEOUT_SECONDS = 30.0
BODY_STEP_BYTES = 4 * 1024
# How long nothing of an answer may be taken: while the server runs, and once it is to stop.
WRITE_TIMEOUT_SECONDS = 30.0
SHUTDOWN_WRITE_TIMEOUT_SECONDS = 5.0
# What is still taken, and dropped, of a request that has its answer already.
LINGER_BYTES = 4 * 1024 * 1024
LINGER_SECONDS = 2.0
SWEEP_SECONDS = 1.0
# Files that a worker needs beside its connections: the database's, logs, certificates.
RESERVED_FILES = 128
# Where a request's `state` has its connection, and who stands at the other end of it.
CONNECTION = "connection"
PEER = "peer"

DETAILS = {
    400: "This is no HTTP request.",
    408: "The request took too long to arrive.",
    414: "The request line is over 64 KiB.",
    431: f"The headers are over 64 KiB, or more than {MAX_FIELDS}.",
    503: "There are too many connections. Try again later.",
}


@lru_cache
def build_refusal(status: int) -> bytes:
    """A whole answer on the wire; after it the connection ends."""
    headers = {"Connection": "close", **({"Retry-After": "5"} if status == 503 else {})}
    answer = ProblemResponse(status, DETAILS[status], headers=headers)
    lines = [
        b"HTTP/1.1 %d %b" % (status, problem_title(status).encode()),
        *(b": ".join(header) for header in answer.raw_headers),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(answer.body)


class BoundedProtocol(asyncio.Protocol):
    """Mixed into a protocol of uvicorn, which itself bounds neither bytes nor seconds.

    A request is refused where that can still be said, else its connection is cut.
    """

    transport: Any
    loop: asyncio.AbstractEventLoop
    client: tuple[str, int] | None
    scheme: Any
    app_state: dict[str, Any]
    cycle: Any
    flow: Any

    def __init__(self, gate: "ConnectionLimits", **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self.gate = gate
        # When what is awaited of the other side has to have come: the head, or the next step of the body.
        self.deadline = inf
        # Whether the head of a request has come and its body not yet.
        self.in_body = False
        self.deaf = False
        self.dropped = 0
        self.step = 0
        self.unsent = 0
        self.unsent_since = 0.0

    def take(self, data: bytes | memoryview) -> None:
        """Parses a slice of what came."""
        raise NotImplementedError

    @property
    def answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, CONNECTION: transport, PEER: (self.client, self.scheme)}
        self.deadline = self.loop.time() + HEAD_TIMEOUT_SECONDS
        if not self.gate.admit(self):
            self.deaf = True
            self.transport.write(build_refusal(503))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gate.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.deadline == inf and not self.answering:
            self.deadline = self.loop.time() + HEAD_TIMEOUT_SECONDS
        if len(data) <= CHUNK_BYTES and not self.deaf:
            self.take(data)
            return
        view = memoryview(data)
        for start in range(0, len(data), CHUNK_BYTES):
            piece = view[start : start + CHUNK_BYTES]
            if self.deaf:
                self.drop(len(piece))
            elif not self.transport.is_closing():
                self.take(piece)

    def drop(self, size: int) -> None:
        self.dropped += size
        if self.dropped > LINGER_BYTES:
            self.transport.abort()

    def await_body(self, come: int) -> None:
        """The body goes on: `come` more bytes of it are here."""
        self.step -= come
        if self.step <= 0:
            self.step = BODY_STEP_BYTES
            self.deadline = self.loop.time() + BODY_TIMEOUT_SECONDS
        if self.cycle.response_complete:
            self.drop(come)

    def await_nothing(self) -> None:
        """The request is whole. Had it its answer before, uvicorn waits for the next one without an end."""
        self.step = self.dropped = 0
        self.deadline = inf if self.answering else self.loop.time() + HEAD_TIMEOUT_SECONDS

    def hear_no_more(self) -> None:
        """Whoever does not wait for an answer gets that one, and none to what they sent behind it.

        RFC 9112, 9.3.2 lets a server do so. Else requests would pile up, and nobody would learn that a reader has left.
        """
        self.deaf, self.deadline, self.cycle.keep_alive = True, inf, False

    def refuse(self, status: int) -> None:
        started = self.answering and (self.cycle.response_started or not self.in_body)
        done = self.in_body and not self.answering
        if self.answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if started or done or self.transport.is_closing():
            self.deaf = True
            self.transport.abort()
        else:
            self.transport.write(build_refusal(status))
            self.linger()

    def linger(self) -> None:
        """To close with bytes unread resets the connection, and the answer may be lost: so they are taken first."""
        self.deaf = True
        self.deadline = self.loop.time() + LINGER_SECONDS
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """The server is to stop: it finishes the requests that it has, not those that are still to come."""
        self.gate.leaving = True
        is_half = self.in_body and not self.cycle.response_started
        if (self.answering and is_half) or (self.deaf and not self.answering):
            self.transport.abort()
        else:
            super().shutdown()  # type: ignore[misc]

    def sweep(self, moment: float, patience: float) -> None:
        """Ends the connection where the other side has not sent, or not read, for too long."""
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent < self.unsent:
            self.unsent_since = moment
        self.unsent = unsent
        if unsent and moment - self.unsent_since >= patience:
            self.transport.abort()
        elif moment < self.deadline:
            return
        elif self.deaf:
            self.transport.abort()
        elif self.answering and (self.flow.read_paused or not self.in_body):
            self.deadline = moment + BODY_TIMEOUT_SECONDS  # it is we who are awaited
        elif self.has_begun():
            self.refuse(408)
        else:
            self.transport.close()

    def has_begun(self) -> bool:
        """Whether a part of a request is here."""
        raise NotImplementedError


class BoundedHttpTools(BoundedProtocol, HttpToolsProtocol):
    """httptools keeps each header that comes, however many: so bytes are counted from one body to the next."""

    def __init__(self, gate: "ConnectionLimits", **uvicorn: Any) -> None:
        super().__init__(gate, **uvicorn)
        self.url = b""
        self.head = 0

    def has_begun(self) -> bool:
        return self.head > 0 or self.in_body

    def take(self, data: bytes | memoryview) -> None:
        self.head += len(data)
        HttpToolsProtocol.data_received(self, cast(bytes, data))
        if self.deaf:
            return
        if self.head > MAX_HEAD_BYTES or (self.headers is not None and len(self.headers) > MAX_FIELDS):
            self.refuse(414 if 2 * len(self.url) > self.head and not self.in_body else 431)

    def on_headers_complete(self) -> None:
        if self.deaf:
            return
        if self.answering:
            self.hear_no_more()
            return
        if len(self.headers) > MAX_FIELDS:
            self.refuse(431)
            return
        super().on_headers_complete()
        self.head, self.in_body, self.step = 0, True, 0
        self.deadline = self.loop.time() + BODY_TIMEOUT_SECONDS

    def on_body(self, body: bytes) -> None:
        if not self.deaf:
            self.head = 0
            self.await_body(len(body))
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.deaf:
            super().on_message_complete()
            self.head, self.in_body = 0, False
            self.await_nothing()

    def on_response_complete(self) -> None:
        self.cycle.body = bytearray()  # what nobody read
        super().on_response_complete()
        if self.in_body and self.expect_100_continue and not self.transport.is_closing():
            self.linger()  # the body may come or not: nobody can tell where the next request begins

    def send_400_response(self, msg: str) -> None:
        self.refuse(400)

    def _unsupported_upgrade_warning(self) -> None:
        """There are no WebSockets here, and to ignore an upgrade is allowed: RFC 9110, 7.8."""


class BoundedH11(BoundedProtocol, H11Protocol):
    """h11 bounds what it holds at 16 KiB; the seconds are ours."""

    come = 0

    def has_begun(self) -> bool:
        return self.in_body or bool(self.conn.trailing_data[0])

    def take(self, data: bytes | memoryview) -> None:
        self.come = len(data)
        H11Protocol.data_received(self, bytes(data))

    def handle_events(self) -> None:
        """Also called when an answer ends: the next request may be here already."""
        come, self.come, was_in_body = self.come, 0, self.in_body
        super().handle_events()
        if self.deaf:
            return
        if self.conn.their_state is h11.DONE and self.answering and self.conn.trailing_data[0]:
            self.hear_no_more()
            self.flow.resume_reading()
            return
        self.in_body = self.conn.their_state is h11.SEND_BODY
        if self.in_body:
            self.step = self.step if was_in_body else 0
            self.await_body(come)
        elif was_in_body or self.conn.their_state is not h11.IDLE:
            self.await_nothing()

    def on_response_complete(self) -> None:
        self.cycle.body = bytearray()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(431 if len(self.conn.trailing_data[0]) >= CHUNK_BYTES else 400)

    def _unsupported_upgrade_warning(self) -> None:
        """As above."""


BOUNDED_PROTOCOLS: dict[object, type[BoundedProtocol]] = {
    HttpToolsProtocol: BoundedHttpTools,
    H11Protocol: BoundedH11,
}


class ConnectionLimits:
    """The connections that are open: how many there may be, in all and from one network.

    A proxy brings many people's, so those of `proxies` count only in all. `network` says whom an address stands for.
    """

    def __init__(
        self, most: int, most_per_address: int, proxies: list[str], network: Callable[[str], str]
    ) -> None:
        self.most = min(most, read_file_limit() - RESERVED_FILES)
        self.most_per_address = most_per_address
        self.network = network
        self.proxies = ProxyHeadersMiddleware(cast(Any, None), proxies).trusted_hosts
        self.open: dict[BoundedProtocol, str | None] = {}
        self.at: Counter[str] = Counter()
        self.leaving = False
        self._said_at = -inf

    def enter(self, scope: Scope, receive: Receive) -> None:
        """Before the app: stands between it and uvicorn, and says who is at the other end.

        uvicorn chooses its protocol before it imports the app, and makes one for each connection by its settings. Those
        can be reached while it starts: the lifespan's `receive` is a method of what holds them.
        """
        if scope["type"] == "lifespan":
            self.bound(getattr(getattr(receive, "__self__", None), "config", None))
        elif PEER in (state := scope.get("state", {})):
            # uvicorn believes forwarding headers of 127.0.0.1 where nobody told it not to.
            scope["client"], scope["scheme"] = state[PEER]

    def bound(self, config: Any) -> None:
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
        place = None if address is None or address in self.proxies else self.network(address)
        if len(self.open) >= self.most or (place is not None and self.at[place] >= self.most_per_address):
            self.say(place)
            return False
        self.open[connection] = place
        if place is not None:
            self.at[place] += 1
        return True

    def leave(self, connection: BoundedProtocol) -> None:
        place = self.open.pop(connection, None)
        if place is not None:
            self.at[place] -= 1
            if not self.at[place]:
                del self.at[place]

    def say(self, place: str | None) -> None:
        """At most once a minute: a flood of connections is none of lines."""
        if (moment := time.monotonic()) - self._said_at >= 60:
            self._said_at = moment
            log.warning("connections are refused", address=place, open=len(self.open))

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            moment = asyncio.get_running_loop().time()
            patience = SHUTDOWN_WRITE_TIMEOUT_SECONDS if self.leaving else WRITE_TIMEOUT_SECONDS
            for connection in list(self.open):
                connection.sweep(moment, patience)


def read_file_limit() -> int:
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if allowed == resource.RLIM_INFINITY else allowed
