"""What each change of a task or a conversation did, so that it can be undone for 30 days."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, JsonType, UTCDateTime

revision = "033_add_undo_steps"
down_revision = "032_add_task_dates"


def upgrade() -> None:
    op.create_table(
        "undo_steps",
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("change_id", sa.Uuid, nullable=False),
        sa.Column("noun", sa.String(12), nullable=False),
        sa.Column("row_id", sa.Uuid, nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("title", sa.String(255)),
        sa.Column("state_before", JsonType),
        sa.Column("state_after", JsonType),
        sa.Column("run_id", sa.Uuid),
        sa.Column("tool_call_id", sa.String(120)),
        sa.Column("is_undo", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("is_undone", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("last_undo_id", sa.Uuid),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.CheckConstraint("noun IN ('task', 'conversation')", name="undo_steps_noun_check"),
        sa.CheckConstraint("action IN ('created', 'updated', 'deleted')", name="undo_steps_action_check"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_undo_steps_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_undo_steps_user_id", "undo_steps", ["user_id", "id"])
    op.create_index("idx_undo_steps_change_id", "undo_steps", ["change_id"])
    for name in ("run_id", "last_undo_id"):
        has_value = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"idx_undo_steps_{name}",
            "undo_steps",
            [name],
            postgresql_where=has_value,
            sqlite_where=has_value,
        )


def downgrade() -> None:
    """What was done before can no longer be undone."""
    op.drop_table("undo_steps")
