"""The durable log of an agent at work."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType, UTCDateTime, random_uuid

revision = "005_add_runs"
down_revision = "004_add_auth_sessions"
NOW = sa.text("CURRENT_TIMESTAMP")
IN_ORDER = (
    "(SELECT id, row_number() OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS seq FROM messages)"
    " AS numbered"
)


def upgrade() -> None:
    create_runs()
    op.add_column("messages", sa.Column("seq", sa.Integer))
    op.add_column("messages", sa.Column("client_id", sa.String(64)))
    op.add_column("messages", sa.Column("run_id", sa.Uuid))
    if op.get_context().dialect.name == "mariadb":
        op.execute(f"UPDATE messages JOIN {IN_ORDER} USING (id) SET messages.seq = numbered.seq")  # noqa: S608
    else:
        op.execute(f"UPDATE messages SET seq = numbered.seq FROM {IN_ORDER} WHERE messages.id = numbered.id")  # noqa: S608
    with op.batch_alter_table("messages", copy_from=messages()) as table:
        table.alter_column("seq", existing_type=sa.Integer, nullable=False)
        table.create_unique_constraint("uq_messages_conversation_id_seq", ["conversation_id", "seq"])
        table.create_unique_constraint("uq_messages_user_id_client_id", ["user_id", "client_id"])
        table.create_unique_constraint("uq_messages_run_id_role", ["run_id", "role"])
        table.create_foreign_key("fk_messages_run_id", "runs", ["run_id"], ["id"], ondelete="CASCADE")


def downgrade() -> None:
    with op.batch_alter_table("messages", copy_from=messages(*keys())) as table:
        table.drop_constraint("fk_messages_run_id", type_="foreignkey")
        table.drop_constraint("uq_messages_run_id_role", type_="unique")
        table.drop_constraint("uq_messages_user_id_client_id", type_="unique")
        table.drop_constraint("uq_messages_conversation_id_seq", type_="unique")
        table.drop_column("run_id")
        table.drop_column("client_id")
        table.drop_column("seq")
    op.drop_table("run_events")
    op.drop_table("runs")


def create_runs() -> None:
    statuses = "'queued', 'running', 'awaiting_approval', 'completed', 'failed', 'cancelled'"
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("trigger_seq", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default=sa.text("'queued'")),
        sa.Column("error", sa.Text),
        sa.Column("epoch", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("lease_expires_at", UTCDateTime),
        sa.Column("input_tokens", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("output_tokens", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("started_at", UTCDateTime),
        sa.Column("finished_at", UTCDateTime),
        sa.CheckConstraint(f"status IN ({statuses})", name="runs_status_check"),
        sa.UniqueConstraint("conversation_id", "trigger_seq", name="uq_runs_conversation_id_trigger_seq"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_runs_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_runs_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_runs_user_id", "runs", ["user_id"])
    op.create_index("idx_runs_status_lease_expires_at", "runs", ["status", "lease_expires_at"])
    op.create_table(
        "run_events",
        sa.Column("run_id", sa.Uuid, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("data", JsonType, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_events_run_id", ondelete="CASCADE"),
    )


def messages(*more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; said here, so that --sql can do it too."""
    return sa.Table(
        "messages",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("tool_calls", JsonType),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("seq", sa.Integer, nullable=not more),
        sa.Column("client_id", sa.String(64)),
        sa.Column("run_id", sa.Uuid),
        sa.CheckConstraint("role IN ('user', 'agent')", name="messages_role_check"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_messages_user_id", ondelete="CASCADE"),
        sa.Index("idx_messages_conversation_id", "conversation_id"),
        sa.Index("idx_messages_user_id", "user_id"),
        sa.Index("idx_messages_conversation_id_created_at", "conversation_id", sa.text("created_at ASC")),
        *more,
    )


def keys() -> list[sa.schema.SchemaItem]:
    return [
        sa.UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
        sa.UniqueConstraint("user_id", "client_id", name="uq_messages_user_id_client_id"),
        sa.UniqueConstraint("run_id", "role", name="uq_messages_run_id_role"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_messages_run_id", ondelete="CASCADE"),
    ]
