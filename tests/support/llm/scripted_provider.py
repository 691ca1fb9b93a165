# support/llm/scripted_provider.py -- a model provider on loopback that answers as OpenAI does, from a script.
import asyncio
import itertools
import json
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Text:
    """An answer in words; `pieces` says how it is cut, otherwise every word is a piece."""

    text: str = ""
    pieces: Sequence[str] = ()
    finish: str = "stop"


@dataclass(frozen=True)
class Calls:
    """Tool calls, each a name and the text of its arguments; `ids` replaces the ids made up for them."""

    calls: Sequence[tuple[str, str]]
    text: str = ""
    ids: Sequence[str] | None = None
    one_index: bool = False


@dataclass(frozen=True)
class Status:
    status: int
    retry_after: str | None = None
    error: dict[str, Any] = field(default_factory=lambda: {"message": "scripted", "type": "scripted"})


@dataclass(frozen=True)
class Hang:
    """Silence for `seconds`, or until the client leaves or the provider ends; then the answer ends."""

    seconds: float
    text: str = ""


@dataclass(frozen=True)
class BreakAfter:
    """The connection is closed in the middle of the answer."""

    text: str


@dataclass(frozen=True)
class Garbage:
    """A stream of something that is no JSON."""


@dataclass(frozen=True)
class Slow:
    """An answer with `delay` seconds before every word."""

    text: str
    delay: float


@dataclass(frozen=True)
class Raw:
    """A whole stream as it stands, for other dialects than that of /chat/completions."""

    body: str


@dataclass(frozen=True)
class Reply:
    """An answer as it stands, head and all; `is_cut`: the connection closes before the body has its end."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


Answer = Text | Calls | Status | Hang | BreakAfter | Garbage | Slow | Raw | Reply
_numbers = itertools.count(1)

Scripted = Answer | Callable[[Any], Answer]


@dataclass
class Recorded:
    """A request as it came; `left` is set once the client leaves before the end of its answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    left: threading.Event = field(default_factory=threading.Event)


class ScriptedProvider:
    """`script` is consumed from the front, an item a request, then `otherwise` answers.

    An item may be a function of the body.
    """

    def __init__(self) -> None:
        self.script: list[Scripted] = []
        self.otherwise: Scripted = Status(400, error={"message": "nothing is scripted"})
        self.requests: list[Recorded] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scripted-provider", daemon=True)

    @property
    def base_url(self) -> str:
        return f"{self.root_url}/v1"

    @property
    def root_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        if not self._started.wait(5):
            raise RuntimeError("the scripted provider did not start")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(5)
        if self._thread.is_alive():
            raise RuntimeError("the scripted provider did not end")

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    await self._connection(reader, writer)
            finally:
                connections.discard(task)
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._ending.wait()
        server.close()
        if connections:
            await asyncio.wait(set(connections), timeout=2)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        recorded = Recorded(method, path, headers, json.loads(content or b"null"))
        self.requests.append(recorded)
        answer = self.script.pop(0) if self.script else self.otherwise
        if not isinstance(answer, Answer):
            answer = answer(recorded.body)
        gone = asyncio.create_task(reader.read(1))
        sending = asyncio.create_task(self._send(answer, recorded.body, writer))
        ending = asyncio.create_task(self._ending.wait())
        await asyncio.wait({gone, sending, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            if gone.done():
                recorded.left.set()
            sending.cancel()
        for task in (gone, ending):
            task.cancel()
        await asyncio.gather(gone, ending, return_exceptions=True)
        with suppress(asyncio.CancelledError):
            await sending

    async def _send_reply(self, answer: Reply, writer: asyncio.StreamWriter) -> None:
        data = answer.body.encode()
        length = len(data) + 1 if answer.is_cut else len(data)
        headers = {
            "Content-Type": "text/event-stream",
            "Connection": "close",
            "Content-Length": str(length),
            **answer.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {answer.status} {_phrase(answer.status)}\r\n{head}\r\n".encode() + data)
        await writer.drain()

    async def _send(self, answer: Answer, body: Any, writer: asyncio.StreamWriter) -> None:
        if isinstance(answer, Reply):
            await self._send_reply(answer, writer)
            return
        if isinstance(answer, Status):
            content = json.dumps({"error": answer.error})
            head = [
                f"HTTP/1.1 {answer.status} {_phrase(answer.status)}",
                "Content-Type: application/json",
                f"Content-Length: {len(content)}",
                "Connection: close",
            ]
            if answer.retry_after is not None:
                head.append(f"Retry-After: {answer.retry_after}")
            writer.write("\r\n".join([*head, "", content]).encode())
            await writer.drain()
            return
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        async for piece in _stream(answer, body):
            data = piece.encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
        if not isinstance(answer, BreakAfter):
            writer.write(b"0\r\n\r\n")
            await writer.drain()


@contextmanager
def scripted_provider() -> Iterator[ScriptedProvider]:
    provider = ScriptedProvider()
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Scripted"


async def _stream(answer: Answer, body: Any) -> AsyncGenerator[str, None]:
    if isinstance(answer, Raw):
        yield answer.body
        return
    if isinstance(answer, Garbage):
        yield "data: <html>this is no JSON</html>\n\n"
        return
    async for delta, finish in _deltas(answer):
        yield _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    if isinstance(answer, BreakAfter):
        return
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event(
            {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}}
        )
    yield "data: [DONE]\n\n"


async def _deltas(answer: Answer) -> AsyncIterator[tuple[dict[str, Any], str | None]]:
    yield {"role": "assistant", "content": ""}, None
    text = getattr(answer, "text", "")
    for piece in getattr(answer, "pieces", ()) or re.findall(r"\s*\S+|\s+$", text):
        if isinstance(answer, Slow):
            await asyncio.sleep(answer.delay)
        yield {"content": piece}, None
    if isinstance(answer, Hang):
        await asyncio.sleep(answer.seconds)
    if isinstance(answer, Calls):
        for call in _calls(answer):
            yield {"tool_calls": [call]}, None
        yield {}, "tool_calls"
    elif not isinstance(answer, BreakAfter):
        yield {}, getattr(answer, "finish", "stop")


def _calls(answer: Calls) -> Iterator[dict[str, Any]]:
    for number, (name, arguments) in enumerate(answer.calls):
        call_id = answer.ids[number] if answer.ids is not None else f"call_{next(_numbers)}"
        index = 0 if answer.one_index else number
        half = len(arguments) // 2
        start = {"name": name, "arguments": arguments[:half]}
        yield {"index": index, "id": call_id, "type": "function", "function": start}
        yield {"index": index, "function": {"arguments": arguments[half:]}}


def _event(chunk: dict[str, Any]) -> str:
    whole = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"} | chunk
    return f"data: {json.dumps(whole)}\n\n"
