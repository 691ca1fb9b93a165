# agent/replay.py -- sends a stored conversation to a model again, with the stored results of its tools.
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from typing import cast
from uuid import UUID

from sqlmodel import col

import access
from access import SYSTEM, Caller
from agent.histories.history import begin_paragraph, read_history
from agent.histories.shared_history import Speaker, read_shared_history
from agent.prompts import build_model_request
from agent.tool_calls import assign_call_ids
from db import Database, Transaction
from llm.protocol import Model, TextDelta, ToolCall, Turn
from llm.sanitize import sanitize
from models import Conversation, Message, Run, RunEvent, User
from models.recorded_call import RecordedCall
from models.run import ACTIVE_STATUSES
from services.agents.profiles import AgentProfile, find_profile
from services.run_endings import NOT_RUN
from services.run_log import Step

# Stops a model that repeats recorded calls without end.
MAX_REPLAYED_STEPS = 100


@dataclass
class Difference:
    """`kind` is `call`, `order` or `text`; `stored` or `replayed` is None if that side has nothing."""

    kind: str
    stored: str | None
    replayed: str | None


@dataclass
class ReplayedTurn:
    """A message of the user, and the differences between the stored answer and the new one."""

    asked: str
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A stored run. `partial`: it was cancelled or failed, so the stored answer is incomplete."""

    run: Run
    caller: Caller
    asked: str
    content: str
    calls: list[RecordedCall]
    partial: bool
    history: list[Turn]
    context_tokens: int
    agent: AgentProfile | None = None
    asker: Speaker | None = None
    has_databases: bool = False


async def replay_conversation(
    db: Database,
    model: Model,
    conversation_id: UUID,
    context_tokens: int,
    querying_accounts: Collection[UUID] = (),
) -> AsyncIterator[ReplayedTurn]:
    """Replay each ended run of the conversation, oldest first; NotFound without a conversation. Writes nothing.

    Every turn gets the stored history, time and time zone of its run, so one difference does not cause others; the
    language is that of the profile now. `querying_accounts` are those whose agents may query a database. Raises
    ModelError if the model does not answer.
    """
    await db.read(access.get_row, SYSTEM, Conversation, conversation_id)
    for run_id in await db.read(find_ended_runs, conversation_id):
        recorded = await db.read(read_recorded_run, run_id, context_tokens)
        if recorded is not None:
            agent = recorded.agent
            may_query = agent is not None and agent.account_id in querying_accounts
            recorded = replace(recorded, has_databases=may_query)
            yield await replay_run(model, await db.read(read_replayed_history, recorded))


async def find_ended_runs(tx: Transaction, conversation_id: UUID) -> list[UUID]:
    statement = access.select(SYSTEM, Run, col(Run.id)).where(
        col(Run.conversation_id) == conversation_id, col(Run.status).not_in(ACTIVE_STATUSES)
    )
    return list((await tx.execute(statement.order_by(col(Run.trigger_seq)))).scalars())


async def read_recorded_run(tx: Transaction, run_id: UUID, context_tokens: int) -> RecordedRun | None:
    """The record without its history; None for a run without a model, which a program started."""
    run = await access.get_row(tx, SYSTEM, Run, run_id)
    first = await access.find_row(
        tx, SYSTEM, RunEvent, col(RunEvent.run_id) == run_id, col(RunEvent.type) == "run.started"
    )
    started = first.data if first else {}
    if "source" in started:
        return None
    user = await access.get_row(tx, SYSTEM, User, run.user_id)
    zone = started.get("timezone", user.timezone)
    caller = Caller(run.user_id, None, zone, language=user.language)
    here = col(Message.conversation_id) == run.conversation_id
    is_question = col(Message.seq) == run.trigger_seq
    question = await access.find_row(tx, SYSTEM, Message, here, is_question)
    is_answer = (col(Message.run_id) == run_id, col(Message.role) == "agent")
    answer = await access.find_row(tx, SYSTEM, Message, *is_answer)
    return RecordedRun(
        run=run,
        caller=caller,
        agent=await find_profile(tx, SYSTEM, run.agent_id),
        asked=question.content if question else "",
        content=answer.content if answer else "",
        calls=cast("list[RecordedCall]", (answer.tool_calls if answer else None) or []),
        partial=run.status != "completed",
        history=[],
        context_tokens=context_tokens,
    )


async def read_replayed_history(tx: Transaction, recorded: RecordedRun) -> RecordedRun:
    """The record with what the model read, as the one who asked may read it now."""
    run, tokens = recorded.run, recorded.context_tokens
    if run.is_shared:
        name = recorded.agent.name if recorded.agent else ""
        shared = await read_shared_history(tx, recorded.caller, run, name, tokens)
        return replace(recorded, history=shared.turns, asker=shared.asker)
    history = await read_history(tx, recorded.caller, run.conversation_id, run.trigger_seq, tokens)
    return replace(recorded, history=history)


async def replay_run(model: Model, recorded: RecordedRun) -> ReplayedTurn:
    """Call the model until it answers without tool calls, or makes a call that is not recorded."""
    turn = ReplayedTurn(recorded.asked)
    left = list(enumerate(recorded.calls))
    taken: list[int] = []
    steps: list[Step] = []
    for _ in range(MAX_REPLAYED_STEPS):
        calls = await ask_again(model, recorded, steps)
        for call in assign_call_ids(recorded.run.id, calls, steps):
            twin = next((pair for pair in left if is_same_call(pair[1], call)), None)
            if twin is None:
                if not (recorded.partial and not left):
                    turn.differences.append(Difference("call", None, format_recorded_call(call)))
                return turn
            if twin[1]["error"] == NOT_RUN:
                return turn  # the run was ended here
            left.remove(twin)
            taken.append(twin[0])
            steps[-1].calls.append({**call, "result": twin[1]["result"], "error": twin[1]["error"]})
        if not calls:
            break
    turn.differences += [Difference("call", format_recorded_call(call), None) for _, call in left]
    if taken != sorted(taken):
        order = [format_recorded_call(recorded.calls[number]) for number in taken]
        turn.differences.append(
            Difference("order", "; ".join(map(format_recorded_call, recorded.calls)), "; ".join(order))
        )
    content = "".join(step.text for step in steps)
    same = content.startswith(recorded.content) if recorded.partial else content == recorded.content
    if not same:
        turn.differences.append(Difference("text", recorded.content, content))
    return turn


async def ask_again(model: Model, recorded: RecordedRun, steps: list[Step]) -> list[ToolCall]:
    """One model request: its text becomes a new step; the calls are returned."""
    asked_at = recorded.run.started_at or recorded.run.created_at
    request = build_model_request(
        recorded.history,
        steps,
        asked_at,
        recorded.caller,
        context_tokens=recorded.context_tokens,
        agent=recorded.agent,
        asker=recorded.asker,
        has_databases=recorded.has_databases,
    )
    steps.append(Step())
    calls: list[ToolCall] = []
    async for event in model.respond(request):
        if isinstance(event, TextDelta):
            steps[-1].text += begin_paragraph(steps, sanitize(event.text))
        elif isinstance(event, ToolCall):
            calls.append(event)
    return calls


def is_same_call(stored: RecordedCall, call: RecordedCall) -> bool:
    return (stored["name"], stored["arguments"]) == (call["name"], call["arguments"])


def format_recorded_call(call: RecordedCall) -> str:
    return f"{call['name']} {json.dumps(call['arguments'], ensure_ascii=False)}"
