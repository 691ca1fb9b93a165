# llm/model_options.py -- what the operator sets for whatever model answers.
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.shapes import JsonObject

TIMEOUT_SECONDS = 300.0
# A shorter text is a word such as "low": to cut it out would make the log unreadable.
MIN_SECRET_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """The settings MODEL_*, beside the model's name, address and key.

    `timeout_seconds`: the longest silence; each byte ends one. None leaves a choice to the provider. `extra_headers`
    and `extra_body` are sent with each request and may hold secrets.
    """

    timeout_seconds: float = TIMEOUT_SECONDS
    max_output_tokens: int | None = None
    parallel_tool_calls: bool | None = None
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    extra_body: JsonObject = field(default_factory=dict, repr=False, hash=False)

    def list_secrets(self) -> list[str]:
        """What is cut out of a provider's words in the log."""
        texts = [*self.extra_headers.values(), *list_texts(self.extra_body)]
        return [text for text in texts if len(text) >= MIN_SECRET_CHARACTERS]


def list_texts(value: object) -> list[str]:
    """All texts within a JSON value."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in list_texts(item)]
