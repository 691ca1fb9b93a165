# llm/sanitize.py -- what a model or a program may write, made fit to be stored.
import json
import math
from typing import Any

# How deep arguments may be nested: no tool takes any such, and walking them must not exhaust the stack.
DEEPEST = 100


def clean(value: Any) -> Any:
    """The value without NUL and lone surrogates, which neither JSONB nor UTF-8 hold: they become U+FFFD."""
    if isinstance(value, str):
        text = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return text.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def unstorable(value: Any, depth: int = 0) -> str | None:
    """Why no database keeps the value as JSON, in a few words; None where it can be kept."""
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that JSON does not have (NaN or Infinity)"
    if isinstance(value, (dict, list, tuple)):
        if depth == DEEPEST:
            return f"more than {DEEPEST} levels"
        items = value.values() if isinstance(value, dict) else value
        return next((why for item in items if (why := unstorable(item, depth + 1))), None)
    return None


def as_arguments(value: dict[str, Any] | str) -> dict[str, Any] | str:
    """A model's arguments: an object that can be stored, or else the text of what was written."""
    if isinstance(value, str) or unstorable(value) is None:
        cleaned: dict[str, Any] | str = clean(value)
        return cleaned
    try:
        return str(clean(json.dumps(value)))
    except (ValueError, RecursionError):
        return "(nested too deeply)"
