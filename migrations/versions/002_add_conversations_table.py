"""Threads of messages."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid

revision = "002_add_conversations_table"
down_revision = "001_create_tasks_table"
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(255)),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_conversations_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_conversations_user_id", "conversations", ["user_id"])
    op.create_index(
        "idx_conversations_user_id_updated_at", "conversations", ["user_id", sa.text("updated_at DESC")]
    )


def downgrade() -> None:
    op.drop_table("conversations")
