"""To whom a posted event is addressed, and in which account it was said."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, JsonType, UTCDateTime, random_uuid
from storage.schema.triggers import trigger_statements

revision = "021_add_recipient_id_to_events"
down_revision = "020_add_accounts"
AUDIENCES = "audience IN ('user', 'account', 'conversation')"
SEVERITIES = "severity IN ('debug', 'info', 'warning', 'error', 'critical')"
INDEXES = {
    "idx_events_recipient_id": ["recipient_id"],
    "idx_events_account_id": ["account_id"],
    "idx_events_sender_id_recipient_id": ["sender_id", "recipient_id", "id"],
}
# What was posted up to here was for oneself.
ADDRESS_RECORDS = """
    UPDATE events SET recipient_id = audience_id, account_id = audience_id
    WHERE expires_at IS NULL AND sender_id IS NOT NULL AND audience = 'user'"""


def upgrade() -> None:
    for column in new_columns():
        op.add_column("events", column)
    op.execute(ADDRESS_RECORDS)
    with op.batch_alter_table("events", copy_from=events()) as table:
        table.create_foreign_key("fk_events_recipient", "users", ["recipient_id"], ["id"], ondelete="CASCADE")
        table.create_foreign_key(
            "fk_events_account_id", "accounts", ["account_id"], ["id"], ondelete="CASCADE"
        )
    add_trigger_again()
    for name, columns in INDEXES.items():
        has_value = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "events", columns, postgresql_where=has_value, sqlite_where=has_value)


def downgrade() -> None:
    """Posted events stay: those for others are still their recipients', and those for all their account's."""
    with op.batch_alter_table("events", copy_from=events(*new_keys(), *new_indexes())) as table:
        table.drop_constraint("fk_events_account_id", type_="foreignkey")
        table.drop_constraint("fk_events_recipient", type_="foreignkey")
    add_trigger_again()
    for name in reversed(INDEXES):
        op.drop_index(name, "events")
    op.drop_column("events", "account_id")
    op.drop_column("events", "recipient_id")


def add_trigger_again() -> None:
    """In a script for SQLite, the new table has lost its trigger; where there is a database, env.py sees to it."""
    migrations = op.get_context()
    if migrations.as_sql and migrations.dialect.name == "sqlite":
        for statement in trigger_statements("sqlite", "018_add_event_log"):
            if "events_add_number" in statement:
                op.execute(statement)


def new_columns() -> list[sa.Column[object]]:
    return [sa.Column("recipient_id", sa.Uuid), sa.Column("account_id", sa.Uuid)]


def new_keys() -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["users.id"], name="fk_events_recipient", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_events_account_id", ondelete="CASCADE"
        ),
    ]


def new_indexes() -> list[sa.Index]:
    """Of the rows that have a value in their first column; MariaDB has no such index, and takes all rows."""
    return [
        sa.Index(name, *columns, postgresql_where=has_value, sqlite_where=has_value)
        for name, columns in INDEXES.items()
        for has_value in [sa.text(f"{columns[0]} IS NOT NULL")]
    ]


def events(*more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    return sa.Table(
        "events",
        sa.MetaData(),
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")),
        sa.Column("audience", sa.String(12), nullable=False, server_default=sa.text("'user'")),
        sa.Column("audience_id", sa.Uuid, nullable=False),
        sa.Column("severity", sa.String(10), nullable=False, server_default=sa.text("'info'")),
        sa.Column("payload", JsonType, nullable=False),
        sa.Column("sender_id", sa.Uuid),
        sa.Column("expires_at", UTCDateTime),
        sa.Column("event_id", sa.Uuid, nullable=False, server_default=random_uuid()),
        *new_columns(),
        sa.UniqueConstraint("event_id", name="uq_events_event_id"),
        sa.CheckConstraint(AUDIENCES, name="events_audience_check"),
        sa.CheckConstraint(SEVERITIES, name="events_severity_check"),
        sa.Index("idx_events_audience_audience_id_expires_at", "audience", "audience_id", "expires_at", "id"),
        sa.Index("idx_events_expires_at", "expires_at"),
        *more,
    )
