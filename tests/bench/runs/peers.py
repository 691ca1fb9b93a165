# peers.py -- the job of an answer by other clients, without any database.
"""`python -m bench.runs.peers NAME URL MESSAGE COUNT` prints the milliseconds of this process for each answer with
its two requests, its tool and its pieces of text.
"""

import asyncio
import importlib.util
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

Answer = Callable[[str], Awaitable[int]]

INSTRUCTIONS = "You work with the person's task list through tools."
TOOL = {
    "type": "function",
    "function": {
        "name": "add_task",
        "description": "Add a task.",
        "parameters": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
    },
}


def add_task(title: str) -> dict[str, object]:
    """Add a task."""
    return {"title": title, "completed": False}


def open_openai(url: str, stack: AsyncExitStack) -> Answer:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="key", max_retries=0)
    stack.push_async_callback(client.close)

    async def answer(message: str) -> int:
        said: list[object] = [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": message},
        ]
        pieces = 0
        while True:
            name, arguments = "", ""
            stream = await client.chat.completions.create(
                model="m", messages=said, tools=[TOOL], stream=True, stream_options={"include_usage": True}
            )
            async for chunk in stream:
                delta = chunk.choices[0].delta if chunk.choices else None
                pieces += bool(delta and delta.content)
                for call in (delta and delta.tool_calls) or ():
                    name += call.function.name or ""
                    arguments += call.function.arguments or ""
            if not name:
                return pieces
            call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
            result = json.dumps(add_task(**json.loads(arguments)))
            said += [
                {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": result},
            ]

    return answer


def open_agent(url: str, stack: AsyncExitStack) -> Answer:
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(base_url=url, api_key="key", max_retries=0)
    stack.push_async_callback(client.close)
    model = OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client))
    agent = Agent(model, instructions=INSTRUCTIONS, tools=[add_task])

    async def answer(message: str) -> int:
        async with agent.run_stream(message) as result:
            return sum([bool(piece) async for piece in result.stream_text(delta=True, debounce_by=None)])

    return answer


PEERS = {"pydantic-ai's Agent": open_agent, "the openai client": open_openai}
IS_INSTALLED = importlib.util.find_spec("openai") is not None


async def measure(name: str, url: str, message: str, count: int) -> float:
    async with AsyncExitStack() as stack:
        answer = PEERS[name](url, stack)
        for _ in range(min(10, count)):
            assert await answer(message) > 0
        begun = time.process_time()
        for _ in range(count):
            await answer(message)
        return (time.process_time() - begun) * 1000 / count


if __name__ == "__main__":
    print(asyncio.run(measure(*sys.argv[1:4], int(sys.argv[4]))))
