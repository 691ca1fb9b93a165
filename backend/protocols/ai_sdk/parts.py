# protocols/ai_sdk/parts.py -- a run's events as parts of the AI SDK's UI message stream, version 1.
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic_core import to_json

from errors import INTERNAL_ERROR
from models.approval import PendingApproval
from models.run import Run
from models.shapes import JsonObject
from models.streams.run_events import (
    ApprovalDecidedEvent,
    MessageCompletedEvent,
    MessageDeltaEvent,
    MessageResetEvent,
    RunStreamEvent,
    ToolCallEvent,
    ToolResultEvent,
)
from protocols.following import FollowedRun, Pause
from protocols.run_events import SentText

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": ping\n\n"
# Of a tool that Parley runs, and that the page does not know.
RUN_HERE: JsonObject = {"dynamic": True, "providerExecuted": True}


@dataclass(slots=True)
class MessageParts:
    """The parts of one message. `is_part`: the page has its beginning, up to a call that waited for approval."""

    is_part: bool = False
    reason: str = "stop"
    _sent: SentText = field(default_factory=SentText)
    _step: int | None = None
    _texts: int = 0
    _is_text_open: bool = False
    _denied: set[str] = field(default_factory=set)

    def translate(self, event: RunStreamEvent) -> Iterator[JsonObject]:
        match event:
            case MessageDeltaEvent(step=step, text=text):
                yield from self._begin_step(step)
                yield from self._write(self._sent.add(text))
            case MessageResetEvent(content=content):
                self._sent.reset(content)
            case ToolCallEvent(step=step):
                yield from self._begin_step(step)
                yield from self._close_text()
                call: JsonObject = {"toolCallId": event.id, "toolName": event.name, **RUN_HERE}
                yield {"type": "tool-input-start", **call}
                yield {"type": "tool-input-available", **call, "input": event.arguments}
            case ApprovalDecidedEvent(decision="denied"):
                self._denied.add(event.id)
            case ToolResultEvent():
                yield self._end_call(event)
            case MessageCompletedEvent(message=message):
                self.reason = message.finish_reason or "stop"
                if not self.is_part and (text := self._sent.complete(message.content)):
                    yield from self._begin_step(self._step or 0)
                    yield from self._write(text)

    def request_approvals(self, approvals: Sequence[PendingApproval]) -> Iterator[JsonObject]:
        for approval in approvals:
            self.reason = "tool-calls"
            call_id = approval.tool_call_id
            yield {"type": "tool-approval-request", "approvalId": call_id, "toolCallId": call_id}

    def end_step(self) -> Iterator[JsonObject]:
        yield from self._close_text()
        if self._step is not None or self.is_part:
            yield {"type": "finish-step"}

    def _begin_step(self, step: int) -> Iterator[JsonObject]:
        if step != self._step:
            yield from self.end_step()
            self._step = step
            yield {"type": "start-step"}

    def _write(self, text: str) -> Iterator[JsonObject]:
        if not self._is_text_open:
            text = text.lstrip("\n")
        if not text:
            return
        if not self._is_text_open:
            self._is_text_open, self._texts = True, self._texts + 1
            yield {"type": "text-start", "id": f"text-{self._texts}"}
        yield {"type": "text-delta", "id": f"text-{self._texts}", "delta": text}

    def _close_text(self) -> Iterator[JsonObject]:
        if self._is_text_open:
            self._is_text_open = False
            yield {"type": "text-end", "id": f"text-{self._texts}"}

    def _end_call(self, event: ToolResultEvent) -> JsonObject:
        if event.id in self._denied:
            return {"type": "tool-output-denied", "toolCallId": event.id}
        if event.error is not None:
            return {"type": "tool-output-error", "toolCallId": event.id, "errorText": event.error, **RUN_HERE}
        return {"type": "tool-output-available", "toolCallId": event.id, "output": event.result, **RUN_HERE}


async def stream_parts(followed: FollowedRun) -> AsyncGenerator[bytes, None]:
    """The message that a run writes, to its end or to where the run waits for an approval."""
    parts, run = MessageParts(followed.is_part), followed.run
    metadata = {"run_id": str(run.id), "conversation_id": str(run.conversation_id)}
    yield frame_parts({"type": "start", "messageId": str(followed.message_id), "messageMetadata": metadata})
    async with aclosing(followed.read_to_pause()) as events:
        async for event in events:
            if event is None:
                yield KEEP_ALIVE
            elif isinstance(event, Pause):
                asked = parts.request_approvals(event.pending)
                yield frame_parts(*asked, *end_message(parts, event.run)) + DONE
            elif said := frame_parts(*parts.translate(event)):
                yield said


def end_message(parts: MessageParts, run: Run) -> Iterator[JsonObject]:
    if run.status == "failed":
        yield {"type": "error", "errorText": run.error or INTERNAL_ERROR}
    elif run.status == "cancelled":
        yield {"type": "abort", "reason": "cancelled"}
    else:
        yield from parts.end_step()
        usage = {"input_tokens": run.input_tokens, "output_tokens": run.output_tokens}
        yield {"type": "finish", "finishReason": parts.reason, "messageMetadata": {"usage": usage}}


def frame_parts(*parts: JsonObject) -> bytes:
    return b"".join(b"data: %s\n\n" % to_json(part) for part in parts)
