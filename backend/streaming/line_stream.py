# streaming/line_stream.py -- answers that are lines of JSON, sent as they come.
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from streaming.sse import EventStream


class LineStream(EventStream):
    """A file to keep. As of a stream of events, nothing is sent of it for HEAD; who does not read is disconnected."""

    media_type = "application/x-ndjson"

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        send_seconds: float,
        filename: str,
        status_code: int = 200,  # as in EventStream
    ) -> None:
        named = {"Content-Disposition": f'attachment; filename="{filename}"'}
        super().__init__(content, send_seconds, named, status_code)


class LineAnswer(Response):
    """Lines that are sent while the request's body still arrives. Starlette's own answers take the body away, since
    they listen for the end of the connection.
    """

    media_type = LineStream.media_type

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        status_code: int = 200,  # as in EventStream
    ) -> None:
        super().__init__(None, status_code, {"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._content) as lines:
            async for line in lines:
                await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
