# streaming/line_stream.py -- answers that are lines of JSON, sent as they come.
from collections.abc import AsyncGenerator

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
