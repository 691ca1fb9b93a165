"""A question asked in other words, and an answer given anew, beside those from before."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, random_uuid
from storage.schema.step_triggers import restore_triggers

revision = "041_add_branches"
down_revision = "040_drop_runs_user_id_index"
NOW = sa.text("CURRENT_TIMESTAMP")
ZERO = sa.text("0")
STATUSES = "'queued', 'running', 'awaiting_approval', 'completed', 'failed', 'cancelled'"
BUILT_IN = sa.text("'00000000000040008000000000000001'")
OLD_KEY = ("uq_runs_conversation_id_trigger_seq_agent_key", ["conversation_id", "trigger_seq", "agent_key"])
NEW_KEY = (
    "uq_runs_conversation_id_trigger_seq_agent_key_attempt",
    ["conversation_id", "trigger_seq", "agent_key", "attempt"],
)
INDEXES = (
    ("idx_messages_replaces_id", ["replaces_id", "seq"], sa.text("replaces_id IS NOT NULL")),
    ("idx_messages_after_seq", ["conversation_id", "after_seq", "seq"], sa.text("after_seq IS NOT NULL")),
)
END_REPEATED = """
    UPDATE runs SET status = 'cancelled', epoch = epoch + 1, lease_expires_at = NULL, finished_at = CURRENT_TIMESTAMP
    WHERE attempt > 0 AND status IN ('queued', 'running', 'awaiting_approval')"""
# No message has a number below zero.
IN_ORDER = (
    "(SELECT id, row_number() OVER (PARTITION BY conversation_id ORDER BY trigger_seq, attempt) AS place FROM runs"
    " WHERE attempt > 0) AS numbered"
)
LOWEST = (
    "(SELECT conversation_id, least(min(trigger_seq), 0) AS lowest FROM runs GROUP BY conversation_id)"
    " AS least_seqs"
)


def upgrade() -> None:
    for name, type_ in (("replaces_id", sa.Uuid), ("after_seq", sa.Integer), ("after_id", sa.Uuid)):
        op.add_column("messages", sa.Column(name, type_))
    for name, columns, where in INDEXES:
        op.create_index(name, "messages", columns, postgresql_where=where, sqlite_where=where)
    op.add_column("conversations", sa.Column("shown_seq", sa.Integer))
    op.add_column("conversations", sa.Column("shown_id", sa.Uuid))
    for column in new_columns():
        op.add_column("runs", column)
    with op.batch_alter_table(
        "runs", copy_from=runs(*new_columns(), sa.UniqueConstraint(*OLD_KEY[1], name=OLD_KEY[0]))
    ) as table:
        # In this order: MariaDB needs one of the two for the key to the conversation.
        table.create_unique_constraint(*NEW_KEY)
        table.drop_constraint(OLD_KEY[0], type_="unique")
    restore_triggers("runs", "006_protect_history")


def downgrade() -> None:
    """All messages stay, in one line; runs that have answered one once more stay without the question."""
    op.execute(END_REPEATED)
    dialect = op.get_context().dialect.name
    lowest = LOWEST.replace("least(", "min(") if dialect == "sqlite" else LOWEST
    if dialect == "mariadb":
        op.execute(
            f"UPDATE runs JOIN {IN_ORDER} USING (id) JOIN {lowest} USING (conversation_id)"  # noqa: S608
            " SET trigger_seq = lowest - place"
        )
    else:
        op.execute(
            f"UPDATE runs SET trigger_seq = lowest - place FROM {IN_ORDER}, {lowest}"  # noqa: S608
            " WHERE runs.id = numbered.id AND least_seqs.conversation_id = runs.conversation_id"
        )
    with op.batch_alter_table(
        "runs", copy_from=runs(*new_columns(), sa.UniqueConstraint(*NEW_KEY[1], name=NEW_KEY[0]))
    ) as table:
        table.create_unique_constraint(*OLD_KEY)
        table.drop_constraint(NEW_KEY[0], type_="unique")
    restore_triggers("runs", "006_protect_history")
    for column in reversed(new_columns()):
        op.drop_column("runs", column.name)
    op.drop_column("conversations", "shown_id")
    op.drop_column("conversations", "shown_seq")
    for name, _, _ in reversed(INDEXES):
        op.drop_index(name, "messages")
    for name in ("after_id", "after_seq", "replaces_id"):
        op.drop_column("messages", name)


def new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("attempt", sa.Integer, nullable=False, server_default=ZERO),
        sa.Column("replaces_id", sa.Uuid),
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
        sa.Column("agent_id", sa.Uuid),
        sa.Column("agent_key", sa.Uuid, nullable=False, server_default=BUILT_IN),
        sa.Column("is_shared", sa.Boolean, nullable=False, server_default=sa.false()),
        *more,
        sa.CheckConstraint(f"status IN ({STATUSES})", name="runs_status_check"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_runs_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_runs_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_runs_agent_id", ondelete="SET NULL"),
        sa.Index("idx_runs_user_id_created_at", "user_id", "created_at"),
        sa.Index("idx_runs_status_lease_expires_at", "status", "lease_expires_at"),
        sa.Index("idx_runs_details_deleted_at_finished_at", "details_deleted_at", "finished_at"),
        sa.Index(
            "idx_runs_status_user_id_conversation_id_agent_key_trigger_seq",
            "status",
            "user_id",
            "conversation_id",
            "agent_key",
            "trigger_seq",
        ),
        sa.Index("idx_runs_agent_id", "agent_id", sqlite_where=sa.text("agent_id IS NOT NULL")),
    )
