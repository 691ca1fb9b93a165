"""Calls that wait for a person's yes."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType, UTCDateTime

revision = "009_add_approvals"
down_revision = "008_add_run_retention"


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("run_id", sa.Uuid, primary_key=True),
        sa.Column("tool_call_id", sa.String(120), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("arguments", JsonType, nullable=False),
        sa.Column("decision", sa.String(10)),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.Column("decided_at", UTCDateTime),
        sa.CheckConstraint(
            "decision IN ('approved', 'denied', 'expired', 'cancelled')", name="approvals_decision_check"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_approvals_run_id", ondelete="CASCADE"),
    )
    op.create_index("idx_approvals_decision_expires_at", "approvals", ["decision", "expires_at"])
    op.add_column(
        "users",
        sa.Column("approval", sa.String(20), nullable=False, server_default=sa.text("'destructive'")),
    )


def downgrade() -> None:
    op.drop_column("users", "approval")
    op.drop_table("approvals")
