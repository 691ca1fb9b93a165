# model_server.py -- a model's provider for benchmarks, as a process of its own: python -m bench.runs.model_server.
"""Its port is the one line that is printed. The user's last message says what it answers: `PIECES-GAP-TOOL`, so many
pieces of text with a gap in milliseconds between them, after a call of add_task if TOOL is 1. Each piece holds the time
at which it was sent, by the machine's monotonic clock.
"""

import asyncio
import json
import re
import sys
import threading
import time
from typing import Any


def frame(delta: object, finish: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if delta is not None else []
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
        **more,
    }
    data = f"data: {json.dumps(chunk)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


USAGE = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
DONE = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CALL = {
    "index": 0,
    "id": "call_1",
    "type": "function",
    "function": {"name": "add_task", "arguments": '{"title": "Buy milk"}'},
}


async def answer(writer: asyncio.StreamWriter, body: Any) -> None:
    asked = next(message["content"] for message in reversed(body["messages"]) if message["role"] == "user")
    pieces, gap, tool = re.findall(r"\b(\d+)-(\d+)-([01])\b", asked)[-1]
    writer.write(HEAD)
    if tool == "1" and body["messages"][-1]["role"] != "tool":
        writer.write(frame({"role": "assistant", "tool_calls": [CALL]}) + frame({}, "tool_calls"))
    else:
        for _ in range(int(pieces)):
            writer.write(frame({"content": f"{time.monotonic():.6f} "}))
            if gap != "0":
                await asyncio.sleep(int(gap) / 1000)
        writer.write(frame({}, "stop"))
    writer.write(frame(None, usage=USAGE) + DONE)
    await writer.drain()


async def serve() -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length:")[2].partition("\r\n")[0])
                await answer(writer, json.loads(await reader.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**24, backlog=1_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()

    def end_with_parent() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(server.close)

    threading.Thread(target=end_with_parent, daemon=True).start()
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    except asyncio.CancelledError:
        sys.exit(0)
