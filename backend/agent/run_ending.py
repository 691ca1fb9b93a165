# agent/run_ending.py -- how a run ends: one agent message with all text and all calls, whoever ends it.
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar, cast
from uuid import UUID

import structlog
from pydantic_core import to_json
from structlog.typing import FilteringBoundLogger

import access
from access import Caller, CallerOrSystem
from agent.history import Step
from clock import rfc3339, utc_now
from db import Transaction
from errors import DatabaseBusy, NotFound, Unauthorized
from failure_causes import describe_cause, find_place
from models import Conversation, Message, Run
from models.recorded_call import RecordedCall, is_finished, pick_outcome, set_outcome
from models.run import RunStatus
from models.shapes import JsonObject
from services import events, messages, runs
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


class LeaseLost(Exception):
    """The run was cancelled or belongs to another worker: this worker must not write to it."""


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


async def store_ending(store: Callable[[int], Awaitable[T]], run_id: UUID, backoff_seconds: float) -> T:
    """Store the largest of `list_endings` that the database accepts, each in its own transaction.

    DatabaseBusy if the database is busy both times: a smaller ending would lose text and be stored no sooner.
    """
    for size in range(SMALLEST):
        try:
            return await store(size)
        except (LeaseLost, NotFound, Unauthorized):
            raise
        except Exception as refusal:
            if size > 0 and is_busy(refusal):
                raise
            why = {"cause": describe_cause(refusal), "place": find_place(refusal)}
            log.warning("an ending cannot be stored", run=str(run_id), attempt=size + 1, **why)
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
    calls: list[RecordedCall] = []
    for call in (call for step in steps for call in step.calls):
        emptied: RecordedCall = {"id": call["id"], "name": call["name"], "arguments": {}}
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


async def end_run(
    tx: Transaction,
    caller: Caller,
    run: Run,
    steps: Sequence[Step],
    status: RunStatus,
    error: str | None = None,
) -> None:
    """Text or calls become an agent message, whatever the status. The conversation and the run must be locked."""
    moment = utc_now()
    content = "".join(step.text for step in steps)
    calls = fit_calls([finish_call(call, moment) for step in steps for call in step.calls])
    answer = None
    if content or calls or status == "completed":
        conversation = await access.get_row(tx, caller, Conversation, run.conversation_id)
        answer = Message(
            conversation_id=run.conversation_id,
            user_id=run.user_id,
            role="agent",
            content=content,
            tool_calls=cast("list[JsonObject]", calls) or None,
            seq=await messages.find_next_seq(tx, caller, conversation),
            run_id=run.id,
        )
        conversation.updated_at = moment
        tx.add(answer)
        await tx.flush()
        shown = (await messages.get_message(tx, caller, answer.id)).model_dump(mode="json")
        await runs.add_event(tx, caller, run, "message.completed", {"message": shown})
        await events.record_event(tx, caller, "message.created", {"message": shown})
    run.status = status
    run.error = error
    run.finished_at = moment
    run.lease_expires_at = None
    end = {"status": status, "message_id": str(answer.id) if answer else None, "error": error}
    await runs.add_event(tx, caller, run, f"run.{status}", end)
    await runs.record_run_change(tx, caller, run, f"run.{status}")


def finish_call(call: RecordedCall, moment: datetime) -> RecordedCall:
    """The call as the message stores it; a call that was not made gets an error."""
    if is_finished(call):
        return call
    return {**call, "result": None, "error": NOT_RUN, "started_at": None, "finished_at": rfc3339(moment)}


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
