# llm/sanitize.py -- makes text and JSON from models and programs fit to be stored
import json
import math
from typing import overload

from models.recorded_call import MAX_ARGUMENT_LEVELS
from models.shapes import JsonObject


@overload
def sanitize(value: str) -> str: ...
@overload
def sanitize(value: JsonObject) -> JsonObject: ...
@overload
def sanitize(value: object) -> object: ...


def sanitize(value: object) -> object:
    """Replace NUL, which JSONB cannot hold, and lone surrogates, which UTF-8 cannot, by U+FFFD."""
    if isinstance(value, str):
        if is_clean(value):  # nearly every text, and each one of a history comes here for each request
            return value
        text = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {sanitize(key): sanitize(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [sanitize(item) for item in value]
    return value


def is_clean(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:  # a surrogate
        return False


def explain_unstorable(value: object, depth: int = 0) -> str | None:
    """A phrase that tells why the value cannot be stored as JSON; None if it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that JSON does not have (NaN or Infinity)"
    if isinstance(value, (dict, list, tuple)):
        if depth == MAX_ARGUMENT_LEVELS:
            return f"more than {MAX_ARGUMENT_LEVELS} levels"
        items = value.values() if isinstance(value, dict) else value
        return next((reason for item in items if (reason := explain_unstorable(item, depth + 1))), None)
    return None


def sanitize_opaque(value: JsonObject) -> JsonObject | None:
    """What a provider wants back with a call or an answer; None where it is nothing, or cannot be stored."""
    return sanitize(value) or None if explain_unstorable(value) is None else None


def sanitize_arguments(value: JsonObject | str) -> JsonObject | str:
    """The arguments of a model's call as a JSON object that can be stored, or else as text."""
    if isinstance(value, str):
        return sanitize(value)
    if explain_unstorable(value) is None:
        return sanitize(value)
    try:
        return sanitize(json.dumps(value))
    except (ValueError, RecursionError):
        return "(nested too deeply)"
