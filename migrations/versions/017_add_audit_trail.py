"""Each tool call of a person, newest first, and what their runs used, by day and model."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime
from storage.schema.triggers import trigger_statements

revision = "017_add_audit_trail"
down_revision = "016_add_finish_reason"
COLUMNS = "message_id, position, user_id, conversation_id, name, failed, created_at"
# The rows of messages that are there already. PostgreSQL keeps writers out until they are followed by the trigger,
# SQLite has one writer anyway, and on MariaDB no server runs while the schema is changed.
EXISTING = {
    "postgresql": """
        SELECT messages.id, item.number - 1, messages.user_id, messages.conversation_id,
            left(item.call ->> 'name', 100), item.call ->> 'error' IS NOT NULL, messages.created_at
        FROM messages, jsonb_array_elements(
            CASE jsonb_typeof(messages.tool_calls) WHEN 'array' THEN messages.tool_calls END
        ) WITH ORDINALITY AS item (call, number)
        WHERE jsonb_typeof(item.call -> 'name') = 'string'""",
    "sqlite": """
        SELECT messages.id, item.key, messages.user_id, messages.conversation_id,
            substr(json_extract(messages.tool_calls, item.fullkey || '.name'), 1, 100),
            json_extract(messages.tool_calls, item.fullkey || '.error') IS NOT NULL, messages.created_at
        FROM messages, json_each(messages.tool_calls) AS item
        WHERE json_type(messages.tool_calls) = 'array'
            AND json_type(messages.tool_calls, item.fullkey || '.name') = 'text'""",
    "mariadb": """
        SELECT messages.id, item.number - 1, messages.user_id, messages.conversation_id, LEFT(item.name, 100),
            item.error IS NOT NULL, messages.created_at
        FROM messages, JSON_TABLE(messages.tool_calls, '$[*]' COLUMNS (
            number FOR ORDINALITY, name LONGTEXT PATH '$.name', error LONGTEXT PATH '$.error'
        )) AS item
        WHERE JSON_TYPE(messages.tool_calls) = 'ARRAY' AND item.name IS NOT NULL""",
}


def upgrade() -> None:
    migrations = op.get_context()
    dialect = migrations.dialect.name
    op.add_column("runs", sa.Column("model", sa.String(200)))
    op.create_index("idx_runs_user_id_created_at", "runs", ["user_id", "created_at"])
    op.create_table(
        "tool_calls",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", name="tool_calls_pkey"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_tool_calls_message_id", ondelete="CASCADE"
        ),
    )
    if dialect == "postgresql":
        op.execute("LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE")
    op.execute(f"INSERT INTO tool_calls ({COLUMNS}){EXISTING[dialect]}")
    for equal in ([], ["name"], ["conversation_id"], ["conversation_id", "name"]):
        columns = ["user_id", *equal, "failed", "created_at"]
        op.create_index(
            f"idx_tool_calls_{'_'.join(columns)}", "tool_calls", [*columns, "message_id", "position"]
        )
    for statement in trigger_statements(dialect, revision):
        if migrations.as_sql and dialect == "mariadb":  # its client would end them at the first semicolon
            migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
        else:
            op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":  # the trigger goes with its function
        op.execute("DROP FUNCTION add_tool_calls() CASCADE")
    else:
        op.execute("DROP TRIGGER messages_add_tool_calls")
    op.drop_table("tool_calls")
    op.drop_index("idx_runs_user_id_created_at", "runs")
    op.drop_column("runs", "model")
