"""Which agent an answer is from, what it has asked of data on its way, and who may work on a run."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType

revision = "025_add_query_audit"
down_revision = "024_add_conversation_accounts"
# There are such runs only if this schema was here before, and was taken back.
FLAG_EXTERNAL = """
    UPDATE runs SET is_external = true
    WHERE status = 'queued' AND conversation_id IN (
        SELECT conversations.id FROM conversations JOIN agents ON agents.id = agent_id WHERE agents.kind = 'external'
    )"""


def upgrade() -> None:
    for column in (
        sa.Column("agent_id", sa.Uuid),
        sa.Column("action", sa.String(50)),
        sa.Column("query_attempts", JsonType),
        sa.Column("final_query", sa.Text),
        sa.Column("resolution_note", sa.Text),
        sa.Column("error", sa.Text),
    ):
        op.add_column("messages", column)
    op.add_column("runs", sa.Column("is_external", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(FLAG_EXTERNAL)


def downgrade() -> None:
    op.drop_column("runs", "is_external")
    for name in ("error", "resolution_note", "final_query", "query_attempts", "action", "agent_id"):
        op.drop_column("messages", name)
