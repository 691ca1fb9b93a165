# support/llm/providers.py -- open the adapter on the scripted provider and read its answer.
import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from llm.model_options import ModelOptions
from llm.openai_wire.model import OpenAiWireModel
from llm.protocol import (
    Model,
    ModelError,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolSpec,
    Turn,
    UserTurn,
)
from llm.providers import open_provider_model
from support.llm.scripted_provider import (
    Answer,
    ScriptedProvider,
)

KEY = "sk-very-secret-0123456789"
TOOL = ToolSpec(
    "create_task",
    "Create a task.",
    {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
)


def asking(*turns: Turn, timezone: str = "UTC", tools: tuple[ToolSpec, ...] = (TOOL,)) -> ModelRequest:
    now = datetime(2025, 1, 7, 8, 30, tzinfo=UTC)
    return ModelRequest("Be brief.", turns or (UserTurn("Hello?"),), tools, now, timezone)


# Models whose connections the fixture `opened_models` closes when the test has ended.
OPENED: list[OpenAiWireModel] = []


def open_model(
    model: str, base_url: str | None, key: str | None = KEY, options: ModelOptions | None = None
) -> Model:
    opened = open_provider_model(model, base_url, key, options)
    if isinstance(opened, OpenAiWireModel):
        OPENED.append(opened)
    return opened


@cache
def open_sdk_model(model: str, options: ModelOptions | None = None) -> Model:
    """A model of Anthropic or Google: to open one takes half a second."""
    return open_provider_model(model, None, KEY, options)


def open_scripted(provider: ScriptedProvider, idle_seconds: float = 5, **options: Any) -> Model:
    """The model of the scripted provider."""
    return open_model(
        "scripted", provider.base_url, options=ModelOptions(timeout_seconds=idle_seconds, **options)
    )


async def answer_of(model: Model, request: ModelRequest | None = None) -> list[ModelEvent]:
    async with asyncio.timeout(20):
        return [event async for event in model.respond(request or asking())]


async def error_of(model: Model, request: ModelRequest | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await answer_of(model, request)
    for secret in (KEY, "127.0.0.1", "scripted", "http"):
        assert secret not in caught.value.reason
        assert secret not in str(caught.value)
    return caught.value


async def fails(provider: ScriptedProvider, *script: Answer) -> ModelError:
    provider.script[:] = script
    error = await error_of(open_scripted(provider))
    assert len(provider.requests) == 1, "the client tried again"
    return error


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls_of(events: list[ModelEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]
