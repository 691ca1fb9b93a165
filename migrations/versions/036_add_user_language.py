"""The language that a user has chosen."""

import sqlalchemy as sa
from alembic import op

revision = "036_add_user_language"
down_revision = "035_add_deleted_steps_index"


def upgrade() -> None:
    op.add_column("users", sa.Column("language", sa.String(35)))


def downgrade() -> None:
    op.drop_column("users", "language")
