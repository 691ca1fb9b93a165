# support/llm/scripted_model.py -- a model that says what a test tells it to, and keeps what it was asked.
import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from typing import Any

from llm.protocol import ModelError, ModelEvent, ModelRequest, TextDelta, ToolCall

Item = str | ToolCall | ModelError | threading.Event | ModelEvent


def call(name: str, arguments: dict[str, Any] | str, call_id: str = "call") -> ToolCall:
    return ToolCall(call_id, name, arguments)


class ScriptedModel:
    """One list of items an answer: text, tool calls, an error to raise, or an event to wait for."""

    name = "scripted"

    def __init__(self, *answers: Iterable[Item]) -> None:
        self.answers = [list(answer) for answer in answers]
        self.requests: list[ModelRequest] = []
        self.otherwise: list[Item] = ["OK."]

    async def respond(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        self.requests.append(request)
        for item in self.answers.pop(0) if self.answers else self.otherwise:
            if isinstance(item, threading.Event):
                while not item.is_set():  # polled, so that a cancelled run lets go at once
                    await asyncio.sleep(0.002)
            elif isinstance(item, ModelError):
                raise item
            else:
                yield TextDelta(item) if isinstance(item, str) else item
