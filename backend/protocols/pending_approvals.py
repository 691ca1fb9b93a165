# protocols/pending_approvals.py -- decisions that come by a protocol, and where the log of their run goes on.
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from app_state import AppState
from db import Transaction
from errors import Invalid, NotFound
from models import Run, RunEvent
from models.approval import ApprovalDecision, PendingApproval
from services import runs


def build_approval_url(base_url: str, run_id: UUID, call_id: str) -> str:
    """The console's page where the person decides on a call."""
    return f"{base_url}/#approve/{run_id}/{call_id}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The person's answer to a call, whose id is `{run_id}:{n}`."""

    call_id: str
    approve: bool


def find_run_id(decisions: Sequence[Decision]) -> UUID:
    """The run of the calls; NotFound for an id that no call has, Invalid where they are of several runs."""
    run_ids = {decision.call_id.partition(":")[0] for decision in decisions}
    if len(run_ids) != 1:
        raise Invalid("Approvals of one answer can be given at a time.", ("body",))
    try:
        return UUID(run_ids.pop())
    except ValueError:
        raise NotFound("run") from None


async def decide_calls(state: AppState, caller: Caller, decisions: Sequence[Decision]) -> tuple[Run, int]:
    """Decide what is not decided yet: a client that has lost its connection sends its decisions again.

    Returns the run, and the number of the line of its log after which it goes on.
    """
    run_id = find_run_id(decisions)
    run, pending = await state.db.read(read_run, caller, run_id)
    call_ids = [decision.call_id for decision in decisions]
    after = await state.db.read(find_request_line, caller, run_id, call_ids)
    waiting = {approval.tool_call_id for approval in pending}
    for decision in decisions:
        if decision.call_id in waiting:
            choice = ApprovalDecision(approve=decision.approve)
            await state.run_control.decide(caller, run_id, decision.call_id, choice)
    return run, after


async def read_run(tx: Transaction, caller: Caller, run_id: UUID) -> tuple[Run, Sequence[PendingApproval]]:
    run = await access.get_row(tx, caller, Run, run_id)
    return run, (await runs.to_public_run(tx, caller, run)).pending_approvals


async def find_request_line(tx: Transaction, caller: Caller, run_id: UUID, call_ids: Sequence[str]) -> int:
    """The number of the line before that in which the first of these approvals was requested last; NotFound where none
    was.
    """
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
