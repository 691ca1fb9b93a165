# agent/tool_calls.py -- the tool calls of a run: their ids, and making one.
from access import Caller
from clock import rfc3339, utc_now
from db import Transaction
from llm.protocol import ToolCall
from llm.sanitize import sanitize, sanitize_arguments
from models.recorded_call import CallOutcome, LoggedCall
from services.approvals import REFUSALS
from services.run_log import Step
from tools.registry import TOOLS, ToolError, call_tool

# What the model is told of a call within which its answer was cut off.
CUT_OFF = (
    "This call was cut off: the answer reached its largest length. Nothing was done. Make it again, shorter."
)


class CallFailed(Exception):
    """The call made nothing, and its transaction has to be rolled back; `outcome` says why."""

    def __init__(self, outcome: CallOutcome) -> None:
        super().__init__(outcome["error"])
        self.outcome = outcome


def is_read(call: LoggedCall) -> bool:
    """Whether the call changes nothing, so that it needs no transaction."""
    tool = TOOLS.get(call["name"])
    return tool is not None and tool.effect == "read"


async def execute_call(tx: Transaction, caller: Caller, call: LoggedCall) -> CallOutcome:
    """Make the call and return its outcome. CallFailed where it fails or was not approved."""
    started_at = rfc3339(utc_now())
    decision = call["approval"]["decision"] if "approval" in call else "approved"
    result, error = None, None
    if decision != "approved":
        error = REFUSALS[decision or "denied"]
    elif call.get("truncated"):
        error = CUT_OFF
    else:
        try:
            result = await call_tool(tx, caller, call["name"], call["arguments"], savepoint=False)
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


def assign_call_ids(calls: list[ToolCall], steps: list[Step]) -> list[LoggedCall]:
    """The calls as the log keeps them, each with an id that is its own within the run."""
    taken = {call["id"] for step in steps for call in step.calls}
    numbers: dict[str, int] = {}
    named: list[LoggedCall] = []
    for call in calls:
        name = sanitize(call.id)[:100] or "call"
        unique, number = name, numbers.get(name, 1)
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        numbers[name] = number
        taken.add(unique)
        arguments = sanitize_arguments(call.arguments)
        logged: LoggedCall = {"id": unique, "name": sanitize(call.name)[:100], "arguments": arguments}
        if call.opaque:
            logged["opaque"] = call.opaque
        if call.truncated:
            logged["truncated"] = True
        named.append(logged)
    return named
