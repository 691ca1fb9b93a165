# services/audit/query_audit.py -- how a hosted agent came to its answer by queries, told from the calls of its run.
from collections.abc import Sequence
from typing import Literal

from models.message import MAX_ATTEMPTS, MAX_AUDIT_TEXT, MAX_QUERY
from models.recorded_call import LoggedCall, is_finished
from models.shapes import JsonObject
from services.agents.profiles import AgentProfile
from services.run_log import Step

# What the tools are called, and the arguments that are read of them.
DESCRIBE_TOOL = "describe_data"
QUERY_TOOL = "query_data"
Action = Literal["DESCRIBE", "QUERY", "ERROR"]


def tell_queries(agent: AgentProfile | None, steps: Sequence[Step]) -> JsonObject:
    """The audit fields of the answer; none where the agent has asked for no data.

    The final query is the last one that was run, as it was run; without one the last error is told.
    """
    names = {DESCRIBE_TOOL, QUERY_TOOL} & set((agent.tools if agent else None) or ())
    calls = [call for step in steps for call in step.calls if call["name"] in names and is_finished(call)]
    if not calls:
        return {}
    queries = [call for call in calls if call["name"] == QUERY_TOOL]
    good = [call for call in queries if call["error"] is None]
    told: JsonObject = {"action": find_action(calls, queries, good)}
    attempts = [attempt for call in queries if (attempt := describe_attempt(call))]
    if attempts:
        told["query_attempts"] = attempts[-MAX_ATTEMPTS:]
    if good:
        result = good[-1]["result"]
        told["final_query"] = str(result["query"])[:MAX_QUERY] if isinstance(result, dict) else None
        told["resolution_note"] = read_argument(good[-1], "note")
    elif told["action"] == "ERROR":
        told["error"] = (calls[-1]["error"] or "")[:MAX_AUDIT_TEXT]
    return {name: value for name, value in told.items() if value}


def find_action(
    calls: Sequence[LoggedCall], queries: Sequence[LoggedCall], good: Sequence[LoggedCall]
) -> Action:
    if good:
        return "QUERY"
    return "ERROR" if queries or calls[-1]["error"] is not None else "DESCRIBE"


def describe_attempt(call: LoggedCall) -> JsonObject | None:
    """None for a call without a query."""
    query = read_argument(call, "sql")
    if not query:
        return None
    error = call["error"]
    attempt = {"query": query[:MAX_QUERY]}
    return attempt if error is None else {**attempt, "error": error[:MAX_AUDIT_TEXT]}


def read_argument(call: LoggedCall, name: str) -> str | None:
    arguments = call["arguments"]
    value = arguments.get(name) if isinstance(arguments, dict) else None
    return value if isinstance(value, str) else None
