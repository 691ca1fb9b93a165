"""What was said, and which tools ran."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType, UTCDateTime, random_uuid

revision = "003_add_messages_table"
down_revision = "002_add_conversations_table"
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("tool_calls", JsonType),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.CheckConstraint("role IN ('user', 'agent')", name="messages_role_check"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_messages_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_messages_conversation_id", "messages", ["conversation_id"])
    op.create_index("idx_messages_user_id", "messages", ["user_id"])
    op.create_index(
        "idx_messages_conversation_id_created_at",
        "messages",
        ["conversation_id", sa.text("created_at ASC")],
    )


def downgrade() -> None:
    op.drop_table("messages")
