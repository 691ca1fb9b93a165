# services/run_usage.py -- the tokens that the requests of a run have used, and how they are added to its row.
# They go with a line of the run's log, in the statement that stores it: so they are stored once, whatever ends the
# worker, and another worker adds its own to them.
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, String, Uuid, bindparam, case, func, update
from sqlalchemy.sql.dml import Update

import access
from access import SYSTEM
from db import Transaction
from models import Run
from models.columns import MAX_COUNT


class Usage(NamedTuple):
    """What a provider has counted; `model` is the one that was asked. `cost_nanos` is None without a known price."""

    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanos: int | None = None

    def add(self, more: "Usage") -> "Usage":
        return Usage(
            more.model or self.model,
            self.input_tokens + more.input_tokens,
            self.output_tokens + more.output_tokens,
            add_costs(self.cost_nanos, more.cost_nanos),
        )

    def since(self, earlier: "Usage") -> "Usage":
        """What has come since; less than nothing where the provider has corrected itself."""
        return self._replace(
            input_tokens=self.input_tokens - earlier.input_tokens,
            output_tokens=self.output_tokens - earlier.output_tokens,
            cost_nanos=None if self.cost_nanos is None else self.cost_nanos - (earlier.cost_nanos or 0),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.input_tokens or self.output_tokens)


def add_costs(cost: int | None, more: int | None) -> int | None:
    return cost if more is None else (cost or 0) + more


NO_USAGE = Usage()
RUNS = Run.metadata.tables["runs"]


def read_usage(run: Run) -> Usage:
    return Usage(run.model, run.input_tokens, run.output_tokens, run.cost_nanos)


def sum_up(usages: Iterable[Usage]) -> Usage:
    total = NO_USAGE
    for usage in usages:
        total = total.add(usage)
    return total


def add_count(column: Column[int], parameter: str) -> ColumnElement[int]:
    """The sum, or the largest count that fits."""
    more = bindparam(parameter, type_=Integer())
    return case((column > MAX_COUNT - more, MAX_COUNT), else_=column + more)


COST = bindparam("more_cost", type_=BigInteger())


def update_usage(*conditions: ColumnElement[bool]) -> Update:
    """The statement that adds to the row of a run; `name_usage` names its values."""
    return (
        update(RUNS)
        .where(RUNS.c.id == bindparam("run_id", type_=Uuid()), *conditions)
        .values(
            input_tokens=add_count(RUNS.c.input_tokens, "more_input"),
            output_tokens=add_count(RUNS.c.output_tokens, "more_output"),
            model=func.coalesce(bindparam("asked_model", type_=String()), RUNS.c.model),
            cost_nanos=func.coalesce(RUNS.c.cost_nanos + COST, COST, RUNS.c.cost_nanos),
        )
    )


def name_usage(run_id: UUID, usage: Usage) -> dict[str, object]:
    return {
        "run_id": run_id,
        "asked_model": usage.model,
        "more_input": usage.input_tokens,
        "more_output": usage.output_tokens,
        "more_cost": usage.cost_nanos,
    }


ADD_USAGE = update_usage(access.visible_condition(SYSTEM, Run))


async def add_usage(tx: Transaction, run_id: UUID, usage: Usage) -> None:
    """Add to a run, whoever has it and whether it has ended: the tokens are spent."""
    await tx.execute(ADD_USAGE, name_usage(run_id, usage))
