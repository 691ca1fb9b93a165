# protocols/openai/response_items.py -- a run's events as those of OpenAI's responses: items of the output, in order.
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic_core import to_json

from models.approval import PendingApproval
from models.message import ToolCallPublic
from models.shapes import JsonObject
from models.streams.run_events import (
    ApprovalRequestedEvent,
    MessageCompletedEvent,
    MessageDeltaEvent,
    MessageResetEvent,
    RunStreamEvent,
    ToolCallEvent,
    ToolResultEvent,
)
from protocols.run_events import SentText

LABEL = "parley"


def name_item(kind: str, call_id: str) -> str:
    """Of a call `{run_id}:{n}`."""
    return f"{kind}_{call_id.replace(':', '_')}"


def read_call_id(request_id: str) -> str:
    """The call of a request for approval; no call has it if the id is none of a request."""
    return request_id.removeprefix("mcpr_").replace("_", ":", 1) if request_id.startswith("mcpr_") else ""


def describe_text(item_id: str, text: str | None) -> JsonObject:
    """A message; None for one that begins."""
    content = [] if text is None else [describe_part(text)]
    status = "in_progress" if text is None else "completed"
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": content}


def describe_part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def write_json(value: object) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


def describe_call(call_id: str, name: str, arguments: object) -> JsonObject:
    """A call that has begun."""
    return {
        "id": name_item("mcp", call_id),
        "type": "mcp_call",
        "server_label": LABEL,
        "name": name,
        "arguments": write_json(arguments),
        "output": None,
        "error": None,
        "approval_request_id": None,
        "status": "in_progress",
    }


def add_outcome(item: JsonObject, call: ToolCallPublic | ToolResultEvent) -> JsonObject:
    if call.error is not None:
        return {**item, "error": call.error, "status": "failed"}
    return {**item, "output": write_json(call.result), "status": "completed"}


def describe_request(approval: PendingApproval) -> JsonObject:
    return {
        "id": name_item("mcpr", approval.tool_call_id),
        "type": "mcp_approval_request",
        "server_label": LABEL,
        "name": approval.name,
        "arguments": write_json(approval.arguments),
    }


@dataclass(slots=True)
class OpenText:
    item_id: str
    index: int
    text: str = ""


@dataclass(slots=True)
class OutputItems:
    """Turns events of a run into those of its items; `output` is what they make. The order of the events alone says
    which there are, so that a stream that is read again has the same numbers.
    """

    run_id: UUID
    # The response begins in the middle of a run: its message has what was said before, too.
    is_part: bool = False
    items: dict[int, JsonObject] = field(default_factory=dict)
    _sent: SentText = field(default_factory=SentText)
    _text: OpenText | None = None
    _texts: int = 0
    _calls: dict[str, int] = field(default_factory=dict)
    _approved: dict[str, object] = field(default_factory=dict)
    _next: int = 0

    @property
    def output(self) -> list[JsonObject]:
        return [self.items[index] for index in sorted(self.items)]

    def translate(self, event: RunStreamEvent | None) -> Iterator[JsonObject]:
        match event:
            case MessageDeltaEvent(text=text):
                yield from self._write(self._sent.add(text))
            case MessageResetEvent(content=content):
                self._sent.reset(content)
            case ToolCallEvent() if event.id not in self._calls:
                yield from self._begin_call(event.id, event.name, event.arguments)
            case ToolResultEvent():
                yield from self._end_call(event)
            case ApprovalRequestedEvent():
                self._approved[event.id] = event.arguments
            case MessageCompletedEvent(message=message) if not self.is_part:
                for call in message.tool_calls or []:  # the lines of an old run are gone
                    if isinstance(call, ToolCallPublic) and call.id not in self._calls:
                        yield from self._begin_call(call.id, call.name, call.arguments)
                        yield from self._end_call(call)
                yield from self._write(self._sent.complete(message.content))

    def request_approvals(self, approvals: Sequence[PendingApproval]) -> Iterator[JsonObject]:
        for approval in approvals:
            if approval.tool_call_id in self._calls:  # the call has begun, and is not made
                self.items.pop(self._calls[approval.tool_call_id], None)
            item, index = describe_request(approval), self._take_index()
            self.items[index] = item
            yield {"type": "response.output_item.added", "output_index": index, "item": item}
            yield {"type": "response.output_item.done", "output_index": index, "item": item}

    def _take_index(self) -> int:
        self._next += 1
        return self._next - 1

    def _write(self, text: str) -> Iterator[JsonObject]:
        if self._text is None:
            text = text.lstrip("\n")
            if not text:
                return
            item_id = f"msg_{self.run_id}" + (f"_{self._texts}" if self._texts else "")
            self._text, self._texts = OpenText(item_id, self._take_index()), self._texts + 1
            began = describe_text(item_id, None)
            yield {"type": "response.output_item.added", "output_index": self._text.index, "item": began}
            yield {"type": "response.content_part.added", **self._in_text(), "part": describe_part("")}
        if text:
            self._text.text += text
            yield {"type": "response.output_text.delta", **self._in_text(), "delta": text, "logprobs": []}

    def _in_text(self) -> JsonObject:
        assert self._text is not None
        return {"item_id": self._text.item_id, "output_index": self._text.index, "content_index": 0}

    def close_text(self) -> Iterator[JsonObject]:
        if self._text is None:
            return
        text, index = self._text.text, self._text.index
        item = self.items[index] = describe_text(self._text.item_id, text)
        yield {"type": "response.output_text.done", **self._in_text(), "text": text, "logprobs": []}
        yield {"type": "response.content_part.done", **self._in_text(), "part": describe_part(text)}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
        self._text = None

    def _begin_call(self, call_id: str, name: str, arguments: object) -> Iterator[JsonObject]:
        yield from self.close_text()
        item, index = describe_call(call_id, name, arguments), self._take_index()
        self._calls[call_id], self.items[index] = index, item
        where = {"output_index": index, "item_id": item["id"]}
        yield {"type": "response.output_item.added", "output_index": index, "item": item}
        yield {"type": "response.mcp_call.in_progress", **where}
        yield {"type": "response.mcp_call_arguments.delta", **where, "delta": item["arguments"]}
        yield {"type": "response.mcp_call_arguments.done", **where, "arguments": item["arguments"]}

    def _end_call(self, call: ToolResultEvent | ToolCallPublic) -> Iterator[JsonObject]:
        if call.id not in self._calls:  # it has begun in an earlier part of the run
            yield from self._begin_call(call.id, call.name, self._approved.get(call.id, {}))
        index = self._calls[call.id]
        request_id = name_item("mcpr", call.id) if call.id in self._approved else None
        begun = {**self.items[index], "approval_request_id": request_id}
        item = self.items[index] = add_outcome(begun, call)
        kind = "failed" if call.error is not None else "completed"
        yield {"type": f"response.mcp_call.{kind}", "output_index": index, "item_id": item["id"]}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
