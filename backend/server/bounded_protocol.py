# server/bounded_protocol.py -- limits the bytes and the seconds of a connection, before the app sees a request.
import asyncio
from functools import lru_cache
from math import inf
from typing import Any, Literal, Protocol, cast

import h11
from uvicorn.protocols.http import h11_impl, httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from metrics.recorder import get_recorder
from server.problems import ProblemResponse, problem_title, to_slug
from timings import Timings

# For the request line, the headers and the trailers. It is checked after each chunk, so a request may exceed it by one
# chunk.
MAX_HEAD_BYTES = 64 * 1024
MAX_FIELDS = 200
CHUNK_BYTES = 16 * 1024
# This much of a body, or its end, has to arrive in `timings.request_body` seconds.
BODY_STEP_BYTES = 4 * 1024
# How much of a refused request is still received and dropped.
LINGER_BYTES = 4 * 1024 * 1024
# Keys in the `state` of a request's scope: its transport; and the address and scheme of the connection.
CONNECTION = "connection"
PEER = "peer"

DETAILS = {
    400: "This is no HTTP request.",
    408: "The request took too long to arrive.",
    414: "The request line is over 64 KiB.",
    431: f"The headers are over 64 KiB, or more than {MAX_FIELDS}.",
    503: "There are too many connections. Try again later.",
}


class ConnectionRegistry(Protocol):
    """What a connection needs of ConnectionLimits."""

    timings: Timings
    is_shutting_down: bool

    def admit(self, connection: "BoundedProtocol") -> bool: ...

    def remove(self, connection: "BoundedProtocol") -> None: ...


@lru_cache
def build_refusal(status: int) -> bytes:
    """The bytes of a whole answer, after which the connection is closed."""
    headers = {"Connection": "close", **({"Retry-After": "5"} if status == 503 else {})}
    answer = ProblemResponse(status, DETAILS[status], headers=headers)
    lines = [
        b"HTTP/1.1 %d %b" % (status, problem_title(status).encode()),
        *(b": ".join(header) for header in answer.raw_headers),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(answer.body)


class BoundedProtocol(asyncio.Protocol):
    """A mixin for uvicorn's protocols, which bound neither bytes nor seconds.

    A request is refused with an answer where none has begun, else its connection is aborted.
    """

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    client: tuple[str, int] | None
    scheme: Literal["http", "https"] | None
    app_state: dict[str, object]
    # None before the first request; uvicorn's own types leave that out.
    cycle: httptools_impl.RequestResponseCycle | h11_impl.RequestResponseCycle
    flow: FlowControl

    # Any: what uvicorn's class takes is passed on as it comes.
    def __init__(self, registry: ConnectionRegistry, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self.registry = registry
        self.timings = registry.timings
        # When the head, or the next step of the body, has to have arrived.
        self.deadline = inf
        # Whether the head of a request has arrived and its body not yet.
        self.in_body = False
        self.ignores_input = False
        self.dropped = 0
        self.step = 0
        self.unsent = 0
        self.unsent_since = 0.0

    def parse(self, data: bytes | memoryview) -> None:
        """Parse a chunk of the input."""
        raise NotImplementedError

    @property
    def answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, CONNECTION: transport, PEER: (self.client, self.scheme)}
        self.deadline = self.loop.time() + self.timings.request_head
        if not self.registry.admit(self):
            self.ignores_input = True
            self.transport.write(build_refusal(503))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.registry.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.deadline == inf and not self.answering:
            self.deadline = self.loop.time() + self.timings.request_head
        if len(data) <= CHUNK_BYTES and not self.ignores_input:
            self.parse(data)
            return
        view = memoryview(data)
        for start in range(0, len(data), CHUNK_BYTES):
            chunk = view[start : start + CHUNK_BYTES]
            if self.ignores_input:
                self.drop(len(chunk))
            elif not self.transport.is_closing():
                self.parse(chunk)

    def drop(self, size: int) -> None:
        self.dropped += size
        if self.dropped > LINGER_BYTES:
            self.transport.abort()

    def expect_body(self, size: int) -> None:
        """Part of the body has arrived: `size` bytes."""
        self.step -= size
        if self.step <= 0:
            self.step = BODY_STEP_BYTES
            self.deadline = self.loop.time() + self.timings.request_body
        if self.cycle.response_complete:
            self.drop(size)

    def expect_next_request(self) -> None:
        """The request is complete. If it was answered before its end, uvicorn would wait for the next one for ever."""
        self.step = self.dropped = 0
        self.deadline = inf if self.answering else self.loop.time() + self.timings.request_head

    def ignore_pipelined(self) -> None:
        """Answer the current request, ignore those that a client pipelined behind it, and close the connection.

        RFC 9112, section 9.3.2, allows that. Otherwise requests would pile up, and while reading is paused uvicorn
        does not notice that a client has disconnected.
        """
        self.ignores_input, self.deadline, self.cycle.keep_alive = True, inf, False

    def refuse(self, status: int) -> None:
        if status != 400:
            get_recorder().count_limit(to_slug(problem_title(status)))
        started = self.answering and (self.cycle.response_started or not self.in_body)
        done = self.in_body and not self.answering
        if self.answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if started or done or self.transport.is_closing():
            self.ignores_input = True
            self.transport.abort()
        else:
            self.transport.write(build_refusal(status))
            self.linger()

    def linger(self) -> None:
        """Receive and drop the rest: closing with unread bytes resets the connection, and the answer may be lost."""
        self.ignores_input = True
        self.deadline = self.loop.time() + self.timings.linger
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """The server shuts down: it finishes requests that have arrived, and aborts those that are still arriving."""
        self.registry.is_shutting_down = True
        is_half = self.in_body and not self.cycle.response_started
        if (self.answering and is_half) or (self.ignores_input and not self.answering):
            self.transport.abort()
        else:
            super().shutdown()  # type: ignore[misc]

    def sweep(self, moment: float, unread_seconds: float) -> None:
        """End the connection if the client has not sent, or not read, for too long."""
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent < self.unsent:
            self.unsent_since = moment
        self.unsent = unsent
        if unsent and moment - self.unsent_since >= unread_seconds:
            self.transport.abort()
        elif moment < self.deadline:
            return
        elif self.ignores_input:
            self.transport.abort()
        elif self.answering and (self.flow.read_paused or not self.in_body):
            self.deadline = moment + self.timings.request_body  # the client waits for us
        elif self.has_begun():
            self.refuse(408)
        else:
            self.transport.close()

    def has_begun(self) -> bool:
        """Whether part of a request has arrived."""
        raise NotImplementedError


class BoundedHttpTools(BoundedProtocol, HttpToolsProtocol):
    """httptools keeps any number of headers: so the bytes between two bodies are counted here."""

    cycle: httptools_impl.RequestResponseCycle
    url = b""
    head = 0

    def has_begun(self) -> bool:
        return self.head > 0 or self.in_body

    def parse(self, data: bytes | memoryview) -> None:
        self.head += len(data)
        HttpToolsProtocol.data_received(self, cast(bytes, data))
        if self.ignores_input:
            return
        if self.head > MAX_HEAD_BYTES or (self.headers is not None and len(self.headers) > MAX_FIELDS):
            self.refuse(414 if 2 * len(self.url) > self.head and not self.in_body else 431)

    def on_headers_complete(self) -> None:
        if self.ignores_input:
            return
        if self.answering:
            self.ignore_pipelined()
            return
        if len(self.headers) > MAX_FIELDS:
            self.refuse(431)
            return
        super().on_headers_complete()
        self.head, self.in_body, self.step = 0, True, 0
        self.deadline = self.loop.time() + self.timings.request_body

    def on_body(self, body: bytes) -> None:
        if not self.ignores_input:
            self.head = 0
            self.expect_body(len(body))
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.ignores_input:
            super().on_message_complete()
            self.head, self.in_body = 0, False
            self.expect_next_request()

    def on_response_complete(self) -> None:
        self.cycle.body = bytearray()  # what the app has not read
        super().on_response_complete()
        if self.in_body and self.expect_100_continue and not self.transport.is_closing():
            self.linger()  # the client may send the body or not: where the next request begins is unknown

    def send_400_response(self, msg: str) -> None:
        self.refuse(400)

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore it: there are no WebSockets, and RFC 9110, section 7.8, allows to ignore an upgrade."""


class BoundedH11(BoundedProtocol, H11Protocol):
    """h11 bounds the bytes that it holds at 16 KiB; only the seconds are bounded here."""

    cycle: h11_impl.RequestResponseCycle
    received = 0

    def has_begun(self) -> bool:
        return self.in_body or bool(self.conn.trailing_data[0])

    def parse(self, data: bytes | memoryview) -> None:
        self.received = len(data)
        H11Protocol.data_received(self, bytes(data))

    def handle_events(self) -> None:
        """Also called when an answer ends: the next request may have arrived already."""
        received, self.received, was_in_body = self.received, 0, self.in_body
        super().handle_events()
        if self.ignores_input:
            return
        if self.conn.their_state is h11.DONE and self.answering and self.conn.trailing_data[0]:
            self.ignore_pipelined()
            self.flow.resume_reading()
            return
        self.in_body = self.conn.their_state is h11.SEND_BODY
        if self.in_body:
            self.step = self.step if was_in_body else 0
            self.expect_body(received)
        elif was_in_body or self.conn.their_state is not h11.IDLE:
            self.expect_next_request()

    def on_response_complete(self) -> None:
        self.cycle.body = bytearray()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self.refuse(431 if len(self.conn.trailing_data[0]) >= CHUNK_BYTES else 400)

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore it, as BoundedHttpTools does."""
