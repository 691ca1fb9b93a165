"""Accounts, with a personal one for everybody; their members, and invitations to them."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid
from storage.schema.triggers import trigger_statements

revision = "020_add_accounts"
down_revision = "019_add_event_reads"
NOW = sa.text("CURRENT_TIMESTAMP")
ADD_ACCOUNTS = """
    INSERT INTO accounts (id, name, kind, created_at, updated_at)
    SELECT id, coalesce(nullif(display_name, ''), 'Personal'), 'personal', created_at, created_at FROM users
    WHERE id NOT IN (SELECT id FROM accounts)"""
ADD_OWNERS = """
    INSERT INTO account_members (account_id, user_id, role, joined_at)
    SELECT id, id, 'owner', created_at FROM users WHERE id NOT IN (SELECT account_id FROM account_members)"""


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("deleted_at", UTCDateTime),
        sa.CheckConstraint("kind IN ('personal', 'team')", name="accounts_kind_check"),
    )
    op.create_index("idx_accounts_deleted_at", "accounts", ["deleted_at"])
    create_members()
    create_invitations()
    # On MariaDB, where each statement is committed, somebody may be inserted meanwhile: so the triggers come first.
    run_triggers()
    op.execute(ADD_ACCOUNTS)
    op.execute(ADD_OWNERS)


def downgrade() -> None:
    """Accounts of teams have no place in the older schema and are deleted."""
    op.drop_table("account_invitations")
    op.drop_table("account_members")
    op.drop_table("accounts")
    if op.get_context().dialect.name == "postgresql":  # the triggers go with their functions
        op.execute("DROP FUNCTION add_personal_account() CASCADE")
        op.execute("DROP FUNCTION delete_personal_account() CASCADE")
        op.execute("DROP FUNCTION delete_events_of_account() CASCADE")
    else:
        op.execute("DROP TRIGGER users_add_account")
        op.execute("DROP TRIGGER users_delete_account")


def create_members() -> None:
    op.create_table(
        "account_members",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("joined_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("joined_event_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("account_id", "user_id", name="account_members_pkey"),
        sa.CheckConstraint(
            "role IN ('owner', 'admin', 'member', 'agent')", name="account_members_role_check"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_members_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_account_members_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_account_members_user_id", "account_members", ["user_id"])


def create_invitations() -> None:
    op.create_table(
        "account_invitations",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("invited_by", sa.Uuid),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("expires_at", UTCDateTime, nullable=False),
        sa.Column("accepted_at", UTCDateTime),
        sa.UniqueConstraint("token_hash", name="account_invitations_token_hash_key"),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name="account_invitations_role_check"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_invitations_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["users.id"], name="fk_account_invitations_invited_by", ondelete="SET NULL"
        ),
    )
    op.create_index(
        "idx_account_invitations_account_id_created_at",
        "account_invitations",
        ["account_id", sa.text("created_at DESC")],
    )
    op.create_index("idx_account_invitations_invited_by", "account_invitations", ["invited_by"])
    op.create_index("idx_account_invitations_expires_at", "account_invitations", ["expires_at"])


def run_triggers() -> None:
    migrations = op.get_context()
    for statement in trigger_statements(migrations.dialect.name, revision):
        if migrations.as_sql and migrations.dialect.name == "mariadb":
            # Its client would end them at the first semicolon.
            migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
        else:
            op.execute(statement)
