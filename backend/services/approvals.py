# services/approvals.py -- verbs on approvals: request, decide, cancel, expire.
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TypedDict
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam
from sqlmodel import col

import access
from access import ANY_CALLER, Caller, CallerOrSystem
from clock import rfc3339
from db import Transaction
from errors import Conflict, Forbidden, NotFound
from identity.rate_limits import add_hits, hash_key
from models import Approval, Run, User
from models.approval import ApprovalPolicy, Decision
from models.recorded_call import RecordedApproval
from models.run import RunPublic
from models.shapes import JsonObject
from services import run_log, runs
from storage.dialects import read_clock

EXPIRED_BATCH = 100
# The window in which the unapproved changes of a program are counted.
UNAPPROVED_WINDOW_SECONDS = 3600
REFUSALS: dict[str, str] = {
    "denied": "This was not approved; nothing was changed.",
    "expired": "Nobody approved this in time; nothing was changed.",
}


def describe_refusal(approval: RecordedApproval) -> str:
    """What the model is told of a call that was not approved."""
    refusal = REFUSALS[approval["decision"] or "denied"]
    return f"{refusal} The person said: “{approval['words']}”" if "words" in approval else refusal


class CallToApprove(TypedDict):
    """What the user is shown of a call, and approves; `shown` has the rows that the call would change."""

    id: str
    name: str
    arguments: JsonObject | str
    shown: JsonObject


@cache
def select_policy() -> Select[ApprovalPolicy]:
    own = access.select(ANY_CALLER, User, col(User.approval))
    return own.where(col(User.id) == bindparam("caller_user_id", type_=Uuid()))


async def read_policy(tx: Transaction, caller: Caller) -> ApprovalPolicy:
    """Read for each call, in its transaction: a change counts from then on, in the middle of a run too."""
    policy = (await tx.execute(select_policy(), access.caller_params(caller))).scalar_one_or_none()
    if policy is None:
        raise NotFound("user")
    return policy


async def count_unapproved_changes(tx: Transaction, program_id: UUID) -> int:
    """Count one more change of a program; returns the count of this hour, with those that needed approval."""
    return await add_hits(tx, hash_key(f"unasked/{program_id}"), UNAPPROVED_WINDOW_SECONDS, 1)


def compute_digest(call: CallToApprove) -> str:
    """SHA-256 of everything that the user is shown of the call."""
    words = json.dumps([call["name"], call["arguments"], call["shown"]], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(words.encode()).hexdigest()


def is_stale(approval: Approval, shown: Mapping[str, object]) -> bool:
    """Whether a row that the call would change has changed since it was shown. A deleted row needs no new approval."""
    was = approval.shown
    return was is not None and any(row is not None and row != was.get(noun) for noun, row in shown.items())


async def find_approval(
    tx: Transaction, caller: CallerOrSystem, run_id: UUID, tool_call_id: str
) -> Approval | None:
    mine = (col(Approval.run_id) == run_id, col(Approval.tool_call_id) == tool_call_id)
    return await access.find_row(tx, caller, Approval, *mine)


async def request_approvals(
    tx: Transaction, caller: Caller, run: Run, step: int, calls: Sequence[CallToApprove], seconds: float
) -> None:
    """Request approval for calls of one step; the run then waits without a worker. The run must be locked.

    The call is later made from the run log, so no client can change it. A second request for a call replaces the first.
    `seconds` is the time until it expires.
    """
    moment = await read_clock(tx)
    expires_at = moment + timedelta(seconds=seconds)
    for call in calls:
        asked: JsonObject = {
            "name": call["name"],
            "arguments": call["arguments"],
            "shown": call["shown"],
            "digest": compute_digest(call),
        }
        approval = await find_approval(tx, caller, run.id, call["id"])
        if approval is None:
            approval = Approval(
                run_id=run.id, tool_call_id=call["id"], created_at=moment, expires_at=expires_at, **asked
            )
            access.add_row(tx, caller, approval)
        approval.sqlmodel_update({**asked, "expires_at": expires_at, "decision": None, "decided_at": None})
        times = {"requested_at": rfc3339(moment), "expires_at": rfc3339(expires_at)}
        await run_log.add_event(
            tx, caller, run, "approval.requested", {"step": step, "id": call["id"], **asked, **times}
        )
    run.status = "awaiting_approval"
    run.lease_expires_at = None
    await tx.flush()
    await runs.record_run_change(tx, caller, run, "approval.requested")


async def decide_approval(
    tx: Transaction,
    caller: Caller,
    run_id: UUID,
    tool_call_id: str,
    approve: bool,
    seen: str | None = None,
    words: str | None = None,
) -> RunPublic:
    """Approve or deny a call; the first decision counts. The run is queued when none of its calls awaits approval.

    `seen` is the digest that the user has read; None stands for the present one; `words` is what they say.
    Forbidden outside of a session, because a program must not approve its own calls.
    """
    if caller.session_id is None:
        raise Forbidden("An approval is given in a signed-in session.", problem="session-required")
    run = await runs.get_own_run(tx, caller, run_id, lock=True)
    approval = await find_approval(tx, caller, run_id, tool_call_id)
    if approval is None:
        raise NotFound("approval")
    if approval.decision is not None:
        raise Conflict(f"This call was {approval.decision} already.", problem="already-decided")
    if approval.expires_at <= await read_clock(tx):
        raise Conflict("This call waited too long; it counts as not approved.", problem="approval-expired")
    if seen is not None and seen != approval.digest:
        raise Conflict(
            "What is asked for has changed since you were shown it. Look at it again.",
            problem="approval-changed",
        )
    await record_decision(tx, caller, run, approval, "approved" if approve else "denied", words)
    return await runs.to_public_run(tx, caller, run)


async def record_decision(
    tx: Transaction,
    caller: CallerOrSystem,
    run: Run,
    approval: Approval,
    decision: Decision,
    words: str | None = None,
) -> None:
    approval.decision, approval.decided_at = decision, await read_clock(tx)
    log = await run_log.read_log(tx, caller, run.id)
    asked = next(
        event
        for event in log
        if event.type == "approval.requested" and event.data["id"] == approval.tool_call_id
    )
    decided = {"decision": decision, "decided_at": rfc3339(approval.decided_at)}
    if words is not None:
        decided["words"] = words
    data = {"step": asked.data["step"], "id": approval.tool_call_id, **decided}
    await run_log.add_event(tx, caller, run, "approval.decided", data)
    if run.status == "awaiting_approval" and not await runs.find_pending_approvals(tx, caller, [run.id]):
        run.status = "queued"
    await tx.flush()
    await runs.record_run_change(tx, caller, run, "approval.decided")


async def cancel_approvals(tx: Transaction, caller: Caller, run: Run, *, logged: bool = True) -> None:
    """Cancel the run's pending approvals, because the run ends; `logged=False` changes only the approvals' own rows."""
    for approval in await runs.find_pending_approvals(tx, caller, [run.id]):
        if logged:
            await record_decision(tx, caller, run, approval, "cancelled")
        else:
            approval.decision, approval.decided_at = "cancelled", await read_clock(tx)


async def find_expired_runs(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """Runs with a pending approval that has expired."""
    moment = await read_clock(tx)
    statement = access.select(caller, Approval, col(Approval.run_id)).where(
        col(Approval.decision).is_(None), col(Approval.expires_at) <= moment
    )
    found = await tx.execute(statement.order_by(col(Approval.expires_at)).limit(EXPIRED_BATCH))
    return list(dict.fromkeys(found.scalars()))


async def expire_approvals(tx: Transaction, caller: CallerOrSystem, run_id: UUID) -> None:
    run = await access.find_by_id(tx, caller, Run, run_id, lock=True)
    if run is None:
        return
    moment = await read_clock(tx)
    for approval in await runs.find_pending_approvals(tx, caller, [run_id]):
        if approval.expires_at <= moment:
            await record_decision(tx, caller, run, approval, "expired")


async def compute_approval_seconds(tx: Transaction, caller: Caller, run_id: UUID) -> float:
    """How many seconds the run awaited approval; approvals that were requested together count once."""
    waits: dict[datetime, datetime] = {}
    statement = access.select(caller, Approval).where(
        col(Approval.run_id) == run_id, col(Approval.decided_at).is_not(None)
    )
    for approval in (await tx.execute(statement)).scalars():
        assert approval.decided_at is not None
        last = waits.get(approval.created_at, approval.decided_at)
        waits[approval.created_at] = max(last, approval.decided_at)
    return sum((decided - asked).total_seconds() for asked, decided in waits.items())
