# models/approval.py -- approvals: the tool calls that wait for a user's consent, and the decisions.
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field as ApiField
from pydantic import StrictBool, StringConstraints
from sqlalchemy import Column, Index, String
from sqlmodel import Field, SQLModel

from models.columns import (
    JsonType,
    UTCDateTime,
    column,
    nullable_column,
    nullable_word_column,
    parent_column,
    time_column,
    word_check,
)
from models.shapes import STORABLE, VISIBLE, ApiModel, JsonObject, Time

# When a call needs approval: for every change; if it cannot be undone or a run makes many changes; never.
ApprovalPolicy = Literal["always", "destructive", "never"]
APPROVAL_POLICIES: tuple[ApprovalPolicy, ...] = get_args(ApprovalPolicy)
Decision = Literal["approved", "denied", "expired", "cancelled"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)


MAX_WORDS = 2_000
DecisionWords = Annotated[str, StringConstraints(min_length=1, max_length=MAX_WORDS), STORABLE, VISIBLE]


class Approval(SQLModel, table=True):
    """`decision` is None while the call waits.

    `shown` are the rows that the call touches, by their noun, as the user was shown them, and `digest` is the hash of
    everything that was shown. If those rows change, approval is requested again in the same row; `created_at` stays
    the time of the first request.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        word_check("decision", DECISIONS, "approvals_decision_check"),
        Index("idx_approvals_decision_expires_at", "decision", "expires_at"),
    )

    run_id: UUID = parent_column("run_id", "runs.id", "fk_approvals_run_id", key=True)
    tool_call_id: str = column("tool_call_id", String(120), key=True)
    name: str = column("name", String(100))
    arguments: object = Field(sa_column=Column("arguments", JsonType, nullable=False))
    decision: Decision | None = nullable_word_column("decision", 10, DECISIONS)
    created_at: datetime = time_column("created_at")
    expires_at: datetime = column("expires_at", UTCDateTime)
    decided_at: datetime | None = nullable_column("decided_at", UTCDateTime)
    shown: JsonObject | None = Field(default=None, sa_column=Column("shown", JsonType))
    digest: str | None = nullable_column("digest", String(64))


class ApprovalDecision(ApiModel):
    approve: StrictBool = ApiField(
        examples=[True], description="false denies the call; the agent learns of it and goes on."
    )
    words: DecisionWords | None = ApiField(
        None,
        description="What the person has said to it, which stands with the decision. Of a call that is denied the "
        "agent reads it.",
        examples=["yes"],
    )
    digest: str | None = ApiField(
        None,
        pattern="^[0-9a-f]{64}$",
        description="The digest of the call as it was read: if it has changed since, the decision is a 409.",
    )


class PendingApproval(ApiModel):
    """A call that awaits approval, with its arguments and the rows that it will change.

    `shown` and `digest` are null for calls of versions that did not store them yet.
    """

    tool_call_id: str
    name: str = ApiField(examples=["delete_task"])
    arguments: object = ApiField(examples=[{"task_id": "..."}])
    expires_at: Time
    shown: object = ApiField(None, examples=[{"task": {"id": "...", "title": "Buy milk"}}])
    digest: str | None = ApiField(None, description="Send it back with the decision.")
