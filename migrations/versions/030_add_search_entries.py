"""What messages are searched by."""

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime
from storage.schema.step_triggers import create_triggers, drop_triggers

revision = "030_add_search_entries"
down_revision = "029_keep_departed_users"
# The rows of messages that are there already. PostgreSQL keeps writers out until they are followed by the triggers,
# SQLite has one writer anyway, and on MariaDB no server runs while the schema is changed.
EXISTING = """
    INSERT INTO search_entries (message_id, audience_id, conversation_id, seq, created_at, content)
    SELECT messages.id, CASE conversations.kind WHEN 'assistant' THEN conversations.user_id ELSE conversations.id END,
        messages.conversation_id, messages.seq, messages.created_at,
        substr(CASE WHEN last.message_id IS NULL THEN messages.content ELSE last.content END, 1, 50000)
    FROM messages
    JOIN conversations ON conversations.id = messages.conversation_id
    LEFT JOIN message_changes AS last ON last.message_id = messages.id AND NOT EXISTS (
        SELECT 1 FROM message_changes AS later WHERE later.message_id = last.message_id AND later.version > last.version
    )
    WHERE CASE WHEN last.message_id IS NULL THEN messages.content ELSE last.content END <> ''"""
WORDS = r"""
    CREATE INDEX idx_search_entries_words ON search_entries USING gin (
        to_tsvector('simple', replace(
            ' ' || translate(
                content, '!"#$%&''()*+,-./:;<=>?@[\]^_`{}~' || chr(9) || chr(10) || chr(13), repeat(' ', 34)
            ),
            ' ', ' ' || ('x' || left(audience_id::text, 8))
        ))
    ) WITH (fastupdate = off)"""


def upgrade() -> None:
    is_postgresql = op.get_context().dialect.name == "postgresql"
    op.create_table(
        "search_entries",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("audience_id", sa.Uuid, nullable=False),
        sa.Column("conversation_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="search_entries_pkey"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_search_entries_message_id", ondelete="CASCADE"
        ),
    )
    if is_postgresql:
        op.execute("LOCK TABLE messages, message_changes IN SHARE ROW EXCLUSIVE MODE")
    op.execute(EXISTING)
    op.create_index(
        "idx_search_entries_audience_id_created_at",
        "search_entries",
        ["audience_id", "created_at", "message_id", "seq"],
    )
    if is_postgresql:
        op.execute(WORDS)
    create_triggers(revision)


def downgrade() -> None:
    drop_triggers(revision)
    op.drop_table("search_entries")
