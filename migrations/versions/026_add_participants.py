"""Who takes part in a direct or group conversation, and how far each has read."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid
from storage.schema.step_triggers import create_triggers, drop_triggers, restore_triggers

revision = "026_add_participants"
down_revision = "025_add_query_audit"
NOW = sa.text("CURRENT_TIMESTAMP")
ZERO = sa.text("0")
NUMBERS = ("from_seq", "last_read_seq", "last_delivered_seq", "last_mention_seq")
TARGETS = {
    "uq_conversations_account_id_id": ["account_id", "id"],
    "uq_conversations_account_id_direct_key": ["account_id", "direct_key"],
}
IS_SHARED, TAKES_PART = "kind <> 'assistant'", "left_at IS NULL"
# The table and the columns of each index, and which rows it has: all of them on MariaDB, which has no such index.
INDEXES: dict[str, tuple[str, list[str | sa.TextClause], str | None]] = {
    "idx_conversations_account_id_kind": ("conversations", ["account_id", "kind"], IS_SHARED),
    "idx_conversations_account_id_updated_at": (
        "conversations",
        ["account_id", sa.text("updated_at DESC")],
        IS_SHARED,
    ),
    "idx_conversation_participants_user_id": ("conversation_participants", ["user_id"], None),
    "idx_conversation_participants_account_id_user_id": (
        "conversation_participants",
        ["account_id", "user_id"],
        None,
    ),
    "idx_conversation_participants_conversation_id": (
        "conversation_participants",
        ["conversation_id", "joined_at"],
        TAKES_PART,
    ),
    "idx_conversation_participants_unread": (
        "conversation_participants",
        ["user_id", "conversation_id", "last_read_seq"],
        TAKES_PART,
    ),
}


def upgrade() -> None:
    with op.batch_alter_table("conversations", copy_from=conversations()) as table:
        for column in new_columns():
            table.add_column(column)
        for name, columns in TARGETS.items():
            table.create_unique_constraint(name, columns)
    restore_triggers("conversations", "006_protect_history")
    create_participants()
    for name, (table_name, indexed, condition) in INDEXES.items():
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table_name, indexed, postgresql_where=where, sqlite_where=where)
    create_triggers(revision)


def downgrade() -> None:
    """Direct and group conversations stay, with their makers alone."""
    drop_triggers(revision)
    op.drop_table("conversation_participants")
    for name, (table_name, _, _) in reversed(INDEXES.items()):
        if table_name == "conversations":
            op.drop_index(name, table_name)
    unique = [sa.UniqueConstraint(*columns, name=name) for name, columns in TARGETS.items()]
    with op.batch_alter_table("conversations", copy_from=conversations(*new_columns(), *unique)) as table:
        for name in reversed(TARGETS):
            table.drop_constraint(name, type_="unique")
        table.drop_column("direct_key")
        table.drop_column("last_seq")
    restore_triggers("conversations", "006_protect_history")


def create_participants() -> None:
    op.create_table(
        "conversation_participants",
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(10), nullable=False, server_default=sa.text("'member'")),
        *(sa.Column(name, sa.Integer, nullable=False, server_default=ZERO) for name in NUMBERS),
        sa.Column("joined_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("left_at", UTCDateTime),
        sa.Column("joined_event_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name="conversation_participants_pkey"),
        sa.CheckConstraint("role IN ('owner', 'member')", name="conversation_participants_role_check"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_conversation_participants_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_conversation_participants_account_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name="fk_conversation_participants_conversation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["account_members.account_id", "account_members.user_id"],
            name="fk_conversation_participants_member",
            ondelete="CASCADE",
        ),
    )


def new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("last_seq", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("direct_key", sa.String(73)),
    ]


def conversations(*more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    has_agent, in_team = sa.text("agent_id IS NOT NULL"), sa.text("account_id <> user_id")
    newest = sa.text("updated_at DESC")
    return sa.Table(
        "conversations",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(255)),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("kind", sa.String(10), nullable=False, server_default=sa.text("'assistant'")),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("agent_id", sa.Uuid),
        *more,
        sa.CheckConstraint("kind IN ('assistant', 'direct', 'group')", name="conversations_kind_check"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_conversations_user_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_conversations_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_id"],
            ["agents.account_id", "agents.id"],
            name="fk_conversations_agent_id",
            ondelete="CASCADE",
        ),
        sa.Index("idx_conversations_user_id", "user_id"),
        sa.Index("idx_conversations_user_id_updated_at", "user_id", newest),
        sa.Index("idx_conversations_account_id_agent_id", "account_id", "agent_id"),
        sa.Index("idx_conversations_agent_id_updated_at", "agent_id", newest, sqlite_where=has_agent),
        sa.Index(
            "idx_conversations_user_id_account_id_updated_at",
            "user_id",
            "account_id",
            newest,
            sqlite_where=in_team,
        ),
    )
