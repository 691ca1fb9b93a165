"""What was deleted, and can be brought back, is found without a look at all other changes."""

import sqlalchemy as sa
from alembic import op

revision = "035_add_deleted_steps_index"
down_revision = "034_add_kept_parts"


def upgrade() -> None:
    is_deletion = sa.text("action = 'deleted'")
    op.create_index(
        "idx_undo_steps_deleted",
        "undo_steps",
        ["user_id", "action", "is_undone", "id"],
        postgresql_where=is_deletion,
        sqlite_where=is_deletion,
    )


def downgrade() -> None:
    op.drop_index("idx_undo_steps_deleted", "undo_steps")
