# protocols/openai/responses.py -- OpenAI's responses: a run as one object, or its log as their events.
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from pydantic_core import to_json

from models.run import ChatPublic, Run, RunStatus
from models.shapes import JsonObject
from models.streams.run_events import (
    MessageCompletedEvent,
)
from protocols.following import FollowedRun, Pause
from protocols.openai.response_items import (
    OutputItems,
    add_outcome,
    describe_call,
    describe_request,
    describe_text,
)

# For the client a run that waits for an approval is at the end of a response.
STATUSES: dict[RunStatus, str] = {
    "queued": "queued",
    "running": "in_progress",
    "awaiting_approval": "completed",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
# What ends a stream of events; those of a status of its own have none for it.
LAST_EVENTS = {"completed": "response.completed", "failed": "response.failed"}
KEEP_ALIVE = b": ping\n\n"
CUT_OFF = {"reason": "max_output_tokens"}


@dataclass(frozen=True, slots=True)
class ResponseId:
    """Of the part of a run that begins after the line `after` of its log: after an approval another response begins."""

    run_id: UUID
    after: int = 0

    def __str__(self) -> str:
        return f"resp_{self.run_id}" + (f"_{self.after}" if self.after else "")


def parse_response_id(text: str) -> ResponseId | None:
    run, _, after = text.removeprefix("resp_").partition("_")
    if not text.startswith("resp_") or not (after == "" or (after.isdecimal() and len(after) < 10)):
        return None
    try:
        return ResponseId(UUID(run), int(after or 0))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Head:
    """What all descriptions of a response have. `created` is in seconds of Unix time."""

    id: ResponseId
    model: str
    created: int
    conversation_id: UUID
    previous: str | None = None
    background: bool = False

    def describe(
        self,
        status: str,
        output: Sequence[JsonObject] = (),
        usage: JsonObject | None = None,
        error: str | None = None,
        incomplete: JsonObject | None = None,
    ) -> JsonObject:
        return {
            "id": str(self.id),
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": self.background,
            "error": None if error is None else {"code": "server_error", "message": error},
            "incomplete_details": incomplete,
            "instructions": None,
            "max_output_tokens": None,
            "model": self.model,
            "output": list(output),
            "parallel_tool_calls": True,
            "previous_response_id": self.previous,
            "conversation": {"id": f"conv_{self.conversation_id}"},
            "reasoning": {"effort": None, "summary": None},
            "store": True,
            "temperature": 1,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1,
            "truncation": "disabled",
            "usage": usage,
            "metadata": {},
        }


def describe_usage(run: Run) -> JsonObject:
    return {
        "input_tokens": run.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": run.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": run.input_tokens + run.output_tokens,
    }


def describe_whole(head: Head, answer: ChatPublic, run: Run) -> JsonObject:
    """A run as far as it has come: its calls, its text, and what it asks approval for."""
    calls = [
        add_outcome(describe_call(call.id, call.name, call.arguments), call) for call in answer.tool_calls
    ]
    said = answer.message
    texts = [describe_text(f"msg_{head.id.run_id}", said.content)] if said and said.content else []
    requests = [describe_request(approval) for approval in answer.pending_approvals]
    is_cut = said is not None and said.finish_reason == "length" and answer.status == "completed"
    status = "incomplete" if is_cut else STATUSES[run.status]
    is_over = run.status not in ("queued", "running")
    return head.describe(
        status,
        [*calls, *texts, *requests],
        describe_usage(run) if is_over else None,
        (answer.error or "The run failed.") if run.status == "failed" else None,
        CUT_OFF if is_cut else None,
    )


async def stream_response(head: Head, followed: FollowedRun, after: int = -1) -> AsyncGenerator[bytes, None]:
    """The events with a number above `after`."""
    items = OutputItems(head.id.run_id, followed.is_part)
    number = 0
    is_cut = False

    def frame(*said: JsonObject) -> bytes:
        nonlocal number
        frames = b""
        for event in said:
            kind = event["type"]
            data = to_json({"type": kind, "sequence_number": number, **event})
            if number > after:
                frames += b"event: %s\ndata: %s\n\n" % (str(kind).encode(), data)
            number += 1
        return frames

    begun = head.describe("in_progress")
    yield frame(
        {"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}
    )
    async with aclosing(followed.read_to_pause()) as events:
        async for event in events:
            if event is None:
                yield KEEP_ALIVE
                continue
            if isinstance(event, Pause):
                asked = (*items.close_text(), *items.request_approvals(event.pending))
                yield frame(*asked, close(head, items, event.run, is_cut))
                return
            if isinstance(event, MessageCompletedEvent):
                is_cut = event.message.finish_reason == "length"
            if said := frame(*items.translate(event)):
                yield said


def close(head: Head, items: OutputItems, run: Run, is_cut: bool) -> JsonObject:
    """The last event, with the whole response."""
    status = "incomplete" if is_cut and run.status == "completed" else STATUSES[run.status]
    error = (run.error or "The run failed.") if run.status == "failed" else None
    incomplete = CUT_OFF if status == "incomplete" else None
    response = head.describe(status, items.output, describe_usage(run), error, incomplete)
    return {"type": LAST_EVENTS.get(status, "response.incomplete"), "response": response}
