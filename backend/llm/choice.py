# llm/choice.py -- which model answers: the one that the settings name.
from llm.offline.model import RulesModel
from llm.protocol import Model
from settings import OFFLINE_MODEL, Settings, SettingsError


def open_model(settings: Settings) -> Model:
    if settings.model == OFFLINE_MODEL:
        return RulesModel()
    from llm import providers  # takes over a second to import: only where it is used

    key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
    try:
        return providers.open_model(settings.model, settings.model_base_url, key)
    except ValueError as error:
        raise SettingsError(str(error)) from error
