# agent/call_transaction.py -- what the transaction of a tool call that changes rows begins and ends with.
# PostgreSQL takes each in one statement: every one of them is a round trip while the run and its rows are locked.
from collections.abc import Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Select, Text, bindparam, cast, func, insert, select, true
from sqlalchemy.dialects.postgresql import JSONB

import access
from access import ANY_CALLER, Caller
from clock import utc_now
from db import Transaction
from errors import NotFound
from events.deferred import defer_events, execute_with_events
from models import RunEvent
from models.approval import ApprovalPolicy
from models.columns import UTCDateTime
from services import approvals, run_log
from services.run_log import HOLD_RUN, INSERT_LINE, LeaseLost, Line
from services.run_usage import RUNS, Usage, name_usage


def is_on_postgresql(tx: Transaction) -> bool:
    return tx.get_bind().dialect.name == "postgresql"


async def begin_call(
    tx: Transaction, caller: Caller, run_id: UUID, epoch: int, usage: Usage, lines: Sequence[Line]
) -> ApprovalPolicy:
    """Hold the run as `run_log.hold_run` does, store the lines of its log so far, and read its user's policy."""
    if not is_on_postgresql(tx):
        await run_log.hold_run(tx, caller, run_id, epoch, usage)
        await run_log.add_lines(tx, lines)
        return await approvals.read_policy(tx, caller)
    defer_events(tx)
    values = {
        **name_usage(run_id, usage),
        **access.caller_params(caller),
        "held_epoch": epoch,
        "line_seqs": [line.seq for line in lines],
        "line_types": [line.type for line in lines],
        "line_data": [line.data for line in lines],
        "line_time": utc_now(),
    }
    held = (await tx.execute(begin_statement(), values)).one_or_none()
    if held is None:
        raise LeaseLost
    if held.policy is None:
        raise NotFound("user")
    policy: ApprovalPolicy = held.policy
    return policy


@cache
def begin_statement() -> Select[ApprovalPolicy | None]:
    """No row where the run is not held."""
    held = HOLD_RUN.returning(RUNS.c.id).cte("held")
    line = (
        func.unnest(
            bindparam("line_seqs", type_=ARRAY(Integer)),
            bindparam("line_types", type_=ARRAY(Text)),
            bindparam("line_data", type_=ARRAY(Text)),
        )
        .table_valued("seq", "type", "data", name="line")
        .render_derived()
    )
    row = {
        "run_id": access.owner_value(ANY_CALLER, RunEvent, held.c.id),
        "seq": line.c.seq,
        "type": line.c.type,
        "data": cast(line.c.data, JSONB),
        "created_at": bindparam("line_time", type_=UTCDateTime()),
    }
    events = RunEvent.metadata.tables["run_events"]
    found = select(*row.values()).select_from(held.join(line, true()))
    lines = insert(events).from_select(list(row), found, include_defaults=False).cte("lines")
    policy = approvals.select_policy().scalar_subquery()
    return select(policy.label("policy")).select_from(held).add_cte(lines)


async def end_call(tx: Transaction, line: Line) -> None:
    """Store the result of the call, and the events of what it has done."""
    values = run_log.bind_line(line, utc_now())
    if is_on_postgresql(tx):
        await execute_with_events(tx, INSERT_LINE, values)
    else:
        await tx.execute(INSERT_LINE, values)
