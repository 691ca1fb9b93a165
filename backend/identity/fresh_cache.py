# identity/fresh_cache.py -- remembers for half a second what the database said of a session or a token.
import time
from collections.abc import Hashable
from typing import Generic, TypeVar

from cachetools import TLRUCache

# A revoked session or token stops working within 1 s on every worker: this, and the poll of open streams.
CACHE_TTL_SECONDS = 0.5
CACHE_SIZE = 10_000
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class FreshCache(Generic[K, V]):
    """At most CACHE_SIZE values, each for CACHE_TTL_SECONDS from the moment when the database was asked for it.

    The time of the question counts, not that of the answer: what was revoked while the answer was on its way is
    forgotten as early.
    """

    def __init__(self) -> None:
        self._values: TLRUCache[K, tuple[float, V]] = TLRUCache(
            CACHE_SIZE, ttu=lambda _, value, __: value[0] + CACHE_TTL_SECONDS, timer=time.monotonic
        )

    def find(self, key: K) -> V | None:
        value = self._values.get(key)
        return None if value is None else value[1]

    def store(self, key: K, value: V, asked_at: float) -> None:
        """`asked_at` is what time.monotonic() was before the database was asked."""
        self._values[key] = asked_at, value

    def forget(self, key: K) -> None:
        self._values.pop(key, None)

    def forget_all(self) -> None:
        self._values.clear()
