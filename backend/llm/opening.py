# llm/opening.py -- opens the language model that the settings name: the offline model or a provider's
from typing import Protocol, runtime_checkable

from llm.model_options import ModelOptions
from llm.protocol import Model
from settings import OFFLINE_MODEL, Settings, SettingsError


@runtime_checkable
class Closable(Protocol):
    """A model that keeps connections."""

    async def close(self) -> None: ...


def open_models(settings: Settings) -> dict[str, Model]:
    """Those of the setting MODELS, by their names; each has what MODEL has besides: key, URL, options."""
    return {name: open_model(settings, name) for name in settings.models if name != settings.model}


def open_model(settings: Settings, name: str | None = None) -> Model:
    """The model of the setting MODEL, or of another name; SettingsError where it cannot work."""
    name = settings.model if name is None else name
    # A start imports only what the chosen model needs: the offline model no client, a provider's no English.
    if name == OFFLINE_MODEL:
        from llm.offline.model import OfflineModel

        return OfflineModel()
    from llm import providers

    key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
    try:
        return providers.open_provider_model(name, settings.model_base_url, key, read_model_options(settings))
    except ValueError as error:
        raise SettingsError(str(error)) from error


def read_model_options(settings: Settings) -> ModelOptions:
    return ModelOptions(
        timeout_seconds=settings.model_timeout_seconds,
        max_output_tokens=settings.model_max_output_tokens,
        parallel_tool_calls=settings.model_parallel_tool_calls,
        extra_headers=settings.model_extra_headers.get_secret_value(),
        extra_body=settings.model_extra_body.get_secret_value(),
    )


async def close_model(model: Model) -> None:
    """Close the connections that it keeps, where it keeps any."""
    if isinstance(model, Closable):
        await model.close()
