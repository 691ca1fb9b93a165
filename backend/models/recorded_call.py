# models/recorded_call.py -- a tool call as messages and run logs keep it.
from collections.abc import Mapping
from typing import NotRequired, TypedDict
from uuid import UUID

from models.approval import Decision
from models.shapes import MAX_JSON_LEVELS, JsonObject

# The payload of an event has a message, with a list of calls, in which the arguments stand.
MAX_ARGUMENT_LEVELS = MAX_JSON_LEVELS - 4


class RecordedApproval(TypedDict):
    """What became of the request for approval; `shown` are the rows that the user saw, `words` what they have said."""

    decision: Decision | None
    requested_at: str
    decided_at: str | None
    shown: NotRequired[Mapping[str, object]]
    words: NotRequired[str]


class CallOutcome(TypedDict):
    """What came of a call. Times are RFC 3339; `started_at` is None for a call that was never made."""

    result: object
    error: str | None
    started_at: str | None
    finished_at: str | None


class Call(TypedDict):
    """`id` is what `make_call_id` gave it, and in older records what the model's provider called it.

    `arguments` is a JSON object, or the raw text if a model wrote anything else.
    """

    id: str
    name: str
    arguments: JsonObject | str


class RecordedCall(Call):
    """The fields of CallOutcome are there once the call has finished, `approval` once one was requested.

    `said_before`: in a message, how many characters of its content came before the call.
    """

    result: NotRequired[object]
    error: NotRequired[str | None]
    started_at: NotRequired[str | None]
    finished_at: NotRequired[str | None]
    approval: NotRequired[RecordedApproval]
    said_before: NotRequired[int]


class LoggedCall(RecordedCall):
    """A call while its run goes on: what messages and streams do not show.

    `opaque` are the fields that the model's provider wants back with the call, its own id among them where that
    counts. `truncated`: the answer of the model
    reached its largest length within this call.
    """

    opaque: NotRequired[JsonObject]
    truncated: NotRequired[bool]


def make_call_id(run_id: UUID, number: int) -> str:
    """The id of a run's call, which no call of another run has. `number` counts from 1 through the whole run."""
    return f"{run_id}:{number}"


def pick_call(data: JsonObject | Call) -> Call:
    """The call alone, without what came of it."""
    return {"id": data["id"], "name": data["name"], "arguments": data["arguments"]}


def pick_outcome(data: JsonObject | RecordedCall) -> CallOutcome:
    return {
        "result": data["result"],
        "error": data["error"],
        "started_at": data["started_at"],
        "finished_at": data["finished_at"],
    }


def pick_approval(data: JsonObject) -> RecordedApproval:
    """From the data of an event `approval.requested`."""
    approval: RecordedApproval = {
        "decision": None,
        "requested_at": data["requested_at"],
        "decided_at": None,
    }
    if data.get("shown") is not None:
        approval["shown"] = data["shown"]
    return approval


def set_outcome(call: RecordedCall, outcome: CallOutcome) -> None:
    call["result"], call["error"] = outcome["result"], outcome["error"]
    call["started_at"], call["finished_at"] = outcome["started_at"], outcome["finished_at"]


def is_finished(call: RecordedCall) -> bool:
    return "finished_at" in call
