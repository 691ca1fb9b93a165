# server/epoch_times.py -- `Prefer: timestamps=epoch-ms`: the times of an answer as integers, for whoever asks.
import asyncio
import re
from datetime import UTC, datetime, timedelta

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.preferences import read_preferences

PREFERENCE = ("timestamps", "epoch-ms")
APPLIED = "timestamps=epoch-ms"
# Chats have paths with and without a version. Others speak protocols of their own, in which times have another form.
PATHS = ("/v1/", "/chats/")
# What stands under these keys is shown as it came: a call's arguments and results, what a user was shown, what somebody
# posted. `data` of a list is its items.
VERBATIM = frozenset({b'"arguments"', b'"result"', b'"shown"', b'"payload"', b'"data"'})
LIST = b'"data"'
# A string with the colon behind it, if it is a key; or a bracket.
TOKEN = re.compile(rb'("[^"\\]*(?:\\.[^"\\]*)*"?)(\s*:\s*)?|[\[\]{}]')
TIME = re.compile(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)"')
TIME_KEY_END = b'_at"'
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A longer answer is rewritten in a thread, so that nobody waits for it.
LONG_BYTES = 64 * 1024


def asks_for_epoch(scope: Scope) -> bool:
    return read_preferences(scope).get(PREFERENCE[0]) == PREFERENCE[1]


def rewrite_times(json: bytes) -> bytes:
    """The JSON with the times of its `..._at` members in milliseconds since 1970, and with every other byte as it is.

    Nothing is parsed into values: numbers and texts that Python would write in another way stay what they are.
    """
    if TIME_KEY_END not in json:
        return json
    parts: list[bytes] = []
    copied = depth = 0
    verbatim: int | None = None  # the depth at which a value began that is left as it is
    position = 0
    while (found := TOKEN.search(json, position)) is not None:
        position = found.end()
        token, colon = found.group(1), found.group(2)
        if token is None:
            depth += 1 if found.group() in b"[{" else -1
            if verbatim is not None and depth <= verbatim:
                verbatim = None
        elif verbatim is None and colon is not None:
            if token in VERBATIM and not (token == LIST and depth == 1):
                verbatim = depth if json[position : position + 1] in (b"{", b"[") else None
            elif token.endswith(TIME_KEY_END) and (time := TIME.match(json, position)):
                parts += [json[copied:position], count_milliseconds(time.group())]
                copied = position = time.end()
    parts.append(json[copied:])
    return b"".join(parts)


def count_milliseconds(time: bytes) -> bytes:
    """The time of a JSON string, rounded down; the string itself if there is no such time."""
    try:
        moment = datetime.fromisoformat(time[1:-1].decode())
    except ValueError:
        return time
    return b"%d" % ((moment - EPOCH) // timedelta(milliseconds=1))


class EpochTimesMiddleware:
    """Rewrites JSON answers and the frames of streams at the edge: whatever is stored or compared keeps RFC 3339, also
    the answer that an idempotency key repeats. Who does not ask pays for a look at the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PATHS) and asks_for_epoch(scope):
            await self.app(scope, receive, EpochTimesResponse(send).send)
        else:
            await self.app(scope, receive, send)


class EpochTimesResponse:
    """One answer on its way: JSON is sent when it is complete, a stream line by line, anything else as it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._is_stream = False
        self._waiting = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._is_stream:
            await self._send({**message, "body": self._rewrite_lines(message)})
        elif self._start is not None:
            await self._collect(message)
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        headers = MutableHeaders(raw=list(message["headers"]))
        headers.add_vary_header("Prefer")
        kind = headers.get("content-type", "").partition(";")[0].strip()
        self._is_stream = kind == "text/event-stream"
        has_body = message["status"] not in (204, 304)  # FastAPI names the type of an empty answer too
        is_json = has_body and (kind == "application/json" or kind.endswith("+json"))
        if self._is_stream or is_json:
            headers["Preference-Applied"] = APPLIED
        message = {**message, "headers": headers.raw}
        if is_json:
            self._start = message
        else:
            await self._send(message)

    async def _collect(self, message: Message) -> None:
        self._waiting += message.get("body", b"")
        if message.get("more_body"):
            return
        start, body = self._start, bytes(self._waiting)
        assert start is not None
        is_long = len(body) > LONG_BYTES
        rewritten = await asyncio.to_thread(rewrite_times, body) if is_long else rewrite_times(body)
        headers = MutableHeaders(raw=start["headers"])
        if body and "content-length" in headers:
            headers["Content-Length"] = str(len(rewritten))
        await self._send({**start, "headers": headers.raw})
        await self._send({**message, "body": rewritten})

    def _rewrite_lines(self, message: Message) -> bytes:
        """The lines that are complete; the rest waits for its end."""
        self._waiting += message.get("body", b"")
        end = len(self._waiting) if not message.get("more_body") else self._waiting.rfind(b"\n") + 1
        lines = bytes(self._waiting[:end])
        del self._waiting[:end]
        if TIME_KEY_END not in lines:
            return lines
        return b"".join(
            rewrite_times(line) if line.startswith(b"data:") else line for line in lines.splitlines(True)
        )
