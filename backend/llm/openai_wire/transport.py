# llm/openai_wire/transport.py -- one provider's connections: a request out, the bytes of its answer in.
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import aiohttp

from llm.openai_wire.endpoint import Endpoint
from llm.openai_wire.failures import make_refusal

CONNECT_SECONDS = 10.0
# An unused connection is closed after this: most servers close theirs a little later.
KEEP_SECONDS = 15.0
MAX_ERROR_BYTES = 64 * 1024
# How long the end of a stream is waited for after [DONE], so that its connection can be used again.
DRAIN_SECONDS = 0.1
MAX_DRAINED_BYTES = 4096


class Transport:
    """`idle_seconds`: the longest silence within an answer; every byte counts, also one of a comment."""

    def __init__(self, endpoint: Endpoint, idle_seconds: float) -> None:
        self.endpoint = endpoint
        self.idle_seconds = idle_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def is_open(self) -> bool:
        """Whether there are connections, or may be."""
        return self._session is not None

    def _open_session(self) -> aiohttp.ClientSession:
        """The connections of this event loop; opened with the first request, since they belong to a loop."""
        if self._session is None or self._session.closed:
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(note_reuse)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=self.idle_seconds
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
            )
        return self._session

    @asynccontextmanager
    async def post(self, body: bytes) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """The answer, once its head is there. Raises ProviderRefusal for any status but 200.

        The connection is used again only where the answer was read to its end.
        """
        response = await self._send(body)
        try:
            if response.status != 200:
                raise make_refusal(response.status, response.headers, await read_error(response))
            yield response
        finally:
            if not response.content.at_eof():
                response.close()
            response.release()

    async def _send(self, body: bytes) -> aiohttp.ClientResponse:
        """A kept connection may be closed by its server while the request is on its way: then on another one."""
        while True:
            connection = SimpleNamespace(is_reused=False)
            try:
                return await self._open_session().post(
                    self.endpoint.url,
                    data=body,
                    headers=self.endpoint.headers,
                    proxy=self.endpoint.proxy,
                    proxy_headers=self.endpoint.proxy_headers,
                    allow_redirects=False,
                    trace_request_ctx=connection,
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not connection.is_reused:  # each try takes one from the pool, so this ends
                    raise

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.is_reused = True


async def read_error(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body; what there is of it where the connection breaks."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):
        async for piece in response.content.iter_any():
            body += piece
            if len(body) >= MAX_ERROR_BYTES:
                break
    return bytes(body[:MAX_ERROR_BYTES])


async def drain_answer(response: aiohttp.ClientResponse) -> None:
    """Read what follows [DONE]."""
    left = MAX_DRAINED_BYTES
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0 and (piece := await response.content.readany()):
                left -= len(piece)
