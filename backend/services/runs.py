# services/runs.py -- verbs on runs: look at one, list them, tell of their changes.
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from db import Transaction, get_columns
from errors import NotFound
from models import Approval, Conversation, Message, Run, RunEvent
from models.approval import PendingApproval
from models.run import ACTIVE_STATUSES, ChatPublic, RunPublic, derive_answer_id
from models.shapes import JsonObject
from pagination import Page, RowListSpec, page_json, read_page
from services import messages
from services.events import changes

# Whose end can be waited for, unless an earlier run of the conversation waits for its person.
WORKING_STATUSES = ("queued", "running")

LISTING = RowListSpec(name="runs", keys=(get_columns(Run)["trigger_seq"],))


@dataclass(frozen=True, slots=True)
class RunPosition:
    """The number of a run's last event, and the results of `is_active` and `can_end_without_user`."""

    last_seq: int
    active: bool
    awaited: bool


@dataclass(frozen=True, slots=True)
class StreamedRun:
    """What a run's stream begins with. `message_id` is that of the message that the run leaves, if it leaves one.

    `queued` is the data of `run.queued` while no worker has begun with the run.
    """

    id: UUID
    message_id: UUID
    queued: JsonObject | None = None


async def to_public_runs(tx: Transaction, caller: CallerOrSystem, runs: Sequence[Run]) -> list[RunPublic]:
    """The runs as clients see them, with the calls that await approval."""
    waiting = await find_pending_approvals(
        tx, caller, [run.id for run in runs if run.status == "awaiting_approval"]
    )
    names = [name for name in RunPublic.model_fields if name != "pending_approvals"]
    return [
        RunPublic(
            **{name: getattr(run, name) for name in names},
            pending_approvals=[
                to_pending_approval(approval) for approval in waiting if approval.run_id == run.id
            ],
        )
        for run in runs
    ]


async def to_public_run(tx: Transaction, caller: CallerOrSystem, run: Run) -> RunPublic:
    return (await to_public_runs(tx, caller, [run]))[0]


async def record_run_change(tx: Transaction, caller: CallerOrSystem, run: Run, type_: str) -> None:
    """Record an event with the run's present state for the streams of those who are told of it."""
    shown = {"run": await to_public_run(tx, caller, run)}
    told = await list_told(tx, caller, run)
    await changes.record_events(tx, [changes.new_event(user_id, type_, shown) for user_id in told])


async def list_told(tx: Transaction, caller: CallerOrSystem, run: Run) -> list[UUID]:
    """Who is told of a run: the user who asked, and the external agent that has to answer."""
    if not run.is_external:
        return [run.user_id]
    agent = access.select(caller, Conversation, col(Conversation.agent_id))
    found = (await tx.execute(agent.where(col(Conversation.id) == run.conversation_id))).scalars()
    return [run.user_id, *(agent_id for agent_id in found if agent_id is not None)]


def to_pending_approval(approval: Approval) -> PendingApproval:
    return PendingApproval(**{name: getattr(approval, name) for name in PendingApproval.model_fields})


async def find_pending_approvals(
    tx: Transaction, caller: CallerOrSystem, run_ids: Sequence[UUID]
) -> list[Approval]:
    """The calls of these runs that nobody has decided on."""
    if not run_ids:
        return []
    statement = access.select(caller, Approval).where(
        col(Approval.run_id).in_(run_ids), col(Approval.decision).is_(None)
    )
    order = (col(Approval.created_at), col(Approval.tool_call_id))
    return list((await tx.execute(statement.order_by(*order))).scalars())


async def get_run(tx: Transaction, caller: Caller, run_id: UUID) -> RunPublic:
    return await to_public_run(tx, caller, await access.get_row(tx, caller, Run, run_id))


async def list_runs(
    tx: Transaction, caller: Caller, conversation_id: UUID, active: bool | None, page: Page
) -> bytes:
    """The runs of a conversation, newest first, as JSON; `active` selects those that have not ended, or the others."""
    await access.get_row(tx, caller, Conversation, conversation_id)
    statement = access.select(caller, Run).where(col(Run.conversation_id) == conversation_id)
    if active is not None:
        statement = statement.where(col(Run.status).in_(ACTIVE_STATUSES) == active)
    found, cursor = await read_page(tx, LISTING, statement, page, scope=str(conversation_id))
    return page_json(await to_public_runs(tx, caller, found), cursor)


async def find_run(tx: Transaction, caller: CallerOrSystem, run_id: UUID) -> Run | None:
    return await access.find_row(tx, caller, Run, col(Run.id) == run_id)


async def get_streamed_run(tx: Transaction, caller: Caller, run_id: UUID) -> StreamedRun:
    """NotFound without the run. A message that an older version has stored has another id than the derived one."""
    asked, answer = aliased(Message), aliased(Message)
    columns = (col(Run.status), col(Run.started_at), col(Run.conversation_id))
    statement = access.select(
        caller, Run, *columns, col(asked.id).label("asked_id"), col(answer.id).label("answer_id")
    ).where(col(Run.id) == run_id)
    for message, role in ((asked, "user"), (answer, "agent")):
        is_of_run = and_(
            col(message.run_id) == col(Run.id),
            col(message.role) == role,
            access.child_condition(message, col(Run.conversation_id)),
        )
        statement = statement.outerjoin(message, is_of_run)
    found = (await tx.execute(statement)).one_or_none()
    if found is None:
        raise NotFound("run")
    queued: JsonObject | None = None
    if found.status == "queued" and found.started_at is None:
        queued = {"conversation_id": str(found.conversation_id), "user_message_id": str(found.asked_id)}
    return StreamedRun(run_id, found.answer_id or derive_answer_id(run_id), queued)


async def read_chat_answer(tx: Transaction, caller: Caller, run_id: UUID) -> ChatPublic:
    """The run, its messages and its tool calls, for a client that waited for the answer."""
    run = await access.get_row(tx, caller, Run, run_id)
    statement = messages.select_with_sender(caller).where(col(Message.run_id) == run_id)
    spoken = {
        message.role: messages.to_public_message(message, name)
        for message, name in await tx.execute(statement)
    }
    answer = spoken.get("agent")
    return ChatPublic(
        conversation_id=run.conversation_id,
        run_id=run.id,
        status=run.status,
        error=run.error,
        user_message=spoken["user"],
        message=answer,
        tool_calls=(answer.tool_calls or []) if answer else [],
        pending_approvals=(await to_public_run(tx, caller, run)).pending_approvals,
    )


async def find_active_runs(tx: Transaction, caller: Caller, *conditions: ColumnElement[bool]) -> list[Run]:
    """The caller's runs that have not ended, in the order of their answers."""
    statement = access.select(caller, Run).where(
        col(Run.user_id) == caller.user_id, col(Run.status).in_(ACTIVE_STATUSES), *conditions
    )
    return list((await tx.execute(statement.order_by(col(Run.created_at), col(Run.trigger_seq)))).scalars())


async def can_end_without_user(tx: Transaction, caller: CallerOrSystem, run: Run) -> bool:
    """Whether the run can end without the user: neither it nor an earlier run of its conversation awaits approval."""
    if run.status not in WORKING_STATUSES:
        return False
    ahead = access.select(caller, Run, col(Run.id)).where(
        col(Run.conversation_id) == run.conversation_id,
        col(Run.trigger_seq) < run.trigger_seq,
        col(Run.status) == "awaiting_approval",
    )
    return (await tx.execute(ahead.limit(1))).first() is None


async def find_run_positions(
    tx: Transaction, caller: CallerOrSystem, run_ids: Sequence[UUID]
) -> dict[UUID, RunPosition]:
    """The positions of these runs, without deleted ones; two statements for any number of runs."""
    last = access.select(caller, RunEvent, func.max(col(RunEvent.seq))).where(
        col(RunEvent.run_id) == col(Run.id)
    )
    columns = (col(Run.id), col(Run.status), col(Run.conversation_id), col(Run.trigger_seq))
    last_seq = func.coalesce(last.scalar_subquery(), 0).label("last_seq")
    statement = access.select(caller, Run, *columns, last_seq).where(col(Run.id).in_(run_ids))
    found = (await tx.execute(statement)).all()
    waiting = access.select(
        caller, Run, col(Run.conversation_id), func.min(col(Run.trigger_seq)).label("first")
    ).where(
        col(Run.conversation_id).in_({row.conversation_id for row in found}),
        col(Run.status) == "awaiting_approval",
    )
    rows = await tx.execute(waiting.group_by(col(Run.conversation_id)))
    first_waiting = {row.conversation_id: row.first for row in rows}
    return {
        row.id: RunPosition(
            row.last_seq,
            row.status in ACTIVE_STATUSES,
            row.status in WORKING_STATUSES
            and first_waiting.get(row.conversation_id, row.trigger_seq) >= row.trigger_seq,
        )
        for row in found
    }


def is_active(run: Run) -> bool:
    return run.status in ACTIVE_STATUSES
