"""Who has read which posted event, and an index in which these stand together."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, UTCDateTime

revision = "019_add_event_reads"
down_revision = "018_add_event_log"


def upgrade() -> None:
    op.create_index(
        "idx_events_audience_audience_id_expires_at",
        "events",
        ["audience", "audience_id", "expires_at", "id"],
    )
    op.drop_index("idx_events_audience_audience_id", "events")
    op.create_table(
        "event_reads",
        sa.Column("event_id", Counter, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("read_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.PrimaryKeyConstraint("event_id", "user_id", name="event_reads_pkey"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_event_reads_event_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_event_reads_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_event_reads_user_id", "event_reads", ["user_id"])


def downgrade() -> None:
    """Posted events stay, unless a later step down has no place for them."""
    op.drop_table("event_reads")
    op.create_index("idx_events_audience_audience_id", "events", ["audience", "audience_id", "id"])
    op.drop_index("idx_events_audience_audience_id_expires_at", "events")
