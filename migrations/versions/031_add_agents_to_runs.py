"""Which agent a run is of, so that one message may ask several."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid
from storage.schema.step_triggers import restore_triggers

revision = "031_add_agents_to_runs"
down_revision = "030_add_search_entries"
NOW = sa.text("CURRENT_TIMESTAMP")
ZERO = sa.text("0")
STATUSES = "'queued', 'running', 'awaiting_approval', 'completed', 'failed', 'cancelled'"
BUILT_IN = sa.text("'00000000000040008000000000000001'")
OLD_KEY = ("uq_runs_conversation_id_trigger_seq", ["conversation_id", "trigger_seq"])
NEW_KEY = ("uq_runs_conversation_id_trigger_seq_agent_key", ["conversation_id", "trigger_seq", "agent_key"])
OLD_INDEX = (
    "idx_runs_status_user_id_conversation_id_trigger_seq",
    ["status", "user_id", "conversation_id", "trigger_seq"],
)
NEW_INDEX = (
    "idx_runs_status_user_id_conversation_id_agent_key_trigger_seq",
    ["status", "user_id", "conversation_id", "agent_key", "trigger_seq"],
)
HAS_AGENT = sa.text("agent_id IS NOT NULL")
FILL_AGENTS = """
    UPDATE runs SET
        agent_id = (SELECT agent_id FROM conversations WHERE conversations.id = runs.conversation_id),
        agent_key = (SELECT agent_id FROM conversations WHERE conversations.id = runs.conversation_id)
    WHERE EXISTS (
        SELECT 1 FROM conversations WHERE conversations.id = runs.conversation_id AND conversations.agent_id IS NOT NULL
    )"""
END_SHARED = """
    UPDATE runs SET status = 'cancelled', epoch = epoch + 1, lease_expires_at = NULL, finished_at = CURRENT_TIMESTAMP
    WHERE is_shared AND status IN ('queued', 'running', 'awaiting_approval')"""
# One message has one run there, and no message has a number below zero.
IN_ORDER = (
    "(SELECT id, row_number() OVER (PARTITION BY conversation_id ORDER BY trigger_seq, id) AS place FROM runs"
    " WHERE is_shared) AS numbered"
)


def upgrade() -> None:
    for column in new_columns():
        op.add_column("runs", column)
    op.execute(FILL_AGENTS)
    with op.batch_alter_table(
        "runs", copy_from=runs(*new_columns(), sa.UniqueConstraint(*OLD_KEY[1], name=OLD_KEY[0]))
    ) as table:
        # In this order: MariaDB needs one of the two for the key to the conversation.
        table.create_unique_constraint(*NEW_KEY)
        table.drop_constraint(OLD_KEY[0], type_="unique")
        table.create_foreign_key("fk_runs_agent_id", "agents", ["agent_id"], ["id"], ondelete="SET NULL")
    restore_triggers("runs", "006_protect_history")
    op.create_index(
        "idx_runs_agent_id", "runs", ["agent_id"], postgresql_where=HAS_AGENT, sqlite_where=HAS_AGENT
    )
    op.create_index(NEW_INDEX[0], "runs", NEW_INDEX[1])
    op.drop_index(OLD_INDEX[0], "runs")


def downgrade() -> None:
    """The runs in conversations of people end, and stay without the messages that have asked for them."""
    op.execute(END_SHARED)
    if op.get_context().dialect.name == "mariadb":
        op.execute(f"UPDATE runs JOIN {IN_ORDER} USING (id) SET trigger_seq = -place")  # noqa: S608
    else:
        op.execute(f"UPDATE runs SET trigger_seq = -place FROM {IN_ORDER} WHERE runs.id = numbered.id")  # noqa: S608
    op.create_index(OLD_INDEX[0], "runs", OLD_INDEX[1])
    op.drop_index(NEW_INDEX[0], "runs")
    keys = [
        sa.UniqueConstraint(*NEW_KEY[1], name=NEW_KEY[0]),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_runs_agent_id", ondelete="SET NULL"),
        sa.Index("idx_runs_agent_id", "agent_id", sqlite_where=HAS_AGENT),
    ]
    with op.batch_alter_table("runs", copy_from=runs(*new_columns(), *keys)) as table:
        table.create_unique_constraint(*OLD_KEY)
        table.drop_constraint(NEW_KEY[0], type_="unique")
        table.drop_constraint("fk_runs_agent_id", type_="foreignkey")
    restore_triggers("runs", "006_protect_history")
    op.drop_index("idx_runs_agent_id", "runs")
    for column in reversed(new_columns()):
        op.drop_column("runs", column.name)


def new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("agent_id", sa.Uuid),
        sa.Column("agent_key", sa.Uuid, nullable=False, server_default=BUILT_IN),
        sa.Column("is_shared", sa.Boolean, nullable=False, server_default=sa.false()),
    ]


def runs(*more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    return sa.Table(
        "runs",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("trigger_seq", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default=sa.text("'queued'")),
        sa.Column("error", sa.Text),
        sa.Column("epoch", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("lease_expires_at", UTCDateTime),
        sa.Column("input_tokens", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("output_tokens", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("started_at", UTCDateTime),
        sa.Column("finished_at", UTCDateTime),
        sa.Column("details_deleted_at", UTCDateTime),
        sa.Column("takeovers", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("model", sa.String(200)),
        sa.Column("cost_nanos", sa.BigInteger),
        sa.Column("is_external", sa.Boolean, nullable=False, server_default=sa.false()),
        *more,
        sa.CheckConstraint(f"status IN ({STATUSES})", name="runs_status_check"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_runs_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_runs_user_id", ondelete="CASCADE"),
        sa.Index("idx_runs_user_id", "user_id"),
        sa.Index("idx_runs_user_id_created_at", "user_id", "created_at"),
        sa.Index("idx_runs_status_lease_expires_at", "status", "lease_expires_at"),
        sa.Index("idx_runs_details_deleted_at_finished_at", "details_deleted_at", "finished_at"),
        sa.Index(OLD_INDEX[0], *OLD_INDEX[1]),
    )
