# protocols/pending_approvals.py -- what a run waits for, and where its log goes on once that is decided.
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from db import Transaction
from errors import NotFound
from models import Run, RunEvent
from models.approval import PendingApproval
from services import runs


async def read_run(tx: Transaction, caller: Caller, run_id: UUID) -> tuple[Run, Sequence[PendingApproval]]:
    run = await access.get_row(tx, caller, Run, run_id)
    return run, (await runs.to_public_run(tx, caller, run)).pending_approvals


async def find_request_line(tx: Transaction, caller: Caller, run_id: UUID, call_ids: Sequence[str]) -> int:
    """The number of the line before that in which the first of these approvals was requested last."""
    lines = access.select(caller, RunEvent).where(
        col(RunEvent.run_id) == run_id, col(RunEvent.type) == "approval.requested"
    )
    found = {
        line.data["id"]: line.seq for line in (await tx.execute(lines.order_by(col(RunEvent.seq)))).scalars()
    }
    numbers = [found[call_id] for call_id in call_ids if call_id in found]
    if not numbers:
        raise NotFound("approval")
    return min(numbers) - 1
