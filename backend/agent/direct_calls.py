# agent/direct_calls.py -- a tool call without a model: a small run of its own, on record as those of the chat are.
import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller
from agent.direct_call_rows import (
    Record,
    begin_record,
    make_record,
    store_at_once,
    store_record,
    without_details,
)
from db import Database, RetryTransaction, Transaction
from llm.sanitize import clean
from models import AccessToken, Approval, Conversation, Message, Run
from models.columns import now, rfc3339
from models.conversation import ConversationCreate
from services import approvals, conversations, messages, runs
from services.identity.api_tokens import Grant
from storage.dialects import read_clock
from tools.registry import TOOLS, ToolError, call_tool, changes, must_ask, read_shown

# The only call of its run.
CALL_ID = "call"
OTHER_CALL = "This idempotency key was used for another call."


@dataclass(frozen=True, slots=True)
class Call:
    """`key` is the client's own name for the call: sent again with it, the call takes effect once."""

    name: str
    arguments: dict[str, Any]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: `result`, or `error`, a sentence that a model can act on.

    `waiting` says instead, in words, what a person has to approve first; `decided` that they have done so.
    """

    run_id: UUID
    result: Any = None
    error: str | None = None
    waiting: str | None = None
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Calls:
    """`most_runs` is how many runs one person may have at work or waiting."""

    db: Database
    approval_seconds: float
    most_runs: int

    async def make(self, grant: Grant, call: Call) -> Outcome:
        """Make the call, or ask for it, and put it on record; when this returns, both are stored."""
        if TOOLS[call.name].effect != "safe" or call.key is not None:
            return await self.db.write(carry_out, self, grant, call)
        made = await self.db.read(attempt, grant.caller, call, alone=True)
        return await self.keep(grant, call, made)

    async def keep(self, grant: Grant, call: Call, made: dict[str, Any]) -> Outcome:
        """The record of a call that has changed nothing: in one statement where that can be."""
        if grant.conversation_id is not None and self.db.is_postgresql:
            record = without_details(make_record(grant, grant.conversation_id, shown(call), made))
            if await store_at_once(self.db, grant.caller, record):
                return outcome(record, made)
        return await self.db.write(put_down, grant, call, made)


async def carry_out(tx: Transaction, calls: Calls, grant: Grant, call: Call) -> Outcome:
    conversation = await open_conversation(tx, grant)
    if call.key is not None and (known := await find_repeated(tx, grant, call)):
        return known
    if grant.caller.may_write and changes(call.name, call.arguments):
        policy = await approvals.read_policy(tx, grant.caller)
        if must_ask(policy, call.name, call.arguments, await approvals.count_unasked(tx, grant.counted_id)):
            return await ask(tx, calls, grant, conversation, call)
    made = await attempt(tx, grant.caller, call)
    return await add_record(tx, grant, conversation, call, made)


async def put_down(tx: Transaction, grant: Grant, call: Call, made: dict[str, Any]) -> Outcome:
    conversation = await open_conversation(tx, grant)
    record = without_details(make_record(grant, conversation.id, shown(call), made))
    await add_rows(tx, grant, conversation, record)
    return outcome(record, made)


async def ask(tx: Transaction, calls: Calls, grant: Grant, conversation: Conversation, call: Call) -> Outcome:
    """Leave the call to the person: a worker makes it when they have approved it. Asking twice is as once."""
    caller = grant.caller
    active = await runs.find_active(tx, caller)
    here = [run.id for run in active if run.conversation_id == conversation.id]
    for pending in await runs.find_pending(tx, caller, here):
        if (pending.name, pending.arguments) == (call.name, clean(call.arguments)):
            return Outcome(pending.run_id, waiting=in_words(call, pending.shown))
    if len(active) >= calls.most_runs:
        error = f"{len(active)} calls and answers are waiting already. Let the person decide on those first."
        return await add_record(tx, grant, conversation, call, as_kept(call, error=error))
    asked = as_kept(call)
    moment = await read_clock(tx)
    record = begin_record(grant, conversation.id, shown(call), asked, client_id(grant, call), moment)
    run = await add_rows(tx, grant, conversation, record)
    asked["shown"] = await read_shown(tx, caller, call.name, call.arguments)
    await approvals.request_approvals(tx, caller, run, 0, [asked], calls.approval_seconds)
    return Outcome(run.id, waiting=in_words(call, asked["shown"]))


def in_words(call: Call, rows: dict[str, Any] | None) -> str:
    """What the person is asked for, by the title of the task that it is about."""
    task = (rows or {}).get("task")
    return f"{TOOLS[call.name].title} “{task['title']}”" if task else shown(call)


async def attempt(tx: Transaction, caller: Caller, call: Call, *, alone: bool = False) -> dict[str, Any]:
    """The call with what came of it, as messages keep it."""
    started_at = rfc3339(now())
    result, error = None, None
    try:
        result = await call_tool(tx, caller, call.name, call.arguments, alone=alone)
    except ToolError as refusal:
        error = str(refusal)
    return as_kept(call, result, error, started_at)


def as_kept(
    call: Call, result: Any = None, error: str | None = None, started_at: str | None = None
) -> dict[str, Any]:
    return {
        "id": CALL_ID,
        "name": call.name,
        "arguments": clean(call.arguments),
        "result": result,
        "error": error,
        "started_at": started_at,
        "finished_at": rfc3339(now()),
    }


async def add_record(
    tx: Transaction, grant: Grant, conversation: Conversation, call: Call, made: dict[str, Any]
) -> Outcome:
    """The conversation is locked."""
    record = make_record(grant, conversation.id, shown(call), made, client_id(grant, call))
    await add_rows(tx, grant, conversation, record)
    return outcome(record, made)


async def add_rows(tx: Transaction, grant: Grant, conversation: Conversation, record: Record) -> Run:
    seq = await messages.next_seq(tx, grant.caller, conversation)
    try:
        return await store_record(tx, grant.caller, conversation, record, seq)
    except IntegrityError as error:
        if record.trigger["client_id"] is None:
            raise
        raise RetryTransaction from error  # the same key was sent twice at once: the next try finds the first


def outcome(record: Record, made: dict[str, Any]) -> Outcome:
    return Outcome(record.run["id"], made["result"], made["error"])


def shown(call: Call) -> str:
    """The call as a person would read it, in the place of a message."""
    return f"{call.name} {to_json(clean(call.arguments)).decode()}"


def client_id(grant: Grant, call: Call) -> str | None:
    """Two programs may use the same key for different calls."""
    if call.key is None:
        return None
    words = f"{grant.caller.token_id}\n{call.key}"
    return f"mcp-{hashlib.sha256(words.encode()).hexdigest()[:48]}"


async def find_repeated(tx: Transaction, grant: Grant, call: Call) -> Outcome | None:
    """What the first sending of this key led to."""
    caller = grant.caller
    mine = (col(Message.user_id) == caller.user_id, col(Message.client_id) == client_id(grant, call))
    first = await access.find_row(tx, caller, Message, *mine)
    if first is None or first.run_id is None:
        return None
    return await find_outcome(tx, grant, first.run_id, call) or Outcome(first.run_id, error=OTHER_CALL)


async def find_outcome(tx: Transaction, grant: Grant, run_id: UUID, call: Call) -> Outcome | None:
    """What has come of the run of this call until now; None where the run is not of this call."""
    caller, same = grant.caller, (call.name, clean(call.arguments))
    is_answer = (col(Message.run_id) == run_id, col(Message.role) == "agent")
    answer = await access.find_row(tx, caller, Message, *is_answer)
    if answer is not None:
        for made in answer.tool_calls or []:
            if made["id"] == CALL_ID and (made["name"], made["arguments"]) == same:
                return Outcome(run_id, made["result"], made["error"])
        return None
    asked = (col(Approval.run_id) == run_id, col(Approval.tool_call_id) == CALL_ID)
    approval = await access.find_row(tx, caller, Approval, *asked)
    if approval is None or (approval.name, approval.arguments) != same:
        return None
    return Outcome(run_id, waiting=in_words(call, approval.shown), decided=approval.decision is not None)


async def open_conversation(tx: Transaction, grant: Grant) -> Conversation:
    """Where the grant's calls are on record, locked; made anew where the person has deleted it."""
    caller = grant.caller
    if grant.conversation_id is not None:
        known = col(Conversation.id) == grant.conversation_id
        if found := await access.find_row(tx, caller, Conversation, known, lock=True):
            return found
    new = ConversationCreate(title=grant.title)
    if caller.token_id is None:
        try:
            return await conversations.create_conversation(tx, caller, new, grant.conversation_id)
        except IntegrityError as error:
            raise RetryTransaction from error  # two first calls at once
    token = await access.get_row(tx, caller, AccessToken, caller.token_id, lock=True)
    if token.conversation_id is not None:
        return await access.get_row(tx, caller, Conversation, token.conversation_id, lock=True)
    made = await conversations.create_conversation(tx, caller, new)
    token.conversation_id = made.id
    await tx.flush()
    return made
