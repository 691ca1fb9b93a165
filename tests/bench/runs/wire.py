# wire.py -- processor time of one streamed answer: ours beside the clients that others use, against a server apart.
# Run it with `.venv/bin/python tests/bench/runs/wire.py [--pieces 40] [--answers 300] [--gap-ms 0]`; one table.
import argparse
import asyncio
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[3] / "backend"
Answer = Callable[[], Awaitable[int]]


def build_chunks(pieces: int) -> list[bytes]:
    def frame(delta: object, finish: str | None = None, **fields: object) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        whole = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": choices,
        }
        return f"data: {json.dumps({**whole, **fields})}\n\n".encode()

    usage = {"prompt_tokens": 11, "completion_tokens": pieces, "total_tokens": 11 + pieces}
    said = [frame({"content": f" word{number}"}) for number in range(pieces)]
    first = frame({"role": "assistant", "content": ""})
    return [first, *said, frame({}, "stop"), frame(None, usage=usage), b"data: [DONE]\n\n"]


async def serve(pieces: int, gap: float) -> None:
    """Each chunk is a write of its own; the port is the one line that is printed."""
    chunks = build_chunks(pieces)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                for chunk in chunks:
                    writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                    await writer.drain()
                    await asyncio.sleep(gap)
                writer.write(b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def open_ours(url: str, stack: AsyncExitStack) -> Answer:
    from llm.openai_wire.model import OpenAiWireModel
    from llm.protocol import ModelRequest, TextDelta, UserTurn
    from llm.providers import open_provider_model

    model = open_provider_model("m", url, "key")
    assert isinstance(model, OpenAiWireModel)
    stack.push_async_callback(model.close)
    request = ModelRequest("Be brief.", [UserTurn("Hello? " * 300)], [], datetime.now(UTC))

    async def answer() -> int:
        return sum([isinstance(event, TextDelta) async for event in model.respond(request)])

    return answer


def open_openai(url: str, stack: AsyncExitStack) -> Answer:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="key", max_retries=0)
    stack.push_async_callback(client.close)

    async def answer() -> int:
        stream = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "Hello? " * 300}],
            stream=True,
            stream_options={"include_usage": True},
        )
        return sum([bool(chunk.choices and chunk.choices[0].delta.content) async for chunk in stream])

    return answer


def open_agent(url: str, stack: AsyncExitStack) -> Answer:
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(base_url=url, api_key="key", max_retries=0)
    stack.push_async_callback(client.close)
    agent = Agent(OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client)))

    async def answer() -> int:
        async with agent.run_stream("Hello? " * 300) as result:
            return sum([bool(piece) async for piece in result.stream_text(delta=True, debounce_by=None)])

    return answer


CLIENTS = {"Parley's reader": open_ours, "openai": open_openai, "pydantic-ai's Agent": open_agent}


async def measure(
    open_client: Callable[[str, AsyncExitStack], Answer], url: str, pieces: int, answers: int
) -> float:
    """Milliseconds of this process for each answer."""
    async with AsyncExitStack() as stack:
        answer = open_client(url, stack)
        for _ in range(20):
            assert await answer() == pieces
        begun = time.process_time()
        for _ in range(answers):
            await answer()
        return (time.process_time() - begun) * 1000 / answers


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pieces", type=int, default=40)
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--gap-ms", type=float, default=0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        asyncio.run(serve(wanted.pieces, wanted.gap_ms / 1000))
        return
    serving = [sys.executable, __file__, "--serve", f"--pieces={wanted.pieces}", f"--gap-ms={wanted.gap_ms}"]
    with subprocess.Popen(serving, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        try:
            for name, open_client in CLIENTS.items():
                if name != "Parley's reader" and importlib.util.find_spec("openai") is None:
                    continue
                took = [
                    asyncio.run(measure(open_client, url, wanted.pieces, wanted.answers)) for _ in range(3)
                ]
                print(f"{name:<20} {'  '.join(f'{one:6.2f}' for one in took)}  ms of processor an answer")
        finally:
            server.kill()


if __name__ == "__main__":
    sys.path.insert(0, str(BACKEND))
    main()
