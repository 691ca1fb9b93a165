"""An index that another one makes superfluous, which each new run had to be entered into."""

from alembic import op

revision = "040_drop_runs_user_id_index"
down_revision = "039_add_import_rows"


def upgrade() -> None:
    op.drop_index("idx_runs_user_id", "runs")


def downgrade() -> None:
    op.create_index("idx_runs_user_id", "runs", ["user_id"])
