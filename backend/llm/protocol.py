# llm/protocol.py -- what a model is to Parley: turns and tools in, text and tool calls out.
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool, with its outcome once it has one.

    `arguments` is a dict, or the raw text where a model wrote something that is not a JSON object.
    `result` is what the tool returned; `error` is a sentence, set instead of `result` on failure.
    """

    id: str
    name: str
    arguments: dict[str, Any] | str
    result: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class UserTurn:
    text: str


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One answer of the model: text, tool calls or both. Every call carries its outcome."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()


Turn = UserTurn | AgentTurn


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it; `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything a model may know.

    `turns` run oldest first. Turns after the last `UserTurn` are the steps of the run at work.
    `now` is aware; `timezone` is the IANA name of the person's zone. `answer_bytes` bounds what a model may say: its
    text is cut by whoever reads it, what comes beside the text counts here.
    """

    instructions: str
    turns: Sequence[Turn]
    tools: Sequence[ToolSpec]
    now: datetime
    timezone: str = "UTC"
    answer_bytes: int = 2**20


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int
    output_tokens: int


ModelEvent = TextDelta | ToolCall | Usage


class ModelError(Exception):
    """A model could not answer. `reason` is fit to be shown to the person who asked.

    `transient` says whether the same request may succeed later; `retry_after` is in seconds. `cause` is what the
    other side said, one line for the operator's log.
    """

    def __init__(
        self, reason: str, *, transient: bool, retry_after: float | None = None, cause: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient
        self.retry_after = retry_after
        self.cause = cause


class Model(Protocol):
    """Answers one request. Tool calls come whole; text comes in pieces, in order.

    Raises ModelError and nothing else for whatever is wrong on the provider's side.
    """

    name: str

    def respond(self, request: ModelRequest) -> AsyncIterator[ModelEvent]: ...
