# test_configuration.py -- which settings open a model, and which are refused in one line.

import builtins
import json
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from llm import provider_errors, providers
from llm.provider_model import ProviderModel
from llm.providers import open_provider_model
from support.llm.providers import KEY, answer_of, error_of, open_model, text_of
from support.llm.scripted_provider import (
    Hang,
    ScriptedProvider,
    Text,
    scripted_provider,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "reason", "transient"),
    [
        ("KeyError", provider_errors.UNREADABLE, True),
        ("ConnectionResetError", provider_errors.BROKEN, True),
        ("TimeoutError", provider_errors.LATE, True),
        ("UserError", "The model cannot take such a request.", False),
        ("ContentFilterError", provider_errors.FILTERED, False),
        ("UnexpectedModelBehavior", provider_errors.UNREADABLE, True),
    ],
)
async def test_whatever_breaks_inside_is_a_model_error(name: str, reason: str, transient: bool) -> None:
    from pydantic_ai import exceptions
    from pydantic_ai.models.function import FunctionModel

    kind = getattr(exceptions, name, None) or getattr(builtins, name)

    async def broken(*_: Any) -> AsyncIterator[str]:
        yield "Half of"
        raise kind(KEY)

    error = await error_of(ProviderModel("m", FunctionModel(stream_function=broken)))
    assert (error.reason, error.transient) == (reason, transient)


@pytest.mark.busy
async def test_ollama_needs_no_key(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.BASE_URLS["ollama"] == "http://localhost:11434/v1"
    monkeypatch.setitem(providers.BASE_URLS, "ollama", provider.base_url)
    provider.script.append(Text("Yes"))
    model = open_model("ollama:llama3.2:3b", None, None)
    assert text_of(await answer_of(model)) == "Yes"
    assert provider.requests[0].body["model"] == "llama3.2:3b"
    assert model.name == "ollama:llama3.2:3b"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("openai:gpt-5", "gpt-5"),
        ("ollama:qwen3", "qwen3"),
        ("llama3.2:3b", "llama3.2:3b"),
        ("meta-llama/llama-3:free", "meta-llama/llama-3:free"),
        (" mistral-small ", "mistral-small"),
    ],
)
async def test_a_base_url_is_where_chat_completions_go_with_or_without_a_key(
    provider: ScriptedProvider, model: str, sent: str
) -> None:
    provider.script.append(Text("Yes"))
    assert text_of(await answer_of(open_model(model, provider.base_url, None))) == "Yes"
    assert provider.requests[0].path == "/v1/chat/completions"
    assert provider.requests[0].body["model"] == sent


async def test_the_environment_lends_no_key_and_no_address(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.1/")
    provider.script.append(Text("Yes"))
    await answer_of(open_model("openai:gpt-5", provider.base_url, None))
    assert "from-environment" not in json.dumps(provider.requests[0].headers)
    with pytest.raises(ValueError, match="MODEL_API_KEY"):
        open_provider_model("openai:gpt-5", None, None)


@pytest.mark.parametrize(
    ("model", "base_url", "key", "line"),
    [
        ("", None, KEY, "MODEL needs a provider"),
        ("", "http://localhost/v1", KEY, "MODEL needs a provider"),
        ("gpt-5", None, KEY, "MODEL needs a provider"),
        ("acme:gpt-5", None, KEY, "known are openai, anthropic, google, ollama"),
        ("compatible:gpt-5", None, KEY, "unknown provider"),
        ("openai:", None, KEY, "names no model"),
        ("openai:gpt-5", None, None, "needs MODEL_API_KEY"),
        ("openai:gpt-5", "", " ", "needs MODEL_API_KEY"),
        ("anthropic:claude-sonnet-5", None, None, "needs MODEL_API_KEY"),
        ("google:gemini-2.5-flash", None, None, "needs MODEL_API_KEY"),
        ("openai:gpt-5", None, f"{KEY} {KEY}", "characters"),
        ("openai:gpt-5", None, f"{KEY}é", "characters"),
        ("gpt-5", "localhost:8000/v1", KEY, "MODEL_BASE_URL must be"),
        ("gpt-5", "ftp://localhost/v1", KEY, "MODEL_BASE_URL must be"),
        ("gpt-5", "http://localhost:99999/v1", KEY, "MODEL_BASE_URL must be"),
        ("gpt-5", "http://[localhost/v1", KEY, "MODEL_BASE_URL must be"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_one_line(
    model: str, base_url: str | None, key: str | None, line: str
) -> None:
    with pytest.raises(ValueError, match=line) as caught:
        open_provider_model(model, base_url, key)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    with pytest.raises(ValueError, match=r"pydantic-ai-slim\[anthropic\]"):
        open_provider_model("anthropic:claude-sonnet-5", None, KEY)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import llm.providers", "'pydantic_ai', 'httpx2', 'openai', 'aiohttp'"),
        (
            "from llm.providers import open_provider_model as open\nopen('llama3', 'http://localhost/v1', 'key')",
            "'pydantic_ai', 'httpx2', 'openai', 'anthropic', 'google.genai'",
        ),
    ],
)
@pytest.mark.busy
def test_only_what_the_model_needs_is_imported(code: str, names: str) -> None:
    environment = {"PYTHONPATH": str(Path(providers.__file__).parent.parent)}
    run = [sys.executable, "-B", "-c", f"import sys\n{code}\nprint({{{names}}} & set(sys.modules))"]
    assert subprocess.check_output(run, env=environment, stderr=subprocess.STDOUT) == b"set()\n"


def test_the_scripted_provider_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with scripted_provider() as started:
        started.script.append(Hang(60))
        with socket.create_connection(("127.0.0.1", started.port)) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            assert client.recv(12) == b"HTTP/1.1 200"
    assert set(threading.enumerate()) <= before
