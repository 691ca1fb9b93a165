"""What an import has made, so that it can be taken back as one."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, JsonType, UTCDateTime

revision = "039_add_import_rows"
down_revision = "038_hide_deleted_conversations"
NOW = sa.text("CURRENT_TIMESTAMP")
NOUN_CHECK = "undo_steps_noun_check"
OLD_NOUNS = "noun IN ('task', 'conversation')"
NEW_NOUNS = "noun IN ('task', 'conversation', 'import')"


def upgrade() -> None:
    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid, primary_key=True),
        sa.Column("row_id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("noun", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state_after", JsonType, nullable=False),
        sa.Column("state_before", JsonType),
        sa.Column("is_taken", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("changed_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.CheckConstraint(OLD_NOUNS, name="import_rows_noun_check"),
        sa.CheckConstraint("kind IN ('made', 'extended')", name="import_rows_kind_check"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_import_rows_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_import_rows_user_id", "import_rows", ["user_id"])
    op.create_index("idx_import_rows_changed_at", "import_rows", ["changed_at"])
    replace_nouns(OLD_NOUNS, NEW_NOUNS)


def downgrade() -> None:
    """Imports can no longer be taken back, and what was taken back is gone for good."""
    op.execute("DELETE FROM undo_steps WHERE noun = 'import'")
    replace_nouns(NEW_NOUNS, OLD_NOUNS)
    op.drop_table("import_rows")


def replace_nouns(old: str, new: str) -> None:
    with op.batch_alter_table("undo_steps", copy_from=undo_steps(old)) as table:
        table.drop_constraint(NOUN_CHECK, type_="check")
        table.create_check_constraint(NOUN_CHECK, new)


def undo_steps(nouns: str) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    wheres = {name: sa.text(f"{name} IS NOT NULL") for name in ("run_id", "last_undo_id")}
    return sa.Table(
        "undo_steps",
        sa.MetaData(),
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("change_id", sa.Uuid, nullable=False),
        sa.Column("noun", sa.String(12), nullable=False),
        sa.Column("row_id", sa.Uuid, nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("title", sa.String(255)),
        sa.Column("state_before", JsonType),
        sa.Column("state_after", JsonType),
        sa.Column("run_id", sa.Uuid),
        sa.Column("tool_call_id", sa.String(120)),
        sa.Column("is_undo", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("is_undone", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("last_undo_id", sa.Uuid),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.CheckConstraint(nouns, name=NOUN_CHECK),
        sa.CheckConstraint("action IN ('created', 'updated', 'deleted')", name="undo_steps_action_check"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_undo_steps_user_id", ondelete="CASCADE"),
        sa.Index("idx_undo_steps_user_id", "user_id", "id"),
        sa.Index("idx_undo_steps_change_id", "change_id"),
        sa.Index(
            "idx_undo_steps_deleted",
            "user_id",
            "action",
            "is_undone",
            "id",
            sqlite_where=sa.text("action = 'deleted'"),
        ),
        *(sa.Index(f"idx_undo_steps_{name}", name, sqlite_where=where) for name, where in wheres.items()),
    )
