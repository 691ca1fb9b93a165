# models/run.py -- runs of an agent, and their logs.
import datetime as dt
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID, uuid5

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.agent import BUILT_IN_ID, MAX_MODEL_NAME
from models.approval import PendingApproval
from models.columns import (
    Count,
    UTCDateTime,
    column,
    id_column,
    json_column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.conversation import HAS_AGENT, partial_index
from models.message import MessagePublic, ToolCallPublic
from models.shapes import SPARSE, ApiModel, JsonObject, Time

RunStatus = Literal["queued", "running", "awaiting_approval", "completed", "failed", "cancelled"]
RUN_STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)
ACTIVE_STATUSES: tuple[RunStatus, ...] = ("queued", "running", "awaiting_approval")
# The source in `run.started` of a run that a program began: its call is made, and no model is asked.
MCP_SOURCE = "mcp"


def derive_answer_id(run_id: UUID) -> UUID:
    """The id of the agent's message that a run leaves: known from its start on, to whichever worker."""
    return uuid5(run_id, "answer")


def to_cost(nanos: int | None) -> float | None:
    """As clients get it: in the operator's currency."""
    return None if nanos is None else int(nanos) / 10**9


class Run(SQLModel, table=True):
    """An agent's work on one message, from queued to its end.

    `trigger_seq` is the seq of that message. `epoch` rises with every claim and cancel: what a worker with an older
    epoch writes is refused. `lease_expires_at` is by the database's clock. `takeovers` counts the workers that were
    lost while they held the run. `model` is the language model that was asked last, if one was. `cost_nanos` is what
    its tokens have cost, in billionths of the operator's currency; None if no price was known.

    `user_id` is who asked, and `agent_id` who answers; None for the built-in agent, and for one that is gone.
    `agent_key` is the same id, and never None: a message asks an agent once. `is_external`: no worker answers it.
    `is_shared`: it is in a conversation of people, who see that it is at work and what comes of it.

    `attempt` counts, from 0, how often the message was asked before; `replaces_id` is the first answer to it, for which
    that of a later attempt stands anew.
    """

    __tablename__ = "runs"
    __table_args__ = (
        word_check("status", RUN_STATUSES, "runs_status_check"),
        UniqueConstraint(
            "conversation_id",
            "trigger_seq",
            "agent_key",
            "attempt",
            name="uq_runs_conversation_id_trigger_seq_agent_key_attempt",
        ),
        Index("idx_runs_user_id_created_at", "user_id", "created_at"),
        Index("idx_runs_status_lease_expires_at", "status", "lease_expires_at"),
        Index("idx_runs_details_deleted_at_finished_at", "details_deleted_at", "finished_at"),
        Index(
            "idx_runs_status_user_id_conversation_id_agent_key_trigger_seq",
            "status",
            "user_id",
            "conversation_id",
            "agent_key",
            "trigger_seq",
        ),
        partial_index("idx_runs_agent_id", HAS_AGENT, "agent_id"),
    )

    id: UUID = id_column()
    conversation_id: UUID = parent_column("conversation_id", "conversations.id", "fk_runs_conversation_id")
    user_id: UUID = parent_column("user_id", "users.id", "fk_runs_user_id")
    trigger_seq: int = column("trigger_seq", Integer)
    status: RunStatus = word_column("status", 20, RUN_STATUSES, default="queued")
    error: str | None = nullable_column("error", TextType)
    epoch: int = column("epoch", Integer, default=0)
    lease_expires_at: datetime | None = nullable_column("lease_expires_at", UTCDateTime)
    input_tokens: int = column("input_tokens", Count, default=0)
    output_tokens: int = column("output_tokens", Count, default=0)
    created_at: datetime = time_column("created_at")
    started_at: datetime | None = nullable_column("started_at", UTCDateTime)
    finished_at: datetime | None = nullable_column("finished_at", UTCDateTime)
    details_deleted_at: datetime | None = nullable_column("details_deleted_at", UTCDateTime)
    takeovers: int = column("takeovers", Integer, default=0)
    model: str | None = nullable_column("model", String(MAX_MODEL_NAME))
    cost_nanos: int | None = nullable_column("cost_nanos", BigInteger)
    is_external: bool = column("is_external", Boolean, default=False)
    agent_id: UUID | None = Field(
        default=None,
        sa_column=Column(
            "agent_id", Uuid, ForeignKey("agents.id", name="fk_runs_agent_id", ondelete="SET NULL")
        ),
    )
    agent_key: UUID = column("agent_key", Uuid, default=BUILT_IN_ID)
    is_shared: bool = column("is_shared", Boolean, default=False)
    attempt: int = column("attempt", Integer, default=0)
    replaces_id: UUID | None = nullable_column("replaces_id", Uuid)

    @property
    def cost(self) -> float | None:
        return to_cost(self.cost_nanos)


class RunEvent(SQLModel, table=True):
    """One row of a run's log; `seq` counts 1, 2, 3, ... within the run."""

    __tablename__ = "run_events"

    run_id: UUID = parent_column("run_id", "runs.id", "fk_run_events_run_id", key=True)
    seq: int = column("seq", Integer, key=True)
    type: str = column("type", String(40))
    data: JsonObject = json_column("data")
    created_at: datetime = time_column("created_at")


class RunShared(ApiModel):
    """A run in a conversation of people, as those see it who have not asked for it."""

    id: UUID
    conversation_id: UUID
    status: RunStatus
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    user_id: UUID
    agent_id: UUID
    user_message_id: UUID | None


class RunPublic(ApiModel):
    """The last three are of runs in conversations of people: who asked, who answers, and the message that asked.

    A message that is answered once more is named, too.
    """

    id: UUID
    conversation_id: UUID
    status: RunStatus
    error: str | None
    pending_approvals: list[PendingApproval]
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    input_tokens: int
    output_tokens: int
    cost: float | None
    user_id: Annotated[UUID | None, SPARSE] = None
    agent_id: Annotated[UUID | None, SPARSE] = None
    user_message_id: Annotated[UUID | None, SPARSE] = None


class RunPage(ApiModel):
    data: list[RunPublic | RunShared]
    next_cursor: str | None


class ActiveRuns(ApiModel):
    data: list[RunPublic]


class DayUsage(ApiModel):
    """`model` is null for runs from before it was noted; `cost` without a run whose price was known."""

    date: dt.date
    model: str | None
    runs: int
    input_tokens: int
    output_tokens: int
    cost: float | None


class UsagePublic(ApiModel):
    data: list[DayUsage]


class ChatPublic(ApiModel):
    """What came of a message to an agent. `message` is the agent's; null while there is none.

    With status `awaiting_approval`, `pending_approvals` are the calls that the run waits for.
    """

    conversation_id: UUID
    run_id: UUID | None
    status: RunStatus | None
    error: str | None
    user_message: MessagePublic
    message: MessagePublic | None
    tool_calls: list[ToolCallPublic]
    pending_approvals: list[PendingApproval]
