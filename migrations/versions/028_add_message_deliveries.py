"""When a message reached each participant, and when they read it."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime

revision = "028_add_message_deliveries"
down_revision = "027_add_message_changes"
NEWEST = sa.text("delivered_at DESC")


def upgrade() -> None:
    op.create_table(
        "message_deliveries",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("delivered_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("read_at", UTCDateTime),
        sa.PrimaryKeyConstraint("message_id", "user_id", name="message_deliveries_pkey"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_deliveries_message_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_message_deliveries_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_message_deliveries_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name="fk_message_deliveries_conversation_id",
            ondelete="CASCADE",
        ),
    )
    is_unread = sa.text("read_at IS NULL")
    op.create_index(
        "idx_message_deliveries_unread",
        "message_deliveries",
        ["user_id", NEWEST],
        postgresql_where=is_unread,
        sqlite_where=is_unread,
    )
    op.create_index("idx_message_deliveries_user_id_delivered_at", "message_deliveries", ["user_id", NEWEST])
    op.create_index(
        "idx_message_deliveries_account_id_conversation_id",
        "message_deliveries",
        ["account_id", "conversation_id"],
    )


def downgrade() -> None:
    """The marks of the participants still say who has read what."""
    op.drop_table("message_deliveries")
