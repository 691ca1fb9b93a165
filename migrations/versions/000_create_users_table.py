"""Who signs in."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid

revision = "000_create_users_table"
down_revision = None
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.UniqueConstraint("email", name="users_email_key"),
    )
    op.create_index("idx_users_email", "users", ["email"])


def downgrade() -> None:
    op.drop_table("users")
