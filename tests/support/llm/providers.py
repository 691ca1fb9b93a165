# support/llm/providers.py -- open the adapter on the scripted provider and read its answer.
import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import cast

import pytest

from llm.protocol import (
    ModelError,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolSpec,
    Turn,
    UserTurn,
)
from llm.provider_model import ProviderModel
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


@cache
def open_once(model: str, base_url: str | None, key: str | None = KEY) -> ProviderModel:
    return cast(ProviderModel, open_provider_model(model, base_url, key))


def opened(provider: ScriptedProvider, idle_seconds: float = 5) -> ProviderModel:
    model = open_once("scripted", provider.base_url)
    return ProviderModel(model.name, model.backend, idle_seconds=idle_seconds, secrets=[KEY])


async def answer_of(model: ProviderModel, request: ModelRequest | None = None) -> list[ModelEvent]:
    async with asyncio.timeout(20):
        return [event async for event in model.respond(request or asking())]


async def error_of(model: ProviderModel, request: ModelRequest | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await answer_of(model, request)
    for secret in (KEY, "127.0.0.1", "scripted", "http"):
        assert secret not in caught.value.reason
        assert secret not in str(caught.value)
    return caught.value


async def fails(provider: ScriptedProvider, *script: Answer) -> ModelError:
    provider.script[:] = script
    error = await error_of(opened(provider))
    assert len(provider.requests) == 1, "the SDK tried again"
    return error


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls_of(events: list[ModelEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]
