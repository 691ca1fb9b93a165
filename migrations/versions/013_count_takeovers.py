"""A run that loses its workers ends."""

import sqlalchemy as sa
from alembic import op

revision = "013_count_takeovers"
down_revision = "012_add_completed_at"

INDEX = "idx_runs_status_user_id_conversation_id_trigger_seq"


def upgrade() -> None:
    op.add_column("runs", sa.Column("takeovers", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.create_index(INDEX, "runs", ["status", "user_id", "conversation_id", "trigger_seq"])


def downgrade() -> None:
    op.drop_index(INDEX, "runs")
    op.drop_column("runs", "takeovers")
