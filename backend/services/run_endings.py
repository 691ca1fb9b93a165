# services/run_endings.py -- how a run ends: one agent message with all text and all calls, whoever ends it.
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar, cast
from uuid import UUID

import structlog
from pydantic_core import to_json
from sqlmodel import col
from structlog.typing import FilteringBoundLogger

import access
from access import Caller, CallerOrSystem
from access.participation import shared_conversation
from clock import rfc3339, utc_now
from db import Database, Transaction
from errors import Conflict, DatabaseBusy, Forbidden, NotFound, Unauthorized
from events import changes
from failure_causes import describe_cause, find_place
from models import Conversation, Message, Run
from models.columns import to_count
from models.event import Audience, NewEvent
from models.message import MessagePublic, cut_message
from models.recorded_call import (
    CallOutcome,
    LoggedCall,
    RecordedCall,
    is_finished,
    pick_outcome,
    set_outcome,
)
from models.run import RunPublic, RunStatus, derive_answer_id, to_cost
from models.shapes import JsonObject
from services import messages, run_log, runs
from services.agents.profiles import AgentProfile, find_profile
from services.audit.query_audit import tell_queries
from services.participation.speaking import find_mentioned_users, store_message
from services.run_log import LeaseLost, Line, Step
from services.run_sql import END_RUN
from services.run_usage import Usage, read_usage
from storage.failures import is_connection_lost

log: FilteringBoundLogger = structlog.get_logger()
T = TypeVar("T")

NOT_RUN = "The run ended before this call was made."
NOT_KEPT = "What came of this call was too large to be kept."
UNSTORED = "What was said could not be stored as a whole."
# The calls of one message with their results, in bytes of JSON; every engine can store this size.
MAX_CALL_BYTES = 2 * 2**20
# The size of the text if the whole text was refused.
MAX_SHORT_CHARACTERS = 10_000

# Ends a run; the run and its conversation must be locked.
Ending = Callable[[Transaction, Caller, Run], Awaitable[None]]
# The index of the last one in `list_endings`.
SMALLEST = 4


def list_endings(steps: Sequence[Step], status: RunStatus, error: str | None) -> list[Ending]:
    """Ways to end a run, in order of decreasing size: if one cannot be stored, the next may be.

    The first comes twice, because its failure may have been a lost connection.
    """
    whole = partial(end_run, steps=steps, status=status, error=error)
    smaller: RunStatus = "cancelled" if status == "cancelled" else "failed"
    reason = error or UNSTORED
    return [
        whole,
        whole,
        partial(end_run, steps=shorten_steps(steps), status=smaller, error=reason),
        partial(end_run, steps=[], status=smaller, error=reason),
        partial(end_bare, status=smaller),
    ]


async def store_ending(store: Callable[[int], Awaitable[T]], backoff_seconds: float, **whose: UUID) -> T:
    """Store the largest of `list_endings` that the database accepts, each in its own transaction.

    `whose` is logged with what cannot be stored. DatabaseBusy if the database is busy both times: a smaller ending
    would lose text and be stored no sooner.
    """
    for size in range(SMALLEST):
        try:
            return await store(size)
        except (LeaseLost, Unauthorized, Forbidden, NotFound, Conflict):
            raise
        except Exception as refusal:
            if size > 0 and is_busy(refusal):
                raise
            why = {"cause": describe_cause(refusal), "place": find_place(refusal)}
            named = {name: str(id_) for name, id_ in whose.items()}
            log.warning("an ending cannot be stored", attempt=size + 1, **named, **why)
            if size == 0:  # a lost connection is replaced soon
                await asyncio.sleep(backoff_seconds)
    return await store(SMALLEST)


def is_busy(error: Exception) -> bool:
    """Whether the database was only busy. A lost connection does not count: MariaDB closes it on a large packet."""
    cause = error.__cause__
    return isinstance(error, DatabaseBusy) and cause is not None and not is_connection_lost(cause)


def shorten_steps(steps: Sequence[Step]) -> list[Step]:
    """The beginning of the text, and the names of the calls without arguments and results."""
    text = "".join(step.text for step in steps)
    if len(text) > MAX_SHORT_CHARACTERS:
        text = text[: MAX_SHORT_CHARACTERS - 1] + "…"
    calls: list[LoggedCall] = []
    for call in (call for step in steps for call in step.calls):
        emptied: LoggedCall = {"id": call["id"], "name": call["name"], "arguments": {}}
        if is_finished(call):
            set_outcome(emptied, pick_outcome({**call, "result": None, "error": NOT_KEPT}))
        calls.append(emptied)
    return [Step(text, calls)]


async def end_bare(
    tx: Transaction, caller: CallerOrSystem, run: Run, error: str = UNSTORED, status: RunStatus = "failed"
) -> None:
    """Change only the run's row, and read nothing: such a small change can be stored."""
    run.status = status
    run.error = error
    run.finished_at = utc_now()
    run.lease_expires_at = None
    run.epoch += 1
    await tx.flush()


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What the end of a run leaves: perhaps a message, lines of its log, events for its user; each with its type."""

    status: RunStatus
    error: str | None
    moment: datetime
    answer: Message | None
    log: list[tuple[str, JsonObject]]
    events: list[tuple[str, JsonObject]]
    message: MessagePublic | None = None


@dataclass(frozen=True, slots=True)
class StoredEnd:
    """The runs that are next in the conversation, one or none; None where somebody has to look."""

    next_run_ids: list[UUID] | None = None


def build_end(
    run: Run,
    steps: Sequence[Step],
    status: RunStatus,
    error: str | None,
    usage: Usage,
    agent: AgentProfile | None = None,
    question_id: UUID | None = None,
) -> RunEnd:
    """Text, tool calls or a further attempt leave an agent message, whose number is given when it is stored.

    Without `agent` it is the built-in one's. `question_id`: among people, the message to which it replies.
    """
    moment = utc_now()
    content = "".join(step.text for step in steps)
    calls = fit_calls(finish_calls(steps, moment))
    answer = None
    # An attempt that left nothing could not be told from the one before.
    if content or calls or status == "completed" or run.attempt:
        answer = Message(
            id=derive_answer_id(run.id),
            conversation_id=run.conversation_id,
            user_id=run.user_id,
            role="agent",
            content=content,
            finish_reason=steps[-1].finish_reason if steps and status == "completed" else None,
            # Among people an answer has to mention the agent, so no text can be sent as it stands.
            choices=steps[-1].choices if steps and status == "completed" and not run.is_shared else None,
            tool_calls=cast("list[JsonObject]", calls) or None,
            created_at=moment,
            seq=0,
            run_id=run.id,
            # Among people it stays the agent's also where that is gone meanwhile.
            agent_id=run.agent_key if run.is_shared else agent.id if agent else None,
            replaces_id=run.replaces_id,
            **tell_queries(agent, steps),
        )
    name = agent.name if agent else None
    return describe_end(run, answer, status, error, usage, moment, name, question_id)


def describe_end(
    run: Run,
    answer: Message | None,
    status: RunStatus,
    error: str | None,
    usage: Usage,
    moment: datetime,
    agent_name: str | None,
    question_id: UUID | None = None,
) -> RunEnd:
    """What is logged and told of the end of a run and the answer that it leaves."""
    lines: list[tuple[str, JsonObject]] = []
    told: list[tuple[str, JsonObject]] = []
    message = None
    if answer is not None:
        message = messages.show_agent_message(answer, agent_name)
        message.reply_to_id = question_id
        shown = message.model_dump(mode="json")
        lines.append(("message.completed", {"message": shown}))
        told.append(("message.created", {"message": shown}))
    message_id = str(answer.id) if answer else None
    lines.append((f"run.{status}", {"status": status, "message_id": message_id, "error": error}))
    ended = RunPublic(
        id=run.id,
        conversation_id=run.conversation_id,
        status=status,
        error=error,
        pending_approvals=[],
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=moment,
        input_tokens=to_count(usage.input_tokens),
        output_tokens=to_count(usage.output_tokens),
        cost=to_cost(usage.cost_nanos),
        **runs.describe_place(run, question_id),
    )
    told.append((f"run.{status}", {"run": ended.model_dump(mode="json")}))
    return RunEnd(status, error, moment, answer, lines, told, message)


async def find_conversation(
    tx: Transaction, caller: Caller, run: Run, *, lock: bool = False
) -> Conversation | None:
    """That of the run, if the caller may see it: their own with an agent, or one of people in which they take part."""
    rule = shared_conversation if run.is_shared else None
    return await access.find_by_id(tx, caller, Conversation, run.conversation_id, lock=lock, rule=rule)


async def find_question(tx: Transaction, run: Run) -> UUID | None:
    """Among people, the message that asked, to which the answer replies."""
    if not run.is_shared:
        return None
    found = await run_log.find_question_ids(tx, run.conversation_id, [run.trigger_seq])
    return found.get(run.trigger_seq)


async def end_run(
    tx: Transaction,
    caller: Caller,
    run: Run,
    steps: Sequence[Step],
    status: RunStatus,
    error: str | None = None,
) -> None:
    """The conversation and the run are locked. Whoever may not see the conversation any more is told of nothing."""
    conversation = await find_conversation(tx, caller, run)
    if conversation is None:
        await end_bare(tx, caller, run, error or UNSTORED, "failed" if status == "completed" else status)
        return
    agent = await find_profile(tx, caller, run.agent_id)
    question_id = await find_question(tx, run)
    end = build_end(run, steps, status, error, read_usage(run), agent, question_id)
    await store_run_end(tx, caller, run, conversation, end)


async def store_run_end(
    tx: Transaction, caller: Caller, run: Run, conversation: Conversation, end: RunEnd
) -> None:
    """The conversation and the run are locked."""
    if end.answer is not None and run.is_shared:
        end.answer.reply_to_seq = run.trigger_seq
        mentioned = await find_mentioned_users(tx, conversation, end.answer.content)
        await store_message(tx, caller, conversation, end.answer, mentioned)
    elif end.answer is not None:
        end.answer.seq = await messages.find_next_seq(tx, caller, conversation.id)
        conversation.updated_at = end.moment
        access.add_row(tx, caller, end.answer)
    run.status = end.status
    run.error = end.error
    run.finished_at = end.moment
    run.lease_expires_at = None
    await tx.flush()
    for type_, data in end.log:
        await run_log.add_event(tx, caller, run, type_, data)
    events = describe_shared_end(run, end) if run.is_shared else []
    told = [run.user_id, *([run.agent_id] if run.is_external and run.agent_id else [])]
    own = end.events[-1:] if run.is_shared else end.events
    events += [changes.new_event(user_id, type_, data) for type_, data in own for user_id in told]
    await changes.record_events(tx, events)


def describe_shared_end(run: Run, end: RunEnd) -> list[NewEvent]:
    """What all are told who take part; and who asked, of the tool calls of the answer."""
    everybody, events = Audience("conversation", run.conversation_id), []
    if end.answer is not None:
        message, seq = end.message, end.answer.seq
        assert message is not None
        payload = {"message": cut_message(message), "message_seq": seq}
        events.append(changes.new_event(everybody, "message.created", payload))
        if message.tool_calls:
            whole = {"message": message, "message_seq": seq}
            events.append(changes.new_event(run.user_id, "message.updated", whole))
    type_, data = end.events[-1]
    shown = runs.to_shared_run(RunPublic.model_validate(data["run"]))
    return [*events, changes.new_event(everybody, type_, {"run": shown})]


async def store_end(
    db: Database,
    caller: Caller,
    run: Run,
    end: RunEnd,
    lines: Sequence[Line],
    usage: Usage,
) -> StoredEnd | None:
    """End a run of this worker in one statement of PostgreSQL, with the last lines of its log.

    The usage, that of the lines included, is added to that of its row. LeaseLost where the run is not this worker's any
    more; None where nothing was stored, since somebody else wrote to the conversation at the same moment.
    """
    answer = end.answer
    calls = to_json(answer.tool_calls).decode() if answer and answer.tool_calls else None
    types, data = [line.type for line in lines], [line.data for line in lines]
    event_data = [to_json(data).decode() for _, data in end.events]
    rows = await db.execute_write_sql(
        END_RUN,
        [
            *(caller.user_id, end.moment, run.conversation_id, run.id, run.epoch, end.status, end.error),
            *(
                usage.input_tokens,
                usage.output_tokens,
                answer and answer.id,
                answer and answer.content,
                calls,
            ),
            *(lines[0].seq, types, data, [type_ for type_, _ in end.events], event_data),
            *(answer and answer.finish_reason, usage.model, db.find_expiry(), usage.cost_nanos),
            to_json(answer.choices).decode() if answer and answer.choices else None,
        ],
    )
    if rows:
        return StoredEnd(rows[0][1] if answer else None)
    now = await db.read(access.find_row, caller, Run, col(Run.id) == run.id)
    if now is not None and now.status == end.status and now.finished_at == end.moment:
        return StoredEnd()  # the connection was lost after the commit
    if now is None or now.epoch != run.epoch or now.status != "running":
        raise LeaseLost
    return None


def finish_calls(steps: Sequence[Step], moment: datetime) -> list[RecordedCall]:
    """Each with how much was said before it."""
    finished, said = [], 0
    for step in steps:
        said += len(step.text)
        for call in step.calls:
            finished.append(finish_call(call, moment))
            if said:
                finished[-1]["said_before"] = said
    return finished


def finish_call(call: LoggedCall, moment: datetime) -> RecordedCall:
    """The call as the message stores it; a call that was not made gets an error."""
    not_made: CallOutcome = {
        "result": None,
        "error": NOT_RUN,
        "started_at": None,
        "finished_at": rfc3339(moment),
    }
    outcome = pick_outcome(call) if is_finished(call) else not_made
    finished: RecordedCall = {"id": call["id"], "name": call["name"], "arguments": call["arguments"]}
    set_outcome(finished, outcome)
    if "approval" in call:
        finished["approval"] = call["approval"]
    return finished


def fit_calls(calls: list[RecordedCall]) -> list[RecordedCall]:
    """The calls, without the largest results if all together exceed MAX_CALL_BYTES."""
    sizes = [len(to_json(call)) for call in calls]
    over = sum(sizes) - MAX_CALL_BYTES
    for place in sorted(range(len(calls)), key=lambda place: -sizes[place]):
        if over <= 0:
            break
        calls[place] = drop_content(calls[place])
        over -= sizes[place] - len(to_json(calls[place]))
    return calls


def drop_content(call: RecordedCall) -> RecordedCall:
    """The call without its result, and without long arguments."""
    short = len(to_json(call["arguments"])) <= MAX_SHORT_CHARACTERS
    arguments = call["arguments"] if short else {}
    return {**call, "arguments": arguments, "result": None, "error": NOT_KEPT}
