# agent/needed_approvals.py -- which calls of a run need an approval, and which need a new one.

from access import Caller
from db import Transaction
from models import Run
from models.approval import ApprovalPolicy
from models.recorded_call import LoggedCall, is_finished, pick_call
from services import approvals
from services.approvals import CallToApprove
from services.run_log import Step
from tools.approval_rules import is_change, needs_approval, read_shown_rows


class RunAwaitsApproval(Exception):
    """The run awaits its user; the worker that claims it afterwards continues from the log."""


async def find_calls_needing_approval(
    tx: Transaction,
    caller: Caller,
    run: Run,
    steps: list[Step],
    call: LoggedCall,
    policy: ApprovalPolicy,
) -> list[CallToApprove]:
    """The calls of the last step to request approval for, with `shown`; empty if `call`, the next one, may be made.

    The run must be locked.
    """
    beside = [other for other in steps[-1].calls if not is_finished(other)]
    if "approval" in call:
        return await find_stale_calls(tx, caller, run, beside) if is_approved(call) else []
    unapproved_changes = sum(
        "approval" not in other and is_change(other["name"], other["arguments"])
        for step in steps
        for other in step.calls
    )

    def waits(other: LoggedCall) -> bool:
        return "approval" not in other and needs_approval(
            policy, other["name"], other["arguments"], unapproved_changes
        )

    return (
        [await add_shown_rows(tx, caller, other) for other in beside if waits(other)] if waits(call) else []
    )


async def find_stale_calls(
    tx: Transaction, caller: Caller, run: Run, calls: list[LoggedCall]
) -> list[CallToApprove]:
    """The approved calls whose rows have changed since the user was shown them.

    Empty if the first call, which is the next to be made, is not stale: its rows are then locked until it is made.
    """
    stale: list[CallToApprove] = []
    for call in filter(is_approved, calls):
        approval = await approvals.find_approval(tx, caller, run.id, call["id"])
        fresh = await add_shown_rows(tx, caller, call, lock=not stale)
        if approval is not None and approvals.is_stale(approval, fresh["shown"]):
            stale.append(fresh)
        elif not stale:
            break
    return stale


def is_approved(call: LoggedCall) -> bool:
    return "approval" in call and call["approval"]["decision"] == "approved"


async def add_shown_rows(
    tx: Transaction, caller: Caller, call: LoggedCall, *, lock: bool = False
) -> CallToApprove:
    return {
        **pick_call(call),
        "shown": await read_shown_rows(tx, caller, call["name"], call["arguments"], lock=lock),
    }
