"""What a run has cost."""

import sqlalchemy as sa
from alembic import op

revision = "022_add_run_cost"
down_revision = "021_add_recipient_id_to_events"


def upgrade() -> None:
    op.add_column("runs", sa.Column("cost_nanos", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("runs", "cost_nanos")
