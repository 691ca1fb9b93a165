"""What changed for a person, for every page that they have open."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, JsonType, UTCDateTime

revision = "010_add_events"
down_revision = "009_add_approvals"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("data", JsonType, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.UniqueConstraint("user_id", "seq", name="uq_events_user_id_seq"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_events_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_events_created_at", "events", ["created_at"])
    op.create_table(
        "event_sequences",
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("last_seq", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_event_sequences_user_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("event_sequences")
    op.drop_table("events")
