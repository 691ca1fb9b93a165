# llm/opening.py -- opens the language model that the settings name: the offline model or a provider's
from llm.offline.model import OfflineModel
from llm.protocol import Model
from settings import OFFLINE_MODEL, Settings, SettingsError


def open_model(settings: Settings) -> Model:
    if settings.model == OFFLINE_MODEL:
        return OfflineModel()
    from llm import providers  # importing the SDKs takes over a second, so only a provider's model does

    key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
    try:
        return providers.open_provider_model(settings.model, settings.model_base_url, key)
    except ValueError as error:
        raise SettingsError(str(error)) from error
