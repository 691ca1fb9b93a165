# agent/run_ending.py -- how a run ends, whoever ends it: one message with all that was said and done.
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from agent.history import Step, replay_log
from db import Transaction
from errors import Busy, Conflict
from models import Conversation, Message, Run
from models.columns import now, rfc3339
from models.message import ChatCreate
from models.run import RunPublic
from services import approvals, events, messages, runs
from services.messages import Posted
from storage.dialects import read_clock

NOT_RUN = "The run ended before this call was made."
NOT_KEPT = "What came of this call was too large to be kept."
UNSTORED = "What was said could not be stored as a whole."
# A message's calls with all that came of them, in bytes of JSON: no engine refuses this much in any notation.
MOST_CALL_BYTES = 2 * 2**20
# Of the text, where the whole of it was refused.
SHORT_CHARACTERS = 10_000

# Ends a run that is locked, as its conversation is.
Ending = Callable[[Transaction, Caller, Run], Awaitable[None]]


async def cancel_run(tx: Transaction, caller: Caller, run_id: UUID) -> RunPublic:
    """End the run here and now, whichever worker holds it: the new epoch shuts that one out.

    What was said and done so far stays, as the agent's message. A run that has ended is left as it is.
    """
    run = await access.get_row(tx, caller, Run, run_id)
    await access.get_row(tx, caller, Conversation, run.conversation_id, lock=True)
    run = await access.get_row(tx, caller, Run, run_id, lock=True)
    if runs.is_active(run):
        run.epoch += 1
        await approvals.cancel_approvals(tx, caller, run)
        log = await runs.read_log(tx, caller, run_id)
        if not log:
            await runs.add_started(tx, caller, run, await read_clock(tx))
        await end_run(tx, caller, run, replay_log(log), "cancelled")
    return await runs.show(tx, caller, run)


async def post_message(tx: Transaction, caller: Caller, new: ChatCreate, most_runs: int) -> Posted:
    """Store the message and queue its run, as `on_busy` says where the conversation's agent is still at work."""
    repeated = await messages.find_repeated(tx, caller, new)
    if repeated:
        return repeated
    busy: list[Run] = []
    if new.conversation_id is not None and new.on_busy != "queue":
        await access.get_row(tx, caller, Conversation, new.conversation_id, lock=True)
        busy = await runs.find_active(tx, caller, col(Run.conversation_id) == new.conversation_id)
    if busy and new.on_busy == "reject":
        raise Conflict(
            f"The agent is still at work in this conversation, on run {busy[0].id}.", run_id=str(busy[0].id)
        )
    for run in busy:
        await cancel_run(tx, caller, run.id)
    if len(await runs.find_active(tx, caller)) >= most_runs:
        raise Busy(f"You have {most_runs} runs at work or waiting. Let one end or cancel it first.")
    posted = await messages.post_message(tx, caller, new)
    if not posted.repeated:
        await runs.tell(tx, caller, posted.run, "run.queued")
    return replace(posted, cancelled=tuple(run.id for run in busy))


def endings(steps: Sequence[Step], status: str, error: str | None) -> list[Ending]:
    """Ways to end a run, each smaller than the one before: for where a database or a shape refuses that one.

    The first is tried twice, since the refusal may have been a connection's that broke.
    """
    whole = partial(end_run, steps=steps, status=status, error=error)
    less = error or UNSTORED
    return [
        whole,
        whole,
        partial(end_run, steps=shortened(steps), status="failed", error=less),
        partial(end_run, steps=[], status="failed", error=less),
        end_bare,
    ]


def shortened(steps: Sequence[Step]) -> list[Step]:
    """The beginning of what was said, and which calls were made, without what was in them."""
    text = "".join(step.text for step in steps)
    if len(text) > SHORT_CHARACTERS:
        text = text[: SHORT_CHARACTERS - 1] + "…"
    kept = ("id", "name", "started_at", "finished_at")
    emptied: dict[str, Any] = {"arguments": {}, "result": None, "error": NOT_KEPT}
    calls = [
        {**emptied, **{key: call[key] for key in kept if key in call}}
        for step in steps
        for call in step.calls
    ]
    return [Step(text, calls)]


async def end_bare(tx: Transaction, caller: CallerOrSystem, run: Run, error: str = UNSTORED) -> None:
    """The run's row alone, and nothing is read: whatever it was that could not be stored, this can."""
    run.status = "failed"
    run.error = error
    run.finished_at = now()
    run.lease_expires_at = None
    run.epoch += 1
    await tx.flush()


async def end_run(
    tx: Transaction, caller: Caller, run: Run, steps: Sequence[Step], status: str, error: str | None = None
) -> None:
    """The conversation and the run are locked. Text or tool calls leave an agent message, whatever the status."""
    moment = now()
    content = "".join(step.text for step in steps)
    calls = fitting([finished(call, moment) for step in steps for call in step.calls])
    answer = None
    if content or calls or status == "completed":
        conversation = await access.get_row(tx, caller, Conversation, run.conversation_id)
        answer = Message(
            conversation_id=run.conversation_id,
            user_id=run.user_id,
            role="agent",
            content=content,
            tool_calls=calls or None,
            seq=await messages.next_seq(tx, caller, conversation),
            run_id=run.id,
        )
        conversation.updated_at = moment
        tx.add(answer)
        await tx.flush()
        shown = (await messages.get_message(tx, caller, answer.id)).model_dump(mode="json")
        await runs.add_event(tx, caller, run, "message.completed", {"message": shown})
        await events.record(tx, caller, "message.created", {"message": shown})
    run.status = status
    run.error = error
    run.finished_at = moment
    run.lease_expires_at = None
    end = {"status": status, "message_id": str(answer.id) if answer else None, "error": error}
    await runs.add_event(tx, caller, run, f"run.{status}", end)
    await runs.tell(tx, caller, run, f"run.{status}")


def finished(call: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """The call as the message keeps it; one that was never made says so."""
    skipped = {"result": None, "error": NOT_RUN, "started_at": None, "finished_at": rfc3339(moment)}
    return call if "finished_at" in call else {**call, **skipped}


def fitting(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls, without the largest results where all of them would be more than a message can hold."""
    sizes = [len(to_json(call)) for call in calls]
    over = sum(sizes) - MOST_CALL_BYTES
    for place in sorted(range(len(calls)), key=lambda place: -sizes[place]):
        if over <= 0:
            break
        calls[place] = without_content(calls[place])
        over -= sizes[place] - len(to_json(calls[place]))
    return calls


def without_content(call: dict[str, Any]) -> dict[str, Any]:
    """The call without its result, and without its arguments where those are long."""
    short = len(to_json(call["arguments"])) <= SHORT_CHARACTERS
    arguments = call["arguments"] if short else {}
    return {**call, "arguments": arguments, "result": None, "error": NOT_KEPT}
