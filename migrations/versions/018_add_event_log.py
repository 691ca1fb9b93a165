"""One log of all events, numbered after the commit, in place of one sequence for each person."""

import sqlalchemy as sa
from alembic import op

from models.columns import Counter, JsonType, UTCDateTime, random_uuid
from storage.schema.triggers import trigger_statements

revision = "018_add_event_log"
down_revision = "017_add_audit_trail"
NOW = sa.text("CURRENT_TIMESTAMP")
NUMBER_EVENTS = """
    INSERT INTO event_log (seq, event_id, audience, audience_id)
    SELECT old.last_seq + row_number() OVER (ORDER BY events.user_id, events.seq IS NULL, events.seq, events.id),
        events.id, 'user', events.user_id
    FROM events, (SELECT coalesce(max(last_seq), 0) AS last_seq FROM event_sequences) AS old"""
BEGIN_COUNTER = """
    INSERT INTO event_counter (id, first_seq, last_seq, floor_id)
    SELECT 1, old.last_seq + 1, old.last_seq + found.number, found.floor_id
    FROM (SELECT coalesce(max(last_seq), 0) AS last_seq FROM event_sequences) AS old,
        (SELECT count(*) AS number, coalesce(max(id), 0) AS floor_id FROM events) AS found"""
# How long events were kept unless a setting said otherwise.
EXPIRY = {
    "postgresql": "created_at + interval '7 days'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', created_at, '+7 days')",
    "mariadb": "created_at + INTERVAL 7 DAY",
}
KEPT = """
    CREATE TABLE kept_events AS SELECT id, audience_id, type, payload, created_at FROM events
    WHERE audience = 'user' AND audience_id IN (SELECT id FROM users)"""


def upgrade() -> None:
    create_log()
    if op.get_context().dialect.name == "postgresql":
        op.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
    op.execute(NUMBER_EVENTS)
    op.execute(BEGIN_COUNTER)
    op.create_index("idx_event_log_audience_audience_id_seq", "event_log", ["audience", "audience_id", "seq"])
    op.drop_table("event_sequences")
    change_events()
    op.create_index("idx_events_audience_audience_id", "events", ["audience", "audience_id", "id"])
    op.create_index("idx_events_expires_at", "events", ["expires_at"])
    run_triggers()


def downgrade() -> None:
    """The table is made anew, because in the older one the columns have another order.

    Events that are not for one user have no place there and are deleted. Their numbers begin with 1 again: a client
    with a later position is told to read its lists.
    """
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":  # the trigger goes with its function
        op.execute("DROP FUNCTION delete_events_of_user() CASCADE")
    else:
        op.execute("DROP TRIGGER users_delete_events")
    op.drop_table("event_log")
    op.drop_table("event_counter")
    op.execute(KEPT)
    op.drop_table("events")
    create_former_tables()
    op.execute(
        "INSERT INTO events (id, user_id, type, data, created_at) "
        "SELECT id, audience_id, type, payload, created_at FROM kept_events"
    )
    op.drop_table("kept_events")
    if dialect == "postgresql":
        op.execute("SELECT setval('events_id_seq', coalesce(max(id), 1), count(*) > 0) FROM events")


def create_log() -> None:
    op.create_table(
        "event_log",
        sa.Column("seq", Counter, primary_key=True, autoincrement=False),
        sa.Column("event_id", Counter, nullable=False),
        sa.Column("audience", sa.String(12), nullable=False),
        sa.Column("audience_id", sa.Uuid, nullable=False),
        sa.UniqueConstraint("event_id", name="uq_event_log_event_id"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_event_log_event_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "event_counter",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False, server_default=sa.text("1")),
        sa.Column("last_seq", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("floor_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("missing", JsonType),
        sa.CheckConstraint("id = 1", name="event_counter_check"),
    )


def change_events() -> None:
    op.drop_index("idx_events_created_at", "events")
    *new, event_id = event_columns()
    for column in new:
        op.add_column("events", column)
    expiry = EXPIRY[op.get_context().dialect.name]
    op.execute(f"UPDATE events SET audience_id = user_id, payload = data, expires_at = {expiry}")  # noqa: S608
    with op.batch_alter_table("events", copy_from=half_way_table()) as table:
        table.alter_column("audience_id", existing_type=sa.Uuid, nullable=False)
        table.alter_column("payload", existing_type=JsonType, nullable=False)
        table.add_column(event_id)
        table.drop_constraint("fk_events_user_id", type_="foreignkey")
        table.drop_constraint("uq_events_user_id_seq", type_="unique")
        for name in ("user_id", "seq", "data"):
            table.drop_column(name)
        table.create_unique_constraint("uq_events_event_id", ["event_id"])
        table.create_check_constraint(
            "events_audience_check", "audience IN ('user', 'account', 'conversation')"
        )
        table.create_check_constraint(
            "events_severity_check", "severity IN ('debug', 'info', 'warning', 'error', 'critical')"
        )


def event_columns() -> list[sa.Column[object]]:
    """Two of them are NULL until the rows that are there have their values; event_id comes after that."""
    return [
        sa.Column("audience", sa.String(12), nullable=False, server_default=sa.text("'user'")),
        sa.Column("audience_id", sa.Uuid),
        sa.Column("severity", sa.String(10), nullable=False, server_default=sa.text("'info'")),
        sa.Column("payload", JsonType),
        sa.Column("sender_id", sa.Uuid),
        sa.Column("expires_at", UTCDateTime),
        sa.Column("event_id", sa.Uuid, nullable=False, server_default=random_uuid()),
    ]


def half_way_table() -> sa.Table:
    """For SQLite, which has to build the table anew to change it."""
    return sa.Table(
        "events",
        sa.MetaData(),
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("data", JsonType, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        *event_columns()[:-1],
        sa.UniqueConstraint("user_id", "seq", name="uq_events_user_id_seq"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_events_user_id", ondelete="CASCADE"),
    )


def create_former_tables() -> None:
    op.create_table(
        "events",
        sa.Column("id", Counter, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("data", JsonType, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.UniqueConstraint("user_id", "seq", name="uq_events_user_id_seq"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_events_user_id", ondelete="CASCADE"),
    )
    op.create_index("idx_events_created_at", "events", ["created_at"])
    op.create_table(
        "event_sequences",
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("last_seq", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_event_sequences_user_id", ondelete="CASCADE"
        ),
    )


def run_triggers() -> None:
    migrations = op.get_context()
    for statement in trigger_statements(migrations.dialect.name, revision):
        if migrations.as_sql and migrations.dialect.name == "mariadb":
            # Its client would end them at the first semicolon.
            migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
        else:
            op.execute(statement)
