# agent/context.py -- what all runs of a worker share: the model, the limits, the database.
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from agent.history_cache import HistoryCache
from agent.run_writer import RunWriter
from db import Database, Transaction
from llm.protocol import Model
from setting_types import ModelPrice
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier

P = ParamSpec("P")
T = TypeVar("T")

# At most this many transactions of runs at the same time: connections, and the single write lock of SQLite, stay
# available to requests.
MAX_CONCURRENT_TRANSACTIONS = 5


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of one run: tokens of history, seconds, model requests, tool calls, tokens in all, bytes of text."""

    context_tokens: int = 32_000
    seconds: float = 600
    model_requests: int = 30
    tool_calls: int = 100
    tokens: int = 1_000_000
    answer_bytes: int = 2**20
    lease_seconds: float = 15
    approval_seconds: float = 3600


@dataclass(frozen=True, slots=True)
class AgentContext:
    """Shared by all runs of a worker, and built once at startup."""

    db: Database
    notifier: Notifier
    model: Model
    limits: RunLimits
    prices: Mapping[str, ModelPrice] = field(default_factory=dict)
    backoff_seconds: float = 0.5
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CONCURRENT_TRANSACTIONS))
    live_runs: LiveRuns = field(default_factory=LiveRuns)
    histories: HistoryCache = field(default_factory=HistoryCache)
    writer: RunWriter = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "writer", RunWriter(self.db, self.notifier, self.live_runs))

    def compute_cost(self, input_tokens: int, output_tokens: int) -> int | None:
        """In billionths of the operator's currency; None without a price, or with nothing to be paid for."""
        price = self.prices.get(self.model.name)
        if price is None or not (input_tokens or output_tokens):
            return None
        return price.compute_nanos(input_tokens, output_tokens)

    async def write(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Database.write, limited to MAX_CONCURRENT_TRANSACTIONS runs of this worker."""
        async with self.gate:
            return await self.db.write(work, *args, **kw)

    async def read(
        self, work: Callable[Concatenate[Transaction, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        async with self.gate:
            return await self.db.read(work, *args, **kw)
