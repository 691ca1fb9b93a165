# protocols/openai/completions.py -- chat completions: the answer of a run as one object, or its events as chunks.
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from pydantic_core import to_json

from models.message import FinishReason
from models.run import ChatPublic, Run
from models.shapes import JsonObject
from models.streams.run_events import (
    ApprovalRequestedEvent,
    EndedRunEvent,
    MessageCompletedEvent,
    MessageDeltaEvent,
    MessageResetEvent,
    RunStreamEvent,
    ToolCallEvent,
)
from protocols.openai.failures import describe_broken_run
from protocols.run_events import SentText

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": ping\n\n"
TOOL_NAME = re.compile(r"\w{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Completion:
    """What all chunks of an answer have. `page` is where the person approves a call."""

    run_id: UUID
    model: str
    created: int
    page: str

    def describe(self, kind: str, choices: list[JsonObject]) -> JsonObject:
        return {
            "id": f"chatcmpl-{self.run_id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
            "choices": choices,
        }

    def ask_for_approval(self, tool: str) -> str:
        return f"This needs your approval ({tool}): {self.page}"


def describe_usage(run: Run) -> JsonObject:
    total = run.input_tokens + run.output_tokens
    return {"prompt_tokens": run.input_tokens, "completion_tokens": run.output_tokens, "total_tokens": total}


def describe_answer(completion: Completion, answer: ChatPublic, run: Run) -> JsonObject:
    """The answer of a run that has not failed."""
    said = answer.message.content if answer.message else ""
    asked = [completion.ask_for_approval(approval.name) for approval in answer.pending_approvals]
    reason = answer.message.finish_reason if answer.message else None
    choice: JsonObject = {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": "\n\n".join(filter(None, [said, *asked])),
            "refusal": None,
        },
        "logprobs": None,
        "finish_reason": reason or "stop",
    }
    return {**completion.describe("chat.completion", [choice]), "usage": describe_usage(run)}


async def stream_chunks(
    completion: Completion,
    events: AsyncGenerator[RunStreamEvent | None, None],
    read_usage: Callable[[], Awaitable[JsonObject]] | None,
) -> AsyncGenerator[bytes, None]:
    """Chunks of the text as it is written. Of tools only comments tell: a client would run what it is told to call.

    With `read_usage` the last chunk has the usage. A run that awaits approval is at its end for the client.
    """
    sent = SentText()
    reason: FinishReason | None = None
    extra: JsonObject = {} if read_usage is None else {"usage": None}

    def make_chunk(delta: JsonObject, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return frame_chunk({**completion.describe("chat.completion.chunk", [choice]), **extra})

    yield make_chunk({"role": "assistant", "content": ""})
    async with aclosing(events):
        async for event in events:
            if text := take_text(completion, event, sent):
                yield make_chunk({"content": text})
            elif comment := take_comment(event):
                yield comment
            if isinstance(event, MessageCompletedEvent):
                reason = event.message.finish_reason
            if isinstance(event, EndedRunEvent) and event.status == "failed":
                yield b"data: %s\n\n" % describe_broken_run(event.error)
                return
            if isinstance(event, (EndedRunEvent, ApprovalRequestedEvent)):
                break
        else:
            return  # the session has ended, or the server stops
    yield make_chunk({}, reason or "stop")
    if read_usage is not None:
        usage = {"usage": await read_usage()}
        yield frame_chunk({**completion.describe("chat.completion.chunk", []), **usage})
    yield DONE


def take_text(completion: Completion, event: RunStreamEvent | None, sent: SentText) -> str:
    match event:
        case MessageDeltaEvent(text=text):
            return sent.add(text)
        case MessageResetEvent(content=content):
            sent.reset(content)
        case MessageCompletedEvent(message=message):
            return sent.complete(message.content)
        case ApprovalRequestedEvent(name=name):
            return ("\n\n" if sent.has_begun else "") + completion.ask_for_approval(name)
    return ""


def take_comment(event: RunStreamEvent | None) -> bytes:
    match event:
        case None:
            return KEEP_ALIVE
        case ToolCallEvent(name=name):
            return b": parley tool.call %s\n\n" % (name if TOOL_NAME.fullmatch(name) else "").encode()
    return b""


def frame_chunk(chunk: JsonObject) -> bytes:
    return b"data: %s\n\n" % to_json(chunk)
