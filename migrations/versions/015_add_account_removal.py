"""Accounts that are leaving, and sign-ins that fork."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime
from storage.schema.triggers import trigger_statements

revision = "015_add_account_removal"
down_revision = "014_keep_what_was_shown"
REPLACED = "messages_refuse_delete"
BEFORE = "006_protect_history"


def upgrade() -> None:
    op.add_column("users", sa.Column("deleted_at", UTCDateTime))
    op.create_index("idx_users_deleted_at", "users", ["deleted_at"])
    op.add_column("auth_sessions", sa.Column("family_id", sa.Uuid))
    op.create_index("idx_auth_sessions_expires_at", "auth_sessions", ["expires_at"])
    op.create_index("idx_auth_sessions_revoked_at", "auth_sessions", ["revoked_at"])
    op.add_column(
        "refresh_tokens",
        sa.Column("generation", sa.Integer, nullable=False, server_default=sa.text("0")),
    )
    op.add_column("refresh_tokens", sa.Column("reused_at", UTCDateTime))
    run_triggers(trigger_statements(op.get_context().dialect.name, revision))


def downgrade() -> None:
    dialect = op.get_context().dialect.name
    former = [
        statement
        for statement in trigger_statements(dialect, BEFORE)
        if statement.startswith(f"CREATE TRIGGER {REPLACED} ")
    ]
    if dialect == "postgresql":  # the trigger goes with its function
        op.execute("DROP FUNCTION refuse_message_delete() CASCADE")
    else:
        op.execute(f"DROP TRIGGER {REPLACED}")
    run_triggers(former)
    op.drop_column("refresh_tokens", "reused_at")
    op.drop_column("refresh_tokens", "generation")
    op.drop_index("idx_auth_sessions_revoked_at", "auth_sessions")
    op.drop_index("idx_auth_sessions_expires_at", "auth_sessions")
    op.drop_column("auth_sessions", "family_id")
    op.drop_index("idx_users_deleted_at", "users")
    op.drop_column("users", "deleted_at")


def run_triggers(statements: list[str]) -> None:
    migrations = op.get_context()
    for statement in statements:
        if (
            migrations.as_sql and migrations.dialect.name == "mariadb"
        ):  # its client would end them at a semicolon
            migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
        else:
            op.execute(statement)
