# storage/url_parameters.py -- the parameters of database URLs: honoured, dropped by a list, or refused.
from collections.abc import Iterable, Mapping
from typing import Any

from settings import SettingsError

# They speak of the pools and drivers of others: ours have their own settings.
POOL_WORDS = frozenset({"connection_limit", "pool_timeout", "socket_timeout", "pool_size", "max_overflow"})
YES = frozenset({"true", "1", "yes", "on"})


def read_words(query: Mapping[str, Any], dropped: Iterable[str]) -> dict[str, str]:
    """The parameters that mean something here; where one is given twice, the last counts."""
    gone = set(dropped)
    last = {name: value if isinstance(value, str) else value[-1] for name, value in query.items()}
    return {name: value for name, value in last.items() if name not in gone}


def take_number(words: dict[str, str], name: str) -> int | None:
    """A whole number, of seconds or of times; None where there is none, or 0, which stands for the default."""
    value = words.pop(name, "").strip()
    if value and not (value.isascii() and value.isdigit() and int(value) < 2**31):
        raise SettingsError(f"DATABASE_URL: {name}={value[:40]} is not a number")
    return int(value or 0) or None


def refuse_rest(words: Mapping[str, str]) -> None:
    if words:
        raise SettingsError(f"DATABASE_URL: unknown parameter {', '.join(sorted(words))}")
