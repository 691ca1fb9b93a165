"""In which account a conversation is, and which agent answers in it."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid
from storage.schema.triggers import trigger_statements

revision = "024_add_conversation_accounts"
down_revision = "023_add_agents"
NOW = sa.text("CURRENT_TIMESTAMP")
KINDS = "kind IN ('assistant', 'direct', 'group')"
TRIGGER = "conversations_move_updated_at"
# An agent has no personal account: the record of its own calls is in the account of the agent or, where this schema was
# downgraded past its row of agents, in the one of which it is a member.
FILL_ACCOUNTS = (
    "UPDATE conversations SET account_id = user_id",
    """
    UPDATE conversations
    SET account_id = (SELECT agents.account_id FROM agents WHERE agents.id = conversations.user_id), agent_id = user_id
    WHERE EXISTS (SELECT 1 FROM agents WHERE agents.id = conversations.user_id)""",
    """
    UPDATE conversations
    SET account_id = (
        SELECT own.account_id FROM account_members AS own WHERE own.user_id = conversations.user_id LIMIT 1
    )
    WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE accounts.id = conversations.account_id)""",
)
# The columns of each index, and which rows it has: all of them on MariaDB, which has no such index.
INDEXES: dict[str, tuple[list[str | sa.TextClause], str | None]] = {
    "idx_conversations_account_id_agent_id": (["account_id", "agent_id"], None),
    "idx_conversations_agent_id_updated_at": (
        ["agent_id", sa.text("updated_at DESC")],
        "agent_id IS NOT NULL",
    ),
    "idx_conversations_user_id_account_id_updated_at": (
        ["user_id", "account_id", sa.text("updated_at DESC")],
        "account_id <> user_id",
    ),
}


def upgrade() -> None:
    op.add_column(
        "conversations",
        sa.Column("kind", sa.String(10), nullable=False, server_default=sa.text("'assistant'")),
    )
    op.add_column("conversations", sa.Column("account_id", sa.Uuid))
    op.add_column("conversations", sa.Column("agent_id", sa.Uuid))
    fill_accounts()
    with op.batch_alter_table(
        "conversations", copy_from=conversations(*new_columns(is_filled=False))
    ) as table:
        table.alter_column("account_id", existing_type=sa.Uuid(), nullable=False)
        table.create_check_constraint("conversations_kind_check", KINDS)
        table.create_foreign_key(
            "fk_conversations_account_id", "accounts", ["account_id"], ["id"], ondelete="CASCADE"
        )
        table.create_foreign_key(
            "fk_conversations_agent_id",
            "agents",
            ["account_id", "agent_id"],
            ["account_id", "id"],
            ondelete="CASCADE",
        )
    add_triggers_again()
    for name, (columns, condition) in INDEXES.items():
        where = None if condition is None else sa.text(condition)
        op.create_index(name, "conversations", columns, postgresql_where=where, sqlite_where=where)
    for statement in trigger_statements(op.get_context().dialect.name, revision):
        execute_trigger(statement)


def downgrade() -> None:
    """Conversations in teams and with other agents stay their users', with the built-in agent."""
    restore_trigger()
    keys = [
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_conversations_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_id"],
            ["agents.account_id", "agents.id"],
            name="fk_conversations_agent_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(KINDS, name="conversations_kind_check"),
        *new_indexes(),
    ]
    with op.batch_alter_table(
        "conversations", copy_from=conversations(*new_columns(is_filled=True), *keys)
    ) as table:
        table.drop_constraint("fk_conversations_agent_id", type_="foreignkey")
        table.drop_constraint("fk_conversations_account_id", type_="foreignkey")
        table.drop_constraint("conversations_kind_check", type_="check")
    add_triggers_again()
    for name in reversed(INDEXES):
        op.drop_index(name, "conversations")
    for name in ("agent_id", "account_id", "kind"):
        op.drop_column("conversations", name)


def new_indexes() -> list[sa.Index]:
    indexes = []
    for name, (columns, condition) in INDEXES.items():
        where = None if condition is None else sa.text(condition)
        indexes.append(sa.Index(name, *columns, postgresql_where=where, sqlite_where=where))
    return indexes


def restore_trigger() -> None:
    """That of the older schema, before the columns go of which the newer one reads."""
    dialect = op.get_context().dialect.name
    op.execute(f"DROP TRIGGER messages_refuse_delete{' ON messages' if dialect == 'postgresql' else ''}")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_message_delete()")
    for statement in trigger_statements(dialect, "015_add_account_removal"):
        if not statement.startswith("DROP "):
            execute_trigger(statement)


def execute_trigger(statement: str) -> None:
    migrations = op.get_context()
    if migrations.as_sql and migrations.dialect.name == "mariadb":
        # Its client would end it at the first semicolon.
        migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
    else:
        op.execute(statement)


def fill_accounts() -> None:
    """Without the trigger that would make all of them look as if something had just been said."""
    migrations = op.get_context()
    is_postgresql = migrations.dialect.name == "postgresql"
    op.execute(
        f"ALTER TABLE conversations DISABLE TRIGGER {TRIGGER}" if is_postgresql else f"DROP TRIGGER {TRIGGER}"
    )
    for statement in FILL_ACCOUNTS:
        op.execute(statement)
    if is_postgresql:
        op.execute(f"ALTER TABLE conversations ENABLE TRIGGER {TRIGGER}")
    elif not (migrations.as_sql and migrations.dialect.name == "sqlite"):
        for statement in trigger_statements(migrations.dialect.name, "006_protect_history"):
            if f"TRIGGER {TRIGGER} " in statement:
                op.execute(statement)


def add_triggers_again() -> None:
    """In a script for SQLite, the new table has lost its triggers; where there is a database, env.py sees to it."""
    migrations = op.get_context()
    if migrations.as_sql and migrations.dialect.name == "sqlite":
        for statement in trigger_statements("sqlite", "006_protect_history"):
            if " ON conversations" in statement.partition("\n")[0]:
                op.execute(statement)


def new_columns(*, is_filled: bool) -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.String(10), nullable=False, server_default=sa.text("'assistant'")),
        sa.Column("account_id", sa.Uuid, nullable=not is_filled),
        sa.Column("agent_id", sa.Uuid),
    ]


def conversations(*more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    return sa.Table(
        "conversations",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(255)),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        *more,
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_conversations_user_id", ondelete="CASCADE"
        ),
        sa.Index("idx_conversations_user_id", "user_id"),
        sa.Index("idx_conversations_user_id_updated_at", "user_id", sa.text("updated_at DESC")),
    )
