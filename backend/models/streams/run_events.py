# models/streams/run_events.py -- the shapes of a run's events, as its stream sends them in `data:`.
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.approval import Decision
from models.message import MessagePublic
from models.shapes import SPARSE, ApiModel, Time


class StreamedEvent(BaseModel):
    """What every event of a stream has: its `type` tells its shape."""

    model_config = ConfigDict(extra="forbid")

    type: str


class NumberedEvent(StreamedEvent):
    """`seq` is the number of the event, which the stream gives as `id:`, too."""

    seq: int


class QueuedRunEvent(NumberedEvent):
    """The run waits; not part of the log."""

    type: Literal["run.queued"]
    run_id: UUID
    conversation_id: UUID
    user_message_id: UUID


class LoggedRunEvent(NumberedEvent):
    """A line of the log. `message_id` is the agent's message that the run writes."""

    run_id: UUID
    message_id: UUID | None


class ProgramShown(ApiModel):
    """The API token by which a program came in, and its name."""

    id: UUID | None
    name: str | None


class StartedRunEvent(LoggedRunEvent):
    """`timezone` is for who has asked; `source` and `program` come of a call over MCP."""

    type: Literal["run.started"]
    conversation_id: UUID
    user_message_id: UUID | None
    timezone: Annotated[str | None, SPARSE] = None
    source: Annotated[Literal["mcp"] | None, SPARSE] = None
    program: Annotated[ProgramShown | None, SPARSE] = None


class MessageDeltaEvent(LoggedRunEvent):
    """Text to append to the message."""

    type: Literal["message.delta"]
    step: int
    text: str


class MessageResetEvent(LoggedRunEvent):
    """Withdraws unfinished text: `content` is what remains of the message."""

    type: Literal["message.reset"]
    step: int
    content: str


class ToolCallEvent(LoggedRunEvent):
    """The model calls a tool. The arguments are for who has asked."""

    type: Literal["tool.call"]
    step: int
    id: str
    name: str
    arguments: Annotated[object, SPARSE] = None


class ToolResultEvent(LoggedRunEvent):
    """What came of a call: `result` or `error`, for who has asked."""

    type: Literal["tool.result"]
    step: int
    id: str
    name: str
    result: Annotated[object, SPARSE] = None
    error: Annotated[str | None, SPARSE] = None
    started_at: Annotated[Time | None, SPARSE] = None
    finished_at: Annotated[Time | None, SPARSE] = None


class ApprovalRequestedEvent(LoggedRunEvent):
    """A call waits for approval. It comes again with another `digest` if what is shown has changed.

    What the call is and does is for who has asked.
    """

    type: Literal["approval.requested"]
    step: int
    id: str
    name: str
    requested_at: Time
    expires_at: Time
    arguments: Annotated[object, SPARSE] = None
    shown: Annotated[object, SPARSE] = None
    digest: Annotated[str | None, SPARSE] = None


class ApprovalDecidedEvent(LoggedRunEvent):
    """The decision is for who has asked."""

    type: Literal["approval.decided"]
    step: int
    id: str
    decided_at: Time
    decision: Annotated[Decision | None, SPARSE] = None
    words: Annotated[str | None, SPARSE] = None


class MessageCompletedEvent(LoggedRunEvent):
    """The agent's message as it is stored."""

    type: Literal["message.completed"]
    message: MessagePublic


class EndedRunEvent(LoggedRunEvent):
    """The last event. `error` says why a run has failed."""

    type: Literal["run.completed", "run.failed", "run.cancelled"]
    status: Literal["completed", "failed", "cancelled"]
    error: Annotated[str | None, SPARSE] = None


RunStreamEvent = Annotated[
    QueuedRunEvent
    | StartedRunEvent
    | MessageDeltaEvent
    | MessageResetEvent
    | ToolCallEvent
    | ToolResultEvent
    | ApprovalRequestedEvent
    | ApprovalDecidedEvent
    | MessageCompletedEvent
    | EndedRunEvent,
    Field(discriminator="type"),
]
