# settings/former_names.py -- former names of settings, which go on working.
from pydantic_settings import EnvSettingsSource, PydanticBaseSettingsSource

# Former names of settings, which go on working, and their new ones.
DEPRECATED_NAMES = {"events_days": "event_retention_days", "run_events_days": "run_log_retention_days"}


class DeprecatedNamesSource(PydanticBaseSettingsSource):
    """Values that the environment or `.env` has under a former name; those under the new name come first."""

    def __init__(self, *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(sources[0].settings_cls)
        self._sources = sources

    def get_field_value(self, field: object, field_name: str) -> tuple[object, str, bool]:
        for source in self._sources:
            variables = source.env_vars if isinstance(source, EnvSettingsSource) else {}
            for former, name in DEPRECATED_NAMES.items():
                if name == field_name and (value := variables.get(former)) is not None:
                    return value, former, False
        return None, field_name, False

    def __call__(self) -> dict[str, object]:
        values: dict[str, object] = {}
        found: list[str] = []
        for field_name in DEPRECATED_NAMES.values():
            value, former, _ = self.get_field_value(None, field_name)
            if value is not None:
                values[field_name] = value
                found.append(former)
        return {**values, "_deprecated_names": found}
