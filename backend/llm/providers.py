# llm/providers.py -- opens a model of OpenAI, Anthropic, Google, Ollama or an OpenAI-compatible endpoint
# Functions import pydantic-ai and the SDKs: that takes over a second, and the offline model needs none of them.
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from llm.protocol import Model
from llm.provider_model import ProviderModel

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model as Backend

CONNECT_SECONDS = 10.0
# The timeout of ProviderModel between two pieces is shorter; this one only bounds a socket that nobody reads.
SOCKET_SECONDS = 600.0

BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
    "ollama": "http://localhost:11434/v1",
}


def open_provider_model(model: str, base_url: str | None, api_key: str | None) -> Model:
    """The model of the settings MODEL, MODEL_BASE_URL and MODEL_API_KEY.

    `model` is `provider:name` with the provider openai, anthropic, google or ollama, or, with a base URL, the name
    of a model of an OpenAI-compatible endpoint. Raises ValueError, with a line for the operator, for settings that
    cannot work.
    """
    model, base_url, api_key = model.strip(), (base_url or "").strip(), (api_key or "").strip()
    provider, name = _split_model_name(model, base_url)
    _check_url(base_url)
    if not api_key and not base_url and provider != "ollama":
        raise ValueError(f"MODEL with the provider {provider} needs MODEL_API_KEY.")
    if api_key and not re.fullmatch(r"[!-~]+", api_key):
        raise ValueError("MODEL_API_KEY holds characters that no key has.")
    try:
        backend = _open_backend(provider, name, base_url, api_key or "no-key")
    except ImportError as error:
        extra = provider if provider in ("anthropic", "google") else "openai"
        raise ValueError(f"MODEL needs the package pydantic-ai-slim[{extra}].") from error
    return ProviderModel(model, backend, secrets=[api_key] if api_key else [])


def _split_model_name(model: str, base_url: str) -> tuple[str, str]:
    prefix, colon, name = model.partition(":")
    if colon and prefix in BASE_URLS:
        if not name.strip():
            raise ValueError(f"MODEL names no model after {prefix}:.")
        return prefix, name.strip()
    if base_url and model:
        return "compatible", model  # its name may contain a colon, as in llama3.2:3b
    if colon:
        raise ValueError(f"MODEL has an unknown provider; known are {', '.join(BASE_URLS)}.")
    raise ValueError("MODEL needs a provider, as in openai:gpt-5, or MODEL_BASE_URL.")


def _check_url(base_url: str) -> None:
    try:
        url = urlsplit(base_url)
        usable = not base_url or (url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("MODEL_BASE_URL must be a whole URL, as in http://localhost:11434/v1.")


def _open_backend(provider: str, name: str, base_url: str, api_key: str) -> "Backend":
    url = base_url or BASE_URLS[provider]
    if provider == "anthropic":
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        anthropic = AsyncAnthropic(
            base_url=url, api_key=api_key, max_retries=0, http_client=_make_http_client()
        )
        return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=anthropic))
    if provider == "google":
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        google = GoogleProvider(api_key=api_key, base_url=url, http_client=_make_http_client())
        return GoogleModel(name, provider=google)
    return _open_openai(provider, name, url, api_key, own_api=not base_url)


def _open_openai(provider: str, name: str, url: str, api_key: str, *, own_api: bool) -> "Backend":
    from openai import AsyncOpenAI
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    client = AsyncOpenAI(base_url=url, api_key=api_key, max_retries=0, http_client=_make_http_client())
    client.organization = client.project = None  # the SDK would take them from the environment
    if provider == "ollama":
        return OllamaModel(name, provider=OllamaProvider(openai_client=client))
    if provider == "compatible":
        return OpenAIChatModel(name, provider=OpenAICompatibleProvider("compatible", openai_client=client))
    openai = OpenAIProvider(openai_client=client)
    if own_api:
        # OpenAI's newer models take tools only by the Responses API; other endpoints have only Chat Completions.
        return OpenAIResponsesModel(
            name, provider=openai, settings=OpenAIResponsesModelSettings(openai_store=False)
        )
    return OpenAIChatModel(name, provider=openai)


def _make_http_client() -> "httpx2.AsyncClient":
    import httpx2

    async def limit_connecting(request: httpx2.Request) -> None:
        # The SDKs replace the client's timeouts, some by one number for all of them.
        request.extensions["timeout"] = {**request.extensions["timeout"], "connect": CONNECT_SECONDS}

    # No connection outlives its answer: none has to be closed at the end, and none goes stale between two steps.
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(SOCKET_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_keepalive_connections=0),
        event_hooks={"request": [limit_connecting]},
    )
