"""What an approval was asked with, and which program sent a message."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType

revision = "014_keep_what_was_shown"
down_revision = "013_count_takeovers"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("shown", JsonType))
    op.add_column("approvals", sa.Column("digest", sa.String(64)))
    op.add_column("messages", sa.Column("program_id", sa.Uuid))
    op.add_column("messages", sa.Column("program_name", sa.String(100)))


def downgrade() -> None:
    op.drop_column("messages", "program_name")
    op.drop_column("messages", "program_id")
    op.drop_column("approvals", "digest")
    op.drop_column("approvals", "shown")
