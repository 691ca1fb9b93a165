# protocols/ag_ui/events.py -- a run's events as those of AG-UI 1.0.
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic_core import to_json

from clock import rfc3339
from errors import INTERNAL_ERROR
from models.approval import PendingApproval
from models.shapes import JsonObject
from models.streams.run_events import (
    MessageCompletedEvent,
    MessageDeltaEvent,
    MessageResetEvent,
    RunStreamEvent,
    ToolCallEvent,
    ToolResultEvent,
)
from protocols.following import FollowedRun, Pause
from protocols.run_events import SentText

VERSION = "1.0"
KEEP_ALIVE = b": ping\n\n"
DECISION: JsonObject = {
    "type": "object",
    "properties": {"approve": {"type": "boolean"}},
    "required": ["approve"],
}


@dataclass(slots=True)
class RunEvents:
    """`message_id` is the run's message, `is_part` whether the client has its beginning already. Ids are unique in a
    thread: each text of the message has its own.
    """

    message_id: str
    is_part: bool = False
    _sent: SentText = field(default_factory=SentText)
    _texts: int = 0
    _text_id: str | None = None

    def translate(self, event: RunStreamEvent) -> Iterator[JsonObject]:
        match event:
            case MessageDeltaEvent(text=text):
                yield from self._write(self._sent.add(text))
            case MessageResetEvent(content=content):
                self._sent.reset(content)
            case ToolCallEvent():
                yield from self.close_text()
                call = {"toolCallId": event.id}
                named = {"toolCallName": event.name, "parentMessageId": f"calls:{self.message_id}"}
                yield {"type": "TOOL_CALL_START", **call, **named}
                yield {"type": "TOOL_CALL_ARGS", **call, "delta": to_json(event.arguments).decode()}
                yield {"type": "TOOL_CALL_END", **call}
            case ToolResultEvent():
                content = event.error if event.error is not None else to_json(event.result).decode()
                said = {"messageId": f"result:{event.id}", "role": "tool", "content": content}
                yield {"type": "TOOL_CALL_RESULT", "toolCallId": event.id, **said}
            case MessageCompletedEvent(message=message) if not self.is_part:
                yield from self._write(self._sent.complete(message.content))

    def _write(self, text: str) -> Iterator[JsonObject]:
        if self._text_id is None:
            text = text.lstrip("\n")
            if text:
                self._texts += 1
                self._text_id = f"{self.message_id}:{self._texts}"
                yield {"type": "TEXT_MESSAGE_START", "messageId": self._text_id, "role": "assistant"}
        if text:
            yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": self._text_id, "delta": text}

    def close_text(self) -> Iterator[JsonObject]:
        if self._text_id is not None:
            yield {"type": "TEXT_MESSAGE_END", "messageId": self._text_id}
            self._text_id = None


async def stream_events(names: JsonObject, followed: FollowedRun, after: int) -> AsyncGenerator[bytes, None]:
    """To the end of the run, or to where it waits for approval. `names` are the client's of its thread and its run."""
    translated = RunEvents(f"{followed.message_id}:{after}", followed.is_part)
    yield frame_events({"type": "RUN_STARTED", **names, "protocolVersion": VERSION})
    async with aclosing(followed.read_to_pause()) as events:
        async for event in events:
            if event is None:
                yield KEEP_ALIVE
            elif isinstance(event, Pause):
                yield frame_events(*translated.close_text(), end_run(names, event))
            elif said := frame_events(*translated.translate(event)):
                yield said


def end_run(names: JsonObject, pause: Pause) -> JsonObject:
    run = pause.run
    if run.status == "failed":
        return {"type": "RUN_ERROR", "message": run.error or INTERNAL_ERROR, "code": "run_failed"}
    outcome: JsonObject = {"type": "cancelled" if run.status == "cancelled" else "success"}
    if pause.pending:
        outcome = {"type": "interrupt", "interrupts": [describe_interrupt(each) for each in pause.pending]}
    result = {"run_id": str(run.id), "conversation_id": str(run.conversation_id)}
    return {"type": "RUN_FINISHED", **names, "outcome": outcome, "result": result}


def describe_interrupt(approval: PendingApproval) -> JsonObject:
    return {
        "id": approval.tool_call_id,
        "reason": "tool_call",
        "message": f"Allow {approval.name}?",
        "toolCallId": approval.tool_call_id,
        "responseSchema": DECISION,
        "expiresAt": rfc3339(approval.expires_at),
    }


def frame_events(*events: JsonObject) -> bytes:
    return b"".join(b"data: %s\n\n" % to_json(event) for event in events)
