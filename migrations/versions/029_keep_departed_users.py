"""Since when nothing is left of a user but their row."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime

revision = "029_keep_departed_users"
down_revision = "028_add_message_deliveries"


def upgrade() -> None:
    op.add_column("users", sa.Column("departed_at", UTCDateTime))
    op.create_index("idx_users_departed_at_deleted_at", "users", ["departed_at", "deleted_at"])


def downgrade() -> None:
    """Older versions delete those who have departed, with all that they have said."""
    op.drop_index("idx_users_departed_at_deleted_at", "users")
    op.drop_column("users", "departed_at")
