"""What a deleted conversation took along, kept for 30 days so that it can be brought back."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, JsonType, UTCDateTime

revision = "034_add_kept_parts"
down_revision = "033_add_undo_steps"


def upgrade() -> None:
    op.create_table(
        "kept_parts",
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("change_id", sa.Uuid, nullable=False),
        sa.Column("noun", sa.String(40), nullable=False),
        sa.Column("content", JsonType, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_kept_parts_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_kept_parts_user_id", "kept_parts", ["user_id"])
    op.create_index("idx_kept_parts_change_id", "kept_parts", ["change_id", "id"])


def downgrade() -> None:
    """Conversations that are deleted are gone for good."""
    op.drop_table("kept_parts")
