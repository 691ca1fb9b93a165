# services/runs.py -- verbs on runs: look at one, list them, tell of their changes.
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Uuid, and_, bindparam, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from access.participation import readable_conversation
from access.runs import followed_run
from db import AnySelect, Transaction, get_columns
from errors import Forbidden, NotFound
from events import changes
from models import Approval, Conversation, Message, Run, RunEvent
from models.approval import PendingApproval
from models.event import Audience, NewEvent
from models.message import MessagePublic, ToolCallPublic
from models.run import ACTIVE_STATUSES, ChatPublic, RunPublic, RunShared, derive_answer_id
from models.shapes import JsonObject
from pagination import Page, RowListSpec, page_json, read_page
from services import messages, run_log

# Whose end can be waited for, unless an earlier run of the conversation waits for its person.
WORKING_STATUSES = ("queued", "running")

LISTING = RowListSpec(name="runs", keys=(get_columns(Run)["trigger_seq"], get_columns(Run)["id"]))
NOT_ASKED = "Only who has asked for the run may do this."


@dataclass(frozen=True, slots=True)
class RunPosition:
    """The number of a run's last event, and the results of `is_active` and `can_end_without_user`."""

    last_seq: int
    active: bool
    awaited: bool


@dataclass(frozen=True, slots=True)
class StreamedRun:
    """What a run's stream begins with. `message_id` is that of the message that the run leaves, if it leaves one.

    `queued` is the data of `run.queued` while no worker has begun with the run. Without `is_whole` the reader has not
    asked for it, and gets what is for all who take part.
    """

    id: UUID
    message_id: UUID
    queued: JsonObject | None = None
    is_whole: bool = True


async def to_public_runs(tx: Transaction, caller: CallerOrSystem, runs: Sequence[Run]) -> list[RunPublic]:
    """The runs as those see them who asked, with the calls that await approval."""
    waiting = await find_pending_approvals(
        tx, caller, [run.id for run in runs if run.status == "awaiting_approval"]
    )
    names = [name for name in RunPublic.model_fields if name not in ("pending_approvals", *SHARED_FIELDS)]
    questions = await find_questions(tx, runs)
    return [
        RunPublic(
            **{name: getattr(run, name) for name in names},
            **describe_place(run, questions.get(run.id)),
            pending_approvals=[
                to_pending_approval(approval) for approval in waiting if approval.run_id == run.id
            ],
        )
        for run in runs
    ]


SHARED_FIELDS = ("user_id", "agent_id", "user_message_id")


def describe_place(run: Run, question_id: UUID | None) -> dict[str, UUID | None]:
    """SHARED_FIELDS of a run in a conversation of people; of one with an agent only which message it asks anew."""
    if not run.is_shared:
        return {"user_message_id": question_id} if run.attempt else {}
    return {"user_id": run.user_id, "agent_id": run.agent_key, "user_message_id": question_id}


async def find_questions(tx: Transaction, runs: Sequence[Run]) -> dict[UUID, UUID]:
    """The messages that asked for those of the runs that are in conversations of people, or ask one anew; a statement
    for each conversation.
    """
    found: dict[UUID, UUID] = {}
    shared = [run for run in runs if run.is_shared or run.attempt]
    for conversation_id in {run.conversation_id for run in shared}:
        here = [run for run in shared if run.conversation_id == conversation_id]
        ids = await run_log.find_question_ids(tx, conversation_id, [run.trigger_seq for run in here])
        found |= {run.id: ids[run.trigger_seq] for run in here if run.trigger_seq in ids}
    return found


async def to_public_run(tx: Transaction, caller: CallerOrSystem, run: Run) -> RunPublic:
    return (await to_public_runs(tx, caller, [run]))[0]


def to_shared_run(run: RunPublic) -> RunShared:
    """What those see of it who have not asked for it."""
    return RunShared(**{name: getattr(run, name) for name in RunShared.model_fields})


async def record_run_change(
    tx: Transaction, caller: CallerOrSystem, run: Run, type_: str, question: MessagePublic | None = None
) -> None:
    """Record an event with the run's present state for the streams of those who are told of it.

    An external agent gets the `question` with it.
    """
    shown = await to_public_run(tx, caller, run)
    await changes.record_events(tx, describe_change(run, shown, type_, question))


def describe_change(
    run: Run, shown: RunPublic, type_: str, question: MessagePublic | None = None
) -> list[NewEvent]:
    """First what is for all in a conversation of people, then the whole."""
    events = []
    if run.is_shared:
        everybody = Audience("conversation", run.conversation_id)
        events.append(changes.new_event(everybody, type_, {"run": to_shared_run(shown)}))
    events.append(changes.new_event(run.user_id, type_, {"run": shown}))
    if run.is_external and run.agent_id is not None:
        asked = {"message": question} if question is not None else {}
        events.append(changes.new_event(run.agent_id, type_, {"run": shown, **asked}))
    return events


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


async def get_run(tx: Transaction, caller: Caller, run_id: UUID) -> RunPublic | RunShared:
    """As the caller may see it; NotFound where they take no part."""
    run = await access.find_by_id(tx, caller, Run, run_id)
    if run is not None:
        return await to_public_run(tx, caller, run)
    run = await access.get_row(tx, caller, Run, run_id, rule=followed_run)
    return to_shared_run(await to_public_run(tx, caller, run))


async def get_own_run(tx: Transaction, caller: Caller, run_id: UUID, *, lock: bool = False) -> Run:
    """For what only the one may do who has asked; Forbidden for others who see it."""
    run = await access.find_by_id(tx, caller, Run, run_id, lock=lock)
    if run is None:
        run = await access.get_row(tx, caller, Run, run_id, rule=followed_run)
    if run.is_shared and run.user_id != caller.user_id:
        raise Forbidden(NOT_ASKED, problem="not-yours-to-change")
    return run


@cache
def select_listed(active: bool | None, *, is_agent: bool, is_own: bool) -> Select[Run]:
    """The runs of `conversation_id` that are the caller's, or also those that the caller may follow."""
    anyone = access.stand_in(is_agent=is_agent)
    rule = access.visible_condition(anyone, Run) if is_own else followed_run(anyone)
    named = col(Run.conversation_id) == bindparam("conversation_id", type_=Uuid())
    statement = select(Run).where(rule, named)
    return statement if active is None else statement.where(col(Run.status).in_(ACTIVE_STATUSES) == active)


async def list_runs(
    tx: Transaction, caller: Caller, conversation_id: UUID, active: bool | None, page: Page
) -> bytes:
    """The runs of a conversation, newest first, as JSON; `active` selects those that have not ended, or the others.

    Among people a person sees those of others, too, as these are for all.
    """
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, rule=readable_conversation)
    is_own = caller.is_agent or conversation.kind == "assistant"
    statement = select_listed(active, is_agent=caller.is_agent, is_own=is_own)
    values = {**access.caller_params(caller), "conversation_id": conversation_id}
    found, cursor = await read_page(tx, LISTING, statement, page, values, scope=str(conversation_id))
    shown = await to_public_runs(tx, caller, found)
    return page_json(
        [run if is_own or run.user_id == caller.user_id else to_shared_run(run) for run in shown],
        cursor,
    )


async def find_followed_run(tx: Transaction, caller: Caller, run_id: UUID) -> Run | None:
    return await access.find_by_id(tx, caller, Run, run_id, rule=followed_run)


@cache
def select_streamed(*, is_agent: bool) -> AnySelect:
    """What `get_streamed_run` shows of the run `run_id`."""
    asked, answer = aliased(Message), aliased(Message)
    columns: tuple[SQLColumnExpression[object], ...] = (
        col(Run.status),
        col(Run.started_at),
        col(Run.conversation_id),
        col(Run.user_id),
        col(Run.agent_id),
        col(Run.is_shared),
        col(Run.is_external),
        col(asked.id).label("asked_id"),
        col(answer.id).label("answer_id"),
    )
    followed = followed_run(access.stand_in(is_agent=is_agent))
    statement = select(*columns).where(followed, col(Run.id) == bindparam("run_id", type_=Uuid()))
    for message, is_of_run in (
        (asked, col(asked.seq) == col(Run.trigger_seq)),
        (answer, and_(col(answer.run_id) == col(Run.id), col(answer.role) == "agent")),
    ):
        here = access.child_condition(message, col(Run.conversation_id))
        statement = statement.outerjoin(message, and_(is_of_run, here))
    return statement


async def get_streamed_run(tx: Transaction, caller: Caller, run_id: UUID) -> StreamedRun:
    """NotFound without the run. A message that an older version has stored has another id than the derived one."""
    values = {**access.caller_params(caller), "run_id": run_id}
    found = (await tx.execute(select_streamed(is_agent=caller.is_agent), values)).one_or_none()
    if found is None:
        raise NotFound("run")
    queued: JsonObject | None = None
    if found.status == "queued" and found.started_at is None:
        queued = {"conversation_id": str(found.conversation_id), "user_message_id": str(found.asked_id)}
    asked_by = {found.user_id, found.agent_id if found.is_external else None}
    is_whole = not found.is_shared or caller.user_id in asked_by
    return StreamedRun(run_id, found.answer_id or derive_answer_id(run_id), queued, is_whole)


async def read_chat_answer(tx: Transaction, caller: Caller, run_id: UUID) -> ChatPublic:
    """The run, its messages and its tool calls, for a client that waited for the answer."""
    run = await access.get_row(tx, caller, Run, run_id)
    if run.is_shared:  # what is said among people is not kept as a question and its answer
        raise NotFound("answer")
    statement = messages.select_with_sender(caller).where(col(Message.run_id) == run_id)
    spoken = {
        message.role: messages.to_public_message(message, name)
        for message, name in await tx.execute(statement)
    }
    answer, question = spoken.get("agent"), spoken.get("user")
    if question is None:  # a further attempt: the message began the first one
        question_ids = await run_log.find_question_ids(tx, run.conversation_id, [run.trigger_seq])
        question = await messages.get_message(tx, caller, question_ids[run.trigger_seq])
    calls = (answer.tool_calls or []) if answer else []
    return ChatPublic(
        conversation_id=run.conversation_id,
        run_id=run.id,
        status=run.status,
        error=run.error,
        user_message=question,
        message=answer,
        tool_calls=[call for call in calls if isinstance(call, ToolCallPublic)],
        pending_approvals=(await to_public_run(tx, caller, run)).pending_approvals,
    )


async def find_active_runs(tx: Transaction, caller: Caller, *conditions: ColumnElement[bool]) -> list[Run]:
    """The caller's runs that have not ended, in the order of their answers."""
    statement = access.select(caller, Run).where(
        col(Run.user_id) == caller.user_id, col(Run.status).in_(ACTIVE_STATUSES), *conditions
    )
    return list((await tx.execute(statement.order_by(col(Run.created_at), col(Run.trigger_seq)))).scalars())


async def list_active_runs(tx: Transaction, caller: Caller) -> list[RunPublic]:
    """There are as many at most as one may have at a time."""
    return await to_public_runs(tx, caller, await find_active_runs(tx, caller))


def is_beside(run: Run) -> ColumnElement[bool]:
    """Of the same conversation, person and agent: these wait for each other, and for no others."""
    return and_(
        col(Run.conversation_id) == run.conversation_id,
        col(Run.user_id) == run.user_id,
        col(Run.agent_key) == run.agent_key,
    )


async def can_end_without_user(tx: Transaction, caller: CallerOrSystem, run: Run) -> bool:
    """Whether the run can end without the user: neither it nor an earlier one that it waits for awaits approval."""
    if run.status not in WORKING_STATUSES:
        return False
    ahead = access.select(caller, Run, col(Run.id)).where(
        is_beside(run), col(Run.trigger_seq) < run.trigger_seq, col(Run.status) == "awaiting_approval"
    )
    return (await tx.execute(ahead.limit(1))).first() is None


async def find_run_positions(
    tx: Transaction, caller: CallerOrSystem, run_ids: Sequence[UUID]
) -> dict[UUID, RunPosition]:
    """The positions of these runs, without deleted ones; two statements for any number of runs."""
    last = access.select(caller, RunEvent, func.max(col(RunEvent.seq))).where(
        col(RunEvent.run_id) == col(Run.id)
    )
    key = (col(Run.conversation_id), col(Run.user_id), col(Run.agent_key))
    last_seq = func.coalesce(last.scalar_subquery(), 0).label("last_seq")
    statement = access.select(
        caller, Run, col(Run.id), col(Run.status), col(Run.trigger_seq), *key, last_seq
    ).where(col(Run.id).in_(run_ids))
    found = (await tx.execute(statement)).all()
    waiting = access.select(caller, Run, *key, func.min(col(Run.trigger_seq)).label("first")).where(
        col(Run.conversation_id).in_({row.conversation_id for row in found}),
        col(Run.status) == "awaiting_approval",
    )
    rows = await tx.execute(waiting.group_by(*key))
    first_waiting = {tuple(row[:3]): row.first for row in rows}
    return {
        row.id: RunPosition(
            row.last_seq,
            row.status in ACTIVE_STATUSES,
            row.status in WORKING_STATUSES
            and first_waiting.get((row.conversation_id, row.user_id, row.agent_key), row.trigger_seq)
            >= row.trigger_seq,
        )
        for row in found
    }


def is_active(run: Run) -> bool:
    return run.status in ACTIVE_STATUSES
