"""Apps that a person lets in, without giving them an API token by hand."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid

revision = "042_add_oauth"
down_revision = "041_add_branches"
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("redirect_uris", sa.String(4000), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("expires_at", UTCDateTime, nullable=False),
    )
    op.create_index("idx_oauth_clients_expires_at", "oauth_clients", ["expires_at"])
    op.create_table(
        "oauth_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.String(500), nullable=False),
        sa.Column("client_name", sa.String(100), nullable=False),
        sa.Column("redirect_uri", sa.String(1000), nullable=False),
        sa.Column("code_challenge", sa.String(64), nullable=False),
        sa.Column("resource", sa.String(500), nullable=False),
        sa.Column("scopes", sa.String(100), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.Column("used_at", UTCDateTime),
        sa.Column("grant_id", sa.Uuid),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_oauth_codes_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_oauth_codes_user_id", "oauth_codes", ["user_id"])
    op.create_index("idx_oauth_codes_expires_at", "oauth_codes", ["expires_at"])
    op.create_table(
        "oauth_tokens",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("grant_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.Column("rotated_at", UTCDateTime),
        sa.Column("reused_at", UTCDateTime),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name="oauth_tokens_kind_check"),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["access_tokens.id"], name="fk_oauth_tokens_grant_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_oauth_tokens_grant_id", "oauth_tokens", ["grant_id"])
    op.create_index("idx_oauth_tokens_expires_at", "oauth_tokens", ["expires_at"])
    op.add_column("access_tokens", sa.Column("client_id", sa.String(500)))
    op.add_column("access_tokens", sa.Column("resource", sa.String(500)))


def downgrade() -> None:
    """Who is let in by OAuth has to be let in anew; the record of the calls stays."""
    op.execute(
        "UPDATE access_tokens SET revoked_at = CURRENT_TIMESTAMP WHERE client_id IS NOT NULL AND revoked_at IS NULL"
    )
    op.drop_column("access_tokens", "resource")
    op.drop_column("access_tokens", "client_id")
    op.drop_table("oauth_tokens")
    op.drop_table("oauth_codes")
    op.drop_table("oauth_clients")
