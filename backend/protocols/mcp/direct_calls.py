# protocols/mcp/direct_calls.py -- a tool call without a model: a small run, on record as those of the chat.
import hashlib
from dataclasses import dataclass, field
from uuid import UUID, uuid4, uuid5

from pydantic_core import to_json
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller
from clock import rfc3339, utc_now
from db import Database, RetryTransaction, Transaction
from identity.api_tokens import ApiGrant
from llm.sanitize import sanitize
from models import ApiToken, Approval, Conversation, Message, Run
from models.conversation import ConversationCreate
from models.recorded_call import RecordedCall, make_call_id, pick_call
from models.shapes import JsonObject
from protocols.mcp.direct_call_rows import (
    RunRows,
    build_finished_rows,
    build_pending_rows,
    drop_details,
    insert_rows,
    insert_rows_at_once,
)
from services import approvals, conversations, messages, runs
from services.undo import hidden_conversations
from storage.dialects import read_clock
from tools.approval_rules import is_change, needs_approval, read_shown_rows
from tools.registry import TOOLS, ToolError, call_tool

# What the only call of a run was called in older records.
FORMER_CALL_ID = "call"
KEY_REUSED = "This idempotency key was used for another call."


@dataclass(frozen=True, slots=True)
class DirectCall:
    """`key` is an idempotency key: a repeated call with the same key takes effect once.

    `run_id` is the run that it is recorded as, if it is made.
    """

    name: str
    arguments: JsonObject
    key: str | None = None
    run_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class DirectCallResult:
    """`result`, or `error`, a sentence that a model can act on.

    Both are None while `awaiting_approval` describes the call to approve, which has the id `tool_call_id`; `decided`:
    the user has decided.
    """

    run_id: UUID
    result: object = None
    error: str | None = None
    awaiting_approval: str | None = None
    tool_call_id: str | None = None
    decided: bool = False


@dataclass(frozen=True, slots=True)
class DirectCalls:
    """`max_runs` limits the active runs of one user."""

    db: Database
    approval_seconds: float
    max_runs: int

    async def call(self, grant: ApiGrant, call: DirectCall) -> DirectCallResult:
        """Make the call or request an approval, and record it; both are committed when this returns."""
        if TOOLS[call.name].effect != "read" or call.key is not None:
            return await self.db.write(call_in_transaction, self, grant, call)
        made = await self.db.read(execute_direct_call, grant.caller, call, savepoint=False)
        return await self.record_read(grant, call, made)

    async def record_read(self, grant: ApiGrant, call: DirectCall, made: RecordedCall) -> DirectCallResult:
        """Record a call that has changed nothing, on PostgreSQL in one statement."""
        if grant.conversation_id is not None and self.db.is_postgresql:
            rows = build_finished_rows(grant, grant.conversation_id, call.run_id, format_call(call), made)
            record = drop_details(rows)
            if await insert_rows_at_once(self.db, grant.caller, record):
                return to_result(record, made)
        return await self.db.write(record_in_transaction, grant, call, made)


async def call_in_transaction(
    tx: Transaction, calls: DirectCalls, grant: ApiGrant, call: DirectCall
) -> DirectCallResult:
    conversation = await open_grant_conversation(tx, grant)
    if call.key is not None and (known := await find_repeated_call(tx, grant, call)):
        return known
    if grant.caller.is_allowed(TOOLS[call.name].permission) and is_change(call.name, call.arguments):
        policy = await approvals.read_policy(tx, grant.caller)
        if needs_approval(
            policy,
            call.name,
            call.arguments,
            await approvals.count_unapproved_changes(tx, grant.rate_limit_id),
        ):
            return await request_approval(tx, calls, grant, conversation, call)
    made = await execute_direct_call(tx, grant.caller, call)
    return await insert_finished_call(tx, grant, conversation, call, made)


async def record_in_transaction(
    tx: Transaction, grant: ApiGrant, call: DirectCall, made: RecordedCall
) -> DirectCallResult:
    conversation = await open_grant_conversation(tx, grant)
    record = drop_details(build_finished_rows(grant, conversation.id, call.run_id, format_call(call), made))
    await insert_run_rows(tx, grant, conversation, record)
    return to_result(record, made)


async def request_approval(
    tx: Transaction, calls: DirectCalls, grant: ApiGrant, conversation: Conversation, call: DirectCall
) -> DirectCallResult:
    """Request an approval, after which a worker makes the call. A repeated call finds the first request."""
    caller = grant.caller
    active = await runs.find_active_runs(tx, caller)
    here = [run.id for run in active if run.conversation_id == conversation.id]
    for pending in await runs.find_pending_approvals(tx, caller, here):
        if (pending.name, pending.arguments) == (call.name, sanitize(call.arguments)):
            words = describe_call(call, pending.shown)
            return DirectCallResult(
                pending.run_id, awaiting_approval=words, tool_call_id=pending.tool_call_id
            )
    if len(active) >= calls.max_runs:
        error = f"{len(active)} calls and answers are waiting already. Let the person decide on those first."
        return await insert_finished_call(tx, grant, conversation, call, record_call(call, error=error))
    asked = record_call(call)
    moment = await read_clock(tx)
    where = (conversation.id, call.run_id)
    record = build_pending_rows(
        grant, *where, format_call(call), asked, derive_client_id(grant, call), moment
    )
    run = await insert_run_rows(tx, grant, conversation, record)
    shown = await read_shown_rows(tx, caller, call.name, call.arguments)
    to_approve: approvals.CallToApprove = {**pick_call(asked), "shown": shown}
    await approvals.request_approvals(tx, caller, run, 0, [to_approve], calls.approval_seconds)
    words = describe_call(call, shown)
    return DirectCallResult(run.id, awaiting_approval=words, tool_call_id=to_approve["id"])


def describe_call(call: DirectCall, rows: JsonObject | None) -> str:
    """The call in words, with the title of its task."""
    task = (rows or {}).get("task")
    return f"{TOOLS[call.name].title} “{task['title']}”" if task else format_call(call)


async def execute_direct_call(
    tx: Transaction, caller: Caller, call: DirectCall, *, savepoint: bool = True
) -> RecordedCall:
    """Make the call; returns it with its outcome, as messages store it."""
    started_at = rfc3339(utc_now())
    result, error = None, None
    try:
        made_by = caller.in_call(call.run_id, name_only_call(call.run_id))
        result = await call_tool(tx, made_by, call.name, call.arguments, savepoint=savepoint)
    except ToolError as refusal:
        error = str(refusal)
    return record_call(call, result, error, started_at)


def name_only_call(run_id: UUID) -> str:
    """The id of the only call of its run."""
    return make_call_id(run_id, 1)


def record_call(
    call: DirectCall, result: object = None, error: str | None = None, started_at: str | None = None
) -> RecordedCall:
    return {
        "id": name_only_call(call.run_id),
        "name": call.name,
        "arguments": sanitize(call.arguments),
        "result": result,
        "error": error,
        "started_at": started_at,
        "finished_at": rfc3339(utc_now()),
    }


async def insert_finished_call(
    tx: Transaction, grant: ApiGrant, conversation: Conversation, call: DirectCall, made: RecordedCall
) -> DirectCallResult:
    """Store the run of a finished call. The conversation must be locked."""
    where = (conversation.id, call.run_id)
    record = build_finished_rows(grant, *where, format_call(call), made, derive_client_id(grant, call))
    await insert_run_rows(tx, grant, conversation, record)
    return to_result(record, made)


async def insert_run_rows(
    tx: Transaction, grant: ApiGrant, conversation: Conversation, record: RunRows
) -> Run:
    seq = await messages.find_next_seq(tx, grant.caller, conversation.id)
    try:
        return await insert_rows(tx, grant.caller, conversation, record, seq)
    except IntegrityError as error:
        if record.trigger["client_id"] is None:
            raise
        raise RetryTransaction from error  # two calls with the same key: the next attempt finds the first


def to_result(record: RunRows, made: RecordedCall) -> DirectCallResult:
    return DirectCallResult(record.run["id"], made["result"], made["error"])


def format_call(call: DirectCall) -> str:
    """The call as the content of a message."""
    return f"{call.name} {to_json(sanitize(call.arguments)).decode()}"


def derive_client_id(grant: ApiGrant, call: DirectCall) -> str | None:
    """The key as a client_id, with the token in it: two programs may use the same key for different calls."""
    if call.key is None:
        return None
    words = f"{grant.caller.token_id}\n{call.key}"
    return f"mcp-{hashlib.sha256(words.encode()).hexdigest()[:48]}"


async def find_repeated_call(tx: Transaction, grant: ApiGrant, call: DirectCall) -> DirectCallResult | None:
    """The result of the first call with this key."""
    caller = grant.caller
    mine = (col(Message.user_id) == caller.user_id, col(Message.client_id) == derive_client_id(grant, call))
    first = await access.find_row(tx, caller, Message, *mine)
    if first is None or first.run_id is None:
        return None
    return await find_result(tx, grant, first.run_id, call) or DirectCallResult(
        first.run_id, error=KEY_REUSED
    )


async def find_result(
    tx: Transaction, grant: ApiGrant, run_id: UUID, call: DirectCall
) -> DirectCallResult | None:
    """The present result of the run of this call; None if the run belongs to another call."""
    caller, same = grant.caller, (call.name, sanitize(call.arguments))
    ids = (name_only_call(run_id), FORMER_CALL_ID)
    is_answer = (col(Message.run_id) == run_id, col(Message.role) == "agent")
    answer = await access.find_row(tx, caller, Message, *is_answer)
    if answer is not None:
        for made in answer.tool_calls or []:
            if made["id"] in ids and (made["name"], made["arguments"]) == same:
                return DirectCallResult(run_id, made["result"], made["error"])
        return None
    asked = (col(Approval.run_id) == run_id, col(Approval.tool_call_id).in_(ids))
    approval = await access.find_row(tx, caller, Approval, *asked)
    if approval is None or (approval.name, approval.arguments) != same:
        return None
    return DirectCallResult(
        run_id,
        awaiting_approval=describe_call(call, approval.shown),
        tool_call_id=approval.tool_call_id,
        decided=approval.decision is not None,
    )


async def create_record(tx: Transaction, caller: Caller, new: ConversationCreate) -> Conversation:
    """An agent's stands under its own name, in its account."""
    if caller.agent_account_id is None:
        return await conversations.create_conversation(tx, caller, new)
    record = Conversation(
        user_id=caller.user_id,
        account_id=caller.agent_account_id,
        agent_id=caller.user_id,
        title=new.title,
    )
    return await conversations.add_conversation(tx, caller, record)


async def open_grant_conversation(tx: Transaction, grant: ApiGrant) -> Conversation:
    """The conversation that records the grant's calls, locked; a new one if the user has deleted it."""
    caller = grant.caller
    conversation_id = grant.conversation_id
    while conversation_id is not None:
        known = col(Conversation.id) == conversation_id
        if found := await access.find_row(tx, caller, Conversation, known, lock=True):
            return found
        if not await hidden_conversations.find_hidden(tx, caller, [conversation_id]):
            break
        # It is deleted and may come back under its id: another one follows it.
        conversation_id = uuid5(conversation_id, "next")
    new = ConversationCreate(title=grant.title)
    if caller.token_id is None:
        try:
            return await conversations.create_conversation(tx, caller, new, conversation_id)
        except IntegrityError as error:
            raise RetryTransaction from error  # two concurrent first calls
    token = await access.get_row(tx, caller, ApiToken, caller.token_id, lock=True)
    if token.conversation_id is not None:
        return await access.get_row(tx, caller, Conversation, token.conversation_id, lock=True)
    made = await create_record(tx, caller, new)
    token.conversation_id = made.id
    await tx.flush()
    return made
