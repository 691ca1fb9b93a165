"""When a task was done."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime

revision = "012_add_completed_at"
down_revision = "011_add_access_tokens"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("completed_at", UTCDateTime))
    op.create_index("idx_tasks_user_id_completed_at", "tasks", ["user_id", "completed_at"])


def downgrade() -> None:
    op.drop_index("idx_tasks_user_id_completed_at", "tasks")
    op.drop_column("tasks", "completed_at")
