"""Since when a conversation is deleted that may come back."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime
from storage.schema.step_triggers import create_triggers, execute_trigger
from storage.schema.triggers import trigger_statements

revision = "038_hide_deleted_conversations"
down_revision = "037_add_choices"
IS_DELETED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("deleted_at", UTCDateTime))
    op.create_index(
        "idx_conversations_deleted_at",
        "conversations",
        ["deleted_at"],
        postgresql_where=IS_DELETED,
        sqlite_where=IS_DELETED,
    )
    create_triggers(revision)


def downgrade() -> None:
    """Those that are deleted are gone for good."""
    op.execute("DELETE FROM conversations WHERE deleted_at IS NOT NULL")
    dialect = op.get_context().dialect.name
    op.execute(f"DROP TRIGGER messages_refuse_delete{' ON messages' if dialect == 'postgresql' else ''}")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_message_delete()")
    for statement in trigger_statements(dialect, "024_add_conversation_accounts"):
        if not statement.startswith("DROP "):
            execute_trigger(statement)
    op.drop_index("idx_conversations_deleted_at", "conversations")
    op.drop_column("conversations", "deleted_at")
