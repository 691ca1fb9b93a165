# models/run.py -- an agent at work: the run and its durable log.
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, UniqueConstraint, text
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.approval import PendingApproval
from models.columns import (
    Count,
    JsonType,
    Shape,
    Time,
    id_column,
    optional_time_column,
    reference,
    time_column,
)
from models.message import MessagePublic, ToolCallPublic

RunStatus = Literal["queued", "running", "awaiting_approval", "completed", "failed", "cancelled"]
ACTIVE: tuple[RunStatus, ...] = ("queued", "running", "awaiting_approval")


class Run(SQLModel, table=True):
    """One answer of an agent, from the message that asked for it to its end.

    `trigger_seq` is the seq of that message. `epoch` rises at every takeover and cancel: a worker whose epoch is
    not the run's writes nothing more. `lease_expires_at` is by the database's clock. `takeovers` counts the workers
    that were lost while they had the run.
    """

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'running', 'awaiting_approval', 'completed', 'failed', 'cancelled')",
            name="runs_status_check",
        ),
        UniqueConstraint("conversation_id", "trigger_seq", name="uq_runs_conversation_id_trigger_seq"),
        Index("idx_runs_user_id", "user_id"),
        Index("idx_runs_status_lease_expires_at", "status", "lease_expires_at"),
        Index("idx_runs_details_deleted_at_finished_at", "details_deleted_at", "finished_at"),
        Index(
            "idx_runs_status_user_id_conversation_id_trigger_seq",
            "status",
            "user_id",
            "conversation_id",
            "trigger_seq",
        ),
    )

    id: UUID = id_column()
    conversation_id: UUID = reference("conversation_id", "conversations.id", "fk_runs_conversation_id")
    user_id: UUID = reference("user_id", "users.id", "fk_runs_user_id")
    trigger_seq: int = Field(sa_column=Column("trigger_seq", Integer, nullable=False))
    status: str = Field(
        default="queued",
        sa_column=Column("status", String(20), nullable=False, server_default=text("'queued'")),
    )
    error: str | None = Field(default=None, sa_column=Column("error", TextType))
    epoch: int = Field(
        default=0, sa_column=Column("epoch", Integer, nullable=False, server_default=text("0"))
    )
    lease_expires_at: datetime | None = optional_time_column("lease_expires_at")
    input_tokens: int = Field(
        default=0, sa_column=Column("input_tokens", Count, nullable=False, server_default=text("0"))
    )
    output_tokens: int = Field(
        default=0, sa_column=Column("output_tokens", Count, nullable=False, server_default=text("0"))
    )
    created_at: datetime = time_column("created_at")
    started_at: datetime | None = optional_time_column("started_at")
    finished_at: datetime | None = optional_time_column("finished_at")
    details_deleted_at: datetime | None = optional_time_column("details_deleted_at")
    takeovers: int = Field(
        default=0, sa_column=Column("takeovers", Integer, nullable=False, server_default=text("0"))
    )


class RunEvent(SQLModel, table=True):
    """A line of a run's log; `seq` counts 1, 2, 3, ... within the run."""

    __tablename__ = "run_events"

    run_id: UUID = reference("run_id", "runs.id", "fk_run_events_run_id", key=True)
    seq: int = Field(sa_column=Column("seq", Integer, primary_key=True, autoincrement=False))
    type: str = Field(sa_column=Column("type", String(40), nullable=False))
    data: dict[str, Any] = Field(sa_column=Column("data", JsonType, nullable=False))
    created_at: datetime = time_column("created_at")


class RunPublic(Shape):
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


class ChatPublic(Shape):
    """What a message to an agent led to. `message` is the agent's; null while there is none.

    With status `awaiting_approval`, `pending_approvals` are the calls that it waits for.
    """

    conversation_id: UUID
    run_id: UUID | None
    status: RunStatus | None
    error: str | None
    user_message: MessagePublic
    message: MessagePublic | None
    tool_calls: list[ToolCallPublic]
    pending_approvals: list[PendingApproval]
