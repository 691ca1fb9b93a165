# assistant/text.py -- what a model may write, made fit to be stored.
from typing import Any


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
