"""What people want to get done."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid

revision = "001_create_tasks_table"
down_revision = "000_create_users_table"
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("completed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tasks_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_tasks_user_id", "tasks", ["user_id"])
    op.create_index("idx_tasks_user_id_created_at", "tasks", ["user_id", sa.text("created_at DESC")])


def downgrade() -> None:
    op.drop_table("tasks")
