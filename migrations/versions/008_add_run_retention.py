"""The details of old runs may go."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime

revision = "008_add_run_retention"
down_revision = "007_add_idempotency_keys"


def upgrade() -> None:
    op.add_column("runs", sa.Column("details_deleted_at", UTCDateTime))
    op.create_index("idx_runs_details_deleted_at_finished_at", "runs", ["details_deleted_at", "finished_at"])


def downgrade() -> None:
    op.drop_index("idx_runs_details_deleted_at_finished_at", "runs")
    op.drop_column("runs", "details_deleted_at")
