"""Sign-ins that can be listed and ended."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid

revision = "004_add_auth_sessions"
down_revision = "003_add_messages_table"
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.add_column("users", sa.Column("display_name", sa.String(100)))
    op.add_column(
        "users", sa.Column("timezone", sa.String(64), nullable=False, server_default=sa.text("'UTC'"))
    )
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("user_agent", sa.String(255)),
        sa.Column("address", sa.String(64)),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("last_used_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.Column("revoked_at", UTCDateTime),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_auth_sessions_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_auth_sessions_user_id", "auth_sessions", ["user_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.Column("rotated_at", UTCDateTime),
        sa.ForeignKeyConstraint(
            ["session_id"], ["auth_sessions.id"], name="fk_refresh_tokens_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("expires_at", UTCDateTime, nullable=False),
    )
    op.create_index("idx_rate_limits_expires_at", "rate_limits", ["expires_at"])


def downgrade() -> None:
    op.drop_table("rate_limits")
    op.drop_table("refresh_tokens")
    op.drop_table("auth_sessions")
    # SQLite has its own DROP COLUMN since 3.35, so neither column needs the table to be made anew.
    op.drop_column("users", "timezone")
    op.drop_column("users", "display_name")
