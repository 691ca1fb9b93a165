# models/streams/changes.py -- the shapes of the user stream's events, as it and the pages of changes send them.
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.account import AccountShared, MemberPublic
from models.agent import AgentPublic
from models.conversation import ConversationShared
from models.event import EventPublic
from models.message import MessagePublic
from models.participation.participant import ParticipantPublic
from models.run import RunPublic, RunShared
from models.shapes import SPARSE, ApiModel
from models.streams.run_events import NumberedEvent, StreamedEvent
from models.task import TaskPublic


class ResetChange(NumberedEvent):
    """The log does not reach back to where you were: read your lists again."""

    type: Literal["reset"]


class TaskChange(NumberedEvent):
    type: Literal["task.created", "task.updated", "task.reminded"]
    task: TaskPublic


class TaskDeletedChange(NumberedEvent):
    type: Literal["task.deleted"]
    task_id: UUID


class UndoneChange(NumberedEvent):
    """Comes after the events of the rows. `run_id` is there where a run was undone."""

    type: Literal["change.undone"]
    change_id: UUID
    undone_change_ids: list[UUID]
    run_id: Annotated[UUID | None, SPARSE] = None


class AccountChange(NumberedEvent):
    type: Literal["account.updated"]
    account: AccountShared


class AccountDeletedChange(NumberedEvent):
    type: Literal["account.deleted"]
    account_id: UUID


class MemberChange(NumberedEvent):
    """`account` is there for whoever has become a member."""

    type: Literal["member.added", "member.updated"]
    account_id: Annotated[UUID | None, SPARSE] = None
    account: Annotated[AccountShared | None, SPARSE] = None
    member: MemberPublic


class MemberRemovedChange(NumberedEvent):
    type: Literal["member.removed"]
    account_id: UUID
    user_id: UUID


class AgentChange(NumberedEvent):
    type: Literal["agent.created", "agent.updated"]
    agent: AgentPublic


class AgentDeletedChange(NumberedEvent):
    type: Literal["agent.deleted"]
    account_id: UUID
    agent_id: UUID


class ConversationChange(NumberedEvent):
    """Without what differs from reader to reader."""

    type: Literal["conversation.created", "conversation.updated"]
    conversation: ConversationShared


class ConversationDeletedChange(NumberedEvent):
    type: Literal["conversation.deleted"]
    conversation_id: UUID


class BranchShownChange(NumberedEvent):
    """Another branch of the conversation is shown: the one on which the message stands."""

    type: Literal["conversation.branched"]
    conversation_id: UUID
    message_id: UUID


class ParticipantChange(NumberedEvent):
    type: Literal["participant.added", "participant.updated"]
    conversation_id: UUID
    participant: ParticipantPublic


class ParticipantRemovedChange(NumberedEvent):
    type: Literal["participant.removed"]
    conversation_id: UUID
    user_id: UUID


class ParticipantReadChange(NumberedEvent):
    """The participant has read up to this message."""

    type: Literal["participant.read"]
    conversation_id: UUID
    user_id: UUID
    message_id: UUID


class ParticipantTypingChange(StreamedEvent):
    """Not part of the log: it has no number."""

    type: Literal["participant.typing"]
    conversation_id: UUID
    user_id: UUID


class MessageChange(NumberedEvent):
    """`message_seq` is the message's number in a conversation of people."""

    type: Literal["message.created", "message.updated"]
    message: MessagePublic
    message_seq: Annotated[int | None, SPARSE] = None


class EventPostedChange(NumberedEvent):
    type: Literal["event.posted"]
    event: EventPublic


class EventReadChange(NumberedEvent):
    type: Literal["event.read"]
    event_ids: list[UUID]


class ImportStoredChange(NumberedEvent):
    """So many rows of an import are stored: read your lists again."""

    type: Literal["import.stored"]
    tasks: int
    conversations: int
    messages: int


class RunChange(NumberedEvent):
    """`message` is there for the external agent that has to answer it."""

    type: Literal[
        "run.queued",
        "run.started",
        "approval.requested",
        "approval.decided",
        "run.completed",
        "run.failed",
        "run.cancelled",
    ]
    run: RunPublic | RunShared
    message: Annotated[MessagePublic | None, SPARSE] = None


UserStreamEvent = Annotated[
    ResetChange
    | TaskChange
    | TaskDeletedChange
    | UndoneChange
    | AccountChange
    | AccountDeletedChange
    | MemberChange
    | MemberRemovedChange
    | AgentChange
    | AgentDeletedChange
    | ConversationChange
    | ConversationDeletedChange
    | BranchShownChange
    | ParticipantChange
    | ParticipantRemovedChange
    | ParticipantReadChange
    | ParticipantTypingChange
    | MessageChange
    | EventPostedChange
    | EventReadChange
    | ImportStoredChange
    | RunChange,
    Field(discriminator="type"),
]


class ChangePage(ApiModel):
    """Go on with `next_after`. `reset`: the log does not reach back to where you were."""

    data: list[UserStreamEvent]
    next_after: int
    reset: bool
