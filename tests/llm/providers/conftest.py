# providers/conftest.py -- one scripted provider for all, and no connection beyond loopback.


import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from support.llm.providers import OPENED
from support.llm.scripted_provider import (
    ScriptedProvider,
    scripted_provider,
)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1"), f"a test tried to reach {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="session")
def shared_provider() -> Iterator[ScriptedProvider]:
    """One address for all modules: the models of `open_sdk_model` are kept, and with them where they connect."""
    with scripted_provider() as started:
        yield started


@pytest.fixture
def provider(shared_provider: ScriptedProvider) -> ScriptedProvider:
    shared_provider.script.clear()
    shared_provider.requests.clear()
    return shared_provider


@pytest.fixture(autouse=True)
async def opened_models(anyio_backend: str) -> AsyncIterator[None]:
    """Connections are closed in the loop that they belong to."""
    yield
    while OPENED:
        await OPENED.pop().close()
