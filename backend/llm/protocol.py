# llm/protocol.py -- the protocol of language models: turns and tools in, text and tool calls out
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.shapes import JsonObject

# Why an answer ended: `length` where it was cut off at a limit. An answer that a filter stopped is a ModelError.
FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool, with its outcome once it is made.

    `arguments` is a JSON object, or the raw text if the model wrote anything else. `truncated`: the answer was cut
    off within this call, and the arguments are the text until there. `result` is the JSON value that the tool
    returned; after a failure `error`, a sentence, is set instead. `opaque`: fields of the provider's that go back
    verbatim with this call as long as the run lasts, such as a signature.
    """

    id: str
    name: str
    arguments: JsonObject | str
    result: object = None
    error: str | None = None
    opaque: "JsonObject | None" = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class UserTurn:
    text: str


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One answer of the model: text, tool calls with their outcomes, or both.

    `opaque`: fields of the provider's that go back verbatim with this answer as long as the run lasts.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    opaque: "JsonObject | None" = None


Turn = UserTurn | AgentTurn


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool for a model; `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """All that a model gets.

    `turns`: oldest first; those after the last `UserTurn` are the steps of the current run. `now` is aware.
    `timezone`: the IANA name of the user's time zone. `language`: the tag of BCP 47 in their profile. `answer_bytes`:
    the most that a model may send beside its text, that is tool calls and thoughts; the reader of the answer bounds
    the text.
    """

    instructions: str
    turns: Sequence[Turn]
    tools: Sequence[ToolSpec]
    now: datetime
    timezone: str = "UTC"
    language: str | None = None
    answer_bytes: int = 2**20

    def describe_user(self) -> str:
        """For the instructions: what time it is for the user, and which language they have chosen."""
        now = self.now.astimezone(self.zone)
        told = f"It is {now:%A}, {now.isoformat(timespec='minutes')} ({self.zone.key})."
        return f"{told} The person has chosen the language {self.language}." if self.language else told

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone, or UTC where this machine does not know the name: the run goes on."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TokensUsed:
    """What the provider has counted so far for a request that has not ended. The last count holds, or AnswerEnd's."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class AnswerEnd:
    """The last event of an answer.

    `opaque`: what AgentTurn.opaque is to hold for this answer. `choices`: replies that it offers, each of which the
    user can send as it stands.
    """

    finish_reason: FinishReason = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    opaque: JsonObject | None = None
    choices: tuple[str, ...] = ()


ModelEvent = TextDelta | ToolCall | TokensUsed | AnswerEnd


class ModelError(Exception):
    """A model could not answer.

    `reason`: a sentence for the user. `transient`: whether the same request may succeed later. `retry_after`: in
    seconds. `cause`: what the provider answered, one line for the operator's log.
    """

    def __init__(
        self, reason: str, *, transient: bool, retry_after: float | None = None, cause: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.transient = transient
        self.retry_after = retry_after
        self.cause = cause


class ContextOverflow(ModelError):
    """What was sent is longer than the model reads; the same request, shortened, may succeed."""

    def __init__(self, cause: str = "") -> None:
        super().__init__("The conversation is too long for the model.", transient=False, cause=cause)


class Model(Protocol):
    """A language model. `respond` yields text in pieces, in order, each tool call complete, and AnswerEnd last.

    What the provider counts before the end, or of an answer that fails, comes as TokensUsed. It raises ModelError for
    every failure of a provider.
    """

    name: str

    def respond(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]: ...
