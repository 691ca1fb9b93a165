# services/run_counts.py -- how many runs there are that have not ended, and how long the oldest has been waiting.
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col

import access
from access import System
from clock import utc_now
from db import Transaction
from models import Run
from models.run import ACTIVE_STATUSES


@dataclass(frozen=True, slots=True)
class RunCounts:
    """`oldest_seconds` is how long a worker has been wanted by the run that is waiting longest; 0 where none waits."""

    by_status: Mapping[str, int]
    oldest_seconds: float


async def count_active_runs(tx: Transaction, caller: System) -> RunCounts:
    """Those that external agents are to answer are not among them: no worker takes them."""
    statement = access.select(
        caller, Run, col(Run.status), func.count(), func.min(col(Run.created_at))
    ).where(col(Run.status).in_(ACTIVE_STATUSES), ~col(Run.is_external))
    rows = (await tx.execute(statement.group_by(col(Run.status)))).all()
    oldest = next((created_at for status, _, created_at in rows if status == "queued"), None)
    counts: dict[str, int] = dict.fromkeys(ACTIVE_STATUSES, 0)
    counts |= {status: count for status, count, _ in rows}
    return RunCounts(counts, max(0.0, (utc_now() - oldest).total_seconds()) if oldest else 0.0)
