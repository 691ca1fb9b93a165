# llm/providers.py -- opens a model of OpenAI, Anthropic, Google, Ollama or an OpenAI-compatible endpoint
# Functions import clients and SDKs: pydantic-ai and an SDK take over a second, and only Anthropic and Google need them.
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from llm.model_options import ModelOptions
from llm.protocol import Model

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model as Backend

CONNECT_SECONDS = 10.0

BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
    "ollama": "http://localhost:11434/v1",
}
# These two are spoken through pydantic-ai and their own SDK, all others through openai_wire/.
SDK_PROVIDERS = ("anthropic", "google")


def open_provider_model(
    model: str, base_url: str | None, api_key: str | None, options: ModelOptions | None = None
) -> Model:
    """The model of the settings MODEL, MODEL_BASE_URL, MODEL_API_KEY and of `options`.

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
    options = options or ModelOptions()
    _check_headers(options)
    secrets = [text for text in (api_key, *options.list_secrets()) if text]
    url = base_url or BASE_URLS[provider]
    if provider not in SDK_PROVIDERS:
        is_own_api = not base_url and provider == "openai"
        return _open_wire(model, name, url, api_key, options, secrets, is_own_api=is_own_api)
    try:
        return _open_backend(model, provider, name, url, api_key or "no-key", options, secrets)
    except ImportError as error:
        raise ValueError(f"MODEL needs the package pydantic-ai-slim[{provider}].") from error


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


def _check_headers(options: ModelOptions) -> None:
    for name, text in options.extra_headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not re.fullmatch(r"[ -~]*", text):
            raise ValueError("MODEL_EXTRA_HEADERS holds a header that HTTP does not allow.")


def _open_wire(
    model: str,
    name: str,
    url: str,
    api_key: str,
    options: ModelOptions,
    secrets: list[str],
    *,
    is_own_api: bool,
) -> Model:
    from llm.openai_wire.endpoint import build_endpoint
    from llm.openai_wire.model import OpenAiWireModel
    from llm.openai_wire.request import RequestBuilder
    from llm.openai_wire.transport import Transport

    transport = Transport(build_endpoint(url, api_key, options.extra_headers), options.timeout_seconds)
    return OpenAiWireModel(model, RequestBuilder(name, options, is_own_api), transport, secrets=secrets)


def _open_backend(
    model: str, provider: str, name: str, url: str, api_key: str, options: ModelOptions, secrets: list[str]
) -> Model:
    from llm.provider_model import ProviderModel

    backend: Backend
    if provider == "anthropic":
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        anthropic = AsyncAnthropic(
            base_url=url, api_key=api_key, max_retries=0, http_client=_make_http_client(options)
        )
        backend = AnthropicModel(name, provider=AnthropicProvider(anthropic_client=anthropic))
    else:
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        google = GoogleProvider(api_key=api_key, base_url=url, http_client=_make_http_client(options))
        backend = GoogleModel(name, provider=google)
    return ProviderModel(model, backend, options=options, secrets=secrets)


def _make_http_client(options: ModelOptions) -> "httpx2.AsyncClient":
    import httpx2

    async def limit_waiting(request: httpx2.Request) -> None:
        # The SDKs replace the client's timeouts, some by one number for all of them. A byte ends a silence.
        limits = {"connect": CONNECT_SECONDS, "read": options.timeout_seconds}
        request.extensions["timeout"] = {**request.extensions["timeout"], **limits}

    # No connection outlives its answer: none has to be closed at the end, and none goes stale between two steps.
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(options.timeout_seconds, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_keepalive_connections=0),
        event_hooks={"request": [limit_waiting]},
    )
