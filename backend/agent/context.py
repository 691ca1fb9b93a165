# agent/context.py -- what all runs of a worker share: the models, the limits and how they are kept, the database.
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from agent.histories.history_cache import HistoryCache
from agent.run_limits import RunLimits
from agent.run_writer import RunWriter
from db import Database, Transaction
from llm.protocol import Model
from services.agents.profiles import AgentProfile
from settings.types import ModelPrice
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier

if TYPE_CHECKING:
    from queries.databases import AccountDatabases, QueryDatabases

P = ParamSpec("P")
T = TypeVar("T")

# At most this many transactions of runs at the same time: connections, and the single write lock of SQLite, stay
# available to requests.
MAX_CONCURRENT_TRANSACTIONS = 5


@dataclass(frozen=True, slots=True)
class AgentContext:
    """Shared by all runs of a worker, and built once at startup."""

    db: Database
    notifier: Notifier
    model: Model
    limits: RunLimits
    prices: Mapping[str, ModelPrice] = field(default_factory=dict)
    more_models: Mapping[str, Model] = field(default_factory=dict)
    # None: the operator has named none.
    databases: "QueryDatabases | None" = None
    backoff_seconds: float = 0.5
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CONCURRENT_TRANSACTIONS))
    live_runs: LiveRuns = field(default_factory=LiveRuns)
    histories: HistoryCache = field(default_factory=HistoryCache)
    writer: RunWriter = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "writer", RunWriter(self.db, self.notifier, self.live_runs))

    def find_model(self, name: str | None) -> Model:
        """The model that an agent has chosen; the operator's own where it has none, or one that is offered no more."""
        return self.model if name is None else self.more_models.get(name, self.model)

    def find_databases(self, agent: AgentProfile | None) -> "AccountDatabases | None":
        """Those that the agent's account may query; None without any."""
        if agent is None or self.databases is None:
            return None
        return self.databases.list_for(agent.account_id) or None

    def compute_cost(self, model: str, input_tokens: int, output_tokens: int) -> int | None:
        """In billionths of the operator's currency; None without a price, or with nothing to be paid for."""
        price = self.prices.get(model)
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


def cut_to_bytes(text: str, room: int) -> str:
    """As much of the text as `room` bytes of UTF-8 hold, in whole characters."""
    return text.encode("utf-8", "replace")[: max(room, 0)].decode("utf-8", "ignore")
