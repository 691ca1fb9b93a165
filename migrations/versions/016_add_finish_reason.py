"""How a model's answer ended."""

import sqlalchemy as sa
from alembic import op

revision = "016_add_finish_reason"
down_revision = "015_add_account_removal"


def upgrade() -> None:
    op.add_column("messages", sa.Column("finish_reason", sa.String(20)))


def downgrade() -> None:
    op.drop_column("messages", "finish_reason")
