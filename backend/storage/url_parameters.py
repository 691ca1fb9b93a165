# storage/url_parameters.py -- the parameters of database URLs: honoured, dropped by a list, or refused.
from collections.abc import Mapping, Sequence, Set

from settings import SettingsError

# Parameters of other pools and drivers: those of Parley have settings of their own.
POOL_PARAMETERS = frozenset(
    {"connection_limit", "pool_timeout", "socket_timeout", "pool_size", "max_overflow"}
)
YES = frozenset({"true", "1", "yes", "on"})


def read_parameters(query: Mapping[str, str | Sequence[str]], dropped: Set[str]) -> dict[str, str]:
    """The parameters without the dropped ones; of one that is given twice, the last counts."""
    last = {name: value if isinstance(value, str) else value[-1] for name, value in query.items()}
    return {name: value for name, value in last.items() if name not in dropped}


def pop_number(words: dict[str, str], name: str) -> int | None:
    """Take a whole number out; None where it is missing or 0, which stands for the default."""
    value = words.pop(name, "").strip()
    if value and not (value.isascii() and value.isdigit() and int(value) < 2**31):
        raise SettingsError(f"DATABASE_URL: {name}={value[:40]} is not a number")
    return int(value or 0) or None


def refuse_unknown(words: Mapping[str, str]) -> None:
    """SettingsError if a parameter is left that nobody took out."""
    if words:
        raise SettingsError(f"DATABASE_URL: unknown parameter {', '.join(sorted(words))}")
