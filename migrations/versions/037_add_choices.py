"""The replies that an agent's message offers, each of which one can send as it stands."""

import sqlalchemy as sa
from alembic import op

from models.columns import JsonType

revision = "037_add_choices"
down_revision = "036_add_user_language"


def upgrade() -> None:
    op.add_column("messages", sa.Column("choices", JsonType))


def downgrade() -> None:
    op.drop_column("messages", "choices")
