# models/approval.py -- a tool call that waits for its person's yes, and what they said.
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field as ShapeField
from pydantic import StrictBool
from sqlalchemy import CheckConstraint, Column, Index, String
from sqlmodel import Field, SQLModel

from models.columns import (
    JsonType,
    Shape,
    Time,
    UTCDateTime,
    optional_time_column,
    reference,
    time_column,
)

# What is asked for: everything that changes something, only what cannot be undone (or is much), or nothing.
ApprovalPolicy = Literal["always", "destructive", "never"]
Decision = Literal["approved", "denied", "expired", "cancelled"]


class Approval(SQLModel, table=True):
    """`decision` is None while the call waits.

    `shown` are the rows that the call touches, by their noun, as the person was shown them; `digest` tells all that
    was shown from anything else. A call whose rows have changed since is asked for anew, in the same row; `created_at`
    stays when it was first asked for.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint(
            "decision IN ('approved', 'denied', 'expired', 'cancelled')", name="approvals_decision_check"
        ),
        Index("idx_approvals_decision_expires_at", "decision", "expires_at"),
    )

    run_id: UUID = reference("run_id", "runs.id", "fk_approvals_run_id", key=True)
    tool_call_id: str = Field(sa_column=Column("tool_call_id", String(120), primary_key=True))
    name: str = Field(sa_column=Column("name", String(100), nullable=False))
    arguments: Any = Field(sa_column=Column("arguments", JsonType, nullable=False))
    decision: str | None = Field(default=None, sa_column=Column("decision", String(10)))
    created_at: datetime = time_column("created_at")
    expires_at: datetime = Field(sa_column=Column("expires_at", UTCDateTime, nullable=False))
    decided_at: datetime | None = optional_time_column("decided_at")
    shown: dict[str, Any] | None = Field(default=None, sa_column=Column("shown", JsonType))
    digest: str | None = Field(default=None, sa_column=Column("digest", String(64)))


class ApprovalDecision(Shape):
    approve: StrictBool = ShapeField(
        examples=[True], description="false denies the call; the agent is told and goes on."
    )
    digest: str | None = ShapeField(
        None,
        pattern="^[0-9a-f]{64}$",
        description="Of the question that was read: where another one is asked by now, the decision is a 409.",
    )


class PendingApproval(Shape):
    """A call that waits, with the arguments that it will be made with and the rows that it will be made on.

    `shown` is null, like `digest`, where the call was asked for before they were kept.
    """

    tool_call_id: str
    name: str = ShapeField(examples=["delete_task"])
    arguments: Any = ShapeField(examples=[{"task_id": "..."}])
    expires_at: Time
    shown: Any = ShapeField(None, examples=[{"task": {"id": "...", "title": "Buy milk"}}])
    digest: str | None = ShapeField(None, description="Send it back with the decision.")
