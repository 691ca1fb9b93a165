# agent/tool_calls.py -- the tool calls of a run: their ids, and making one.
from collections.abc import Awaitable, Callable
from uuid import UUID

from access import Caller
from agent.context import AgentContext
from agent.offered_tools import offer_tools
from clock import rfc3339, utc_now
from db import Transaction
from llm.protocol import ToolCall
from llm.sanitize import sanitize, sanitize_arguments
from models.recorded_call import CallOutcome, LoggedCall, make_call_id
from models.shapes import JsonObject
from services.agents.profiles import AgentProfile
from services.approvals import describe_refusal
from services.run_log import Step
from tools.registry import DATA_TOOLS, TOOLS, ToolError, call_data_tool, call_tool, describe_unknown_tool

# What the model is told of a call within which its answer was cut off.
CUT_OFF = (
    "This call was cut off: the answer reached its largest length. Nothing was done. Make it again, shorter."
)


class CallFailed(Exception):
    """The call made nothing, and its transaction has to be rolled back; `outcome` says why."""

    def __init__(self, outcome: CallOutcome) -> None:
        super().__init__(outcome["error"])
        self.outcome = outcome


async def execute_read(
    context: AgentContext, caller: Caller, agent: AgentProfile | None, call: LoggedCall
) -> CallOutcome:
    """The outcome of a call that changes nothing: it reads Parley's own rows, or databases of the operator's."""
    databases = context.find_databases(agent)
    if databases is None or call["name"] not in DATA_TOOLS:
        return await context.read(execute_call, caller, call)

    async def ask() -> JsonObject:
        return await call_data_tool(databases, call["name"], call["arguments"])

    return await record_outcome(call, ask)


async def execute_call(tx: Transaction, caller: Caller, call: LoggedCall) -> CallOutcome:
    """Make the call and return its outcome. CallFailed where it fails or was not approved."""

    async def make() -> JsonObject:
        return await call_tool(tx, caller, call["name"], call["arguments"], savepoint=False)

    return await record_outcome(call, make)


async def record_outcome(call: LoggedCall, make: Callable[[], Awaitable[JsonObject]]) -> CallOutcome:
    started_at = rfc3339(utc_now())
    result, error = None, None
    if "approval" in call and call["approval"]["decision"] != "approved":
        error = describe_refusal(call["approval"])
    elif call.get("truncated"):
        error = CUT_OFF
    else:
        try:
            result = await make()
        except ToolError as failure:
            error = str(failure)
    outcome: CallOutcome = {
        "result": result,
        "error": error,
        "started_at": started_at,
        "finished_at": rfc3339(utc_now()),
    }
    if error is not None:
        raise CallFailed(outcome)
    return outcome


def check_call(context: AgentContext, agent: AgentProfile | None, call: LoggedCall) -> bool:
    """Whether the call changes rows, and needs a transaction.

    CallFailed for a tool that the agent does not have: it reads what it would of one that there is not.
    """
    offered = offer_tools(agent, has_databases=context.find_databases(agent) is not None)
    if call["name"] in offered:
        return call["name"] in TOOLS and TOOLS[call["name"]].effect != "read"
    now = rfc3339(utc_now())
    error = describe_unknown_tool(call["name"], offered)
    raise CallFailed({"result": None, "error": error, "started_at": now, "finished_at": now})


def assign_call_ids(run_id: UUID, calls: list[ToolCall], steps: list[Step]) -> list[LoggedCall]:
    """The calls as the log keeps them, after those of the steps; the ids that the model gave them count for nothing."""
    first = 1 + sum(len(step.calls) for step in steps)
    return [log_call(make_call_id(run_id, number), call) for number, call in enumerate(calls, first)]


def log_call(call_id: str, call: ToolCall) -> LoggedCall:
    logged: LoggedCall = {
        "id": call_id,
        "name": sanitize(call.name)[:100],
        "arguments": sanitize_arguments(call.arguments),
    }
    if call.opaque:
        logged["opaque"] = call.opaque
    if call.truncated:
        logged["truncated"] = True
    return logged
