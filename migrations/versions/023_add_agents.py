"""Who answers in an account: agents, each with a row of users of its own."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType, UTCDateTime, random_uuid
from storage.schema.triggers import trigger_statements

revision = "023_add_agents"
down_revision = "022_add_run_cost"
NOW = sa.text("CURRENT_TIMESTAMP")
KINDS = "kind IN ('person', 'agent')"
ADD_ACCOUNT = "users_add_account"
# In the older schema a key would serve its user as a person's does.
REVOKE_KEYS = """
    UPDATE access_tokens SET revoked_at = CURRENT_TIMESTAMP
    WHERE revoked_at IS NULL AND user_id IN (SELECT id FROM users WHERE kind = 'agent')"""


def upgrade() -> None:
    add_kind()
    op.create_table(
        "agents",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("instructions", sa.Text),
        sa.Column("model", sa.String(200)),
        sa.Column("tools", JsonType),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("deleted_at", UTCDateTime),
        sa.PrimaryKeyConstraint("id", name="agents_pkey"),
        sa.UniqueConstraint("account_id", "id", name="uq_agents_account_id_id"),
        sa.CheckConstraint("kind IN ('hosted', 'external')", name="agents_kind_check"),
        sa.ForeignKeyConstraint(["id"], ["users.id"], name="fk_agents_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_agents_account_id", ondelete="CASCADE"
        ),
    )
    op.create_index("idx_agents_account_id_created_at", "agents", ["account_id", "created_at"])
    for statement in trigger_statements(op.get_context().dialect.name, revision):
        execute_trigger(statement)


def downgrade() -> None:
    """The users of agents stay as users whom nobody can sign in as, and whose keys are revoked."""
    dialect = op.get_context().dialect.name
    op.drop_table("agents")
    op.execute(REVOKE_KEYS)
    op.execute(f"DROP TRIGGER {ADD_ACCOUNT}{' ON users' if dialect == 'postgresql' else ''}")
    with op.batch_alter_table("users", copy_from=users()) as table:
        table.drop_constraint("users_kind_check", type_="check")
        table.drop_column("kind")
    if op.get_context().as_sql and dialect == "sqlite":
        add_triggers_again()
    for statement in trigger_statements(dialect, "020_add_accounts"):
        if f"CREATE TRIGGER {ADD_ACCOUNT} " in statement:
            execute_trigger(statement)


def add_kind() -> None:
    """On SQLite with its check in the column, where the table need not be made anew."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    check = [sa.CheckConstraint(KINDS, name="users_kind_check")] if is_sqlite else []
    op.add_column(
        "users", sa.Column("kind", sa.String(10), *check, nullable=False, server_default=sa.text("'person'"))
    )
    if not is_sqlite:
        op.create_check_constraint("users_kind_check", "users", KINDS)


def execute_trigger(statement: str) -> None:
    migrations = op.get_context()
    if migrations.as_sql and migrations.dialect.name == "mariadb":
        # Its client would end it at the first semicolon.
        migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
    else:
        op.execute(statement)


def add_triggers_again() -> None:
    """In a script for SQLite, the new table has lost its triggers; where there is a database, env.py sees to it."""
    for earlier in ("006_protect_history", "018_add_event_log", "020_add_accounts"):
        for statement in trigger_statements("sqlite", earlier):
            if " ON users" in statement.partition("\n")[0] and f"TRIGGER {ADD_ACCOUNT} " not in statement:
                op.execute(statement)


def users() -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    return sa.Table(
        "users",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("display_name", sa.String(100)),
        sa.Column("timezone", sa.String(64), nullable=False, server_default=sa.text("'UTC'")),
        sa.Column("approval", sa.String(20), nullable=False, server_default=sa.text("'destructive'")),
        sa.Column("deleted_at", UTCDateTime),
        sa.Column("kind", sa.String(10), nullable=False, server_default=sa.text("'person'")),
        sa.UniqueConstraint("email", name="users_email_key"),
        sa.CheckConstraint(KINDS, name="users_kind_check"),
        sa.Index("idx_users_email", "email"),
        sa.Index("idx_users_deleted_at", "deleted_at"),
    )
