"""What became of a message, edited or retracted, and which message it replies to."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime
from storage.schema.step_triggers import create_triggers, drop_triggers

revision = "027_add_message_changes"
down_revision = "026_add_participants"


def upgrade() -> None:
    op.add_column("messages", sa.Column("reply_to_seq", sa.Integer))
    op.create_index("idx_messages_user_id_created_at", "messages", ["user_id", sa.text("created_at DESC")])
    op.create_table(
        "message_changes",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("message_id", "version", name="message_changes_pkey"),
        sa.CheckConstraint("kind IN ('edit', 'retract')", name="message_changes_kind_check"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_changes_message_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_message_changes_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_message_changes_user_id", "message_changes", ["user_id"])
    create_triggers(revision)


def downgrade() -> None:
    """Messages are again what they were when they were said."""
    drop_triggers(revision)
    op.drop_table("message_changes")
    op.drop_index("idx_messages_user_id_created_at", "messages")
    op.drop_column("messages", "reply_to_seq")
